"""Subspaces that states leave a line for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Subspace:
    """Directions in which vectors lie, the most used first.

    Attributes
    ----------
    axes : ndarray of shape (r, d)
        Orthonormal, in rows.
    shares : ndarray of shape (r,)
        Share of the vectors' squared length along each axis.
    """

    axes: np.ndarray
    shares: np.ndarray

    def n_for(self, share: float) -> int:
        """Number of axes that together hold at least this share.

        Raises
        ------
        ValueError
            If the vectors have no length, and so no shares.
        """
        if np.isnan(self.shares).any():
            raise ValueError(
                f"the shares of the {len(self.shares)} axes are NaN: the vectors they were found "
                "from are all 0, and no number of axes holds anything of them. Look for words, or "
                "a network, that move the state."
            )
        return int(np.searchsorted(np.cumsum(self.shares), share - 1e-12) + 1)


def span(vectors) -> Subspace:
    """Subspace of vectors from a common origin: their uncentred singular value decomposition.

    Parameters
    ----------
    vectors : array_like of shape (n, d)

    Returns
    -------
    Subspace
        The largest entry of each axis is positive.

    Raises
    ------
    ValueError
        If there are no vectors or some are not finite.

    Examples
    --------
    >>> span([[0.0, 3.0], [0.0, -4.0]]).axes[0].tolist()
    [0.0, 1.0]
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim != 2 or 0 in vectors.shape or not np.isfinite(vectors).all():
        raise ValueError(
            f"vectors of shape {vectors.shape} span nothing; (n, d) finite numbers are needed."
        )
    _, lengths, axes = np.linalg.svd(vectors, full_matrices=False)
    largest = np.round(np.abs(axes), 10).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    squares = lengths**2
    total = squares.sum()
    return Subspace(axes, squares / total if total > 0 else np.full_like(squares, np.nan))


def without_direction(vectors, direction) -> np.ndarray:
    """Vectors (..., d) less their component along a unit vector (d,)."""
    vectors, direction = np.asarray(vectors), np.asarray(direction)
    return vectors - (vectors @ direction)[..., None] * direction


def share_inside(vectors, axes) -> np.ndarray:
    """Share of the squared length of vectors (..., d) within the span of axes (k, d)."""
    vectors = np.asarray(vectors, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ((vectors @ np.asarray(axes).T) ** 2).sum(axis=-1) / (vectors**2).sum(axis=-1)


def random_axes(k: int, direction, rng: np.random.Generator) -> np.ndarray:
    """Orthonormal axes (k, d) of a random subspace at right angles to a unit vector (d,).

    Raises
    ------
    ValueError
        If there are no so many directions at right angles to one.
    """
    direction = np.asarray(direction, dtype=np.float64)
    if not 0 <= k < len(direction):
        raise ValueError(
            f"{k} axes were asked for, but {len(direction)} dimensions have 0 to "
            f"{len(direction) - 1} at right angles to a direction. Ask for fewer."
        )
    drawn = without_direction(rng.standard_normal((k, len(direction))), direction)
    return np.linalg.qr(drawn.T)[0].T
