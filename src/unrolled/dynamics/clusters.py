"""Whether networks of one kind stand together, in numbers from the distances between networks.

All numbers come from the matrix itself, never from a map of it: a map in two dimensions shows
clusters that are not there and hides others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from .modifier_summaries import area_under_curve
from .similarity import upright

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_SAME = 10  # decimals, of the largest distance, to which distances are alike
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
    neighbours = _find_neighbours(_checked_distances(distances), k)
    numbers = _numbered(labels, len(distances))
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
    neighbours = _find_neighbours(_checked_distances(distances), k)
    numbers, strata = (_numbered(values, len(distances)) for values in (labels, within))
    outcomes = _outcomes(numbers.max() + 1, k)
    accuracy = float(_expected_hits(neighbours, numbers, *outcomes).mean())
    null = np.empty(n)
    for draw in range(n):
        shuffled = _shuffled_within(numbers, strata, rng)
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

    distances = _rounded(_checked_distances(distances))
    numbers = _numbered(labels, len(distances))
    one, other = np.triu_indices(len(distances), 1)
    same = numbers[one] == numbers[other]
    _require_pairs(int(same.sum()), "with the same label")
    _require_pairs(int((~same).sum()), "with different labels")
    ranks = rankdata(distances[one, other])
    return float((ranks[~same].mean() - ranks[same].mean()) / (len(ranks) / 2))


def individuality_ratio(distances, cells, kinds) -> float:
    """How much farther apart networks of different cells are than those that differ by seed.

    Parameters
    ----------
    distances : array_like of shape (n, n)
    cells : array_like of shape (n,)
        Cell of each network.
    kinds : array_like of shape (n,)
        What else may differ but is held fixed: a label of nonlinearity, units and penalty
        together. The cell is no part of it.

    Returns
    -------
    float
        Median distance of pairs of different cells and the same kind, over that of pairs of the
        same cell and kind. Where those coincide: 1 if the others do so too, else infinite.

    Raises
    ------
    ValueError
        If the matrix or the labels cannot be used (see `neighbour_votes`), or there are no
        pairs of one of the two sorts.
    """
    distances = _checked_distances(distances)
    cells, kinds = (_numbered(values, len(distances)) for values in (cells, kinds))
    one, other = np.triu_indices(len(distances), 1)
    comparable, same_cell = kinds[one] == kinds[other], cells[one] == cells[other]
    across, within = (
        distances[one, other][comparable & chosen] for chosen in (~same_cell, same_cell)
    )
    _require_pairs(len(across), "of different cells and one kind (kinds leave the cell out)")
    _require_pairs(len(within), "of one cell and one kind, which differ by seed alone")
    return _ratio(across, within)


def has_both_pairs(labels, within) -> bool:
    """Whether there is an individuality ratio of these labels.

    Parameters
    ----------
    labels, within : array_like of shape (n,)
        See `ratio_permutation_test`.

    Returns
    -------
    bool
        Whether pairs that have the same value of ``within`` include some of one label and some
        of two.
    """
    labels, within = np.asarray(labels), np.asarray(within)
    one, other = np.triu_indices(len(labels), 1)
    alike, same = within[one] == within[other], labels[one] == labels[other]
    return bool((alike & same).any() and (alike & ~same).any())


def ratio_permutation_test(
    distances, labels, within, rng: np.random.Generator, n: int = 2000
) -> tuple[float, float, np.ndarray]:
    """Whether a label sets networks apart more than labels shuffled within strata do.

    Parameters
    ----------
    distances : array_like of shape (n_networks, n_networks)
    labels : array_like of shape (n_networks,)
    within : array_like of shape (n_networks,)
        What is held fixed, as for `label_permutation_test`; only pairs that have the same value
        here count.
    rng : numpy.random.Generator
    n : int
        Number of shuffles.

    Returns
    -------
    ratio : float
        `individuality_ratio` of the labels.
    p_value : float
        (1 + number of shuffles whose ratio is at least as large) / (1 + n).
    null : ndarray of shape (n,)
        Ratio of each shuffle.

    Raises
    ------
    ValueError
        As for `individuality_ratio`, or if ``n`` is below 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}; it has to be 1 shuffle or more.")
    ratio = individuality_ratio(distances, labels, within)
    distances = np.asarray(distances, dtype=np.float64)
    numbers, strata = (_numbered(values, len(distances)) for values in (labels, within))
    one, other = np.triu_indices(len(distances), 1)
    comparable = strata[one] == strata[other]
    one, other = one[comparable], other[comparable]
    lengths = distances[one, other]
    null = np.empty(n)
    for draw in range(n):
        shuffled = _shuffled_within(numbers, strata, rng)
        same = shuffled[one] == shuffled[other]
        null[draw] = _ratio(lengths[~same], lengths[same])
    # A shuffle that only names the labels anew has the same pairs, hence the same medians.
    p_value = (1 + int((null >= ratio).sum())) / (1 + n)
    return ratio, p_value, null


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


