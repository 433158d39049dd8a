"""The kinds of cells by name, and their first parameters."""

import difflib

import numpy as np

from .base import Cell, Parameters
from .gated import Gru, Lstm, Ugrnn
from .plain import Linear, Vanilla
from .reset_after import GruResetAfter

CELLS: dict[str, type[Cell]] = {
    kind.name: kind for kind in (Vanilla, Ugrnn, Gru, Lstm, Linear, GruResetAfter)
}


def cell_kind(name: str) -> type[Cell]:
    """The class of the cells called ``name``.

    Raises
    ------
    ValueError
        If there is none of this name; the message tells the nearest.
    """
    if name not in CELLS:
        near = difflib.get_close_matches(str(name).lower(), CELLS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"There is no cell {name!r}; there are {', '.join(CELLS)}.{hint}")
    return CELLS[name]


def single(values: np.ndarray) -> np.ndarray:
    """The nearest single-precision numbers, held in float64.

    Training runs in float32. A network drawn on its grid starts training from exactly
    the numbers that its untrained twin is analysed with.
    """
    return values.astype(np.float32).astype(np.float64)


def reorder_blocks(parameters: Parameters, order: list[int]) -> dict[str, np.ndarray]:
    """Copies of matrices and biases with their blocks of columns in another order."""
    return {
        key: np.concatenate([np.split(values, len(order), axis=-1)[k] for k in order], axis=-1)
        for key, values in parameters.items()
    }


def make_cell(
    name: str, *, units: int, inputs: int, rng: np.random.Generator, nonlinearity: str = "tanh"
) -> Cell:
    """A new cell with weights of variance 1 / fan-in and biases of 0.

    Parameters
    ----------
    name : {"vanilla", "ugrnn", "gru", "lstm", "linear", "gru_reset_after"}
    units : int
        Hidden units N.
    inputs : int
        Entries of one input vector, m.
    rng : numpy.random.Generator
    nonlinearity : {"tanh", "relu"}
        Of the candidate; a linear cell has none to set.

    Returns
    -------
    cell : Cell

    Raises
    ------
    ValueError
        If the name or the nonlinearity is unknown, or a size is not positive.

    Examples
    --------
    >>> cell = make_cell("lstm", units=3, inputs=2, rng=np.random.default_rng(0))
    >>> cell.state_size, cell.step(np.zeros((5, 6)), np.ones(2)).shape
    (6, (5, 6))
    """
    kind = cell_kind(name)
    if units < 1 or inputs < 1:
        raise ValueError(f"A cell needs at least one unit and one input, not {units}, {inputs}.")
    parameters: dict[str, np.ndarray] = {}
    for key, shape in kind.shapes(units, inputs).items():
        if key.endswith("bias"):
            parameters[key] = np.zeros(shape)
        else:
            parameters[key] = single(rng.standard_normal(shape) / np.sqrt(shape[0]))
    return kind(units=units, inputs=inputs, parameters=parameters, nonlinearity=nonlinearity)


__all__ = ["CELLS", "Cell", "Parameters", "cell_kind", "make_cell", "reorder_blocks", "single"]
