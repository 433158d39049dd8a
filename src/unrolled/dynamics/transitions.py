"""Which fixed points the ways down from a saddle lead to: the graph between fixed points.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figure 1e.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .maps import StateMap, checked_map
from .modes import Modes, linearise


@dataclass(frozen=True)
class Transitions:
    """Departures from unstable fixed points and where they end.

    Ordered by source, direction and sign.

    Attributes
    ----------
    sources : ndarray of shape (k,), int
        Index of the fixed point departed from.
    directions : ndarray of shape (k,), int
        Which of its unstable directions, by falling |lam|. A complex pair counts as two: the
        real and the imaginary part of its vector.
    signs : ndarray of shape (k,), int
        -1 or +1: against or along the direction.
    ends : ndarray of shape (k,), int
        Index of the fixed point reached from the middle start distance; -1 where the state
        did not come to rest near a known one.
    agreed : ndarray of shape (k,), bool
        Whether all start distances led to the same end.
    steps : ndarray of shape (k,), int
        Steps until rest from the middle start distance; all that were allowed where it did
        not rest.
    """

    sources: np.ndarray
    directions: np.ndarray
    signs: np.ndarray
    ends: np.ndarray
    agreed: np.ndarray
    steps: np.ndarray

    def __len__(self) -> int:
        """Number of departures."""
        return len(self.sources)

    def edges(self) -> np.ndarray:
        """Distinct pairs (source, end) of agreed departures that end, shape (m, 2), sorted."""
        sure = self.agreed & (self.ends >= 0)
        return np.unique(np.stack([self.sources[sure], self.ends[sure]], axis=1), axis=0)


def find_transitions(
    step: Callable,
    points,
    *,
    radius: float,
    modes: Modes | None = None,
    distances: Sequence[float] = (0.005, 0.01, 0.02),
    unstable_above: float = 1.001,
    still: float = 1e-7,
    near: float = 0.05,
    steps: int = 3000,
) -> Transitions:
    """Let the state leave each fixed point along its unstable directions; see where it ends.

    Orbits from one fixed point to another are heteroclinic. As edges of a graph they say
    how the fixed points hang together, whatever the geometry [1]_.

    Parameters
    ----------
    step : callable
        One time step with the input held constant, ``(n, d) -> (n, d)``.
    points : array_like of shape (n, d)
        Exact fixed points, as `find_fixed_points` gives.
    radius : float
        Root mean square distance of the visited states from their mean: the unit of
        ``distances``, ``still`` and ``near``.
    modes : Modes, optional
        Modes at the points, if they are known already.
    distances : sequence of float
        Start distances from the point, in radii; all have to lead to one end for an edge.
    unstable_above : float
        A direction is unstable if its |lam| is larger.
    still : float
        A state is at rest when its step is shorter, in radii, and no longer than the last.
    near : float
        A state has ended at the nearest known point if that is within this distance, in radii.
    steps : int
        Steps allowed.

    Returns
    -------
    Transitions
        Empty if no point is unstable.

    Raises
    ------
    ValueError
        If points or step cannot be used (see `find_fixed_points`), a point is none of the
        step's fixed points, ``modes`` belong to other points, or a number is out of range.

    Notes
    -----
    *Leaving is not resting.* Next to a saddle the steps are short, |lam - 1| times the
    distance, but each is longer than the last, so they never count as rest. A state that
    arrives slows down.

    *No point is its own end.* A run cannot tell an orbit that returns from one that has not
    left. Runs that circle the point they came from end nowhere.

    *A slow arrival counts.* A run that still moves when the steps are over ends at a near
    point only if that point attracts; near any other it may be passing by.

    From points of higher index the ends are those of one eigenvector out of a whole plane or
    more. In an exactly symmetric network such a run may come to rest on the next saddle,
    and in any other it goes on to an attractor.
    """
    _check_settings(radius, distances, unstable_above, still, near, steps)
    if modes is None:
        modes = linearise(step, points)
    if len(modes) != len(points):
        raise ValueError(
            f"modes are of {len(modes)} states and there are {len(points)} points; linearise "
            "the step at these points, in this order."
        )
    sources, directions, signs, vectors = _departures(modes, unstable_above)
    if not len(sources):
        none = np.empty(0, dtype=np.intp)
        return Transitions(none, none, none, none, none.astype(bool), none)
    state_map, points = checked_map(step, points, name="points", differentiated=False)
    _check_fixed(state_map, points, min(distances) * radius)
    offsets = radius * np.asarray(distances, dtype=np.float64)[:, None, None] * vectors
    starts = (points[sources] + offsets).reshape(-1, points.shape[1])
    finals, rested, durations = _run(state_map, starts, still * radius, steps)
    attracts = np.abs(modes.eigenvalues).max(axis=1) <= unstable_above
    leaving = np.tile(sources, len(distances))
    ends = _ends(finals, rested, points, leaving, attracts, near * radius)
    ends, durations = (values.reshape(-1, len(sources)) for values in (ends, durations))
    middle = len(distances) // 2
    agreed = (ends == ends[middle]).all(axis=0)
    return Transitions(sources, directions, signs, ends[middle], agreed, durations[middle])


def _departures(
    modes: Modes, unstable_above: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sources, directions, signs (k,) and unit vectors (k, d), signed, of all departures."""
    # Eigenvalues fall in modulus: column a of the unstable ones is direction a.
    points, columns = np.nonzero(np.abs(modes.eigenvalues) > unstable_above)
    right = modes.right[points, :, columns]
    # Of a conjugate pair one half gives the real part and the other the imaginary part.
    is_second = modes.eigenvalues[points, columns].imag > 0
    vectors = np.where(is_second[:, None], right.imag, right.real)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    signs = np.tile([-1, 1], len(points))
    vectors = signs[:, None] * np.repeat(vectors, 2, axis=0)
    return np.repeat(points, 2), np.repeat(columns, 2), signs, vectors


