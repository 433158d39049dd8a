import numpy as np
import pytest

from unrolled.dynamics import (
    inside_range,
    manifold_coordinate,
    manifold_direction,
    principal_components,
    variance_share,
)


def arc(rng, n=120, width=8, noise=0.0):
    """Points on a bent line in a random plane, in random order, with their positions."""
    position = rng.permutation(np.linspace(-1.2, 1.2, n))
    plane = np.linalg.qr(rng.standard_normal((width, 2)))[0].T
    points = np.stack([np.sin(position), 1 - np.cos(position)], axis=1) @ plane
    return points + noise * rng.standard_normal(points.shape), position, plane


def test_principal_components_are_those_of_the_covariance(rng):
    states = rng.standard_normal((500, 6)) @ rng.standard_normal((6, 6)) + 3.0
    parts = principal_components(states)
    np.testing.assert_allclose(parts.mean, states.mean(axis=0))
    np.testing.assert_allclose(parts.axes @ parts.axes.T, np.eye(6), atol=1e-12)
    np.testing.assert_allclose(parts.project(states).var(axis=0), parts.variances)
    assert (np.diff(parts.variances) <= 0).all()
    assert parts.shares.sum() == pytest.approx(1)
    largest = np.abs(parts.axes).argmax(axis=1)
    assert (parts.axes[np.arange(6), largest] > 0).all()
    assert parts.n_for(parts.shares[:2].sum()) == 2
    assert parts.n_for(1.0) == 6


def test_fewer_states_than_entries_still_give_a_whole_basis(rng):
    parts = principal_components(rng.standard_normal((3, 7)))
    assert parts.axes.shape == (7, 7)
    np.testing.assert_allclose(parts.shares[2:], 0, atol=1e-12)
    assert parts.project(np.zeros((4, 7)), 2).shape == (4, 2)
    np.testing.assert_allclose(parts.project_direction(parts.axes[1], 3), [0, 1, 0], atol=1e-12)


def test_states_that_do_not_vary_have_no_shares():
    assert np.isnan(principal_components(np.ones((4, 3))).shares).all()
    assert np.isnan(variance_share(np.ones((4, 3)), np.eye(3))).all()


def test_the_direction_of_a_line_is_found_and_points_along_the_reference(rng):
    line = rng.standard_normal(5)
    line /= np.linalg.norm(line)
    points = np.outer(rng.standard_normal(80), line) + 1e-3 * rng.standard_normal((80, 5))
    for reference in (line, -line):
        found = manifold_direction(points, reference=reference)
        assert found @ reference > 0.999


def test_the_coordinate_follows_a_bent_line_and_grows_with_the_reference(rng):
    points, position, _ = arc(rng, noise=1e-3)
    coordinate = manifold_coordinate(points, position)
    assert coordinate.min() == -1
    assert coordinate.max() == 1
    order = np.argsort(position)
    ranks = np.empty(len(order))
    ranks[np.argsort(coordinate)] = np.arange(len(order))
    assert np.corrcoef(ranks[order], np.arange(len(order)))[0, 1] > 0.995
    np.testing.assert_allclose(manifold_coordinate(points, -position), -coordinate)
    np.testing.assert_array_equal(manifold_coordinate(points, position), coordinate)


def test_a_line_with_a_gap_keeps_its_order(rng):
    points, position, _ = arc(rng)
    apart = np.abs(position) > 0.5
    gap = manifold_coordinate(points[apart], position[apart])
    assert gap[position[apart] < 0].max() < gap[position[apart] > 0].min()


@pytest.mark.parametrize("scatter", [1e-12, 1e-4, 1e-3])
def test_heaps_along_a_line_keep_their_order_and_their_distances(scatter, rng):
    # Each heap is a neighbourhood of its own, were its points not embedded together.
    points, position, _ = arc(rng)
    heaps = np.repeat(points[:20], 30, axis=0) + scatter * rng.standard_normal((600, 8))
    coordinate = manifold_coordinate(heaps, np.repeat(position[:20], 30))
    assert np.abs(np.ptp(coordinate.reshape(20, 30), axis=1)).max() < 30 * scatter + 1e-6
    assert np.corrcoef(coordinate, np.repeat(position[:20], 30))[0, 1] > 0.95


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_few_points_still_have_a_coordinate(n):
    points = np.outer(np.arange(n), [1.0, 2.0])
    coordinate = manifold_coordinate(points, np.arange(n))
    assert np.isfinite(coordinate).all()
    assert (np.diff(coordinate) > 0).all()
    assert np.abs(coordinate).max(initial=0) <= 1


def test_equal_points_lie_at_zero():
    np.testing.assert_array_equal(manifold_coordinate(np.ones((20, 3)), np.arange(20)), 0)


def test_shares_on_a_whole_basis_sum_to_one_and_a_plane_holds_its_own(rng):
    points, _, plane = arc(rng)
    basis = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    assert variance_share(points, basis).sum() == pytest.approx(1)
    assert variance_share(points, plane).sum() == pytest.approx(1)
    assert variance_share(points, plane[0]).shape == (1,)


def test_the_stretched_range_keeps_the_middle_and_drops_outliers():
    reference = np.linspace(-1, 1, 1001)
    kept = inside_range([-1.2, -1.07, 0.0, 1.07, 1.2], reference)
    assert kept.tolist() == [False, True, True, True, False]


def test_points_that_cannot_work_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        principal_components(np.empty((0, 3)))
    with pytest.raises(ValueError, match="NaN"):
        manifold_direction([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="reference_values"):
        manifold_coordinate(np.ones((3, 2)), np.ones(2))
    with pytest.raises(ValueError, match="neighbours"):
        manifold_coordinate(np.ones((3, 2)), np.ones(3), neighbours=1)
