import numpy as np
import pytest

from unrolled.dynamics import measure_states, measure_trajectories, read_trials
from unrolled.dynamics.task_states import padded_basis
from unrolled.networks import make_sequence_network

from .networks_for_tests import hand_made


@pytest.fixture
def trials(rng):
    inputs = rng.standard_normal((6, 9, 2))
    return inputs, inputs.cumsum(axis=1)


def echo(gain=1.0):
    """Forgets everything, keeps the input: states are inputs."""
    return hand_made("linear", np.zeros((2, 2)), np.eye(2), gain * np.eye(2))


def test_states_radius_and_components_are_those_of_the_trials(trials):
    inputs, targets = trials
    read = read_trials(echo(), inputs, targets)
    np.testing.assert_array_equal(read.states, inputs)
    np.testing.assert_array_equal(read.visited, inputs.reshape(-1, 2))
    off = read.visited - read.visited.mean(axis=0)
    assert read.radius == pytest.approx(np.sqrt((off**2).sum(axis=1).mean()))
    np.testing.assert_allclose(read.components.mean, read.visited.mean(axis=0))


def test_near_points_lie_within_so_many_radii_of_the_mean_state(trials):
    read = read_trials(echo(), *trials)
    along = np.array([[0.6, 0.8]])
    points = read.components.mean + read.radius * np.array([[0.0], [1.9], [2.1]]) * along
    assert read.near(points, 2.0).tolist() == [True, True, False]


def test_errors_are_those_of_the_outputs(trials):
    inputs, targets = trials
    measured = measure_states(read_trials(echo(0.5), inputs, targets), n_components=2)
    squares = (0.5 * inputs - targets) ** 2
    np.testing.assert_allclose(measured["error_of_output"][1], squares.mean(axis=(0, 1)))
    assert measured["error"][1] == pytest.approx(squares.mean())
    spread = targets.var(axis=(0, 1)).mean()
    assert measured["r_squared"][1] == pytest.approx(1 - squares.mean() / spread)


def test_outputs_that_are_right_explain_all_and_the_mean_explains_nothing(trials):
    inputs, targets = trials
    perfect = measure_states(read_trials(echo(), inputs, inputs), n_components=2)
    assert perfect["error"][1] == 0
    assert perfect["r_squared"][1] == 1
    mean = hand_made(
        "linear", np.zeros((2, 2)), np.eye(2), np.zeros((2, 2)),
        readout_bias=targets.mean(axis=(0, 1)),
    )  # fmt: skip
    blind = measure_states(read_trials(mean, inputs, targets), n_components=2)
    assert blind["r_squared"][1] == pytest.approx(0, abs=1e-12)


def test_bases_are_orthonormal_span_the_states_and_tell_their_shares(trials):
    inputs, targets = trials
    measured = measure_states(read_trials(echo(), inputs, targets), n_components=2)
    basis = measured["basis"][1]
    assert basis.dtype == np.float32
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-6)
    centred = inputs.reshape(-1, 2) - inputs.reshape(-1, 2).mean(axis=0)
    np.testing.assert_allclose(basis @ (basis.T @ centred), centred, atol=1e-5)
    variances = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    np.testing.assert_allclose(measured["basis_shares"][1], variances / variances.sum())


def test_of_an_lstm_the_geometry_is_that_of_its_hidden_units(trials, rng):
    inputs, _ = trials
    network = make_sequence_network("lstm", units=4, inputs=2, outputs=2, rng=rng)
    read = read_trials(network, inputs, inputs)
    measured = measure_states(read, n_components=8)
    hidden, _ = padded_basis(read.states[..., :4], 8)
    np.testing.assert_array_equal(measured["basis"][1], hidden.astype(np.float32))
    assert np.isnan(measured["basis"][1][:, 4:]).all()
    assert np.isfinite(measured["state_basis"][1]).all()


def test_a_basis_has_nan_where_the_states_have_no_more_components(rng):
    line = np.outer(rng.standard_normal(20), [1.0, 2.0, -1.0])
    basis, shares = padded_basis(line[None], 3)
    assert np.isfinite(basis[:, 0]).all()
    assert np.isnan(basis[:, 1:]).all()
    np.testing.assert_allclose(shares, [1, 0, 0], atol=1e-12)


@pytest.mark.parametrize("value", [0.3, np.nan, np.inf])
def test_states_without_geometry_have_no_basis(value):
    basis, shares = padded_basis(np.full((2, 5, 3), value), 2)
    assert np.isnan(basis).all()
    assert not shares.any()


def test_trajectories_are_drawn_in_the_axes_of_all_states(trials):
    read = read_trials(echo(), *trials)
    measured = measure_trajectories(read)
    np.testing.assert_allclose(measured["trajectory"][1], read.components.project(read.states))
    assert measured["pc_share"][1].sum() == pytest.approx(1)
