"""A language of twelve words in which "not" and "very" change the words after them.

References
----------
.. [1] Maheswaranathan and Sussillo, "How recurrent networks implement contextual processing in
   sentiment analysis", ICML 2020, section 4, and the authors' published notebook.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unrolled.tasks.reviews import GeneratedReviews, Scoring
from unrolled.tasks.vocabulary import ReviewVocabulary

NOISE = ("a", "and", "for", "it", "the", "while")
VALENCES = {"good": 1.0, "bad": -1.0, "awesome": 2.0, "awful": -2.0}
TOY_MODIFIERS = {"not": (-1.0,) * 4, "very": (2.0,)}
_GAP = 3  # noise words between "not" and its word in a delayed probe


def toy_vocabulary() -> ReviewVocabulary:
    """The words of the toy language, after padding and the unknown word.

    Returns
    -------
    ReviewVocabulary
        Six noise words, good, bad, awesome and awful, and the modifiers not and very.
    """
    rows: list[tuple[str, str, float]] = [("<pad>", "pad", 0.0), ("<unk>", "unknown", 0.0)]
    rows += [(word, "neutral", 0.0) for word in NOISE]
    rows += [(word, "valence", valence) for word, valence in VALENCES.items()]
    rows += [(word, "modifier", 0.0) for word in TOY_MODIFIERS]
    gains = np.ones((len(rows), max(map(len, TOY_MODIFIERS.values()))))
    for number, (word, *_) in enumerate(rows):
        profile = TOY_MODIFIERS.get(word, ())
        gains[number, : len(profile)] = profile
    return ReviewVocabulary(
        words=[word for word, *_ in rows],
        groups=[group for _, group, _ in rows],
        valences=np.array([valence for *_, valence in rows]),
        gains=gains,
    )


def generate_toy_reviews(
    n_documents: int, rng: np.random.Generator, *, length: int, legacy_very: bool = True
) -> GeneratedReviews:
    """Draw reviews of the toy language.

    Every word is equally likely. A "not" within the span of an earlier "not" is replaced by
    a word that is no modifier.

    Parameters
    ----------
    n_documents : int
    rng : numpy.random.Generator
    length : int
        Words in each review.
    legacy_very : bool
        Leave "very very" alone, as the published reviews do; otherwise the second is replaced
        in the same way.

    Returns
    -------
    GeneratedReviews
        The running sum of effective values, which the network has to tell after every word, is
        ``scoring.terms(tokens, lengths)`` summed up along the review. Labels are 1 where the
        whole review's score is positive.

    Raises
    ------
    ValueError
        If the length is below 1.
    """
    if length < 1:
        raise ValueError(f"length is {length}; a review has at least one word.")
    vocabulary = toy_vocabulary()
    first = vocabulary.words.index(NOISE[0])
    plain = np.concatenate([vocabulary.of_group("neutral"), vocabulary.of_group("valence")])
    tokens = rng.integers(first, len(vocabulary.words), (n_documents, length), dtype=np.int32)
    replaced = ["not"] if legacy_very else ["not", "very"]
    for word in replaced:
        inside = _within_own_span(tokens == vocabulary.words.index(word), len(TOY_MODIFIERS[word]))
        tokens[inside] = rng.choice(plain, int(inside.sum()))
    scoring = Scoring(vocabulary)
    lengths = np.full(n_documents, length, dtype=np.int32)
    scores = scoring.scores(tokens, lengths)
    return GeneratedReviews(tokens, lengths, (scores > 0).astype(np.int8), scores, scoring)


@dataclass(frozen=True)
class ToyProbes:
    """Reviews of noise words around one phrase each.

    Attributes
    ----------
    phrases : list of str
        "good", "very good", "not good", "not nnn good" and so on; n is a noise word.
    tokens : ndarray of shape (n_phrases, copies, length), int32
        The word that the phrase is about stands at ``places`` of its phrase.
    places : ndarray of shape (n_phrases,), int
    modifier_place : int
        Where the modifier stands, and the word of a bare phrase is one further on.
    values : ndarray of shape (n_phrases,)
        Effective value of the word.
    """

    phrases: list[str]
    tokens: np.ndarray
    places: np.ndarray
    modifier_place: int
    values: np.ndarray


def toy_probes(rng: np.random.Generator, *, length: int, copies: int = 64) -> ToyProbes:
    """The sixteen phrases whose effect on the readout the paper looks at, in noise words.

    Parameters
    ----------
    rng : numpy.random.Generator
    length : int
        Words of a review; the modifier stands in its middle.
    copies : int
        Reviews of each phrase, with the same noise for all phrases.

    Returns
    -------
    ToyProbes

    Raises
    ------
    ValueError
        If the reviews are too short for the longest phrase.
    """
    middle = length // 2
    if middle + _GAP + 2 > length:
        raise ValueError(
            f"length is {length}; the phrase 'not n n n good' in its middle needs at least "
            f"{2 * (_GAP + 2) - 1} words."
        )
    vocabulary = toy_vocabulary()
    noise = rng.choice(vocabulary.of_group("neutral"), (copies, length)).astype(np.int32)
    modifiers = [("", 0), ("very ", 0), ("not ", 0), ("not nnn ", _GAP)]
    phrases, rows, places, values = [], [], [], []
    for name, gap in modifiers:
        for word, valence in VALENCES.items():
            tokens = noise.copy()
            place = middle + 1 + gap
            tokens[:, place] = vocabulary.words.index(word)
            gain = 1.0
            if name:
                modifier = name.split()[0]
                tokens[:, middle] = vocabulary.words.index(modifier)
                gain = TOY_MODIFIERS[modifier][gap]
            phrases.append(f"{name}{word}")
            rows.append(tokens)
            places.append(place)
            values.append(gain * valence)
    return ToyProbes(phrases, np.stack(rows), np.array(places), middle, np.array(values))


def _within_own_span(modifier: np.ndarray, span: int) -> np.ndarray:
    """Where a modifier stands at most ``span`` words behind one that is itself not replaced."""
    inside = np.zeros_like(modifier)
    left = np.zeros(len(modifier), dtype=int)
    for time in range(modifier.shape[1]):
        inside[:, time] = modifier[:, time] & (left > 0)
        kept = modifier[:, time] & ~inside[:, time]
        left = np.where(kept, span, np.maximum(left - 1, 0))
    return inside
