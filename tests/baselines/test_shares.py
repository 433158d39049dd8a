import doctest

import numpy as np
import pytest

import unrolled.baselines.shares
from unrolled.baselines import accuracy_difference, recovered_share


def answers(n=4000, seed=0):
    """A network, a classifier in between and a bag of words, right in 95, 92 and 80 %."""
    rng = np.random.default_rng(seed)
    ease = rng.random(n)
    return [ease + rng.normal(0, 0.05, n) < share for share in (0.95, 0.92, 0.80)]


def by_hand(right, statistic, resamples=2000):
    """The bootstrap as it is usually written: documents drawn one by one."""
    rng, n = np.random.default_rng(5), len(right[0])
    drawn = [rng.integers(0, n, n) for _ in range(resamples)]
    values = [statistic(*(one[rows].mean() for one in right)) for rows in drawn]
    return np.quantile(values, [0.025, 0.975])


def test_the_share_is_the_quotient_of_advances_and_its_interval_that_of_redrawn_documents():
    network, rung, words = answers()
    found = recovered_share(network, rung, words, np.random.default_rng(0), resamples=4000)
    advance = rung.mean() - words.mean(), network.mean() - words.mean()
    assert found.value == pytest.approx(advance[0] / advance[1])
    expected = by_hand((network, rung, words), lambda n, r, w: (r - w) / (n - w))
    assert found.low < found.value < found.high
    np.testing.assert_allclose((found.low, found.high), expected, atol=0.005)


def test_all_and_nothing_are_recovered_without_doubt():
    network, _, words = answers()
    rng = np.random.default_rng(0)
    assert tuple(recovered_share(network, network, words, rng)) == (1.0, 1.0, 1.0)
    assert tuple(recovered_share(network, words, words, rng)) == (0.0, 0.0, 0.0)


def test_where_the_network_is_no_better_there_is_no_share():
    network, rung, words = answers()
    found = recovered_share(words, rung, network, np.random.default_rng(0))
    assert np.isnan(found.value)
    assert (found.low, found.high) == (-np.inf, np.inf)
    equal = recovered_share(words, rung, words, np.random.default_rng(0))
    assert np.isnan(equal.value)


def test_an_advance_that_may_be_chance_bounds_nothing():
    n = 1000
    network, words = np.zeros(n, bool), np.zeros(n, bool)
    network[:6], words[4:8] = True, True
    found = recovered_share(network, network, words, np.random.default_rng(0))
    assert found.value == 1.0
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_differences_are_paired_and_in_percentage_points():
    one, other, _ = answers()
    found = accuracy_difference(one, other, np.random.default_rng(0), resamples=4000)
    difference = one.astype(float) - other
    error = 100 * difference.std() / np.sqrt(len(one))
    assert found.value == pytest.approx(100 * difference.mean())
    np.testing.assert_allclose(
        (found.low, found.high), found.value + 1.96 * error * np.array([-1, 1]), atol=0.1 * error
    )


def test_a_classifier_differs_from_itself_by_nothing():
    one, *_ = answers()
    assert tuple(accuracy_difference(one, one, np.random.default_rng(0))) == (0.0, 0.0, 0.0)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        ease = rng.random(500)
        found = accuracy_difference(ease < 0.9, ease < 0.8, rng, resamples=400)
        held += found.low <= 10.0 <= found.high
    assert 0.91 < held / 400 < 0.98


def test_the_same_generator_gives_the_same_interval():
    one, other = (recovered_share(*answers(), np.random.default_rng(3)) for _ in "ab")
    assert one == other


@pytest.mark.parametrize("other", [np.ones(3, bool), np.ones((4, 1), bool)])
def test_answers_on_other_documents_are_refused(other):
    with pytest.raises(ValueError, match="same documents in the same order"):
        accuracy_difference(np.ones(4, bool), other, np.random.default_rng(0))


def test_no_documents_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        accuracy_difference(np.zeros(0, bool), np.zeros(0, bool), np.random.default_rng(0))


def test_the_examples_hold():
    failed, tried = doctest.testmod(unrolled.baselines.shares)
    assert tried > 0
    assert failed == 0
