"""Whether networks of one kind stand together, in numbers from the distances between networks.

All numbers come from the matrix itself, never from a map of it: a map in two dimensions shows
clusters that are not there and hides others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from .distance_matrices import (
    SAME,
    checked_distances,
    numbered,
    require_pairs,
    shuffled_within,
)
from .modifier_summaries import area_under_curve

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_EQUAL = 1e-12  # by which sums of the same shares in another order may differ


@dataclass(frozen=True)
class _Neighbours:
    """Who may be the first, second, ... k-th nearest of each network.

    Attributes
    ----------
    candidates : sparse array of shape (k n, n)
        Row p n + i has 1 for each network that is as far from network i as its p-th nearest:
        all that tie for the place.
    tied : ndarray of shape (k, k, n), bool
        Whether two places of a network are drawn from the same candidates.
    """

    candidates: csr_array
    tied: np.ndarray


def neighbour_votes(distances, labels, k: int = 3) -> np.ndarray:
    """Chance that each network's label is foretold by its k nearest others.

    Parameters
    ----------
    distances : array_like of shape (n, n)
        Symmetric.
    labels : array_like of shape (n,)
    k : int
        Neighbours that vote. The majority wins; of labels with as many votes, the one whose
        voter is nearest.

    Returns
    -------
    ndarray of shape (n,)
        1 or 0 where no distances tie; in between where the answer depends on which of the
        networks at one distance come first.

    Raises
    ------
    ValueError
        If the distances are not a finite symmetric matrix, the labels do not match, or there
        are not more than k networks.

    Notes
    -----
    Distances between graphs tie often; all may be 0. To take tied networks by their number would
    foretell labels from the order in which networks are kept. So every order of tied
    networks is equally likely here and the result is the exact expectation, summed over the
    label of each voter in turn, drawn without replacement.

    Leaving a network out leaves its label one voter short, so labels that mean nothing score
    a little less than one in the number of labels: (m - 1) / (n - 1) for k = 1 and labels of m
    networks each.
    """
    neighbours = _find_neighbours(checked_distances(distances), k)
    numbers = numbered(labels, len(distances))
    return _expected_hits(neighbours, numbers, *_outcomes(numbers.max() + 1, k))


def cluster_accuracy(distances, labels, k: int = 3) -> float:
    """Share of networks whose label their k nearest others foretell: the mean of the votes.

    Parameters
    ----------
    distances : array_like of shape (n, n)
    labels : array_like of shape (n,)
    k : int

    Raises
    ------
    ValueError
        As for `neighbour_votes`.
    """
    return float(neighbour_votes(distances, labels, k).mean())


def label_permutation_test(
    distances, labels, within, rng: np.random.Generator, n: int = 2000, k: int = 3
) -> tuple[float, float, np.ndarray]:
    """Whether neighbours foretell labels better than labels shuffled within strata.

    Parameters
    ----------
    distances : array_like of shape (n_networks, n_networks)
    labels : array_like of shape (n_networks,)
    within : array_like of shape (n_networks,)
        Labels change places only among networks that have the same value here, so that
        clusters of these values alone are no evidence.
    rng : numpy.random.Generator
    n : int
        Number of shuffles.
    k : int

    Returns
    -------
    accuracy : float
        `cluster_accuracy` of the labels.
    p_value : float
        (1 + number of shuffles at least as accurate) / (1 + n).
    null : ndarray of shape (n,)
        Accuracy of each shuffle.

    Raises
    ------
    ValueError
        As for `neighbour_votes`, also of ``within``, or if ``n`` is below 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}; it has to be 1 shuffle or more.")
    neighbours = _find_neighbours(checked_distances(distances), k)
    numbers, strata = (numbered(values, len(distances)) for values in (labels, within))
    outcomes = _outcomes(numbers.max() + 1, k)
    accuracy = float(_expected_hits(neighbours, numbers, *outcomes).mean())
    null = np.empty(n)
    for draw in range(n):
        shuffled = shuffled_within(numbers, strata, rng)
        null[draw] = _expected_hits(neighbours, shuffled, *outcomes).mean()
    p_value = (1 + int((null >= accuracy - _EQUAL).sum())) / (1 + n)
    return accuracy, p_value, null


