"""Integrators whose modes are known: diagonal ones, one mode adds up, the others forget."""

import numpy as np
import pytest

from unrolled.dynamics import (
    Modes,
    level_points,
    linearise,
    measure_integrator,
    modal_response,
    modes_needed,
    read_trials,
)
from unrolled.dynamics.modes import decompose
from unrolled.tasks import Integration

from .networks_for_tests import hand_made, rotation

TASK = Integration(bias_spread=0.02, bias_mean=-0.01, noise=0.125, steps=25)
CONTEXTS = [TASK.context(0), TASK.context(1)]
SETTINGS = {
    "starts": 120, "levels": 10, "speed": 0.05, "unique_within": 0.02, "farthest": 4.0, "delay": 10,
}  # fmt: skip
LEAKS = (0.5, 0.2)


def integrator(eigenvalue=1.0, streams=((1.0, 0.0), (0.0, 1.0))):
    """Two units integrate, two forget; the first one is told.

    ``streams[s]`` are the weights of stream s on the two that integrate. A linear network cannot
    gate, so that the context changes nothing.
    """
    recurrent = np.diag([eigenvalue, eigenvalue, *LEAKS])
    inputs = np.zeros((4, 4))
    inputs[:2, :2] = np.transpose(streams)
    inputs[2:, :2] = 1.0
    return hand_made("linear", recurrent, inputs, [[1.0, 0.0, 0.0, 0.0]])


def values(network, seed=3, n=60, **changes):
    trials = TASK.draw(n, np.random.default_rng(4))
    measured = measure_integrator(
        read_trials(network, trials.inputs, trials.targets), np.random.default_rng(seed),
        contexts=CONTEXTS, **{**SETTINGS, **changes},
    )  # fmt: skip
    assert all(name.startswith("context_") for name in measured)
    return {name.removeprefix("context_"): value for name, (_, value, _, _) in measured.items()}


@pytest.fixture(scope="module")
def found():
    return values(integrator())


def test_a_diagonal_integrator_needs_one_mode_and_answers_by_one(found):
    # Two modes have the eigenvalue 1; the one that the readout hears is first or second.
    assert found["modes_needed"][0] <= 2
    assert found["full_response"][0] == pytest.approx(1)
    assert found["first_eigenvalue"].tolist() == [1, 1]
    assert (found["time_constant"] == np.inf).all()
    assert found["n_slow_modes"].tolist() == [2, 2]
    np.testing.assert_allclose(found["mode_modulus"], np.tile([1, 1, *LEAKS], (2, 1)))


def test_a_single_integrating_mode_is_all_that_is_needed():
    one = hand_made(
        "linear", np.diag([1.0, *LEAKS]), [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]], [[1, 0, 0]]
    )
    measured = values(one)
    assert measured["modes_needed"][0] == 1
    np.testing.assert_allclose(measured["response"][0, :, 0], 1)
    assert measured["selection_ratio"][0] == 0
    # Context 2 asks for the stream that is not heard.
    assert measured["full_response"][1] == 0
    assert measured["selection_ratio"][1] == np.inf


def test_the_stream_that_is_not_asked_for_counts_by_its_weight():
    measured = values(integrator(streams=((1.0, 0.0), (0.3, 1.0))))
    # Stream 1 adds 1 and stream 2 adds 0.3, whatever the context.
    np.testing.assert_allclose(measured["response"][:, :, :, -1], [[[1, 0.3]] * 2] * 2)
    np.testing.assert_allclose(measured["selection_ratio"], [0.3, 1 / 0.3])
    np.testing.assert_allclose(measured["full_response"], [1, 0.3])


def test_a_leak_shows_in_eigenvalue_time_constant_and_response():
    measured = values(integrator(eigenvalue=0.98), speed=0.5)
    np.testing.assert_allclose(measured["first_eigenvalue"], 0.98)
    np.testing.assert_allclose(measured["time_constant"], -1 / np.log(0.98))
    assert measured["full_response"][0] == pytest.approx(0.98**10)
    assert measured["response"][0, 0, 0, -1] == pytest.approx(1)


