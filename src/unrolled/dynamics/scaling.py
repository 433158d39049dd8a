"""Maps of networks: places whose distances are those between the networks, as nearly as can be."""

from __future__ import annotations

import numpy as np

from .distance_matrices import checked_distances
from .similarity import upright


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

    distances = checked_distances(distances)
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


def _classical_places(distances: np.ndarray, n_components: int) -> np.ndarray:
    """Torgerson's classical scaling; dimensions that no Euclidean space has are 0."""
    squares = distances**2
    about_mean = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(-0.5 * about_mean)
    leading = np.arange(1, n_components + 1)
    return vectors[:, -leading] * np.sqrt(np.maximum(values[-leading], 0.0))
