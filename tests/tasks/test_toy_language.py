import numpy as np
import pytest

from unrolled.tasks import generate_toy_reviews, toy_probes, toy_vocabulary

WORDS = toy_vocabulary().words
NOT, VERY = WORDS.index("not"), WORDS.index("very")


def reviews(n=4000, **settings):
    return generate_toy_reviews(n, np.random.default_rng(0), length=25, **settings)


def value_by_hand(words):
    """Effective value of every word, looking back from each: an independent account."""
    base = {"good": 1, "bad": -1, "awesome": 2, "awful": -2}
    values = []
    for place, word in enumerate(words):
        value = base.get(word, 0)
        if place and words[place - 1] == "very":
            value *= 2
        for before in words[max(place - 4, 0) : place]:
            value *= -1 if before == "not" else 1
        values.append(value)
    return values


def test_terms_are_the_effective_values():
    drawn = reviews(200)
    terms = drawn.scoring.terms(drawn.tokens, drawn.lengths)
    for row, found in zip(drawn.tokens, terms, strict=True):
        assert found.tolist() == value_by_hand([WORDS[token] for token in row])


def test_not_very_good_is_minus_two():
    row = np.array([[NOT, VERY, WORDS.index("good"), WORDS.index("a")]])
    terms = reviews(1).scoring.terms(row, np.array([4]))
    assert terms.tolist() == [[0, 0, -2, 0]]


def test_no_not_stands_within_the_span_of_another():
    tokens = reviews().tokens
    for lag in range(1, 5):
        assert not ((tokens[:, lag:] == NOT) & (tokens[:, :-lag] == NOT)).any()
    assert ((tokens[:, 5:] == NOT) & (tokens[:, :-5] == NOT)).any()


@pytest.mark.parametrize("legacy", [True, False])
def test_very_very_occurs_in_the_published_reviews_only(legacy):
    tokens = reviews(legacy_very=legacy).tokens
    assert ((tokens[:, 1:] == VERY) & (tokens[:, :-1] == VERY)).any() == legacy


def test_other_words_are_equally_likely():
    tokens = reviews(20_000).tokens
    counts = np.bincount(tokens.ravel(), minlength=len(WORDS))
    assert counts[:2].tolist() == [0, 0]
    plain = counts[2:12]
    assert np.ptp(plain) / plain.mean() < 0.03


def test_the_sixteen_phrases_have_their_values():
    probes = toy_probes(np.random.default_rng(1), length=25, copies=7)
    assert probes.tokens.shape == (16, 7, 25)
    scoring = reviews(1).scoring
    for tokens, place, value in zip(probes.tokens, probes.places, probes.values, strict=True):
        terms = scoring.terms(tokens, np.full(7, 25))
        assert (terms[:, place] == value).all()
        assert (np.delete(terms, place, axis=1) == 0).all()
    assert probes.values[probes.phrases.index("not nnn awful")] == 2.0


def test_all_phrases_stand_in_the_same_noise():
    probes = toy_probes(np.random.default_rng(1), length=25, copies=3)
    before = probes.tokens[:, :, : probes.modifier_place]
    np.testing.assert_array_equal(before, np.broadcast_to(before[0], before.shape))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="at least one word"):
        generate_toy_reviews(3, np.random.default_rng(0), length=0)
    with pytest.raises(ValueError, match="needs at least 9 words"):
        toy_probes(np.random.default_rng(0), length=8)


def test_the_longest_phrase_ends_the_shortest_review():
    probes = toy_probes(np.random.default_rng(0), length=9, copies=1)
    assert probes.places.max() == 8
