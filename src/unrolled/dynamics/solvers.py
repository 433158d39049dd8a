"""Descent on q(h) = |F(h) - h|^2 / 2 for many states at once, by second-order steps."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .maps import StateMap, blocks
from .points import distinct

# States (n, d) to whether each can never come to rest, (n,).
Hopeless = Callable[[np.ndarray], np.ndarray]

_MOST_SIMPLIFIED = 25  # simplified Newton steps; at a quarter each, q falls by 15 powers of ten
_PATIENCE = 12  # steps in which q has to halve, or the search from that state is given up
# Norm of the inverse of dF/dh - I above which a fixed point is taken for one of a continuum:
# there the matrix is singular but for rounding.
_MOST_INVERSE, _MOST_INVERSE_SINGLE = 1e8, 1e3
_KNOWN_BYTES = 64 * 2**20  # of the inverses that known points carry
_HALVINGS = 8  # of a step that does not lower q, before its state is left where it is
# Damping of Levenberg-Marquardt relative to |F(h) - h|: its first value, and the value
# beyond which a state that still cannot descend is at a local minimum of q.
_DAMPING = 1e-2
_MOST_DAMPING = 1e12


@dataclass
class Front:
    """States on their way down: (n, d) states and residuals F(h) - h, (n,) speeds q."""

    states: np.ndarray
    residuals: np.ndarray
    speeds: np.ndarray

    @classmethod
    def at(cls, state_map: StateMap, states: np.ndarray) -> "Front":
        """Measure residuals and speeds at the states."""
        return cls(states.copy(), *measure(state_map, states))

    @property
    def width(self) -> int:
        """Entries of a state."""
        return self.states.shape[1]

    def move(self, rows: np.ndarray, states, residuals, speeds) -> None:
        """Put these rows at new, already measured states."""
        self.states[rows], self.residuals[rows], self.speeds[rows] = states, residuals, speeds


def measure(state_map: StateMap, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give residuals F(h) - h, shape (n, d), and q, shape (n,); q is inf where not finite."""
    with np.errstate(all="ignore"):
        residuals = state_map(states) - states
        speeds = 0.5 * np.einsum("ij,ij->i", residuals, residuals)
    return residuals, np.where(np.isfinite(speeds), speeds, np.inf)


def damped_newton(
    state_map: StateMap,
    front: Front,
    *,
    tolerance: float,
    iterations: int,
    ridge: float,
    chunk: int | None = None,
    hopeless: Hopeless | None = None,
    known: "KnownPoints | None" = None,
    alone: int = 0,
) -> None:
    """Newton's method for every row of a front, each step halved until q falls.

    Rows are left alone once q is at most ``tolerance``, no step lowers q, or patience is out,
    which it is at once for states that are ``hopeless``. It finds saddles as readily as
    attractors. Rows that a known point's linearisation leads home take that shorter way,
    before every step but the first ``alone``.
    """

    def directions(slopes, residuals):
        # The ridge moves the eigenvalues of contracting directions away from zero.
        _diagonal(slopes)[...] -= ridge
        return solve_each(slopes, -residuals)

    active = _unfinished(front, np.arange(len(front.states)), tolerance)
    patience = _Patience(front, hopeless)
    for iteration in range(iterations):
        active = patience.of(active)
        if known is not None and iteration >= alone:
            known.lead_home(state_map, front, active, tolerance=tolerance)
            active = _unfinished(front, active, tolerance)
        if not active.size:
            break
        active = _descend(state_map, front, active, directions, chunk)
        active = _unfinished(front, active, tolerance)


def fixed_ridge_descent(
    state_map: StateMap,
    front: Front,
    *,
    tolerance: float,
    iterations: int,
    ridge: float,
    chunk: int | None = None,
) -> None:
    """Levenberg-Marquardt steps with a constant ridge, each halved until q falls.

    A direction with eigenvalue lam moves at once where (1 - lam)^2 is much larger than the
    ridge and hardly at all where it is much smaller, so states settle onto a slow manifold
    without sliding along it.
    """

    def directions(slopes, residuals):
        return _ridge_steps(slopes, residuals, np.full(len(slopes), ridge))

    active = np.arange(len(front.states))
    for _ in range(iterations):
        active = _unfinished(front, active, tolerance)
        if not active.size:
            break
        active = _descend(state_map, front, active, directions, chunk)


