"""Logistic regression on word counts, and the classes of words that it defines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from unrolled.data import Corpus

_SPECIAL = 2  # padding and unknown: no words
_ITERATIONS = 2000


@dataclass(frozen=True)
class BagOfWords:
    """A fitted classifier: positive if ``intercept`` + sum of coefficients of the words >= 0.

    Attributes
    ----------
    coefficients : ndarray of shape (n_words,)
        Change of the log-odds (nat) by one more of each word; 0 for padding.
    intercept : float
        Log-odds (nat) of a document without words.
    strength : float
        Inverse L2 penalty that was best on validation.
    train_accuracy, validation_accuracy, test_accuracy : float
    tried : ndarray of shape (n_strengths,)
        Validation accuracy of each strength, in the order given.
    """

    coefficients: np.ndarray
    intercept: float
    strength: float
    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    tried: np.ndarray


class WordClasses(NamedTuple):
    """Numbers of the words of three classes, the strongest (nearest to zero) first."""

    negative: np.ndarray
    neutral: np.ndarray
    positive: np.ndarray


def count_matrix(documents: Sequence[np.ndarray], n_words: int) -> csr_array:
    """How often each word is in each document; padding is not counted.

    Parameters
    ----------
    documents : sequence of ndarray of int
    n_words : int
        Size of the vocabulary.

    Returns
    -------
    scipy.sparse.csr_array of shape (n_documents, n_words), float64
    """
    lengths = np.array([len(document) for document in documents], dtype=int)
    words = np.concatenate([np.zeros(0, dtype=np.int32), *documents])
    rows = np.repeat(np.arange(len(documents)), lengths)
    real = words > 0
    entries = (np.ones(int(real.sum())), (rows[real], words[real]))
    return csr_array(entries, shape=(len(documents), n_words))


def fit_bag_of_words(corpus: Corpus, *, strengths: Sequence[float]) -> BagOfWords:
    """Logistic regression on the counts of a corpus' words, its penalty chosen on validation.

    Parameters
    ----------
    corpus : unrolled.data.Corpus
    strengths : sequence of float
        Inverse L2 penalties to try; of equally good ones the smallest is taken.

    Returns
    -------
    BagOfWords

    Raises
    ------
    ValueError
        If the training documents have one label only, or a split is empty.
    """
    names = ("train", "validation", "test")
    counts = [count_matrix(corpus.documents(name), len(corpus.words)) for name in names]
    labels = [corpus.labels_of(name) for name in names]
    return fit_word_counts(counts, labels, strengths=strengths)


def fit_word_counts(
    counts: Sequence[csr_array], labels: Sequence[np.ndarray], *, strengths: Sequence[float]
) -> BagOfWords:
    """Logistic regression on word counts, its penalty chosen on validation.

    Parameters
    ----------
    counts : three csr_array of shape (n_documents, n_words)
        Of the documents to train on, to choose by, to test on.
    labels : three ndarray of shape (n_documents,)
        Their labels, 0 or 1.
    strengths : sequence of float
        Inverse L2 penalties to try; of equally good ones the smallest is taken.

    Returns
    -------
    BagOfWords

    Raises
    ------
    ValueError
        If the training documents have one label only, or a part is empty.
    """
    from sklearn.linear_model import LogisticRegression

    if not strengths:
        raise ValueError("no strengths to try; give bag_of_words.strengths at least one number.")
    if min(map(len, labels)) == 0 or len(np.unique(labels[0])) < 2:
        sizes = [len(part) for part in labels]
        raise ValueError(
            f"a bag of words needs both labels in training and no part empty; there are {sizes} "
            f"documents, with the training labels {np.unique(labels[0]).tolist()}. Change the "
            "corpus' limit or shares under `corpora` in the settings."
        )
    best = (0.0, np.zeros(0), 0.0)
    tried: dict[float, float] = {}
    for strength in sorted(set(strengths)):
        model = LogisticRegression(C=strength, max_iter=_ITERATIONS, tol=1e-6)
        model.fit(counts[0], labels[0])
        weights, intercept = model.coef_[0], float(model.intercept_[0])
        accuracy = _accuracy(counts[1], labels[1], weights, intercept)
        if accuracy > max(tried.values(), default=-1.0):
            best = strength, weights, intercept
        tried[strength] = accuracy
    assert best is not None, "strengths is empty"
    strength, weights, intercept = best
    train, validation, test = (
        _accuracy(part, right, weights, intercept)
        for part, right in zip(counts, labels, strict=True)
    )
    return BagOfWords(
        coefficients=np.array(weights, dtype=float),
        intercept=intercept,
        strength=float(strength),
        train_accuracy=train,
        validation_accuracy=validation,
        test_accuracy=test,
        tried=np.array([tried[one] for one in strengths]),
    )


def word_classes(
    weights: np.ndarray, counts: np.ndarray, n: int, *, minimum_count: int = 1
) -> WordClasses:
    """The most negative, the most neutral and the most positive words.

    Parameters
    ----------
    weights : ndarray of shape (n_words,)
        Coefficients, or true valences.
    counts : ndarray of shape (n_words,)
        How often each word is in the training documents.
    n : int
        Words of each class. Fewer come back where there are too few: never more than a third
        of the words that qualify, so that the classes do not meet in the middle.
    minimum_count : int
        Words seen less often do not qualify; padding and unknown never do.

    Returns
    -------
    WordClasses
        Words of equal weight by falling count, then by number. No word is in two classes, and
        no positive word is among the negative ones, however few there are.

    Raises
    ------
    ValueError
        If no word qualifies for some class.
    """
    able = np.arange(_SPECIAL, len(weights))
    able = able[counts[able] >= minimum_count]
    most = min(n, len(able) // 3)
    by_weight = able[np.lexsort((able, -counts[able], weights[able]))]
    falling = able[np.lexsort((able, -counts[able], -weights[able]))]
    negative = by_weight[weights[by_weight] < 0][:most]
    positive = falling[weights[falling] > 0][:most]
    rest = able[~np.isin(able, np.concatenate([negative, positive]))]
    neutral = rest[np.lexsort((rest, -counts[rest], np.abs(weights[rest])))][:most]
    classes = WordClasses(negative, neutral, positive)
    if min(map(len, classes)) == 0:
        raise ValueError(
            f"of {len(weights)} words {len(able)} were seen {minimum_count} times or more in "
            f"training, which gives {len(negative)} negative, {len(neutral)} neutral and "
            f"{len(positive)} positive words. Lower class_count or raise the corpus' limit in the "
            "settings."
        )
    return classes


def _accuracy(
    counts: csr_array, labels: np.ndarray, weights: np.ndarray, intercept: float
) -> float:
    return float(((counts @ weights + intercept >= 0) == (labels == 1)).mean())
