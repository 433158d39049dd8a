"""What bends a cell's candidate: a function, and its slope told from its value."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from .arrays import Array, positive_part, sign, tanh


@dataclass(frozen=True)
class Nonlinearity:
    """A function of each entry.

    Parameters
    ----------
    value : callable
        ``values -> f(values)``.
    slope : callable
        ``f(values) -> f'(values)``: made from what a forward step keeps anyway.
    """

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


NONLINEARITIES = {
    "tanh": Nonlinearity(tanh, lambda following: 1.0 - following * following),
    # 1 above the kink, 0 below and on it, as automatic differentiation has it.
    "relu": Nonlinearity(positive_part, sign),
}


def nonlinearity_called(name: str) -> Nonlinearity:
    """The nonlinearity of this name.

    Raises
    ------
    ValueError
        If there is none; the message tells the nearest.
    """
    if name not in NONLINEARITIES:
        near = difflib.get_close_matches(str(name).lower(), NONLINEARITIES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"There is no nonlinearity {name!r}; there are {', '.join(NONLINEARITIES)}.{hint}"
        )
    return NONLINEARITIES[name]
