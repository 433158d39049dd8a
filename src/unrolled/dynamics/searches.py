"""Where the state of a recurrent network stands still, or nearly so."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .maps import StateMap, blocks, checked_map
from .solvers import Front, damped_newton, fixed_ridge_descent, levenberg_marquardt

_POLISHING = 3  # Newton steps that bring a distinct point to the limit of its precision


@dataclass(frozen=True)
class SearchReport:
    """What became of each start of a search.

    Attributes
    ----------
    converged : ndarray of shape (n_starts,), bool
        Whether q fell to the tolerance.
    kept : ndarray of shape (n_starts,), bool
        Whether the search's end is accepted: converged for an exact search, slow enough
        for a search for slow points.
    speeds : ndarray of shape (n_starts,)
        q where the search from this start ended; inf where the step is not finite.
    ends : ndarray of shape (n_starts, d)
        The states where it ended.
    """

    converged: np.ndarray
    kept: np.ndarray
    speeds: np.ndarray
    ends: np.ndarray

    @property
    def n_starts(self) -> int:
        """Number of starts."""
        return len(self.speeds)

    @property
    def n_converged(self) -> int:
        """Number of starts that led to an exact fixed point."""
        return int(self.converged.sum())

    @property
    def n_stuck(self) -> int:
        """Number of starts whose end is not accepted, those with non-finite steps included."""
        return int((~self.kept).sum())

    @property
    def n_not_finite(self) -> int:
        """Number of starts at which the step is NaN or infinite."""
        return int((~np.isfinite(self.speeds)).sum())

    def __str__(self) -> str:
        """Say it in one line, for a log."""
        return (
            f"{self.n_starts} starts: {self.n_converged} converged, {self.n_stuck} stuck "
            f"({self.n_not_finite} of them with steps that are not finite)"
        )


@dataclass(frozen=True)
class FixedPoints:
    """Points where the state stands still, or nearly so.

    Attributes
    ----------
    states : ndarray of shape (n, d)
        The points.
    speeds : ndarray of shape (n,)
        q = |F(h) - h|^2 / 2, summed over the entries of the state.
    starts : ndarray of shape (n,), int
        Index of a start that led to the point.
    converged : ndarray of shape (n,), bool
        Whether q is within the tolerance: true of all points of an exact search, and of
        those slow points that happen to be exact.
    report : SearchReport
        What became of each start, the stuck ones included.
    """

    states: np.ndarray
    speeds: np.ndarray
    starts: np.ndarray
    converged: np.ndarray
    report: SearchReport

    def __len__(self) -> int:
        """Number of points."""
        return len(self.states)

    @property
    def step_lengths(self) -> np.ndarray:
        """Distance |F(h) - h| that the state moves in one step, shape (n,)."""
        return np.sqrt(2 * self.speeds)


def find_fixed_points(
    step: Callable,
    starts,
    *,
    tolerance: float = 1e-20,
    unique_within: float = 1e-3,
    newton_iterations: int = 25,
    descent_iterations: int = 60,
    ridge: float = 1e-9,
    chunk: int | None = None,
) -> FixedPoints:
    """All distinct fixed points that the starts lead to, saddles as well as attractors.

    Damped Newton steps with exact Jacobians come first; starts that get stuck are tried
    again, from the beginning, by Levenberg-Marquardt. What does not converge is left out
    of the points and counted in the report.

    Parameters
    ----------
    step : callable
        One time step with the input held constant, ``(n, d) -> (n, d)``; see `StateMap`
        for how it is differentiated.
    starts : array_like of shape (n_starts, d)
        Where the searches begin; `sample_starts` draws good ones.
    tolerance : float
        Largest q = |F(h) - h|^2 / 2 (sum over entries) of a fixed point.
    unique_within : float
        Points nearer to each other than this Euclidean distance count as one.
    newton_iterations, descent_iterations : int
        Most steps of either method.
    ridge : float
        Subtracted from the diagonal of dF/dh - I in Newton's steps.
    chunk : int, optional
        States treated at once. It bounds memory (about five arrays of chunk * d * d
        numbers) and alters the points by rounding only.

    Returns
    -------
    FixedPoints
        Ordered by their rounded coordinates, whatever the order of the starts.

    Raises
    ------
    ValueError
        If starts are missing, not finite or of the wrong width, if the step changes the
        shape of its states, or if a setting is out of range.

    References
    ----------
    .. [1] Sussillo and Barak, "Opening the black box", Neural Computation 25, 2013.

    Examples
    --------
    >>> class Halve:
    ...     def __call__(self, states):
    ...         return 0.5 * states + 1.0
    ...     def jacobian(self, states):
    ...         return np.full((len(states), 1, 1), 0.5)
    >>> find_fixed_points(Halve(), [[0.0], [5.0]]).states.tolist()
    [[2.0]]
    """
    _at_least("tolerance", tolerance, 0.0)
    _at_least("unique_within", unique_within, 0.0)
    state_map, starts = checked_map(step, starts)

    def solve(states):
        front = damped_newton(
            state_map, states, tolerance=tolerance, iterations=newton_iterations, ridge=ridge
        )
        stuck = np.flatnonzero(front.speeds > tolerance)
        if stuck.size:
            again = levenberg_marquardt(
                state_map, states[stuck], tolerance=tolerance, iterations=descent_iterations
            )
            lower = again.speeds < front.speeds[stuck]
            front.move(
                stuck[lower], again.states[lower], again.residuals[lower], again.speeds[lower]
            )
        return front

    ends, speeds = _solve_in_order(solve, starts, chunk)
    converged = speeds <= tolerance
    report = SearchReport(converged, converged, speeds, ends)
    # Of the starts that lead to one point the first in sorted order stands for all: the
    # choice depends neither on their order nor on the last bits of their ends.
    in_order = _start_order(starts)
    chosen = in_order[converged[in_order]]
    chosen = chosen[_distinct(ends[chosen], unique_within)]
    states, final = _polish(state_map, ends[chosen], speeds[chosen], unique_within, ridge, chunk)
    order = _reading_order(states, unique_within)
    return FixedPoints(
        states[order], final[order], chosen[order], np.ones(len(order), dtype=bool), report
    )


def find_slow_points(
    step: Callable,
    starts,
    *,
    ridge: float = 0.03,
    iterations: int = 10,
    max_speed: float | None = None,
    settling: int = 0,
    tolerance: float = 1e-20,
    chunk: int | None = None,
) -> FixedPoints:
    """Points of the slow manifold along which the state lingers, one for each start.

    A few Levenberg-Marquardt steps with a *fixed* ridge let the fast directions settle
    while the slow ones hardly move; solved to the end, the same starts would slide along
    the manifold into a handful of exact fixed points. Only steps that lower q are taken.

    A start beside the manifold ends near the manifold's *nearest* point, which for
    non-normal dynamics is not where its free run would arrive; a few settling steps first
    make it so.

    Parameters
    ----------
    step, starts, chunk
        As in `find_fixed_points`.
    ridge : float
        Directions with eigenvalue lam settle where (1 - lam)^2 is well above it.
    iterations : int
        Levenberg-Marquardt steps.
    max_speed : float, optional
        Longest *step* |F(h) - h| (a distance, not q; q = max_speed^2 / 2) of a point that
        is kept, in the units of the state. A small share of the median step along data is
        a good choice. All finite points are kept without it.
    settling : int
        Free steps taken from the starts before the search.
    tolerance : float
        q at which a point is exact, moves no further and is marked converged.

    Returns
    -------
    FixedPoints
        In the order of their starts, close ones kept. ``speeds`` holds q;
        ``step_lengths`` is what ``max_speed`` bounds.

    Raises
    ------
    ValueError
        As `find_fixed_points`.
    """
    _at_least("ridge", ridge, 0.0)
    _at_least("settling", settling, 0)
    if max_speed is not None:
        _at_least("max_speed", max_speed, 0.0)
    state_map, starts = checked_map(step, starts)

    def solve(states):
        for _ in range(settling):
            states = state_map(states)
        return fixed_ridge_descent(
            state_map, states, tolerance=tolerance, iterations=iterations, ridge=ridge
        )

    ends, speeds = _solve_in_order(solve, starts, chunk)
    slow = np.isfinite(speeds)
    if max_speed is not None:
        slow &= np.sqrt(2 * speeds) <= max_speed
    report = SearchReport(speeds <= tolerance, slow, speeds, ends)
    kept = np.flatnonzero(slow)
    return FixedPoints(ends[kept], speeds[kept], kept, speeds[kept] <= tolerance, report)


def _solve_in_order(
    solve: Callable[[np.ndarray], Front], starts: np.ndarray, chunk: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Solve in blocks of sorted starts, so that not one bit depends on the starts' order."""
    order = _start_order(starts)
    ends, speeds = np.empty_like(starts), np.empty(len(starts))
    for block in blocks(starts.shape, chunk):
        front = solve(starts[order[block]])
        ends[order[block]], speeds[order[block]] = front.states, front.speeds
    return ends, speeds


