import numpy as np
import pytest

from unrolled.dynamics import (
    canonical_correlations,
    components_for,
    principal_basis,
    svcca_distance,
    svcca_distances,
)


@pytest.fixture
def states(rng):
    """States of 12 units that mostly vary along a few directions."""
    return rng.standard_normal((400, 12)) * 0.6 ** np.arange(12) @ rng.standard_normal((12, 12))


@pytest.fixture
def bases(rng):
    return [principal_basis(rng.standard_normal((60, 9)), 4)[0] for _ in range(7)]


def test_the_basis_is_orthonormal_and_centred_and_its_shares_are_those_of_the_variance(states):
    basis, shares = principal_basis(states, 5)
    np.testing.assert_allclose(basis.T @ basis, np.eye(5), atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-12)
    expected = np.sort(np.linalg.eigvalsh(np.cov(states.T)))[::-1]
    np.testing.assert_allclose(shares, expected / expected.sum(), atol=1e-12)
    # What the basis leaves is the variance of the components that it leaves.
    centred = states - states.mean(axis=0)
    left = centred - basis @ (basis.T @ centred)
    assert np.sum(left**2) / np.sum(centred**2) == pytest.approx(shares[5:].sum())


def test_the_largest_entry_of_each_component_is_positive(rng):
    for _ in range(5):
        basis, _ = principal_basis(rng.standard_normal((50, 6)), 6)
        assert (basis[np.abs(basis).argmax(axis=0), range(6)] > 0).all()


def test_trials_and_times_are_moments_alike(states):
    flat, stacked = principal_basis(states, 3), principal_basis(states.reshape(20, 20, 12), 3)
    np.testing.assert_array_equal(flat[0], stacked[0])
    np.testing.assert_array_equal(flat[1], stacked[1])


def test_a_basis_has_no_more_components_than_the_states_have_dimensions(rng):
    line = np.outer(rng.standard_normal(50), rng.standard_normal(6)) + 3.0
    basis, shares = principal_basis(line, 4)
    assert basis.shape == (50, 1)
    np.testing.assert_allclose(shares, [1, 0, 0, 0, 0, 0], atol=1e-12)


def test_components_are_counted_until_their_variance_suffices():
    shares = [0.5, 0.3, 0.2, 0.0]
    found = [components_for(shares, v) for v in (0.4, 0.5, 0.501, 0.8, 0.95, 1.0)]
    assert found == [1, 1, 2, 2, 3, 3]
    # The sum of shares may stay below 1 by rounding.
    assert components_for([0.1] * 10, 1.0) == 10


def change_nothing(states, rng):
    return states


def rotate(states, rng):
    return states @ np.linalg.qr(rng.standard_normal((12, 12)))[0]


def scale(states, rng):
    return 17.0 * states


def permute(states, rng):
    return states[:, rng.permutation(12)]


def shift(states, rng):
    return states + rng.standard_normal(12)


def add_silent_units(states, rng):
    return np.concatenate([states, np.full((400, 3), 0.7)], axis=1)


@pytest.mark.parametrize(
    "change", [change_nothing, rotate, scale, permute, shift, add_silent_units]
)
def test_what_leaves_the_geometry_leaves_the_distance_zero(change, states, rng):
    first, second = (principal_basis(s, 4)[0] for s in (states, change(states, rng)))
    assert svcca_distance(first, second, 4) == pytest.approx(0, abs=1e-12)


def test_another_order_of_moments_or_unequal_stretching_does_not(states, rng):
    first = principal_basis(states, 4)[0]
    shuffled = principal_basis(states[rng.permutation(400)], 4)[0]
    stretched = principal_basis(states * np.geomspace(1, 1e3, 12), 4)[0]
    assert svcca_distance(first, shuffled, 4) > 0.8
    assert svcca_distance(first, stretched, 4) > 0.01


def test_unrelated_states_are_far_apart_if_there_are_many_moments(rng):
    first, second = (principal_basis(rng.standard_normal((5000, 20)), 5)[0] for _ in range(2))
    # Correlations of unrelated 5-dimensional sets are of the order of sqrt(5 / 5000).
    assert svcca_distance(first, second, 5) > 0.95
    # With as many dimensions as moments everything correlates: why SVCCA truncates.
    crowded = canonical_correlations(*rng.standard_normal((2, 20, 19)))
    np.testing.assert_allclose(crowded, 1)


