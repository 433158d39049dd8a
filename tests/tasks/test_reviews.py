import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.tasks import (
    MODIFIERS,
    Scoring,
    generate_reviews,
    oracle_accuracy,
    review_vocabulary,
)

PRESETS = {
    "long": {"length": [30, 60], "valence_share": 0.20, "modifier_share": 0.02},
    "plain": {"length": [20, 40], "valence_share": 0.25, "modifier_share": 0.0},
    "short": {"length": [6, 20], "valence_share": 0.25, "modifier_share": 0.04},
    "ctx": {
        "length": [15, 30],
        "valence_share": 0.25,
        "modifier_share": 0.10,
        "begin_weight": 1.0,
        "end_weight": 1.0,
        "position_time": 4.0,
    },
    "ctx_nopos": {"length": [15, 30], "valence_share": 0.25, "modifier_share": 0.10},
}
# counts only, with positions, with gains, with both
ORACLES = {
    "long": (0.942, 0.942, 1.0, 1.0),
    "plain": (1.0, 1.0, 1.0, 1.0),
    "short": (0.938, 0.938, 1.0, 1.0),
    "ctx": (0.819, 0.834, 0.972, 1.0),
    "ctx_nopos": (0.825, 0.825, 1.0, 1.0),
}


@pytest.fixture(scope="module", params=PRESETS)
def preset(request):
    rng = np.random.default_rng(0)
    return request.param, generate_reviews(20_000, rng, **PRESETS[request.param])


def test_oracles_that_ignore_a_factor_reach_what_the_specification_says(preset):
    name, reviews = preset
    known = [(False, False), (False, True), (True, False), (True, True)]
    found = [oracle_accuracy(reviews, gains=gains, positions=p) for gains, p in known]
    np.testing.assert_allclose(found, ORACLES[name], atol=0.01)
    assert found[-1] == 1.0


def test_labels_are_balanced_and_scores_clear(preset):
    _, reviews = preset
    assert abs(reviews.labels.mean() - 0.5) < 4 * 0.5 / np.sqrt(20_000)
    assert np.abs(reviews.scores).min() >= 0.5
    np.testing.assert_array_equal(reviews.labels == 1, reviews.scores > 0)


def test_every_length_is_as_likely_as_another(preset):
    name, reviews = preset
    shortest, longest = PRESETS[name]["length"]
    counts = np.bincount(reviews.lengths)[shortest:]
    assert len(counts) == longest - shortest + 1
    expected = 20_000 / len(counts)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
    assert ((reviews.tokens > 0).sum(axis=1) == reviews.lengths).all()


def test_groups_of_words_have_their_shares(preset):
    name, reviews = preset
    vocabulary = reviews.scoring.vocabulary
    words = reviews.tokens[reviews.tokens > 0]
    for group, key in (
        ("valence", "valence_share"),
        ("modifier", "modifier_share"),
        ("dummy", "modifier_share"),
    ):
        share = np.isin(words, vocabulary.of_group(group)).mean()
        # Redrawing documents near zero favours words with a valence a little.
        assert abs(share - PRESETS[name][key]) < 0.015
    assert not np.isin(words, vocabulary.of_group("unknown")).any()


def test_neutral_words_follow_zipf():
    vocabulary = review_vocabulary()
    shares = vocabulary.probabilities(valence_share=0.2, modifier_share=0.02)
    neutral = shares[vocabulary.of_group("neutral")]
    np.testing.assert_allclose(neutral[0] / neutral, np.arange(1, 61))
    assert shares.sum() == pytest.approx(1)
    assert shares[:2].tolist() == [0, 0]


def test_the_vocabulary_has_the_words_of_the_specification():
    vocabulary = review_vocabulary()
    sizes = {group: len(vocabulary.of_group(group)) for group in set(vocabulary.groups)}
    assert sizes == {
        "pad": 1, "unknown": 1, "valence": 48, "neutral": 60, "modifier": 12, "dummy": 12
    }  # fmt: skip
    values, counts = np.unique(vocabulary.valences[vocabulary.valences != 0], return_counts=True)
    assert values.tolist() == [-2, -1, -0.5, 0.5, 1, 2]
    assert set(counts) == {8}
    assert len(set(vocabulary.words)) == len(vocabulary.words)


