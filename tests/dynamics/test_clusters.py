from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from unrolled.dynamics import (
    accuracy_difference_interval,
    cluster_accuracy,
    has_both_pairs,
    individuality_ratio,
    label_permutation_test,
    neighbour_votes,
    rank_separation,
    ratio_permutation_test,
    scaling_map,
    separation_auc,
)

LABELS = np.repeat(["gru", "lstm", "ugrnn", "vanilla"], 6)
STRATA = np.tile(["tanh", "relu"], 12)


def planted(rng, apart=3.0):
    """Distances among 24 networks, those of one label around a place of its own."""
    places = apart * np.repeat(np.eye(4), 6, axis=0) + rng.standard_normal((24, 4))
    return cdist(places, places)


def votes_by_hand(distances, labels, k):
    """Share of all orders of the networks in which the vote, ties by order, is the label."""
    n = len(labels)
    hits = np.zeros(n)
    orders = list(permutations(range(n)))
    for order in orders:
        rank = np.argsort(order)
        for i in range(n):
            others = [j for j in range(n) if j != i]
            others.sort(key=lambda j: (distances[i, j], rank[j]))
            voters = [labels[j] for j in others[:k]]
            hits[i] += max(voters, key=voters.count) == labels[i]
    return hits / len(orders)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_votes_are_the_expectation_over_all_orders_of_tied_networks(k, rng):
    whole = np.tril(rng.integers(1, 4, (6, 6)), -1)
    distances = (whole + whole.T).astype(float)
    labels = ["b", "a", "c", "a", "b", "a"]
    expected = votes_by_hand(distances, labels, k)
    assert ((expected > 0) & (expected < 1)).any()
    np.testing.assert_allclose(neighbour_votes(distances, labels, k), expected, atol=1e-12)


def test_votes_without_ties_are_those_of_the_nearest():
    places = np.array([0.0, 1.0, 2.1, 3.3, 10.0, 11.1])
    distances = np.abs(places[:, None] - places)
    labels = ["a", "a", "b", "b", "b", "a"]
    # Neighbours in order: 0: a b b; 1: a b b; 2: a b a; 3: b a a; 4: a b b; 5: b b b.
    assert neighbour_votes(distances, labels).tolist() == [0, 0, 0, 0, 1, 0]
    assert neighbour_votes(distances, labels, 1).tolist() == [1, 1, 0, 1, 0, 0]
    # Three labels, one vote each: the nearest wins.
    assert neighbour_votes(distances[:4, :4], ["a", "a", "b", "c"]).tolist() == [1, 1, 0, 0]


def test_networks_that_are_all_alike_are_at_chance_in_any_order(rng):
    distances = np.zeros((24, 24))
    # One of the 23 others is drawn, 5 of which have the label.
    np.testing.assert_allclose(neighbour_votes(distances, LABELS, 1), 5 / 23)
    accuracy = cluster_accuracy(distances, LABELS)
    assert 0.15 < accuracy < 0.25
    assert cluster_accuracy(distances, rng.permutation(LABELS)) == pytest.approx(accuracy)
    assert label_permutation_test(distances, LABELS, STRATA, rng, 99)[1] == 1


def test_distances_that_differ_by_rounding_tie():
    noise = 1e-15 * np.random.default_rng(5).standard_normal((24, 24))
    distances = (1 + noise + noise.T) * (1 - np.eye(24))
    np.testing.assert_allclose(neighbour_votes(distances, LABELS, 1), 5 / 23)
    assert rank_separation(distances, LABELS) == 0


def test_votes_follow_the_networks_and_not_their_numbers(rng):
    distances = np.round(planted(rng))
    order = rng.permutation(24)
    moved = neighbour_votes(distances[np.ix_(order, order)], LABELS[order])
    np.testing.assert_allclose(moved, neighbour_votes(distances, LABELS)[order])