def _start_order(starts: np.ndarray) -> np.ndarray:
    return np.lexsort(starts.T[::-1])


def _reading_order(states: np.ndarray, within: float) -> np.ndarray:
    """Order by coordinates, rounded so that the last bits do not decide."""
    grid = max(0.1 * within, 1e-12)
    # Exact coordinates break the ties that rounding leaves.
    keys = np.concatenate([np.round(states / grid), states], axis=1)
    return np.lexsort(keys.T[::-1])


def _distinct(states: np.ndarray, within: float) -> np.ndarray:
    """Rows of which none is within that distance of an earlier one."""
    kept: list[int] = []
    found = np.empty_like(states)
    for row, state in enumerate(states):
        gaps = np.linalg.norm(found[: len(kept)] - state, axis=1)
        if not (gaps <= within).any():
            found[len(kept)] = state
            kept.append(row)
    return np.array(kept, dtype=np.intp)


def _polish(
    state_map: StateMap,
    states: np.ndarray,
    speeds: np.ndarray,
    within: float,
    ridge: float,
    chunk: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Bring distinct points to rounding precision, unless they would slide away doing so."""
    states, speeds = states.copy(), speeds.copy()
    for block in blocks(states.shape, chunk):
        if not len(states[block]):
            break
        front = damped_newton(
            state_map, states[block], tolerance=0.0, iterations=_POLISHING, ridge=ridge
        )
        near = np.linalg.norm(front.states - states[block], axis=1) <= 0.1 * within
        states[block] = np.where(near[:, None], front.states, states[block])
        speeds[block] = np.where(near, front.speeds, speeds[block])
    return states, speeds


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ValueError(f"{name} is {value}; it has to be {least} or more.")
