import numpy as np
import pytest

from unrolled.dynamics import (
    LinearMaps,
    nearest_points,
    one_step_errors,
    open_loop_states,
    relaxation,
    step_ratios,
)

from .maps_for_tests import Linear, Tanh


def random_maps(rng, n_points=5, width=6, n_inputs=3):
    return LinearMaps(
        rng.standard_normal((n_points, width)),
        rng.standard_normal((n_points, width)),
        0.5 * rng.standard_normal((n_points, width, width)) / np.sqrt(width),
        rng.standard_normal((n_points, width, n_inputs)),
        rng.standard_normal(n_inputs),
    )


def test_the_relaxation_of_a_linear_map_is_geometric():
    run = relaxation(Linear(0.8 * np.eye(3)), np.ones((4, 3)), 6)
    np.testing.assert_allclose(run.ratios, 0.2)
    np.testing.assert_allclose(run.states, 0.8**6)


def test_the_relaxation_needs_no_jacobian_and_warns_of_none(recwarn):
    run = relaxation(lambda states: 0.5 * states, [[0.0], [1.0]], 2)
    assert np.isnan(run.ratios[0]).all()
    assert not recwarn.list
    with pytest.raises(ValueError, match="n_steps"):
        relaxation(lambda states: states, [[1.0]], 0)


def test_ratios_along_runs_are_those_of_the_free_run_and_stop_at_the_end(rng):
    step, states = Tanh(rng.standard_normal((4, 4))), [rng.standard_normal((3, 4))]
    for _ in range(5):
        states.append(step(states[-1]))
    ratios = step_ratios(np.stack(states, axis=1))
    np.testing.assert_allclose(ratios, relaxation(step, states[0], 5).ratios)
    cut = step_ratios(np.stack(states, axis=1), lengths=[6, 3, 1])
    assert np.isnan(cut).sum(axis=1).tolist() == [0, 3, 5]


def test_the_nearest_point_is_the_one_of_brute_force_whatever_the_chunk(rng):
    states, points = rng.standard_normal((200, 7)) + 50, rng.standard_normal((30, 7)) + 50
    expected = ((states[:, None] - points) ** 2).sum(axis=2).argmin(axis=1)
    for chunk in (3, 8192):
        np.testing.assert_array_equal(nearest_points(states, points, chunk=chunk), expected)
    with pytest.raises(ValueError, match="no points"):
        nearest_points(states, np.empty((0, 7)))


def test_predictions_are_the_first_order_series_about_their_point(rng):
    maps = random_maps(rng)
    states, inputs = rng.standard_normal((40, 6)), rng.standard_normal((40, 3))
    which = rng.integers(5, size=40)
    predicted = maps.predict(states, inputs, which)
    for row, point in enumerate(which):
        expected = (
            maps.images[point]
            + maps.jacobians[point] @ (states[row] - maps.points[point])
            + maps.input_jacobians[point] @ (inputs[row] - maps.constant_input)
        )
        np.testing.assert_allclose(predicted[row], expected)


def test_a_linear_network_is_foretold_exactly_and_a_bent_one_better_from_nearby(rng):
    weights, drive = 0.8 * rng.standard_normal((6, 6)) / np.sqrt(6), rng.standard_normal((6, 3))
    states, inputs = rng.standard_normal((300, 6)), 0.1 * rng.standard_normal((300, 3))
    points = rng.standard_normal((100, 6))
    for bent in (False, True):
        following = states @ weights.T + inputs @ drive.T
        images = points @ weights.T
        gains = np.ones((100, 6))
        if bent:
            following, images = np.tanh(following), np.tanh(images)
            gains = 1 - images**2
        maps = LinearMaps(
            points, images, gains[:, :, None] * weights, gains[:, :, None] * drive, np.zeros(3)
        )
        near = one_step_errors(maps, states, inputs, following)
        central = one_step_errors(maps, states, inputs, following, which=0)
        if bent:
            assert np.median(near) < np.median(central)
        else:
            np.testing.assert_allclose(near, 0, atol=1e-12)
            np.testing.assert_allclose(central, 0, atol=1e-12)


def test_the_open_loop_run_is_the_one_word_by_word(rng):
    maps = random_maps(rng)
    embedding, initial = rng.standard_normal((11, 3)), rng.standard_normal(6)
    lengths = np.array([4, 0, 9, 1, 9])
    tokens = rng.integers(11, size=(5, 9))
    final = open_loop_states(
        maps, 2, tokens=tokens, lengths=lengths, embedding=embedding, initial_state=initial
    )
    for document, length in enumerate(lengths):
        state = initial[None]
        for word in tokens[document, :length]:
            state = maps.predict(state, embedding[[word]], 2)
        np.testing.assert_allclose(final[document], state[0], atol=1e-12)
    with pytest.raises(ValueError, match="lengths"):
        open_loop_states(
            maps, 2, tokens=tokens, lengths=[10] * 5, embedding=embedding, initial_state=initial
        )


def test_maps_whose_parts_do_not_fit_are_refused(rng):
    maps = random_maps(rng)
    with pytest.raises(ValueError, match="images"):
        LinearMaps(
            maps.points,
            maps.images[:2],
            maps.jacobians,
            maps.input_jacobians,
            maps.constant_input,
        )
    empty = [array[:0] for array in (maps.points, maps.images, maps.jacobians)]
    with pytest.raises(ValueError, match="no points"):
        LinearMaps(*empty, maps.input_jacobians[:0], maps.constant_input)