def test_planted_clusters_are_found_and_absent_ones_are_not(rng):
    found = cluster_accuracy(planted(rng, apart=8.0), LABELS)
    assert found == 1
    accuracy, p_value, null = label_permutation_test(planted(rng), LABELS, STRATA, rng, 400)
    assert accuracy > 0.6
    assert p_value == 1 / 401
    # A leave-one-out guess is a little below one in four.
    assert 0.15 < null.mean() < 0.3


def test_p_values_without_clusters_are_even(rng):
    p_values = [
        label_permutation_test(planted(rng, apart=0.0), LABELS, STRATA, rng, 60)[1]
        for _ in range(80)
    ]
    # Of 80 even draws 8 are below 0.1, give or take 2.7; accuracies tie, so fewer are.
    assert np.mean(np.array(p_values) <= 0.1) < 0.22
    assert 0.35 < np.mean(p_values) < 0.7


def test_clusters_of_the_strata_alone_are_no_evidence(rng):
    # Labels go with the strata but for chance, and distances with the strata only.
    strata = np.repeat([0, 1], 20)
    places = 6.0 * strata[:, None] + rng.standard_normal((40, 3))
    labels = np.where(rng.random(40) < 0.1, 1 - strata, strata)
    distances = cdist(places, places)
    accuracy, within, null = label_permutation_test(distances, labels, strata, rng, 300)
    everywhere = label_permutation_test(distances, labels, np.zeros(40), rng, 300)[1]
    assert accuracy > 0.7
    assert within > 0.05
    assert everywhere < 0.01
    assert null.mean() > 0.7


def test_labels_that_the_strata_fix_cannot_be_shuffled(rng):
    accuracy, p_value, null = label_permutation_test(planted(rng), LABELS, LABELS, rng, 20)
    np.testing.assert_allclose(null, accuracy)
    assert p_value == 1