def levenberg_marquardt(
    state_map: StateMap,
    front: Front,
    *,
    tolerance: float,
    iterations: int,
    chunk: int | None = None,
    hopeless: Hopeless | None = None,
) -> None:
    """Levenberg-Marquardt with a ridge for each state, in proportion to |F(h) - h|.

    The proportion falls after a step that lowers q and rises after one that does not; tied
    to the residual, the ridge vanishes at a solution and convergence stays fast even where
    the solution is not isolated [1]_.

    References
    ----------
    .. [1] Yamashita and Fukushima, "On the rate of convergence of the Levenberg-Marquardt
       method", Computing Supplementa 15, 2001.
    """
    damping = np.full(len(front.states), _DAMPING)
    active, patience = np.arange(len(front.states)), _Patience(front, hopeless)
    for _ in range(iterations):
        active = patience.of(_unfinished(front, active, tolerance))
        active = active[damping[active] < _MOST_DAMPING]
        if not active.size:
            break
        for piece in blocks((len(active), front.width), chunk):
            rows = active[piece]
            residuals = front.residuals[rows]
            ridges = damping[rows] * np.minimum(1.0, np.linalg.norm(residuals, axis=1))
            steps = _ridge_steps(slopes_at(state_map, front.states[rows]), residuals, ridges)
            moved = _try(state_map, front, rows, steps, least_fall=0.0)
            damping[rows] *= np.where(moved, 0.2, 8.0)


