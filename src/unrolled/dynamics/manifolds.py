"""The shape of a set of states: principal components, its direction, a coordinate along it."""

from dataclasses import dataclass

import numpy as np

from .points import distinct

_SPACING = 0.005  # of the points' extent: nearer ones are embedded once


@dataclass(frozen=True)
class PrincipalComponents:
    """Axes along which states vary most.

    Attributes
    ----------
    mean : ndarray of shape (d,)
        Mean state.
    axes : ndarray of shape (d, d)
        Orthonormal axes in rows, by falling variance; the largest entry of each is positive.
    variances : ndarray of shape (d,)
        Variance of the states along each axis (mean square, in squared units of the state).
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """Share of the total variance along each axis; NaN where nothing varies."""
        total = self.variances.sum()
        return self.variances / total if total > 0 else np.full_like(self.variances, np.nan)

    def project(self, states, n: int | None = None) -> np.ndarray:
        """Coordinates of states (..., d) on the first ``n`` axes, shape (..., n)."""
        return (np.asarray(states) - self.mean) @ self.axes[:n].T

    def project_direction(self, directions, n: int | None = None) -> np.ndarray:
        """Coordinates of directions (..., d), from which no mean is taken, shape (..., n)."""
        return np.asarray(directions) @ self.axes[:n].T

    def n_for(self, share: float) -> int:
        """Number of axes that together hold at least this share of the variance."""
        return int(np.searchsorted(np.cumsum(self.shares), share - 1e-12) + 1)


def principal_components(states) -> PrincipalComponents:
    """Principal components of states, all d of them, with deterministic signs.

    Parameters
    ----------
    states : array_like of shape (n, d)

    Returns
    -------
    PrincipalComponents

    Raises
    ------
    ValueError
        If there are no states or some are not finite.

    Examples
    --------
    >>> principal_components([[0.0, 0.0], [2.0, 2.0]]).shares.round(6).tolist()
    [1.0, 0.0]
    """
    states = _checked_points(states)
    mean = states.mean(axis=0)
    centred = states - mean
    variances, vectors = np.linalg.eigh(centred.T @ centred / len(states))
    axes = np.ascontiguousarray(vectors.T[::-1])
    # Rounded, so that among equal entries the first decides, not the last bits.
    largest = np.round(np.abs(axes), 10).argmax(axis=1)
    axes *= np.sign(axes[np.arange(len(axes)), largest])[:, None]
    return PrincipalComponents(mean, axes, np.maximum(variances[::-1], 0.0))


def manifold_direction(points, *, reference=None) -> np.ndarray:
    """Unit vector along which points vary most, shape (d,).

    Parameters
    ----------
    points : array_like of shape (n, d)
    reference : array_like of shape (d,), optional
        Direction, such as the readout, that gives the sign.

    Raises
    ------
    ValueError
        If there are no points or some are not finite.
    """
    axis = principal_components(points).axes[0]
    if reference is not None and axis @ np.asarray(reference, dtype=np.float64) < 0:
        return -axis
    return axis


def manifold_coordinate(points, reference_values, *, neighbours: int = 12) -> np.ndarray:
    """Position of each point along a one-dimensional manifold, from -1 to 1.

    Locally linear embedding in one dimension [1]_ with a dense, deterministic solver. It
    wants points spread evenly: dense clusters fill each other's neighbourhoods, and the
    embedding squeezes each into one place. So points nearer to each other than half a
    per cent of the whole are embedded once, and all are placed among those. Where
    gaps cut the neighbourhoods into pieces, which would leave the pieces' order open, more
    neighbours are taken until all hang together.

    Parameters
    ----------
    points : array_like of shape (n, d)
    reference_values : array_like of shape (n,)
        Values, such as readouts, with which the coordinate grows.
    neighbours : int
        Neighbours of each point; at most n - 1 are used.

    Returns
    -------
    ndarray of shape (n,)
        The coordinate, affinely scaled to [-1, 1]; zeros where all points are one.

    Raises
    ------
    ValueError
        If there are no points, some are not finite, or the two do not match.

    References
    ----------
    .. [1] Roweis and Saul, "Nonlinear dimensionality reduction by locally linear
       embedding", Science 290, 2000.
    """
    points = _checked_points(points)
    reference_values = np.asarray(reference_values, dtype=np.float64)
    if reference_values.shape != (len(points),):
        raise ValueError(
            f"reference_values have shape {reference_values.shape}; {len(points)} points need "
            f"({len(points)},)."
        )
    if neighbours < 2:
        raise ValueError(f"neighbours is {neighbours}; 2 or more are needed for a line.")
    extent = float(np.linalg.norm(np.ptp(points, axis=0)))
    if extent == 0:
        return np.zeros(len(points))
    coordinate = _embedded(points, points[distinct(points, _SPACING * extent)], neighbours)
    low, high = coordinate.min(), coordinate.max()
    scaled = 2 * (coordinate - low) / (high - low) - 1
    if (scaled - scaled.mean()) @ (reference_values - reference_values.mean()) < 0:
        scaled = -scaled
    return scaled


def variance_share(points, axes) -> np.ndarray:
    """Share of the points' variance that lies along each of some orthonormal axes.

    Parameters
    ----------
    points : array_like of shape (n, d)
    axes : array_like of shape (k, d)
        Orthonormal rows, such as the principal axes of other states.

    Returns
    -------
    ndarray of shape (k,)
        Shares, 1 in sum for a whole basis; NaN where the points do not vary.

    Raises
    ------
    ValueError
        If there are no points or some are not finite.
    """
    centred = _checked_points(points)
    centred = centred - centred.mean(axis=0)
    total = np.sum(centred**2)
    along = np.sum((centred @ np.atleast_2d(axes).T) ** 2, axis=0)
    return along / total if total > 0 else np.full(len(along), np.nan)


def inside_range(
    values, reference, *, low: float = 1.0, high: float = 99.0, stretch: float = 1.1
) -> np.ndarray:
    """Whether values lie within a stretched percentile range of reference values.

    Parameters
    ----------
    values : array_like of shape (n,)
        For instance the readouts of found points.
    reference : array_like of shape (m,)
        For instance the readouts of visited states.
    low, high : float
        Percentiles of the reference that bound the range.
    stretch : float
        Factor by which the range grows about its middle.

    Returns
    -------
    ndarray of shape (n,), bool
    """
    bottom, top = np.percentile(np.asarray(reference), [low, high])
    middle, half = 0.5 * (bottom + top), 0.5 * (top - bottom) * stretch
    return np.abs(np.asarray(values) - middle) <= half


def _embedded(points: np.ndarray, spaced: np.ndarray, neighbours: int) -> np.ndarray:
    """Embed the spaced points, and place all points between their neighbours among those."""
    if len(spaced) <= 3:  # too few to bend: their own axis is the line
        return principal_components(spaced).project(points, 1)[:, 0]
    from sklearn.manifold import LocallyLinearEmbedding

    embedding = LocallyLinearEmbedding(
        n_neighbors=_connecting(spaced, min(neighbours, len(spaced) - 1)),
        n_components=1,
        eigen_solver="dense",
        reg=1e-3,
    )
    return embedding.fit(spaced).transform(points)[:, 0]


def _connecting(points: np.ndarray, neighbours: int) -> int:
    """Smallest number of neighbours, from the given one, that joins all points."""
    from scipy.sparse.csgraph import connected_components
    from sklearn.neighbors import kneighbors_graph

    while neighbours < len(points) - 1:
        pieces, _ = connected_components(kneighbors_graph(points, neighbours), directed=False)
        if pieces == 1:
            break
        neighbours += 1
    return neighbours


def _checked_points(points) -> np.ndarray:
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(
            f"The points have shape {points.shape}; (n, d) with at least one is needed."
        )
    if not np.isfinite(points).all():
        raise ValueError("Some points are NaN or infinite; remove them first.")
    return points