def rank_separation(distances, labels) -> float:
    """ANOSIM's R: how much farther apart networks of different labels are, by ranks.

    Parameters
    ----------
    distances : array_like of shape (n, n)
    labels : array_like of shape (n,)

    Returns
    -------
    float
        (mean rank between labels - mean rank within) / (n (n - 1) / 4): 1 where all distances
        between labels exceed all within, about 0 where labels mean nothing. Distances that tie
        have their mean rank.

    Raises
    ------
    ValueError
        If the matrix or the labels cannot be used (see `neighbour_votes`), or there are no
        pairs of one of the two sorts.

    References
    ----------
    Clarke, "Non-parametric multivariate analyses of changes in community structure",
    Australian Journal of Ecology 18, 1993, equation 1.
    """
    from scipy.stats import rankdata

    distances = _rounded(checked_distances(distances))
    numbers = numbered(labels, len(distances))
    one, other = np.triu_indices(len(distances), 1)
    same = numbers[one] == numbers[other]
    require_pairs(int(same.sum()), "with the same label")
    require_pairs(int((~same).sum()), "with different labels")
    ranks = rankdata(distances[one, other])
    return float((ranks[~same].mean() - ranks[same].mean()) / (len(ranks) / 2))


def accuracy_difference_interval(
    hits_first, hits_second, rng: np.random.Generator, n: int = 2000, level: float = 0.95
) -> tuple[float, float, float]:
    """Difference of two accuracies on the same networks, with a bootstrap interval.

    Parameters
    ----------
    hits_first, hits_second : array_like of shape (m,)
        From `neighbour_votes` with two distances; networks are drawn with both their hits.
    rng : numpy.random.Generator
    n : int
        Number of resamples.
    level : float
        Share of the resamples within the interval, between 0 and 1.

    Returns
    -------
    difference, low, high : float
        Mean of first less second, and the percentiles of its resamples.

    Raises
    ------
    ValueError
        If the hits do not match or there are none, or a number is out of range.
    """
    hits_first, hits_second = (np.asarray(h, dtype=np.float64) for h in (hits_first, hits_second))
    if hits_first.ndim != 1 or hits_first.shape != hits_second.shape or not len(hits_first):
        raise ValueError(
            f"hits have shapes {hits_first.shape} and {hits_second.shape}; one number for each "
            "network, the same networks, is needed."
        )
    if n < 1 or not 0 < level < 1:
        raise ValueError(f"n is {n} and level {level}; 1 or more, and between 0 and 1, are needed.")
    gains = hits_first - hits_second
    means = gains[rng.integers(len(gains), size=(n, len(gains)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(gains.mean()), float(low), float(high)


def separation_auc(same, different) -> float:
    """Chance that a distance between different things exceeds one between things alike.

    Parameters
    ----------
    same : array_like of shape (a,)
    different : array_like of shape (b,)

    Returns
    -------
    float
        Ties count half; NaN where either is empty.

    Examples
    --------
    >>> separation_auc([0.0, 1.0], [1.0, 2.0])
    0.875
    """
    same, different = np.ravel(same), np.ravel(different)
    return area_under_curve(
        np.concatenate([same, different]), np.arange(len(same) + len(different)) >= len(same)
    )


def _find_neighbours(distances: np.ndarray, k: int) -> _Neighbours:
    from scipy.sparse import csr_array

    n_networks = len(distances)
    if not 1 <= k < n_networks:
        raise ValueError(
            f"k is {k} for {n_networks} networks; it has to be 1 or more, and less than those."
        )
    distances = _rounded(distances)
    np.fill_diagonal(distances, np.inf)
    nearest = np.sort(distances, axis=1)[:, :k].T
    candidates = csr_array((distances == nearest[:, :, None]).reshape(-1, n_networks), dtype=float)
    return _Neighbours(candidates, nearest[:, None] == nearest)


def _outcomes(n_labels: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of k voters, nearest first, in all ways (t, k), and the label that wins each (t,)."""
    voters = np.array(list(product(range(n_labels), repeat=k)))
    tallies = (voters[:, :, None] == voters[:, None, :]).sum(axis=2)
    # The first of the largest tallies is that of the nearest voter.
    return voters, voters[np.arange(len(voters)), tallies.argmax(axis=1)]


def _expected_hits(
    neighbours: _Neighbours, numbers: np.ndarray, voters: np.ndarray, winners: np.ndarray
) -> np.ndarray:
    """Chance that the winner is the network's own label, shape (n,)."""
    n_networks, k = len(numbers), voters.shape[1]
    counts = neighbours.candidates @ np.eye(voters.max() + 1)[numbers]
    chances = np.ones((n_networks, len(voters)))
    for place, having in enumerate(counts.reshape(k, n_networks, -1)):
        left, total = having[:, voters[:, place]], having.sum(axis=1)
        for earlier in range(place):
            tied = neighbours.tied[earlier, place]
            left = left - np.outer(tied, voters[:, earlier] == voters[:, place])
            total = total - tied
        chances *= left / total[:, None]
    return (chances * (winners == numbers[:, None])).sum(axis=1)


def _rounded(distances: np.ndarray) -> np.ndarray:
    """Distances in units of the largest, so that rounding breaks no ties."""
    return np.round(distances / (distances.max() or 1.0), SAME)
