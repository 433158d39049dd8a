import numpy as np
import pytest

from unrolled.dynamics import random_axes, share_inside, span
from unrolled.dynamics.subspaces import without_direction


def test_the_span_of_a_plane_is_the_plane():
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.standard_normal((7, 2)))[0].T
    found = span(rng.standard_normal((20, 2)) * [3, 1] @ plane)
    assert found.n_for(0.999) == 2
    np.testing.assert_allclose(share_inside(plane, found.axes[:2]), 1)
    np.testing.assert_allclose(found.axes[:2] @ found.axes[:2].T, np.eye(2), atol=1e-12)


def test_the_span_is_about_the_origin_not_the_mean():
    found = span([[5.0, 0.1], [5.0, -0.1]])
    np.testing.assert_allclose(found.axes[0], [1, 0], atol=1e-12)
    assert found.shares[0] > 0.99


def test_shares_inside_are_one_within_nothing_across_and_chance_for_random_directions():
    axes = np.eye(10)[:3]
    np.testing.assert_allclose(share_inside(np.eye(10), axes), [1] * 3 + [0] * 7)
    random = np.random.default_rng(1).standard_normal((5000, 10))
    assert abs(share_inside(random, axes).mean() - 0.3) < 0.01
    assert np.isnan(share_inside(np.zeros(10), axes))


def test_a_direction_is_taken_out_and_nothing_else():
    vectors = np.random.default_rng(2).standard_normal((4, 3, 6))
    direction = np.eye(6)[2]
    left = without_direction(vectors, direction)
    np.testing.assert_allclose(left[..., 2], 0)
    np.testing.assert_array_equal(np.delete(left, 2, -1), np.delete(vectors, 2, -1))


def test_random_axes_are_orthonormal_and_across_the_direction():
    rng = np.random.default_rng(3)
    direction = rng.standard_normal(12)
    direction /= np.linalg.norm(direction)
    axes = random_axes(4, direction, rng)
    np.testing.assert_allclose(axes @ axes.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(axes @ direction, 0, atol=1e-12)


def test_all_directions_across_one_can_be_had_and_no_more():
    direction = np.ones(5) / np.sqrt(5)
    axes = random_axes(4, direction, np.random.default_rng(4))
    np.testing.assert_allclose(axes @ direction, 0, atol=1e-12)
    with pytest.raises(ValueError, match="5 dimensions have 0 to 4 at right angles"):
        random_axes(5, direction, np.random.default_rng(4))


def test_no_number_of_axes_holds_a_share_of_nothing():
    assert span(np.eye(3)).n_for(1.0) == 3
    with pytest.raises(ValueError, match="are all 0"):
        span(np.zeros((2, 3))).n_for(0.9)


@pytest.mark.parametrize("vectors", [np.zeros((0, 3)), np.zeros(3), [[np.nan, 1.0]]])
def test_what_spans_nothing_is_refused(vectors):
    with pytest.raises(ValueError, match="span nothing"):
        span(vectors)
