"""What every number from distances between networks needs: checked distances, numbered labels."""

from __future__ import annotations

import numpy as np

SAME = 10  # decimals, of the largest distance, to which distances are alike


def checked_distances(distances) -> np.ndarray:
    """Distances (n, n) as float64, or an error that says why they are none."""
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
    if slips.max() > 10.0**-SAME * np.abs(distances).max():
        raise ValueError(
            "distances are not symmetric with zeros on the diagonal. Are they similarities?"
        )
    return distances


def numbered(labels, n_networks: int) -> np.ndarray:
    """Labels as numbers from 0, in their sorted order."""
    labels = np.asarray(labels)
    if labels.shape != (n_networks,):
        raise ValueError(
            f"There are labels of shape {labels.shape} for {n_networks} networks; one label for "
            "each is needed."
        )
    return np.unique(labels, return_inverse=True)[1]


def require_pairs(n_pairs: int, which: str) -> None:
    """Refuse a comparison for which there is nothing to compare."""
    if not n_pairs:
        raise ValueError(f"There are no pairs of networks {which}.")


def shuffled_within(
    numbers: np.ndarray, strata: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Labels in random order among those that have the same stratum, (n,)."""
    shuffled = np.empty_like(numbers)
    drawn = np.lexsort((rng.random(len(numbers)), strata))
    shuffled[np.argsort(strata, kind="stable")] = numbers[drawn]
    return shuffled
