"""Generated reviews: documents of which every quantity that matters is known.

A document is a row of independent words. Its score is the sum of the words' valences, each
multiplied by the gains of the modifiers before it and by the weight of its position; its label is
the sign of the score. So one knows what any reader that ignores modifiers, or positions, or
both, can reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unrolled.tasks.vocabulary import (
    DEFAULT_MODIFIERS,
    PADDING,
    ReviewVocabulary,
    review_vocabulary,
)

_ROUNDS = 10_000  # of redrawing documents without a clear score, before giving up


@dataclass(frozen=True)
class Scoring:
    """How words, modifiers and positions make the score of a document.

    Attributes
    ----------
    vocabulary : ReviewVocabulary
    begin_weight, end_weight : float
        a_b, a_e: extra weight of the first and of the last word.
    position_time : float
        Words over which both extra weights fall by a factor of e.
    """

    vocabulary: ReviewVocabulary
    begin_weight: float = 0.0
    end_weight: float = 0.0
    position_time: float = 4.0

    def gains(self, tokens: np.ndarray) -> np.ndarray:
        """Product of the gains of all modifiers before each word.

        Parameters
        ----------
        tokens : ndarray of shape (n_documents, n_positions), int
            Padded with 0.

        Returns
        -------
        ndarray of shape (n_documents, n_positions)
            G_t = product over j < t of g_{w_j}(t - j).
        """
        product = np.ones(tokens.shape)
        width = tokens.shape[1]
        changing = (self.vocabulary.gains != 1.0).any(axis=1)
        row, column = np.nonzero(changing[tokens])
        for lag in range(1, self.vocabulary.gains.shape[1] + 1):
            inside = column + lag < width
            before = row[inside], column[inside]
            product[before[0], before[1] + lag] *= self.vocabulary.gains[tokens[before], lag - 1]
        return product

    def position_weights(self, lengths: np.ndarray, width: int) -> np.ndarray:
        """Weight of each position of documents of known lengths.

        Parameters
        ----------
        lengths : ndarray of shape (n_documents,), int
        width : int
            Positions to give.

        Returns
        -------
        ndarray of shape (n_documents, width)
            p(t, T) = 1 + a_b exp(-t / tau) + a_e exp(-(T - 1 - t) / tau); 0 from T on.
        """
        position = np.arange(width)
        inside = position < lengths[:, None]
        begin = self.begin_weight * np.exp(-position / self.position_time)
        to_the_end = np.where(inside, lengths[:, None] - 1 - position, 0)
        end = self.end_weight * np.exp(-to_the_end / self.position_time)
        return np.where(inside, 1.0 + begin + end, 0.0)

    def terms(
        self, tokens: np.ndarray, lengths: np.ndarray, *, gains: bool = True, positions: bool = True
    ) -> np.ndarray:
        """What each word adds to the score, or what it would without one of the factors.

        Parameters
        ----------
        tokens : ndarray of shape (n_documents, n_positions), int
            Padded with 0.
        lengths : ndarray of shape (n_documents,), int
        gains, positions : bool
            Whether modifiers, and the place of a word, count.

        Returns
        -------
        ndarray of shape (n_documents, n_positions)
            v(w_t) G_t p(t, T).
        """
        terms = self.vocabulary.valences[tokens]
        if gains:
            terms *= self.gains(tokens)
        if positions and (self.begin_weight or self.end_weight):
            terms *= self.position_weights(lengths, tokens.shape[1])
        return terms

    def scores(self, tokens: np.ndarray, lengths: np.ndarray, **factors: bool) -> np.ndarray:
        """Scores of documents: the sums of `terms`, which takes the same arguments.

        Returns
        -------
        ndarray of shape (n_documents,)
            S = sum over t of v(w_t) G_t p(t, T).
        """
        return self.terms(tokens, lengths, **factors).sum(axis=1)


@dataclass(frozen=True)
class GeneratedReviews:
    """Labelled documents of generated words.

    Attributes
    ----------
    tokens : ndarray of shape (n_documents, longest), int32
        Padded with 0 at the end.
    lengths : ndarray of shape (n_documents,), int32
    labels : ndarray of shape (n_documents,), int8
        1 where the score is positive.
    scores : ndarray of shape (n_documents,)
    scoring : Scoring
        The vocabulary and the rules that the scores follow.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    scoring: Scoring


