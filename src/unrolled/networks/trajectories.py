"""The states of a cell over time."""

from typing import TYPE_CHECKING

import numpy as np

from .base import Cell

if TYPE_CHECKING:
    from .keras_cells import KerasCell


def run_cell(
    cell: "Cell | KerasCell", inputs: np.ndarray, *, initial_state: np.ndarray | None = None
) -> np.ndarray:
    """States that a cell visits while it reads sequences.

    Parameters
    ----------
    cell : Cell or KerasCell
    inputs : ndarray of shape (n, T, m)
        n sequences of T input vectors.
    initial_state : ndarray of shape (d,), optional
        Zeros if not given.

    Returns
    -------
    states : ndarray of shape (n, T, d)
        After each input; the initial state is not among them.

    Raises
    ------
    ValueError
        If the inputs or the initial state are of another shape.

    Examples
    --------
    >>> from unrolled.networks import make_cell
    >>> cell = make_cell("gru", units=4, inputs=2, rng=np.random.default_rng(0))
    >>> run_cell(cell, np.ones((3, 10, 2))).shape
    (3, 10, 4)
    """
    inputs = np.asarray(inputs, dtype=np.float64)
    if inputs.ndim != 3 or inputs.shape[2] != cell.inputs:
        raise ValueError(
            f"The inputs have the shape {inputs.shape}; this {cell.name} cell reads sequences "
            f"of shape (n, T, {cell.inputs})."
        )
    first = np.zeros(cell.state_size) if initial_state is None else np.asarray(initial_state)
    if first.shape != (cell.state_size,):
        raise ValueError(
            f"The initial state has the shape {first.shape}; this {cell.name} cell has states "
            f"of shape ({cell.state_size},)."
        )
    current = np.repeat(first[None].astype(np.float64), len(inputs), axis=0)
    states = np.empty((*inputs.shape[:2], cell.state_size))
    for time in range(inputs.shape[1]):
        current = np.asarray(cell.step(current, inputs[:, time]), dtype=np.float64)
        states[:, time] = current
    return states