def test_the_same_generator_gives_the_same_bytes(rng):
    distances = planted(rng)
    one, other = (
        label_permutation_test(distances, LABELS, STRATA, np.random.default_rng(3), 30)[2]
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


def test_rank_separation_is_one_zero_or_negative():
    labels = [0, 0, 1, 1]
    clusters = np.array([[0, 1, 5, 6], [1, 0, 7, 8], [5, 7, 0, 2], [6, 8, 2, 0]])
    assert rank_separation(clusters, labels) == 1
    assert rank_separation(1.0 - np.eye(4), labels) == 0
    # Ranks within 5 and 6, between 1 to 4: (2.5 - 5.5) / 3.
    opposed = np.array([[0, 9, 1, 2], [9, 0, 3, 4], [1, 3, 0, 8], [2, 4, 8, 0]])
    assert rank_separation(opposed, labels) == -1
    # A tie has its mean rank: within 1 and 2.5, between 2.5, 4, 5, 6.
    tied = np.array([[0, 1, 2, 6], [1, 0, 7, 8], [2, 7, 0, 2], [6, 8, 2, 0]])
    assert rank_separation(tied, labels) == pytest.approx((4.375 - 1.75) / 3)


def test_rank_separation_averages_zero_over_labels_that_mean_nothing(rng):
    found = [rank_separation(planted(rng, apart=0.0), LABELS) for _ in range(60)]
    assert abs(np.mean(found)) < 0.03


def test_the_individuality_ratio_compares_cells_within_a_kind():
    cells = ["gru", "gru", "lstm", "lstm"] * 2
    kinds = ["tanh"] * 4 + ["relu"] * 4
    places = np.array([0.0, 1.0, 4.0, 5.0, 100.0, 101.0, 104.0, 105.0])
    distances = np.abs(places[:, None] - places)
    # Across cells 4, 5, 3, 4 in either kind, seeds 1 apart; the 100 between kinds is left out.
    assert individuality_ratio(distances, cells, kinds) == 4


def test_the_individuality_ratio_where_seeds_coincide():
    cells, kinds = ["gru", "gru", "lstm"], ["tanh"] * 3
    assert individuality_ratio(np.zeros((3, 3)), cells, kinds) == 1
    apart = np.array([[0, 0, 2], [0, 0, 2], [2, 2, 0.0]])
    assert individuality_ratio(apart, cells, kinds) == np.inf


def test_a_ratio_or_separation_without_pairs_is_refused(rng):
    distances = planted(rng)
    with pytest.raises(ValueError, match="kinds leave the cell out"):
        individuality_ratio(distances, LABELS, LABELS)
    with pytest.raises(ValueError, match="differ by seed"):
        individuality_ratio(distances, np.arange(24), np.zeros(24))
    with pytest.raises(ValueError, match="with different labels"):
        rank_separation(distances, np.zeros(24))
    with pytest.raises(ValueError, match="with the same label"):
        rank_separation(distances, np.arange(24))


def test_the_interval_of_a_difference_is_paired(rng):
    first = rng.random(200) < 0.8
    # The second fails wherever the first does and a tenth of the time besides.
    second = first & (rng.random(200) < 0.9)
    difference, low, high = accuracy_difference_interval(first, second, rng)
    assert difference == pytest.approx(first.mean() - second.mean())
    assert 0 < low < difference < high
    # Its width is that of the gains, a normal interval; unpaired it would be 3 times that.
    gains = first.astype(float) - second
    assert high - low == pytest.approx(2 * 1.96 * gains.std() / np.sqrt(200), rel=0.15)
    assert accuracy_difference_interval(first, first, rng) == (0, 0, 0)
    wide = accuracy_difference_interval(first, second, rng, level=0.99)
    assert wide[1] < low
    assert high < wide[2]


def test_the_auc_is_the_share_of_pairs_in_order():
    assert separation_auc([1.0, 2.0], [3.0, 4.0]) == 1
    assert separation_auc([3.0, 4.0], [1.0, 2.0]) == 0
    assert separation_auc([1.0, 1.0, 1.0], [1.0, 1.0]) == 0.5
    assert separation_auc([1.0, 3.0], [2.0, 3.0]) == (1 + 1 + 0 + 0.5) / 4
    assert np.isnan(separation_auc([], [1.0]))


def test_a_map_of_planar_places_is_the_places_turned(rng):
    places = rng.standard_normal((30, 2)) * [3, 1]
    distances = cdist(places, places)
    found = scaling_map(distances)
    # Classical scaling is exact here, so there is nothing left to bring down.
    np.testing.assert_allclose(cdist(found, found), distances, atol=1e-6)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)
    spread = found.T @ found
    assert spread[0, 0] > spread[1, 1]
    np.testing.assert_allclose(spread[0, 1], 0, atol=1e-6)
    assert (found[np.abs(found).argmax(axis=0), [0, 1]] > 0).all()


def test_a_map_follows_the_networks_and_repeats_itself(rng):
    distances = planted(rng)
    found = scaling_map(distances)
    np.testing.assert_array_equal(found, scaling_map(distances))
    order = rng.permutation(24)
    np.testing.assert_allclose(
        scaling_map(distances[np.ix_(order, order)]), found[order], atol=1e-6
    )


def test_a_map_has_less_stress_than_the_classical_start(rng):
    from unrolled.dynamics.clusters import _classical_places

    distances = planted(rng)

    def stress(places):
        return np.sum((cdist(places, places) - distances) ** 2)

    assert stress(scaling_map(distances)) < 0.9 * stress(_classical_places(distances, 2))


def test_maps_of_places_that_coincide_or_lie_on_a_line():
    np.testing.assert_array_equal(scaling_map(np.zeros((5, 5))), np.zeros((5, 2)))
    two = (np.arange(6)[:, None] % 2 != np.arange(6) % 2).astype(float)
    found = scaling_map(two)
    np.testing.assert_allclose(cdist(found, found), two, atol=1e-3)
    # No places are farther apart than by way of a third: these end on a line.
    crooked = scaling_map([[0, 1, 5], [1, 0, 1], [5, 1, 0]])
    assert np.isfinite(crooked).all()
    np.testing.assert_allclose(crooked[:, 1], 0, atol=1e-9)