def generate_reviews(
    n_documents: int,
    rng: np.random.Generator,
    *,
    length: Sequence[int],
    valence_share: float,
    modifier_share: float,
    begin_weight: float = 0.0,
    end_weight: float = 0.0,
    position_time: float = 4.0,
    modifiers: Sequence[str] = DEFAULT_MODIFIERS,
    smallest_score: float = 0.5,
    label_slope: float | None = None,
) -> GeneratedReviews:
    """Draw documents whose score is clear.

    Parameters
    ----------
    n_documents : int
    rng : numpy.random.Generator
    length : two int
        Shortest and longest document, in words; every length between is equally likely.
    valence_share, modifier_share : float
        Shares of words with a valence and of modifiers; dummies are as frequent as modifiers.
    begin_weight, end_weight, position_time : float
        See `Scoring`.
    modifiers : sequence of str
        Kinds of modifier, keys of ``MODIFIERS``.
    smallest_score : float
        The words of a document are drawn again, its length kept, until its score is at least
        this in size.
    label_slope : float, optional
        Labels are drawn: positive with probability 1 / (1 + exp(-label_slope * score)). By
        default they are the scores' signs.

    Returns
    -------
    GeneratedReviews

    Raises
    ------
    ValueError
        If the lengths or shares are impossible, or scores stay too small.
    """
    shortest, longest = length
    _check_shares(shortest, longest, valence_share, modifier_share)
    vocabulary = review_vocabulary(modifiers)
    scoring = Scoring(vocabulary, begin_weight, end_weight, position_time)
    # Searching an inverse distribution function is several times faster than rng.choice.
    ends = np.cumsum(
        vocabulary.probabilities(valence_share=valence_share, modifier_share=modifier_share)
    )
    ends /= ends[-1]
    lengths = rng.integers(shortest, longest + 1, n_documents, dtype=np.int32)
    tokens = np.zeros((n_documents, longest), dtype=np.int32)
    scores = np.zeros(n_documents)
    unclear = np.arange(n_documents)
    for _ in range(_ROUNDS):
        if not len(unclear):
            break
        drawn = np.searchsorted(ends, rng.random((len(unclear), longest)), side="right")
        drawn[np.arange(longest) >= lengths[unclear, None]] = PADDING
        tokens[unclear] = drawn
        scores[unclear] = scoring.scores(drawn, lengths[unclear])
        unclear = unclear[np.abs(scores[unclear]) < smallest_score]
    if len(unclear):
        raise ValueError(
            f"{len(unclear)} of {n_documents} documents of {shortest} to {longest} words got no "
            f"score of {smallest_score} or more in {_ROUNDS} draws with a valence_share of "
            f"{valence_share}. Raise valence_share or length under `corpora` in the settings."
        )
    positive = scores > 0
    if label_slope is not None:
        positive = rng.random(n_documents) * (1.0 + np.exp(-label_slope * scores)) < 1.0
    return GeneratedReviews(tokens, lengths, positive.astype(np.int8), scores, scoring)


def oracle_accuracy(
    reviews: GeneratedReviews, *, gains: bool = False, positions: bool = False
) -> float:
    """Share of documents that the true values label right when some factors are left out.

    Parameters
    ----------
    reviews : GeneratedReviews
    gains, positions : bool
        Whether the oracle knows about modifiers, and about positions.

    Returns
    -------
    float
        A score of exactly zero counts half. With neither it bounds what counting words can do.
    """
    known = reviews.scoring.scores(
        reviews.tokens, reviews.lengths, gains=gains, positions=positions
    )
    right = np.where(known == 0, 0.5, (known > 0) == (reviews.labels == 1))
    return float(right.mean())


def _check_shares(shortest: int, longest: int, valence_share: float, modifier_share: float) -> None:
    if not 1 <= shortest <= longest:
        raise ValueError(f"length is [{shortest}, {longest}]; it must be 1 <= shortest <= longest.")
    if valence_share <= 0 or modifier_share < 0 or valence_share + 2 * modifier_share > 1:
        raise ValueError(
            f"valence_share is {valence_share} and modifier_share {modifier_share}; the first must "
            "be positive, and the first plus twice the second at most 1."
        )
