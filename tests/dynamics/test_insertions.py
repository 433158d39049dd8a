import numpy as np
import pytest

from unrolled.dynamics import NOTHING, insertion_effects, position_effects, slope
from unrolled.networks import make_network

RNG = np.random.default_rng(0)
BACKGROUNDS = RNG.integers(2, 6, (5, 12))
WORDS = np.array([6, 7, 8])


def network(cell="gru"):
    rng = np.random.default_rng(1)
    one = make_network(cell, units=6, embedding=4, vocabulary=12, embedding_scale=1.0, rng=rng)
    one.initial_state[:] = 0.3
    return one


def by_hand(one, place, lag, context, word):
    """Mean change of the final logit, from whole documents."""
    rows = BACKGROUNDS.copy()
    if context != NOTHING:
        rows[:, place] = context
    changed = rows.copy()
    changed[:, place + lag] = word
    return float(np.mean(one.final_logits(list(changed)) - one.final_logits(list(rows))))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_effects_are_those_of_reading_whole_documents(cell):
    one, contexts, lags = network(cell), [NOTHING, 9, 10], [1, 4]
    found = insertion_effects(one, BACKGROUNDS, place=3, contexts=contexts, words=WORDS, lags=lags)
    for i, lag in enumerate(lags):
        for j, context in enumerate(contexts):
            for k, word in enumerate(WORDS):
                expected = by_hand(one, 3, lag, context, word)
                assert found[i, j, k] == pytest.approx(expected, abs=1e-12)


def test_no_word_changes_another_where_the_network_is_linear():
    found = insertion_effects(
        network("linear"), BACKGROUNDS, place=3, contexts=[NOTHING, 9, 10], words=WORDS,
        lags=[1, 2],
    )  # fmt: skip
    np.testing.assert_allclose(slope(found, found[:, :1]), 1)


def test_effects_by_place_are_those_of_reading_whole_documents():
    one = network()
    found = position_effects(one, BACKGROUNDS, WORDS, [0, 5, 11])
    for row, place in enumerate([0, 5, 11]):
        for column, word in enumerate(WORDS):
            changed = BACKGROUNDS.copy()
            changed[:, place] = word
            gaps = one.final_logits(list(changed)) - one.final_logits(list(BACKGROUNDS))
            assert found[row, column] == pytest.approx(gaps.mean(), abs=1e-12)


def test_the_last_lag_reaches_the_last_word():
    found = insertion_effects(
        network(), BACKGROUNDS, place=3, contexts=[9], words=WORDS, lags=[8]
    )  # fmt: skip
    assert found[0, 0, 1] == pytest.approx(by_hand(network(), 3, 8, 9, WORDS[1]), abs=1e-12)


def test_the_order_of_lags_and_places_is_free_and_each_may_be_asked_for_twice():
    one = network()
    given = {"place": 3, "contexts": [NOTHING, 9], "words": WORDS}
    found = insertion_effects(one, BACKGROUNDS, lags=[4, 1, 4], **given)
    rising = insertion_effects(one, BACKGROUNDS, lags=[1, 4], **given)
    np.testing.assert_array_equal(found, rising[[1, 0, 1]])
    at_places = position_effects(one, BACKGROUNDS, WORDS, [5, 0, 5])
    np.testing.assert_array_equal(
        at_places, position_effects(one, BACKGROUNDS, WORDS, [0, 5])[[1, 0, 1]]
    )


@pytest.mark.parametrize(("place", "lags"), [(3, [0]), (3, [9]), (3, []), (-1, [1]), (3, [1, -2])])
def test_lags_that_lead_out_of_the_document_are_refused(place, lags):
    with pytest.raises(ValueError, match="do not fit into documents of 12 words"):
        insertion_effects(
            network(), BACKGROUNDS, place=place, contexts=[NOTHING], words=WORDS, lags=lags
        )


@pytest.mark.parametrize("places", [[-1], [0, 12], []])
def test_places_outside_the_document_are_refused(places):
    with pytest.raises(ValueError, match="each from 0 to 11"):
        position_effects(network(), BACKGROUNDS, WORDS, places)