def test_levels_stand_in_the_order_of_what_they_say(found):
    for says in found["level_output"]:
        assert (np.diff(says) >= 0).all()
    assert (found["n_slow_points"] > 0).all()
    assert (found["level_speed"] <= 1e-3).all()


def test_a_line_of_points_is_a_path_along_one_axis():
    # One integrating unit: all slow points lie on its axis.
    line = hand_made("linear", np.diag([1.0, 0.1]), [[1, 0, 0, 0], [0, 0, 0, 0]], [[1, 0]])
    measured = values(line)
    np.testing.assert_allclose(measured["order_correlation"], 1)
    np.testing.assert_allclose(measured["point_pc1_share"], 1)
    assert (measured["path_share"] >= 0.8).all()
    assert (np.ptp(measured["level_output"], axis=1) > 1).all()


def test_only_trials_of_a_context_give_its_points():
    # The first stream rises in one context and falls in the other; it is added up in both.
    levels = np.linspace(0.05, 0.2, 10)
    rising, falling = TASK.probes(levels, 0), TASK.probes(-levels, 1, ignored=True)
    inputs, targets = (
        np.concatenate([getattr(rising, part), getattr(falling, part)])
        for part in ("inputs", "targets")
    )
    line = hand_made("linear", np.diag([1.0, 0.1]), [[1, 0, 0, 0], [0, 0, 1, -1]], [[1, 0]])
    measured = measure_integrator(
        read_trials(line, inputs, targets), np.random.default_rng(3), contexts=CONTEXTS, **SETTINGS
    )
    says = measured["context_level_output"][1]
    assert (says[0] > 0).all()
    assert (says[1] < 0).all()


def test_a_network_without_slow_points_has_nan_and_the_same_shapes(found):
    # It has one fixed point, and no point is near enough to count.
    fast = hand_made("linear", 0.5 * np.eye(4), np.eye(4), [[1, 0, 0, 0]], bias=np.full(4, 50.0))
    measured = values(fast, farthest=1e-6)
    assert not measured["n_slow_points"].any()
    for name in ("first_eigenvalue", "modes_needed", "full_response", "selection_ratio"):
        assert np.isnan(measured[name]).all()
    for name, value in found.items():
        assert np.shape(measured[name]) == np.shape(value), name


def test_fewer_points_than_levels_leave_the_last_rows_empty():
    measured = values(integrator(), starts=4)
    assert np.isnan(measured["level_output"][:, 4:]).all()
    assert np.isfinite(measured["level_output"][:, :4]).all()
    assert np.isfinite(measured["full_response"]).all()


def test_the_same_generator_measures_the_same(found):
    again = values(integrator())
    for name, value in found.items():
        np.testing.assert_array_equal(value, again[name], name)


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_with_all_modes_the_response_is_that_of_the_matrix_power(rng, steps):
    jacobians = 0.4 * rng.standard_normal((5, 6, 6))
    directions, readout = rng.standard_normal((5, 6)), rng.standard_normal(6)
    response = modal_response(decompose(jacobians), directions, readout, steps)
    by_hand = [
        readout @ np.linalg.matrix_power(jacobian, steps) @ direction
        for jacobian, direction in zip(jacobians, directions, strict=True)
    ]
    assert response[-1] == pytest.approx(np.mean(by_hand))


def pairs(*eigenvalues, rng):
    """A matrix with these eigenvalues, of complex pairs one half each, in oblique axes."""
    size = sum(2 if np.iscomplex(each) else 1 for each in eigenvalues)
    matrix, place = np.zeros((size, size)), 0
    for each in eigenvalues:
        width = 2 if np.iscomplex(each) else 1
        block = abs(each) * rotation(np.angle(each)) if width == 2 else np.real(each)
        matrix[place : place + width, place : place + width] = block
        place += width
    axes = rng.standard_normal((size, size))
    return axes @ matrix @ np.linalg.inv(axes)