@pytest.mark.parametrize(
    ("distances", "message"),
    [
        (np.zeros((3, 4)), r"\(n, n\)"),
        (np.zeros((0, 0)), r"\(n, n\)"),
        ([[0, np.nan], [np.nan, 0]], "first: number 0"),
        ([[0, 1], [2, 0]], "not symmetric"),
        ([[1, 0.5], [0.5, 1]], "similarities"),
    ],
)
def test_matrices_that_hold_no_distances_are_refused(distances, message):
    labels = np.zeros(len(distances))
    for measure in (
        lambda: neighbour_votes(distances, labels, 1),
        lambda: rank_separation(distances, labels),
        lambda: individuality_ratio(distances, labels, labels),
        lambda: scaling_map(distances, 1),
    ):
        with pytest.raises(ValueError, match=message):
            measure()


def test_labels_and_numbers_that_do_not_fit_are_refused(rng):
    distances = planted(rng)
    with pytest.raises(ValueError, match="for 24 networks"):
        neighbour_votes(distances, LABELS[:5])
    with pytest.raises(ValueError, match="for 24 networks"):
        label_permutation_test(distances, LABELS, STRATA[:3], rng)
    for k in (0, 24):
        with pytest.raises(ValueError, match=f"k is {k}"):
            cluster_accuracy(distances, LABELS, k)
    with pytest.raises(ValueError, match="n is 0"):
        label_permutation_test(distances, LABELS, STRATA, rng, 0)
    with pytest.raises(ValueError, match="n_components is 24"):
        scaling_map(distances, 24)
    with pytest.raises(ValueError, match="hits have shapes"):
        accuracy_difference_interval([1, 0], [1, 0, 1], rng)
    for settings in ({"n": 0}, {"level": 1.0}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            accuracy_difference_interval([1, 0], [1, 1], rng, **settings)


def test_the_ratio_of_planted_labels_is_larger_than_any_of_shuffled_ones(rng):
    distances = planted(rng)
    ratio, p_value, null = ratio_permutation_test(distances, LABELS, STRATA, rng, 200)
    assert ratio == individuality_ratio(distances, LABELS, STRATA)
    assert ratio > null.max()
    assert p_value == 1 / 201


def test_ratios_of_shuffled_labels_are_those_of_all_ways_to_shuffle(rng):
    # Four networks with two of each label: three ways to pair them, each as often.
    places = np.array([0.0, 1.0, 4.0, 10.0])
    distances = np.abs(places[:, None] - places)
    kind = np.zeros(4)
    ways = [["a", "a", "b", "b"], ["a", "b", "a", "b"], ["a", "b", "b", "a"]]
    expected = [individuality_ratio(distances, way, kind) for way in ways]
    ratio, p_value, null = ratio_permutation_test(distances, ways[0], kind, rng, 900)
    values, counts = np.unique(null, return_counts=True)
    np.testing.assert_allclose(values, sorted(expected))
    assert (abs(counts - 300) < 75).all()  # five standard deviations
    assert ratio == max(expected)
    assert p_value == (1 + counts[-1]) / 901


def test_a_difference_between_strata_makes_no_ratio(rng):
    # All that sets networks apart is the stratum, which the label does not know.
    distances = 10.0 * (STRATA[:, None] != STRATA) + 1.0 - np.eye(24)
    ratio, p_value, null = ratio_permutation_test(distances, LABELS, STRATA, rng, 50)
    assert ratio == p_value == 1
    assert (null == 1).all()


def test_a_ratio_needs_pairs_of_both_sorts_and_a_shuffle(rng):
    assert has_both_pairs(["a", "a", "b"], [0, 0, 0])
    assert not has_both_pairs(["a", "a", "b"], [0, 0, 1])
    assert not has_both_pairs(["a", "b"], [0, 0])
    assert not has_both_pairs([], [])
    with pytest.raises(ValueError, match="no pairs"):
        ratio_permutation_test(planted(rng), LABELS, LABELS, rng)
    with pytest.raises(ValueError, match="1 shuffle or more"):
        ratio_permutation_test(planted(rng), LABELS, STRATA, rng, 0)
