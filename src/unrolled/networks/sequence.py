"""A recurrent network that reads signals and says something at every step: cell and readout."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .base import Cell
from .cells import make_cell, single
from .trajectories import run_cell


@dataclass(frozen=True)
class SequenceNetwork:
    """Recurrent cell, first state and linear readout of the hidden units.

    Parameters
    ----------
    cell : Cell
    initial_state : ndarray of shape (d,)
    readout : ndarray of shape (N, k)
        Acts on the hidden units; an LSTM's memory is not read.
    readout_bias : ndarray of shape (k,)
    metadata : mapping
        What is known about the network, as JSON would hold it.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """

    cell: Cell
    initial_state: np.ndarray
    readout: np.ndarray
    readout_bias: np.ndarray
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the shapes; keep float64 arrays."""
        outputs = np.shape(self.readout)[-1:]
        expected = {
            "initial_state": (self.cell.state_size,),
            "readout": (self.cell.units, *outputs),
            "readout_bias": outputs,
        }
        for key, shape in expected.items():
            values = np.asarray(getattr(self, key), dtype=np.float64)
            if values.shape != shape:
                raise ValueError(
                    f"The {key} of a network with this {self.cell.name} cell has the shape "
                    f"{shape}, not {values.shape}."
                )
            object.__setattr__(self, key, values)

    @property
    def state_size(self) -> int:
        """Entries of the state, d."""
        return self.cell.state_size

    @property
    def outputs(self) -> int:
        """Numbers that the readout gives, k."""
        return len(self.readout_bias)

    def parameters(self) -> dict[str, np.ndarray]:
        """All values by name; the cell's own under ``cell.<name>``."""
        cell = {f"cell.{key}": value for key, value in self.cell.parameters.items()}
        return cell | {
            "initial_state": self.initial_state,
            "readout": self.readout,
            "readout_bias": self.readout_bias,
        }

    def with_parameters(
        self, parameters: Mapping[str, np.ndarray], *, metadata: Mapping[str, Any]
    ) -> "SequenceNetwork":
        """A network of the same kind with other values; what is not named stays as it is."""
        values = {**self.parameters(), **parameters}
        cell = {key: values[f"cell.{key}"] for key in self.cell.parameters}
        own = {key: values[key] for key in ("initial_state", "readout", "readout_bias")}
        return SequenceNetwork(
            cell=replace(self.cell, parameters=cell), **own, metadata=dict(metadata)
        )

    def states(self, inputs: np.ndarray) -> np.ndarray:
        """States after each input.

        Parameters
        ----------
        inputs : ndarray of shape (n, T, m)

        Returns
        -------
        states : ndarray of shape (n, T, d)
        """
        return run_cell(self.cell, inputs, initial_state=self.initial_state)

    def read(self, states: np.ndarray) -> np.ndarray:
        """Readout of states, (..., d) to (..., k)."""
        return states[..., : self.cell.units] @ self.readout + self.readout_bias

    @property
    def readout_of_state(self) -> np.ndarray:
        """Readout as a matrix (d, k) that acts on the whole state, 0 for an LSTM's memory."""
        matrix = np.zeros((self.state_size, self.outputs))
        matrix[: self.cell.units] = self.readout
        return matrix


def make_sequence_network(
    cell_name: str,
    *,
    units: int,
    inputs: int,
    outputs: int,
    rng: np.random.Generator,
    nonlinearity: str = "tanh",
    recurrent_gain: float = 1.0,
    identity_gain: float = 0.0,
    metadata: Mapping[str, Any] | None = None,
) -> SequenceNetwork:
    """A new, untrained network.

    Input and readout weights have the variance 1 / fan-in, recurrent ones the variance
    ``recurrent_gain^2 / N``; biases and first state are 0.

    Parameters
    ----------
    cell_name : str
    units, inputs, outputs : int
        Hidden units N, entries of an input and of an output.
    rng : numpy.random.Generator
    nonlinearity : {"tanh", "relu"}
        Of the cell's candidate.
    recurrent_gain : float
    identity_gain : float
        This much of the identity is added to the recurrent weights of a cell without gates.
    metadata : mapping, optional
        Added to cell, nonlinearity and sizes, which are always noted.

    Raises
    ------
    ValueError
        If the cell or the nonlinearity is unknown, a size not positive, or an identity is asked
        for where the recurrent weights are not square.

    References
    ----------
    .. [1] Le, Jaitly and Hinton, "A simple way to initialize recurrent networks of rectified
       linear units", arXiv:1504.00941, 2015.
    """
    cell = make_cell(cell_name, units=units, inputs=inputs, rng=rng, nonlinearity=nonlinearity)
    weights = dict(cell.parameters)
    for key in ("recurrent", "candidate"):
        if key in weights:
            weights[key] = recurrent_gain * weights[key]
    if identity_gain != 0.0:
        if weights["recurrent"].shape != (units, units):
            raise ValueError(
                f"identity_gain is {identity_gain}, but a {cell_name} cell has gates: its "
                "recurrent weights are no square matrix. Use 0."
            )
        weights["recurrent"] = weights["recurrent"] + identity_gain * np.eye(units)
    weights = {key: single(values) for key, values in weights.items()}
    readout = single(rng.standard_normal((units, outputs)) / np.sqrt(units))
    sizes = {
        "cell": cell_name,
        "nonlinearity": nonlinearity,
        "units": units,
        "inputs": inputs,
        "outputs": outputs,
    }
    return SequenceNetwork(
        cell=replace(cell, parameters=weights),
        initial_state=np.zeros(cell.state_size),
        readout=readout,
        readout_bias=np.zeros(outputs),
        metadata=sizes | dict(metadata or {}),
    )