def kept(jacobian, direction, readout, steps, names):
    """Response with some modes only: those whose eigenvalues are among the named ones."""
    values, right = np.linalg.eig(jacobian)
    left = np.linalg.inv(right)
    own = [np.abs(values - each).argmin() for name in names for each in {name, np.conj(name)}]
    return sum(
        ((readout @ right[:, k]) * values[k] ** steps * (left[k] @ direction)).real for k in own
    )


@pytest.mark.parametrize("same", [False, True])
def test_the_two_halves_of_a_complex_pair_are_kept_together(rng, same):
    # Sorted, pairs of one modulus lie inside each other.
    first, second = 0.9 * np.exp(0.3j), (0.9 if same else 0.8) * np.exp(1.1j)
    jacobian = pairs(first, second, 0.5, rng=rng)
    direction, readout = rng.standard_normal(5), rng.standard_normal(5)
    response = modal_response(decompose(jacobian[None]), direction[None], readout, 3)
    of_first, of_second, of_both, of_all = (
        kept(jacobian, direction, readout, 3, names)
        for names in ((first,), (second,), (first, second), (first, second, 0.5))
    )
    assert min(abs(of_first), abs(of_second)) > 1e-3
    expected = [0, 0 if same else of_first, of_first, of_both, of_all]
    np.testing.assert_allclose(response, expected, atol=1e-9)


def test_the_largest_modes_are_kept_first():
    modes = linearise(
        hand_made("linear", np.diag([0.2, 0.9, 0.5]), np.eye(3), np.eye(3)).cell.autonomous(
            inputs=np.zeros(3)
        ),
        np.zeros((2, 3)),
    )
    assert isinstance(modes, Modes)
    directions = np.array([[1.0, 2.0, 4.0], [3.0, 2.0, 0.0]])
    response = modal_response(modes, directions, np.ones(3), 1)
    np.testing.assert_allclose(response, np.cumsum([0.9 * 2, 0.5 * 2, 0.2 * 2]))


@pytest.mark.parametrize(
    ("response", "needed"),
    [
        ([1.0, 1.0, 1.0], 1),
        ([0.95, 1.05, 1.0], 1),
        ([0.5, 0.95, 1.0], 2),
        ([1.0, 0.5, 1.0], 3),  # close at first, but not from there on
        ([0.0, 0.0, -1.0], 3),
        ([0.0, -0.99, -1.0], 2),
        ([0.0], 1),
    ],
)
def test_modes_are_needed_until_the_response_stays_close(response, needed):
    assert modes_needed(np.array(response)) == needed


def test_levels_are_represented_by_their_medoids():
    readouts = np.array([5.0, 0.0, 4.0, 1.0, 3.0, 2.0])
    states = np.array([[9.0], [0.0], [8.0], [1.0], [7.0], [5.0]])
    # Bins by readout are the points 1, 3, 5 and 4, 2, 0; in their middle are 3 and 2.
    assert level_points(states, readouts, 2).tolist() == [3, 2]


def test_medoids_that_say_less_than_those_before_are_put_in_order(rng):
    states, readouts = rng.standard_normal((50, 3)), rng.standard_normal(50)
    chosen = level_points(states, readouts, 8)
    assert len(np.unique(chosen)) == 8
    assert (np.diff(readouts[chosen]) > 0).all()
    order = np.argsort(readouts)
    for level, point in enumerate(chosen):
        assert point in np.array_split(order, 8)[level]


@pytest.mark.parametrize("n", [0, 1, 3])
def test_where_points_are_few_each_stands_for_itself(rng, n):
    readouts = rng.standard_normal(n)
    chosen = level_points(rng.standard_normal((n, 2)), readouts, 8)
    assert chosen.tolist() == np.argsort(readouts).tolist()