def _run(
    state_map: StateMap, starts: np.ndarray, still: float, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Final states (k, d), whether they rest (k,) and after how many steps (k,)."""
    states, waiting = starts.copy(), np.arange(len(starts))
    last = np.zeros(len(starts))  # so that the first step, away from the source, is no rest
    rested, durations = np.zeros(len(starts), dtype=bool), np.full(len(starts), steps)
    for time in range(1, steps + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            following = state_map(states[waiting])
            lengths = np.linalg.norm(following - states[waiting], axis=1)
        resting = (lengths < still) & (lengths <= last[waiting])
        rested[waiting[resting]] = True
        durations[waiting[resting]] = time
        states[waiting], last[waiting] = following, lengths
        waiting = waiting[~resting & np.isfinite(lengths)]
        if not waiting.size:
            break
    return states, rested, durations


def _ends(
    finals: np.ndarray,
    rested: np.ndarray,
    points: np.ndarray,
    leaving: np.ndarray,
    attracts: np.ndarray,
    near: float,
) -> np.ndarray:
    """Index of the point at which each run ends, shape (k,); -1 for none."""
    from scipy.spatial.distance import cdist

    gaps = cdist(finals, points)
    gaps[np.arange(len(finals)), leaving] = np.inf
    nearest = gaps.argmin(axis=1)
    # Where a state is not finite its gaps are neither, and the comparison is false.
    ended = (gaps.min(axis=1) < near) & (rested | attracts[nearest])
    return np.where(ended, nearest, -1)


def _check_fixed(state_map: StateMap, points: np.ndarray, reach: float) -> None:
    moved = np.linalg.norm(state_map(points) - points, axis=1)
    loose = np.flatnonzero(~(moved < reach))
    if loose.size:
        raise ValueError(
            f"Point {loose[0]} moves by {moved[loose[0]]:.3g} in one step, as far as the "
            f"smallest start distance ({reach:.3g}): it is no fixed point of this step. "
            "find_fixed_points gives exact ones."
        )


def _check_settings(radius, distances, unstable_above, still, near, steps) -> None:
    for name, value in (("radius", radius), ("still", still), ("near", near)):
        if not 0 < value < np.inf:
            raise ValueError(f"{name} is {value}; it has to be a number above 0.")
    if not len(distances) or not all(0 < distance < np.inf for distance in distances):
        raise ValueError(f"distances are {distances}; one or more numbers above 0 are needed.")
    if not unstable_above >= 1:
        raise ValueError(f"unstable_above is {unstable_above}; it has to be 1 or more.")
    if steps < 1:
        raise ValueError(f"steps is {steps}; it has to be 1 or more.")