class KnownPoints:
    """Fixed points found so far, each with the inverse of its linearised residual.

    Close to a fixed point p, the simplified Newton step ``-(dF/dh(p) - I)^-1 (F(h) - h)``
    serves all states alike: one product of matrices instead of a Jacobian and a solution for
    each. A state is led home if at every step q falls to a quarter or less, until it is at
    most the tolerance; if not, it stays where it was.
    """

    def __init__(self, width: int) -> None:
        self.states = np.empty((0, width))
        self._inverses = np.empty((0, width, width))

    def __len__(self) -> int:
        """Number of points."""
        return len(self.states)

    def add(
        self, state_map: StateMap, states: np.ndarray, *, within: float, chunk: int | None = None
    ) -> int:
        """Take up converged states that are new and isolated; say how many those are.

        ``within`` is the distance under which two points are one. There is room for as many
        as `_KNOWN_BYTES` of inverses hold.
        """
        both = np.concatenate([self.states, states])
        new = distinct(both, within)
        room = int(_KNOWN_BYTES // (8 * both.shape[1] ** 2)) - len(self)
        states = both[new[new >= len(self)][: max(room, 0)]]
        limit = _MOST_INVERSE_SINGLE if state_map.is_single else _MOST_INVERSE
        added = 0
        for piece in blocks(states.shape, chunk):
            slopes = slopes_at(state_map, states[piece])
            inverses = _inverse_each(slopes)
            with np.errstate(all="ignore"):
                sizes = np.maximum(1.0, np.linalg.norm(slopes, axis=(1, 2)))
                isolated = sizes * np.linalg.norm(inverses, axis=(1, 2)) < limit
            self.states = np.concatenate([self.states, states[piece][isolated]])
            self._inverses = np.concatenate([self._inverses, inverses[isolated]])
            added += int(isolated.sum())
        return added

    def lead_home(
        self, state_map: StateMap, front: Front, rows: np.ndarray, *, tolerance: float
    ) -> None:
        """Move those rows of the front to a fixed point that its simplified Newton leads there."""
        if not len(self) or not rows.size:
            return
        trial = Front(front.states[rows], front.residuals[rows], front.speeds[rows])
        nearest = self._nearest(trial.states)
        going = np.arange(len(rows))
        for _ in range(_MOST_SIMPLIFIED):
            steps = self._steps(nearest[going], trial.residuals[going])
            going = going[_try(state_map, trial, going, steps, least_fall=0.75)]
            arrived = trial.speeds[going] <= tolerance
            home = going[arrived]
            front.move(rows[home], trial.states[home], trial.residuals[home], trial.speeds[home])
            going = going[~arrived]
            if not going.size:
                break

    def _nearest(self, states: np.ndarray) -> np.ndarray:
        """Index of the known point nearest to each state."""
        half_squares = 0.5 * np.einsum("ij,ij->i", self.states, self.states)
        return (half_squares - states @ self.states.T).argmin(axis=1)

    def _steps(self, which: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Simplified Newton steps, one product for all states of the same point."""
        steps = np.empty_like(residuals)
        for point in np.unique(which):
            own = which == point
            steps[own] = -residuals[own] @ self._inverses[point].T
        return steps


def solve_each(matrices: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Solve ``matrices[i] @ x[i] = values[i]``; one bad matrix does not fail the others.

    A singular matrix gives the shortest least-squares solution, one that is not finite
    gives zeros.
    """
    with np.errstate(all="ignore"):
        try:
            solutions = np.linalg.solve(matrices, values[..., None])[..., 0]
        except np.linalg.LinAlgError:
            solutions = np.stack([_solve_one(a, b) for a, b in zip(matrices, values, strict=True)])
    solutions[~np.isfinite(solutions).all(axis=1)] = 0.0
    return solutions


def _inverse_each(matrices: np.ndarray) -> np.ndarray:
    """Inverses; NaN for a singular matrix, which does not fail the others."""
    try:
        return np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        inverses = np.full_like(matrices, np.nan)
        for row, matrix in enumerate(matrices):
            with contextlib.suppress(np.linalg.LinAlgError):
                inverses[row] = np.linalg.inv(matrix)
        return inverses


def _solve_one(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(matrix, values)
    except np.linalg.LinAlgError:
        if not np.isfinite(matrix).all() or not np.isfinite(values).all():
            return np.zeros_like(values)
        return np.linalg.lstsq(matrix, values)[0]


class _Patience:
    """Gives up states that get nowhere: looked at once in so many steps.

    Those whose q has not halved creep along a valley of q or sit at a local minimum of it;
    those that are hopeless by themselves may lower q for long, but not to a fixed point.
    """

    def __init__(self, front: Front, hopeless: Hopeless | None) -> None:
        self._front, self._hopeless = front, hopeless
        self._before, self._asked = front.speeds.copy(), 0

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Rows that may go on; asked before every step."""
        self._asked += 1
        if self._asked % _PATIENCE:
            return rows
        rows = rows[self._front.speeds[rows] <= 0.5 * self._before[rows]]
        if self._hopeless is not None:
            rows = rows[~self._hopeless(self._front.states[rows])]
        self._before = self._front.speeds.copy()
        return rows


def _descend(
    state_map: StateMap,
    front: Front,
    rows: np.ndarray,
    directions: Callable[[np.ndarray, np.ndarray], np.ndarray],
    chunk: int | None,
) -> np.ndarray:
    """One step of each row along its direction, halved until q falls; give the rows that moved."""
    moved = np.zeros(len(rows), dtype=bool)
    for piece in blocks((len(rows), front.width), chunk):
        steps = directions(
            slopes_at(state_map, front.states[rows[piece]]), front.residuals[rows[piece]]
        )
        waiting, length = np.arange(len(rows))[piece], 1.0
        for _ in range(_HALVINGS + 1):
            taken = _try(state_map, front, rows[waiting], length * steps, least_fall=1e-4 * length)
            moved[waiting[taken]] = True
            waiting, steps, length = waiting[~taken], steps[~taken], length / 2
            if not waiting.size:
                break
    return rows[moved]


def _try(
    state_map: StateMap, front: Front, rows: np.ndarray, steps: np.ndarray, *, least_fall: float
) -> np.ndarray:
    """Take those steps that lower q by at least this share; say which were taken."""
    trial = front.states[rows] + steps
    residuals, speeds = measure(state_map, trial)
    better = speeds < (1 - least_fall) * front.speeds[rows]
    front.move(rows[better], trial[better], residuals[better], speeds[better])
    return better


def _unfinished(front: Front, rows: np.ndarray, tolerance: float) -> np.ndarray:
    return rows[np.isfinite(front.speeds[rows]) & (front.speeds[rows] > tolerance)]


def slopes_at(state_map: StateMap, states: np.ndarray) -> np.ndarray:
    """Derivatives of the residuals, dF/dh - I, shape (n, d, d)."""
    with np.errstate(all="ignore"):
        slopes = state_map.jacobian(states)
    _diagonal(slopes)[...] -= 1.0
    return slopes


def _ridge_steps(slopes: np.ndarray, residuals: np.ndarray, ridges: np.ndarray) -> np.ndarray:
    """Minimise |A x + r|^2 + ridge |x|^2 for each state."""
    transposed = slopes.transpose(0, 2, 1)
    with np.errstate(all="ignore"):
        squares = transposed @ slopes
        _diagonal(squares)[...] += ridges[:, None]
        values = -(transposed @ residuals[..., None])[..., 0]
    return solve_each(squares, values)


def _diagonal(matrices: np.ndarray) -> np.ndarray:
    """Give a writable view of the diagonals, shape (n, d)."""
    return np.einsum("ijj->ij", matrices)
