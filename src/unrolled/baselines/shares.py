"""Classifiers compared on the same documents, with paired bootstrap intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_INTERVAL = (0.025, 0.975)


class Estimate(NamedTuple):
    """A number and the 95 % interval of its bootstrap."""

    value: float
    low: float
    high: float


def recovered_share(
    network_right: np.ndarray,
    rung_right: np.ndarray,
    words_right: np.ndarray,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
) -> Estimate:
    """Share of a network's advance over a bag of words that a classifier in between recovers.

    rho = (rung - words) / (network - words), each an accuracy on the same documents, which are
    resampled together (percentile interval). Where the network is no better than the bag of
    words there is nothing to recover: the value is NaN. A resample like that could stand for
    any share and counts against both ends, so that an interval is infinite where more than one
    in forty is like that.

    Parameters
    ----------
    network_right, rung_right, words_right : ndarray of shape (n_documents,), bool
        Whether each classifier labels each document right.
    rng : numpy.random.Generator
    resamples : int

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If the arrays are not of one shape, or empty.

    Examples
    --------
    >>> network = np.arange(1000) < 950
    >>> rung, words = np.arange(1000) < 920, np.arange(1000) < 800
    >>> round(recovered_share(network, rung, words, np.random.default_rng(0)).value, 3)
    0.8
    """
    right = _columns(network_right, rung_right, words_right)
    network, rung, words = right.sum(axis=0)
    value = (rung - words) / (network - words) if network > words else np.nan
    network, rung, words = _resampled_sums(right, rng, resamples).T
    gap = network - words
    shares = np.divide(rung - words, gap, out=np.full(resamples, np.nan), where=gap > 0)
    # Without interpolation, which has no meaning between a number and infinity.
    low = np.quantile(np.nan_to_num(shares, nan=-np.inf), _INTERVAL[0], method="lower")
    high = np.quantile(np.nan_to_num(shares, nan=np.inf), _INTERVAL[1], method="higher")
    return Estimate(float(value), float(low), float(high))


def accuracy_difference(
    one_right: np.ndarray,
    other_right: np.ndarray,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
) -> Estimate:
    """By how much one classifier is more often right than another on the same documents.

    Parameters
    ----------
    one_right, other_right : ndarray of shape (n_documents,), bool
        Whether each labels each document right.
    rng : numpy.random.Generator
    resamples : int
        Of the documents, for the percentile interval.

    Returns
    -------
    Estimate
        Percentage points.

    Raises
    ------
    ValueError
        If the arrays are not of one shape, or empty.
    """
    right = _columns(one_right, other_right)
    per_document = 100.0 / len(right)
    one, other = right.sum(axis=0)
    sums = _resampled_sums(right, rng, resamples)
    low, high = np.quantile(sums[:, 0] - sums[:, 1], _INTERVAL) * per_document
    return Estimate(float((one - other) * per_document), float(low), float(high))


def _columns(*right: np.ndarray) -> np.ndarray:
    shapes = [np.shape(column) for column in right]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        raise ValueError(
            f"the classifiers' answers have the shapes {shapes}; each must be (n_documents,), the "
            "same documents in the same order, at least one."
        )
    return np.column_stack([np.asarray(column, dtype=bool) for column in right]).astype(int)


def _resampled_sums(right: np.ndarray, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Documents labelled right by each classifier in resamples, (resamples, n_classifiers).

    Documents with the same answers are alike: to draw documents with replacement is to draw how
    many there are of each kind.
    """
    kinds, counts = np.unique(right, axis=0, return_counts=True)
    return rng.multinomial(len(right), counts / len(right), size=resamples) @ kinds
