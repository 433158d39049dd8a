"""What every recurrent cell is: parameters, a step, its derivatives.

Conventions. A state is a row, so a recurrent product is ``states @ recurrent`` with
``recurrent[j, i]`` the weight from unit j to unit i. Gates lie side by side in the
columns of one matrix. ``drive = inputs @ input + bias`` is the part of a step that does
not depend on the state; it may be computed for all times at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .arrays import Array
from .nonlinearities import Nonlinearity, nonlinearity_called

Parameters = Mapping[str, Array]

# States whose Jacobians are made together: their temporaries stay in the cache. 1.7 times
# as fast as 1,024 at once for a GRU and an LSTM of 64 units.
PIECE = 32


@dataclass(frozen=True)
class Cell(ABC):
    """One step of a recurrent network, ``state, input -> next state``.

    Parameters
    ----------
    units : int
        Hidden units N.
    inputs : int
        Entries of one input vector, m.
    parameters : mapping of str to ndarray
        ``recurrent`` (N, gates N), ``input`` (m, blocks N), ``bias`` (blocks N,), and what
        `shapes` of the kind adds. Kept as float64.
    nonlinearity : {"tanh", "relu"}
        What bends the candidate, the new content that a step offers.

    Attributes
    ----------
    name : str
        What `make_cell` calls the kind.
    state_size : int
        Entries of the state, d: N, or 2 N where the cell has a memory beside its output.

    Raises
    ------
    ValueError
        If a parameter is missing, unknown or of the wrong shape, or the nonlinearity unknown.
    """

    units: int
    inputs: int
    parameters: Parameters
    nonlinearity: str = "tanh"

    name: ClassVar[str]
    blocks: ClassVar[int] = 1
    state_blocks: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Check the nonlinearity and the shapes; keep float64 arrays."""
        nonlinearity_called(self.nonlinearity)
        shapes = self.shapes(self.units, self.inputs)
        if set(self.parameters) != set(shapes):
            raise ValueError(
                f"A {self.name} cell has the parameters {sorted(shapes)}, "
                f"but {sorted(self.parameters)} were given."
            )
        copies = {}
        for key, shape in shapes.items():
            copies[key] = np.asarray(self.parameters[key], dtype=np.float64)
            if copies[key].shape != shape:
                raise ValueError(
                    f"Parameter {key!r} of a {self.name} cell with {self.units} units and "
                    f"{self.inputs} inputs has the shape {shape}, not {copies[key].shape}."
                )
        object.__setattr__(self, "parameters", copies)

    @property
    def state_size(self) -> int:
        """Entries of the state, d."""
        return self.state_blocks * self.units

    @property
    def activation(self) -> Nonlinearity:
        """The nonlinearity's function and slope."""
        return nonlinearity_called(self.nonlinearity)

    @classmethod
    def shapes(cls, units: int, inputs: int) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter, in the order in which they are drawn."""
        return {
            "recurrent": (units, cls.blocks * units),
            "input": (inputs, cls.blocks * units),
            "bias": (cls.blocks * units,),
        }

    @staticmethod
    def drive(parameters: Parameters, inputs: Array) -> Array:
        """State-free part of the step: ``inputs @ input + bias``, (..., blocks N)."""
        return inputs @ parameters["input"] + parameters["bias"]

    @abstractmethod
    def advance(
        self, parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """Next states, and the activations from which the derivatives are made.

        Works on leading axes of any number, in NumPy and in TensorFlow.

        Parameters
        ----------
        parameters : mapping of str to array
            In place of the cell's own, so that a training can hold them as tensors.
        states : array of shape (..., d)
        drive : array of shape (..., blocks N)
            What `drive` returns.

        Returns
        -------
        next_states : array of shape (..., d)
        trace : tuple of arrays of shape (..., N)
        """

    @abstractmethod
    def adjoint(
        self,
        parameters: Parameters,
        adjoints: Array,
        states: Array,
        trace: tuple[Array, ...],
    ) -> tuple[Array, Array]:
        """Carry the gradient of a loss back through one step.

        Parameters
        ----------
        parameters : mapping of str to array
        adjoints : array of shape (..., d)
            Gradient with respect to the next states.
        states : array of shape (..., d)
            States before the step.
        trace : tuple of arrays
            From `advance`.

        Returns
        -------
        state_adjoints : array of shape (..., d)
            Gradient with respect to ``states``.
        drive_adjoints : array of shape (..., blocks N)
            Gradient with respect to ``drive``.
        """

    @staticmethod
    @abstractmethod
    def recurrent_gradients(
        states: Array, trace: tuple[Array, ...], drive_adjoints: Array
    ) -> dict[str, Array]:
        """Gradients of the recurrent parameters, summed over the rows of the arguments.

        Parameters
        ----------
        states, trace, drive_adjoints : arrays of shape (rows, ...)
            All documents and times laid out as rows.
        """

    @abstractmethod
    def _by_state(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """`jacobian_state` of a few states."""

    @abstractmethod
    def _by_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """`jacobian_input` of a few states."""

    def jacobian_state(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Derivative of the next state by the state.

        Parameters
        ----------
        states : ndarray of shape (n, d)
        inputs : ndarray of shape (n, m) or (m,)

        Returns
        -------
        jacobians : ndarray of shape (n, d, d)
            Entry ``[k, i, j]`` is the change of next entry i per change of entry j.
        """
        return self._in_pieces(self._by_state, states, inputs, self.state_size)

    def jacobian_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Derivative of the next state by the input.

        Parameters
        ----------
        states : ndarray of shape (n, d)
        inputs : ndarray of shape (n, m) or (m,)

        Returns
        -------
        jacobians : ndarray of shape (n, d, m)
        """
        return self._in_pieces(self._by_input, states, inputs, self.inputs)

    def step(self, states: Array, inputs: Array) -> Array:
        """Next states.

        Parameters
        ----------
        states : ndarray or tensor of shape (..., d)
        inputs : ndarray or tensor of shape (..., m) or (m,)

        Returns
        -------
        next_states : array of shape (..., d), of the states' library
        """
        return self.advance(self.parameters, states, self.drive(self.parameters, inputs))[0]

    def autonomous(self, *, inputs: np.ndarray) -> "Autonomous":
        """The step with its input held constant, as a map of states alone.

        Parameters
        ----------
        inputs : ndarray of shape (m,)

        Raises
        ------
        ValueError
            If ``inputs`` is not one finite vector of the cell's width.
        """
        return Autonomous(cell=self, inputs=frozen_input(inputs, self.inputs, self.name))

    def _in_pieces(
        self,
        jacobian: Callable[[np.ndarray, np.ndarray], np.ndarray],
        states: np.ndarray,
        inputs: np.ndarray,
        width: int,
    ) -> np.ndarray:
        """Jacobians (n, d, width), a few states at a time."""
        states, inputs = np.asarray(states), np.asarray(inputs)
        jacobians = np.empty((len(states), self.state_size, width))
        for first in range(0, len(states), PIECE):
            rows = slice(first, first + PIECE)
            own = inputs if inputs.ndim == 1 else inputs[rows]
            jacobians[rows] = jacobian(states[rows], own)
        return jacobians

    def _trace(
        self, states: np.ndarray, inputs: np.ndarray
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """Next states and activations for the Jacobians, one row for each state."""
        return self.advance(self.parameters, states, self._drive_of(states, inputs))

    def _drive_of(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """State-free part of the step, one row for each state."""
        return np.broadcast_to(
            self.drive(self.parameters, np.asarray(inputs, dtype=np.float64)),
            (len(states), self.blocks * self.units),
        )


@dataclass(frozen=True)
class Autonomous:
    """A cell whose input is held constant: a map from states to states.

    Parameters
    ----------
    cell : Cell
    inputs : ndarray of shape (m,)
    """

    cell: Cell
    inputs: np.ndarray

    def __call__(self, states: Array) -> Array:
        """Next states, (n, d) to (n, d)."""
        return self.cell.step(states, self.inputs)

    def jacobian(self, states: np.ndarray) -> np.ndarray:
        """Derivative of the map, (n, d) to (n, d, d)."""
        return self.cell.jacobian_state(states, self.inputs)


def frozen_input(inputs: np.ndarray, width: int, name: str) -> np.ndarray:
    """The input that a cell called ``name`` is to hold, as float64; an error where it cannot."""
    frozen = np.asarray(inputs, dtype=np.float64)
    if frozen.shape != (width,) or not np.isfinite(frozen).all():
        raise ValueError(
            f"The frozen input of this {name} cell must be one vector of {width} finite numbers; "
            f"got shape {frozen.shape}. Pass, for example, a row of the embedding or its mean."
        )
    return frozen


def scaled(gain: np.ndarray, weights: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """``diag(gain) @ weights.T`` for each row of ``gain``: (n, N), (p, N) to (n, N, p)."""
    return np.multiply(gain[:, :, None], np.ascontiguousarray(weights.T)[None], out=out)


def add_diagonal(matrices: np.ndarray, values: np.ndarray) -> None:
    """Add ``values`` (n, N) to the diagonals of ``matrices`` (n, N, N), in place."""
    places = np.arange(values.shape[1])
    matrices[:, places, places] += values
