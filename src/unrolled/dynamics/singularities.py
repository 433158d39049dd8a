"""Where a linear description says little: units that are frozen, and kinks."""

import numpy as np

from .maps import StateMap, blocks
from .solvers import slopes_at

# A row of dF/dh - I is the unit's own motion. Shorter than this share of what it is at a
# typical state, the unit does not move: its gate is shut to rounding, so that q vanishes
# though nothing rests there, or nearly so, so that a search has nowhere to go.
SHUT, NEARLY_SHUT = 1e-6, 1e-2
# Relative change of the Jacobian that is a jump, and how far aside of a point it is looked for,
# in double and in single precision: a smooth map's change is about as small as the distance.
_JUMP, _ASIDE, _ASIDE_SINGLE = 1e-3, 1e-7, 1e-5


def frozen(
    state_map: StateMap,
    states: np.ndarray,
    *,
    typical: np.ndarray,
    share: float,
    chunk: int | None = None,
) -> np.ndarray:
    """Whether some unit hardly moves at a state, though it does at a typical one.

    A unit that never moves, such as a perfect integrator, is not frozen.

    Parameters
    ----------
    state_map : StateMap
    states : ndarray of shape (n, d)
    typical : ndarray of shape (d,)
        For instance the mean of a search's starts.
    share : float
        Of the row's length at the typical state; below it the unit counts as frozen.
    chunk : int, optional
        See `find_fixed_points`.

    Returns
    -------
    ndarray of shape (n,), bool
    """
    usual = np.linalg.norm(slopes_at(state_map, typical[None])[0], axis=1)
    found = np.zeros(len(states), dtype=bool)
    for piece in blocks(states.shape, chunk):
        if len(states[piece]):
            lengths = np.linalg.norm(slopes_at(state_map, states[piece]), axis=2)
            found[piece] = (lengths < share * usual).any(axis=1)
    return found


def on_kink(state_map: StateMap, states: np.ndarray, *, chunk: int | None = None) -> np.ndarray:
    """Whether the Jacobian jumps from one side of each state to the other.

    A direction drawn at random crosses every kink that passes through the state.

    Parameters
    ----------
    state_map : StateMap
    states : ndarray of shape (n, d)
    chunk : int, optional
        See `find_fixed_points`.

    Returns
    -------
    ndarray of shape (n,), bool
    """
    direction = np.random.default_rng(0).uniform(1.0, 2.0, state_map.width)
    direction *= np.random.default_rng(1).choice([-1.0, 1.0], state_map.width)
    aside = direction * (_ASIDE_SINGLE if state_map.is_single else _ASIDE)
    jumps = np.zeros(len(states), dtype=bool)
    for piece in blocks(states.shape, chunk):
        if len(states[piece]):
            before, after = (state_map.jacobian(states[piece] + s * aside) for s in (-1.0, 1.0))
            change = np.linalg.norm(after - before, axis=(1, 2))
            jumps[piece] = change > _JUMP * np.maximum(1.0, np.linalg.norm(before, axis=(1, 2)))
    return jumps