def test_two_signals_with_known_correlations():
    # Four waves with whole periods are orthogonal. The second set mixes them at known angles.
    time = 2 * np.pi * np.arange(64) / 64
    waves = [np.sin(time), np.sin(2 * time), np.sin(3 * time), np.sin(4 * time)]
    first = np.stack(waves[:2], axis=1)
    angles = np.radians([25.0, 70.0])
    second = np.cos(angles) * first + np.sin(angles) * np.stack(waves[2:], axis=1)
    np.testing.assert_allclose(canonical_correlations(first, second), np.cos(angles), atol=1e-12)
    # Any mixture of the two signals says the same.
    mixed = second @ [[3.0, 1.0], [1.0, 0.2]] + 5.0
    np.testing.assert_allclose(canonical_correlations(first, mixed), np.cos(angles), atol=1e-12)
    bases = [principal_basis(signals, 2)[0] for signals in (first, second)]
    assert svcca_distance(*bases, 2) == pytest.approx(1 - np.cos(angles).mean())


def test_correlations_agree_with_the_reference_implementation(rng):
    from sklearn.cross_decomposition import CCA

    shared = rng.standard_normal((300, 2))
    first = np.concatenate([shared, rng.standard_normal((300, 2))], axis=1)
    second = shared @ rng.standard_normal((2, 3)) + 0.5 * rng.standard_normal((300, 3))
    model = CCA(n_components=3, max_iter=5000, tol=1e-12).fit(first, second)
    scores = model.transform(first, second)
    expected = [np.corrcoef(scores[0][:, k], scores[1][:, k])[0, 1] for k in range(3)]
    # Its power iterations stop at a tolerance of their own.
    np.testing.assert_allclose(canonical_correlations(first, second), expected, atol=1e-5)


def test_the_matrix_holds_the_pairs_and_is_exactly_symmetric(bases):
    distances = svcca_distances(bases, 3)
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(np.diagonal(distances), 0.0)
    for i, j in ((0, 1), (2, 6), (5, 3)):
        assert distances[i, j] == pytest.approx(svcca_distance(bases[i], bases[j], 3), abs=1e-12)
    np.testing.assert_array_equal(svcca_distances(np.stack(bases), 3), distances)


def test_blocks_change_no_distance(bases, monkeypatch):
    from unrolled.dynamics import similarity

    whole = svcca_distances(bases, 4)
    monkeypatch.setattr(similarity, "_BLOCK_BYTES", 1)
    np.testing.assert_allclose(svcca_distances(bases, 4), whole, atol=1e-13)


def test_one_truncation_holds_for_all_and_the_network_that_lacks_it_is_named(bases):
    bases[3] = bases[3][:, :2]
    with pytest.raises(ValueError, match="network 3 has shape"):
        svcca_distances(bases, 3)
    assert svcca_distances(bases, 2).shape == (7, 7)
    with pytest.raises(ValueError, match="network 1 has shape"):
        svcca_distance(bases[0], bases[3], 4)


def test_bases_that_cannot_be_compared_are_refused(bases, states):
    with pytest.raises(ValueError, match="same inputs"):
        svcca_distance(bases[0], principal_basis(states, 4)[0], 4)
    with pytest.raises(ValueError, match="network 1 are not orthonormal"):
        svcca_distance(bases[0], 2 * bases[1], 4)
    with pytest.raises(ValueError, match="n_components is 0"):
        svcca_distances(bases, 0)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (np.zeros(3), r"\(P, d\)"),
        (np.zeros((0, 3)), "at least one"),
        ([[0.0, np.nan], [1.0, 2.0]], "first: row 0"),
        (np.full((30, 4), 0.1), "do not vary"),
        (np.zeros((30, 4)), "do not vary"),
    ],
)
def test_states_without_geometry_are_refused(states, message):
    with pytest.raises(ValueError, match=message):
        principal_basis(states, 2)
    with pytest.raises(ValueError, match=message):
        canonical_correlations(states, states)


def test_numbers_out_of_range_are_refused(states):
    with pytest.raises(ValueError, match="n_components is 0"):
        principal_basis(states, 0)
    for variance in (0.0, 1.1, np.nan):
        with pytest.raises(ValueError, match="variance is"):
            components_for([1.0], variance)
    for shares in ([0.5, 0.3], []):
        with pytest.raises(ValueError, match="all components"):
            components_for(shares, 0.95)
