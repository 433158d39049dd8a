import numpy as np
import pytest

from unrolled.dynamics import (
    choose_points,
    jacobian_changes,
    matched_words,
    mean_input,
    measure_modifiers,
    modifier_subspace,
    portray,
    random_axes,
    read_documents,
)
from unrolled.dynamics.interventions import measure_removal
from unrolled.dynamics.modifiers import _correlations, states_after
from unrolled.networks import make_network

SEARCH = {"settling": 3, "ridge": 0.03, "iterations": 10, "neighbours": 5, "starts": 30}


def line_of(speed=0.5, n=5):
    rng = np.random.default_rng(0)
    network = make_network("gru", units=8, embedding=4, vocabulary=20, embedding_scale=1.0, rng=rng)
    tokens = rng.integers(2, 20, (40, 15))
    reading = read_documents(network, tokens, [15] * 40, np.arange(40) % 2)
    counts = np.bincount(tokens.ravel(), minlength=20)
    reference = mean_input(network, counts)
    portrait = portray(network, reading, reference, speed=speed, rng=rng, **SEARCH)
    return choose_points(portrait, n)


def test_points_lie_along_the_line_from_one_end_to_the_other():
    line = line_of()
    states, coordinate = line.portrait.points.states, line.portrait.coordinate
    places = [float(coordinate[np.abs(states - p).sum(axis=1).argmin()]) for p in line.points]
    assert 2 <= len(line.points) <= 5
    assert places == sorted(places)
    assert np.linalg.norm(line.direction) == pytest.approx(1)


def test_a_single_point_is_the_middle_of_the_line():
    line = line_of(n=1)
    states, coordinate = line.portrait.points.states, line.portrait.coordinate
    middle = states[np.abs(coordinate).argmin()]
    assert np.abs(coordinate).min() < 0.3
    np.testing.assert_array_equal(line.points, [middle])


def test_where_nothing_is_slow_the_state_at_rest_stands_in():
    line = line_of(speed=1e-12)
    assert len(line.portrait.points) == 0
    (rest,) = line.points
    np.testing.assert_allclose(line.portrait.step(line.points)[0], rest, atol=1e-6)
    changes, beside = jacobian_changes(line, np.array([3, 4]))
    np.testing.assert_allclose(changes, beside)


def test_changes_of_the_jacobian_are_those_of_explicit_jacobians():
    line = line_of()
    network, reference = line.portrait.network, line.portrait.reference_input
    slow = line.portrait.points.states
    changes, beside = jacobian_changes(line, np.arange(2, 20))
    for number, word in enumerate(range(2, 20)):
        gaps, gaps_beside = [], []
        for point in line.points:
            after = network.cell.step(point[None], network.embedding[word])
            near = slow[np.linalg.norm(slow - after, axis=1).argmin()]
            there, here, beside_it = (
                network.cell.jacobian_input(np.atleast_2d(state), reference)[0]
                for state in (after, point, near)
            )
            gaps.append(np.linalg.norm(there - here))
            gaps_beside.append(np.linalg.norm(there - beside_it))
        assert changes[number] == pytest.approx(np.mean(gaps))
        assert beside[number] == pytest.approx(np.mean(gaps_beside))


def test_the_subspace_holds_what_deflections_have_off_the_line():
    line = line_of()
    words = np.array([3, 4, 5])
    subspace, shares = modifier_subspace(line, words)
    network = line.portrait.network
    rest = network.cell.step(line.points, line.portrait.reference_input)
    deflections = states_after(network, line.points, words) - rest
    along = deflections @ line.direction
    expected = 1 - along**2 / (deflections**2).sum(axis=-1)
    np.testing.assert_allclose(shares, expected)
    used = subspace.axes[subspace.shares > 1e-12]
    np.testing.assert_allclose(used @ line.direction, 0, atol=1e-8)
    off = deflections - along[..., None] * line.direction
    np.testing.assert_allclose(off @ used.T @ used, off, atol=1e-6)


def test_random_subspaces_have_as_many_dimensions_as_the_one_removed(monkeypatch):
    """A single deflection spans one dimension, however many are asked for."""
    line, drawn = line_of(n=1), []

    def recorded(k, direction, rng):
        drawn.append(random_axes(k, direction, rng))
        return drawn[-1]

    monkeypatch.setattr("unrolled.dynamics.interventions.random_axes", recorded)
    subspace, _ = modifier_subspace(line, np.array([3]))
    backgrounds = np.random.default_rng(1).integers(2, 20, (2, 6))
    measure_removal(
        line, subspace, backgrounds, np.array([3]), np.array([4, 5]),
        n_axes=2, n_random=3, rng=np.random.default_rng(2),
    )  # fmt: skip
    assert [len(axes) for axes in drawn] == [len(subspace.axes)] * 3 == [1] * 3


@pytest.mark.parametrize(("modifiers", "controls"), [([3, 4], []), ([], [5]), ([], [])])
def test_nothing_to_compare_is_refused(modifiers, controls):
    message = f"{len(modifiers)} modifiers and {len(controls)} controls; at least one of each"
    with pytest.raises(ValueError, match=message):
        measure_modifiers(
            line_of(),
            modifiers=np.array(modifiers, dtype=int),
            controls=np.array(controls, dtype=int),
            valence_words=np.array([6, 7]),
            inserted_words=np.array([6, 7]),
            backgrounds=np.full((2, 18), 2),
            settings={"lags": 2, "later": 3, "subspace": 1, "random_subspaces": 1},
            rng=np.random.default_rng(0),
        )


def test_equal_effects_agree_with_nothing_even_where_their_mean_is_rounded():
    equal, rising = np.full(3, 0.1), np.array([0.0, 1.0, 3.0])
    assert equal.mean() != 0.1
    left, right = [equal, rising, rising, equal], [rising, equal, 2 - rising, equal]
    found = _correlations(np.array(left), np.array(right))
    np.testing.assert_allclose(found, [np.nan, np.nan, -1, np.nan])


def test_controls_are_as_frequent_and_none_is_taken_twice():
    counts = np.array([0, 0, 100, 10, 90, 12, 11, 1000])
    assert matched_words(np.array([2, 3]), np.array([4, 5, 6, 7]), counts).tolist() == [4, 6]
    assert matched_words(np.array([2, 3, 3]), np.array([5, 6]), counts).tolist() == [5, 6]
    assert matched_words(np.array([2]), np.array([], dtype=int), counts).tolist() == []
