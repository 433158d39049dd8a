"""Where the state of a recurrent network stands still, or nearly so."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .maps import StateMap, checked_map
from .points import FixedPoints, SearchReport, distinct
from .singularities import NEARLY_SHUT, SHUT, frozen, on_kink
from .solvers import (
    Front,
    Hopeless,
    KnownPoints,
    damped_newton,
    fixed_ridge_descent,
    levenberg_marquardt,
)

_SCOUTS = 64  # starts that find points on their own before others are led to those
_GROUP = 8192  # starts searched together: their states and residuals fit in memory with ease
_GENERATIONS = 5  # of searches from between known points
_ALONE = 3  # Newton steps from a midpoint before a known point may lead it home
_NEAREST = 6  # known points with which a midpoint is taken
_POLISHING = 3  # Newton steps that bring a distinct point to the limit of its precision


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
    again, from the beginning, by Levenberg-Marquardt. Once a few starts from all over have
    found points, the others are led to these where a point's own linearisation brings q down
    to the tolerance, at the price of a matrix product a step; where it does not, they search
    on their own. Searches from between the points found come last, since saddles lie there
    and few starts end on them. What does not converge is left out of the points and counted
    in the report.

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

    typical = starts.mean(axis=0)
    shut = partial(frozen, state_map, typical=typical, share=SHUT, chunk=chunk)
    settings = _Settings(tolerance, newton_iterations, descent_iterations, ridge, chunk, shut)
    ends, speeds = np.empty_like(starts), np.empty(len(starts))
    known = KnownPoints(starts.shape[1])
    groups = _scouts_first(starts)
    for rows in groups:
        front = _search(state_map, starts[rows], settings, known)
        ends[rows], speeds[rows] = front.states, front.speeds
        done = front.states[front.speeds <= tolerance]
        known.add(state_map, done, within=unique_within, chunk=chunk)
    # Of the starts that lead to one point the first that was searched stands for all, a scout
    # where one did: the choice depends neither on the starts' order nor on their ends' last bits.
    in_order = np.concatenate(groups)
    chosen = in_order[speeds[in_order] <= tolerance]
    chosen = chosen[distinct(ends[chosen], unique_within)]
    between = _search_between(state_map, known, len(starts), settings, unique_within)
    states = np.concatenate([ends[chosen], between])
    led = np.concatenate([chosen, np.full(len(between), -1)])
    kept = distinct(states, unique_within)
    states, final = _polish(state_map, states[kept], unique_within, settings)
    idle = shut(states)
    report = _report(state_map, ends, speeds, states[idle], typical, settings, unique_within)
    order = _reading_order(states, unique_within)
    order = order[~idle[order]]
    return FixedPoints(
        states[order], final[order], led[kept][order], np.ones(len(order), dtype=bool),
        on_kink(state_map, states[order], chunk=chunk), report,
    )  # fmt: skip


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

    ends, speeds = np.empty_like(starts), np.empty(len(starts))
    for rows in _groups(_start_order(starts)):
        states = starts[rows]
        for _ in range(settling):
            states = state_map(states)
        front = Front.at(state_map, states)
        fixed_ridge_descent(
            state_map, front, tolerance=tolerance, iterations=iterations, ridge=ridge, chunk=chunk
        )
        ends[rows], speeds[rows] = front.states, front.speeds
    slow = np.isfinite(speeds)
    if max_speed is not None:
        slow &= np.sqrt(2 * speeds) <= max_speed
    nowhere = np.zeros(len(starts), dtype=bool)
    report = SearchReport(speeds <= tolerance, slow, speeds, ends, nowhere)
    kept = np.flatnonzero(slow)
    kinks = on_kink(state_map, ends[kept], chunk=chunk)
    return FixedPoints(ends[kept], speeds[kept], kept, speeds[kept] <= tolerance, kinks, report)


def _scouts_first(starts: np.ndarray) -> list[np.ndarray]:
    """Rows in groups: a few from all over, whose points the others may be led to, then the rest.

    The starts are sorted first, so that not one bit depends on their order.
    """
    order = _start_order(starts)
    scouts = np.unique(np.linspace(0, len(order) - 1, _SCOUTS).astype(np.intp))
    return [order[scouts], *_groups(np.delete(order, scouts))]


def _groups(rows: np.ndarray) -> list[np.ndarray]:
    """Cut rows into groups that are searched together."""
    return [rows[first : first + _GROUP] for first in range(0, len(rows), _GROUP)]


@dataclass(frozen=True)
class _Settings:
    """What every exact search of one call shares; see `find_fixed_points`."""

    tolerance: float
    newton_iterations: int
    descent_iterations: int
    ridge: float
    chunk: int | None
    hopeless: Hopeless


def _search(
    state_map: StateMap,
    starts: np.ndarray,
    settings: _Settings,
    known: KnownPoints,
    *,
    alone: int = 0,
) -> Front:
    """Newton from each start; Levenberg-Marquardt once more, from the beginning, where it stuck."""
    front = Front.at(state_map, starts)
    tolerance, chunk = settings.tolerance, settings.chunk
    damped_newton(
        state_map, front, tolerance=tolerance, iterations=settings.newton_iterations,
        ridge=settings.ridge, chunk=chunk, hopeless=settings.hopeless, known=known, alone=alone,
    )  # fmt: skip
    stuck = np.flatnonzero(front.speeds > tolerance)
    again = Front.at(state_map, starts[stuck])
    levenberg_marquardt(
        state_map, again, tolerance=tolerance, iterations=settings.descent_iterations,
        chunk=chunk, hopeless=settings.hopeless,
    )  # fmt: skip
    lower = again.speeds < front.speeds[stuck]
    front.move(stuck[lower], again.states[lower], again.residuals[lower], again.speeds[lower])
    return front


def _search_between(
    state_map: StateMap, known: KnownPoints, budget: int, settings: _Settings, within: float
) -> np.ndarray:
    """Points that searches from midway between isolated known points lead to, (n, d).

    Saddles lie between attractors, saddles of higher index between those, and few starts end
    on them. Goes on while new points come, and never from more starts than the caller gave.
    """
    found = [np.empty((0, state_map.width))]
    tried: set[tuple[int, int]] = set()
    for _ in range(_GENERATIONS):
        pairs = sorted(_neighbours(known.states) - tried)[: budget - len(tried)]
        if not pairs:
            break
        tried.update(pairs)
        one, other = np.array(pairs).T
        midway = 0.5 * (known.states[one] + known.states[other])
        # A midpoint is as near to its two ends as to what lies between: first it goes its own way.
        front = _search(state_map, midway, settings, known, alone=_ALONE)
        found.append(front.states[front.speeds <= settings.tolerance])
        if not known.add(state_map, found[-1], within=within, chunk=settings.chunk):
            break
    return np.concatenate(found)


def _report(
    state_map: StateMap,
    ends: np.ndarray,
    speeds: np.ndarray,
    idle: np.ndarray,
    typical: np.ndarray,
    settings: _Settings,
    within: float,
) -> SearchReport:
    """What became of each start; those that ended at a point of shut gates did not converge."""
    converged, saturated = speeds <= settings.tolerance, np.zeros(len(ends), dtype=bool)
    for point in idle:
        saturated |= np.linalg.norm(ends - point, axis=1) <= within
    converged &= ~saturated
    stuck = np.flatnonzero(~converged & ~saturated & np.isfinite(speeds))
    saturated[stuck] = frozen(
        state_map, ends[stuck], typical=typical, share=NEARLY_SHUT, chunk=settings.chunk
    )
    return SearchReport(converged, converged, speeds, ends, saturated)


def _neighbours(states: np.ndarray) -> set[tuple[int, int]]:
    """Each point with its nearest ones and with the one farthest away, as pairs (low, high)."""
    pairs: set[tuple[int, int]] = set()
    for row, state in enumerate(states):
        order = np.argsort(np.linalg.norm(states - state, axis=1), kind="stable")
        near = [*order[1 : _NEAREST + 1], order[-1]]
        pairs.update((min(row, int(one)), max(row, int(one))) for one in near if one != row)
    return pairs


def _start_order(starts: np.ndarray) -> np.ndarray:
    return np.lexsort(starts.T[::-1])


def _reading_order(states: np.ndarray, within: float) -> np.ndarray:
    """Order by coordinates, rounded so that the last bits do not decide."""
    grid = max(0.1 * within, 1e-12)
    # Exact coordinates break the ties that rounding leaves.
    keys = np.concatenate([np.round(states / grid), states], axis=1)
    return np.lexsort(keys.T[::-1])


def _polish(
    state_map: StateMap, states: np.ndarray, within: float, settings: _Settings
) -> tuple[np.ndarray, np.ndarray]:
    """Bring distinct points to rounding precision, unless they would slide away doing so."""
    before, front = Front.at(state_map, states), Front.at(state_map, states)
    damped_newton(
        state_map, front, tolerance=0.0, iterations=_POLISHING, ridge=settings.ridge,
        chunk=settings.chunk,
    )  # fmt: skip
    near = np.linalg.norm(front.states - states, axis=1) <= max(0.1 * within, 1e-9)
    return (
        np.where(near[:, None], front.states, states),
        np.where(near, front.speeds, before.speeds),
    )


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ValueError(f"{name} is {value}; it has to be {least} or more.")
