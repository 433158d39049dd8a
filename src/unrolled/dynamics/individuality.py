"""How much farther apart networks of different kinds are than those that differ by chance alone."""

from __future__ import annotations

import numpy as np

from .distance_matrices import checked_distances, numbered, require_pairs, shuffled_within


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
    distances = checked_distances(distances)
    cells, kinds = (numbered(values, len(distances)) for values in (cells, kinds))
    one, other = np.triu_indices(len(distances), 1)
    comparable, same_cell = kinds[one] == kinds[other], cells[one] == cells[other]
    across, within = (
        distances[one, other][comparable & chosen] for chosen in (~same_cell, same_cell)
    )
    require_pairs(len(across), "of different cells and one kind (kinds leave the cell out)")
    require_pairs(len(within), "of one cell and one kind, which differ by seed alone")
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
    numbers, strata = (numbered(values, len(distances)) for values in (labels, within))
    one, other = np.triu_indices(len(distances), 1)
    comparable = strata[one] == strata[other]
    one, other = one[comparable], other[comparable]
    lengths = distances[one, other]
    null = np.empty(n)
    for draw in range(n):
        shuffled = shuffled_within(numbers, strata, rng)
        same = shuffled[one] == shuffled[other]
        null[draw] = _ratio(lengths[~same], lengths[same])
    # A shuffle that only names the labels anew has the same pairs, hence the same medians.
    p_value = (1 + int((null >= ratio).sum())) / (1 + n)
    return ratio, p_value, null


def _ratio(across: np.ndarray, within: np.ndarray) -> float:
    """Ratio of medians; 1 where both are 0, infinite where only the second is."""
    numerator, denominator = float(np.median(across)), float(np.median(within))
    if denominator > 0:
        return numerator / denominator
    return 1.0 if numerator == 0 else float("inf")