def slow_score(tokens, scoring):
    """The definition, word by word."""
    total = 0.0
    for t, word in enumerate(tokens):
        gain = 1.0
        for j in range(t):
            lag = t - j - 1
            profile = scoring.vocabulary.gains[tokens[j]]
            gain *= profile[lag] if lag < len(profile) else 1.0
        weight = 1.0 + scoring.begin_weight * np.exp(-t / scoring.position_time)
        weight += scoring.end_weight * np.exp(-(len(tokens) - 1 - t) / scoring.position_time)
        total += scoring.vocabulary.valences[word] * gain * weight
    return total


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 2), st.floats(0, 2))
def test_scores_are_those_of_the_definition(seed, begin, end):
    scoring = Scoring(review_vocabulary(tuple(MODIFIERS)), begin, end, 3.0)
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 12, 5)
    tokens = rng.integers(2, len(scoring.vocabulary.words), (5, 11))
    tokens[np.arange(11) >= lengths[:, None]] = 0
    expected = [slow_score(row[:n], scoring) for row, n in zip(tokens, lengths, strict=True)]
    np.testing.assert_allclose(scoring.scores(tokens, lengths), expected, atol=1e-9)


def one_document(*words):
    vocabulary = review_vocabulary(tuple(MODIFIERS))
    tokens = np.array([[vocabulary.words.index(word) for word in words]])
    return Scoring(vocabulary).gains(tokens)[0].tolist()


def test_a_negator_flips_its_span_and_no_more():
    assert one_document("not2_1", "good1", "neutral1", "good1") == [1, -1, -1, 1]
    assert one_document("not4_2", *["good1"] * 5) == [1, -1, -1, -1, -1, 1]


def test_modifiers_multiply():
    assert one_document("not4_1", "very1_1", "good1", "bad1") == [1, -1, -2, -1]


def test_a_dummy_does_nothing():
    assert one_document("dummy1", "good1", "good2") == [1, 1, 1]


def test_position_weights_raise_both_ends():
    scoring = Scoring(review_vocabulary(), 1.0, 2.0, 4.0)
    weights = scoring.position_weights(np.array([10, 3]), 10)
    assert weights[0, 0] == pytest.approx(2 + 2 * np.exp(-9 / 4))
    assert weights[0, 9] == pytest.approx(3 + np.exp(-9 / 4))
    assert weights[1, 3:].tolist() == [0] * 7


def test_the_same_generator_gives_the_same_documents():
    one, other = (generate_reviews(500, np.random.default_rng(3), **PRESETS["ctx"]) for _ in "ab")
    np.testing.assert_array_equal(one.tokens, other.tokens)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_drawn_labels_follow_a_logistic_curve():
    rng = np.random.default_rng(0)
    reviews = generate_reviews(30_000, rng, **PRESETS["plain"], label_slope=0.5)
    near = np.abs(np.abs(reviews.scores) - 2) < 0.1
    agree = (reviews.labels == 1) == (reviews.scores > 0)
    assert agree[near].mean() == pytest.approx(1 / (1 + np.exp(-1.0)), abs=0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"length": [5, 3]}, "length"),
        ({"length": [0, 3]}, "length"),
        ({"valence_share": 0.0}, "valence_share"),
        ({"valence_share": 0.9, "modifier_share": 0.1}, "modifier_share"),
        ({"modifiers": ("not5",)}, "not5.*not4"),
        ({"smallest_score": 1e6, "length": [1, 1]}, "got no score"),
    ],
)
def test_rules_that_cannot_work_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        generate_reviews(3, np.random.default_rng(0), **{**PRESETS["plain"], **change})