def scaling_map(distances, n_components: int = 2) -> np.ndarray:
    """Places whose distances are as like the given ones as they can be: metric scaling.

    Stress is brought down by majorisation (SMACOF), from the places of classical scaling.

    Parameters
    ----------
    distances : array_like of shape (n, n)
    n_components : int
        Dimensions of the map.

    Returns
    -------
    ndarray of shape (n, n_components)
        About their mean, with the most variance along the first axis; the largest coordinate
        along each axis is positive, since distances leave rotation and reflection open.

    Raises
    ------
    ValueError
        If the distances are not a finite symmetric matrix, or there are not more networks than
        dimensions.
    """
    from sklearn.manifold import smacof

    distances = _checked_distances(distances)
    if not 1 <= n_components < len(distances):
        raise ValueError(
            f"n_components is {n_components} for {len(distances)} networks; it has to be 1 or "
            "more, and less than the networks."
        )
    if not distances.any():
        return np.zeros((len(distances), n_components))
    start = _classical_places(distances, n_components)
    places, _ = smacof(distances, init=start, n_init=1, max_iter=300)
    vectors, lengths, _ = np.linalg.svd(places - places.mean(axis=0), full_matrices=False)
    return upright(vectors * lengths)


def _ratio(across: np.ndarray, within: np.ndarray) -> float:
    """Ratio of medians; 1 where both are 0, infinite where only the second is."""
    numerator, denominator = float(np.median(across)), float(np.median(within))
    if denominator > 0:
        return numerator / denominator
    return 1.0 if numerator == 0 else float("inf")


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


def _shuffled_within(
    numbers: np.ndarray, strata: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    shuffled = np.empty_like(numbers)
    drawn = np.lexsort((rng.random(len(numbers)), strata))
    shuffled[np.argsort(strata, kind="stable")] = numbers[drawn]
    return shuffled


def _classical_places(distances: np.ndarray, n_components: int) -> np.ndarray:
    """Torgerson's classical scaling; dimensions that no Euclidean space has are 0."""
    squares = distances**2
    about_mean = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(-0.5 * about_mean)
    leading = np.arange(1, n_components + 1)
    return vectors[:, -leading] * np.sqrt(np.maximum(values[-leading], 0.0))


def _rounded(distances: np.ndarray) -> np.ndarray:
    """Distances in units of the largest, so that rounding breaks no ties."""
    return np.round(distances / (distances.max() or 1.0), _SAME)


def _numbered(labels, n_networks: int) -> np.ndarray:
    """Labels as numbers from 0, in their sorted order."""
    labels = np.asarray(labels)
    if labels.shape != (n_networks,):
        raise ValueError(
            f"There are labels of shape {labels.shape} for {n_networks} networks; one label for "
            "each is needed."
        )
    return np.unique(labels, return_inverse=True)[1]


def _checked_distances(distances) -> np.ndarray:
    distances = np.asarray(distances, dtype=np.float64)
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1] or not len(distances):
        raise ValueError(f"distances have shape {distances.shape}; (n, n) is needed.")
    broken = np.flatnonzero(~np.isfinite(distances).all(axis=1))
    if broken.size:
        raise ValueError(
            f"{broken.size} of {len(distances)} networks have distances that are not finite "
            f"(first: number {broken[0]}). Leave these networks out."
        )
    slips = np.abs(distances - distances.T) + np.diag(np.abs(np.diagonal(distances)))
    if slips.max() > 10.0**-_SAME * np.abs(distances).max():
        raise ValueError(
            "distances are not symmetric with zeros on the diagonal. Are they similarities?"
        )
    return distances


def _require_pairs(n_pairs: int, which: str) -> None:
    if not n_pairs:
        raise ValueError(f"There are no pairs of networks {which}.")
