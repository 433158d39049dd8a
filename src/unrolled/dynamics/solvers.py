"""Descent on q(h) = |F(h) - h|^2 / 2 for many states at once, by second-order steps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .maps import StateMap

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
    state_map: StateMap, starts: np.ndarray, *, tolerance: float, iterations: int, ridge: float
) -> Front:
    """Newton's method, each step halved until q falls.

    States leave the batch once q is at most ``tolerance`` or no step lowers q. It finds
    saddles as readily as attractors.
    """

    def directions(slopes, residuals):
        # The ridge moves the eigenvalues of contracting directions away from zero.
        _diagonal(slopes)[...] -= ridge
        return solve_each(slopes, -residuals)

    front = Front.at(state_map, starts)
    _descend(state_map, front, directions, tolerance=tolerance, iterations=iterations)
    return front


def fixed_ridge_descent(
    state_map: StateMap, starts: np.ndarray, *, tolerance: float, iterations: int, ridge: float
) -> Front:
    """Levenberg-Marquardt steps with a constant ridge, each halved until q falls.

    A direction with eigenvalue lam moves at once where (1 - lam)^2 is much larger than the
    ridge and hardly at all where it is much smaller, so states settle onto a slow manifold
    without sliding along it.
    """

    def directions(slopes, residuals):
        return _ridge_steps(slopes, residuals, np.full(len(slopes), ridge))

    front = Front.at(state_map, starts)
    _descend(state_map, front, directions, tolerance=tolerance, iterations=iterations)
    return front


def levenberg_marquardt(
    state_map: StateMap, starts: np.ndarray, *, tolerance: float, iterations: int
) -> Front:
    """Levenberg-Marquardt with a ridge for each state, in proportion to |F(h) - h|.

    The proportion falls after a step that lowers q and rises after one that does not; tied
    to the residual, the ridge vanishes at a solution and convergence stays fast even where
    the solution is not isolated [1]_.

    References
    ----------
    .. [1] Yamashita and Fukushima, "On the rate of convergence of the Levenberg-Marquardt
       method", Computing Supplementa 15, 2001.
    """
    front = Front.at(state_map, starts)
    damping = np.full(len(starts), _DAMPING)
    active = _unfinished(front, tolerance)
    for _ in range(iterations):
        if not active.size:
            break
        residuals = front.residuals[active]
        ridges = damping[active] * np.minimum(1.0, np.linalg.norm(residuals, axis=1))
        steps = _ridge_steps(_slopes(state_map, front, active), residuals, ridges)
        moved = _try(state_map, front, active, steps, least_fall=0.0)
        damping[active] *= np.where(moved, 0.2, 8.0)
        active = active[(front.speeds[active] > tolerance) & (damping[active] < _MOST_DAMPING)]
    return front


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


def _solve_one(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(matrix, values)
    except np.linalg.LinAlgError:
        if not np.isfinite(matrix).all() or not np.isfinite(values).all():
            return np.zeros_like(values)
        return np.linalg.lstsq(matrix, values)[0]


def _descend(
    state_map: StateMap, front: Front, directions: Callable, *, tolerance: float, iterations: int
) -> None:
    active = _unfinished(front, tolerance)
    for _ in range(iterations):
        if not active.size:
            break
        steps = directions(_slopes(state_map, front, active), front.residuals[active])
        moved = np.zeros(active.size, dtype=bool)
        length = 1.0
        for _ in range(_HALVINGS + 1):
            waiting = np.flatnonzero(~moved)
            if not waiting.size:
                break
            moved[waiting] = _try(
                state_map, front, active[waiting], length * steps[waiting], least_fall=1e-4 * length
            )
            length /= 2
        active = active[moved & (front.speeds[active] > tolerance)]


def _try(
    state_map: StateMap, front: Front, rows: np.ndarray, steps: np.ndarray, *, least_fall: float
) -> np.ndarray:
    """Take those steps that lower q by at least this share; say which were taken."""
    trial = front.states[rows] + steps
    residuals, speeds = measure(state_map, trial)
    better = speeds < (1 - least_fall) * front.speeds[rows]
    front.move(rows[better], trial[better], residuals[better], speeds[better])
    return better


def _unfinished(front: Front, tolerance: float) -> np.ndarray:
    return np.flatnonzero(np.isfinite(front.speeds) & (front.speeds > tolerance))


def _slopes(state_map: StateMap, front: Front, rows: np.ndarray) -> np.ndarray:
    """Derivatives of the residuals, dF/dh - I, shape (rows, d, d)."""
    with np.errstate(all="ignore"):
        slopes = state_map.jacobian(front.states[rows])
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
