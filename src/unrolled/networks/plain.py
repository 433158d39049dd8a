"""Cells without gates: the vanilla network and the linear one."""

from dataclasses import dataclass

import numpy as np

from .arrays import Array, times_transpose, transpose_times
from .base import Cell, Parameters, scaled


@dataclass(frozen=True)
class Vanilla(Cell):
    """``h' = f(W h + A x + b)``, f the nonlinearity."""

    name = "vanilla"

    def advance(
        self, parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """See `Cell.advance`; the trace is the next state."""
        following = self.activation.value(states @ parameters["recurrent"] + drive)
        return following, (following,)

    def adjoint(
        self,
        parameters: Parameters,
        adjoints: Array,
        states: Array,
        trace: tuple[Array, ...],
    ) -> tuple[Array, Array]:
        """See `Cell.adjoint`."""
        (following,) = trace
        drive = adjoints * self.activation.slope(following)
        return times_transpose(drive, parameters["recurrent"]), drive

    @staticmethod
    def recurrent_gradients(
        states: Array, trace: tuple[Array, ...], drive_adjoints: Array
    ) -> dict[str, Array]:
        """See `Cell.recurrent_gradients`."""
        return {"recurrent": transpose_times(states, drive_adjoints)}

    def _by_state(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_state`."""
        following, _ = self._trace(states, inputs)
        return scaled(self.activation.slope(following), self.parameters["recurrent"])

    def _by_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_input`."""
        following, _ = self._trace(states, inputs)
        return scaled(self.activation.slope(following), self.parameters["input"])


@dataclass(frozen=True)
class Linear(Cell):
    """``h' = W h + A x + b``; nothing bends, so ``nonlinearity`` stays at its default."""

    name = "linear"

    def __post_init__(self) -> None:
        """Refuse a nonlinearity that would have no effect."""
        if self.nonlinearity != "tanh":
            raise ValueError(
                f"A linear cell has no nonlinearity to set to {self.nonlinearity!r}. Leave it "
                "out, or use the cell 'vanilla'."
            )
        super().__post_init__()

    def advance(
        self, parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """See `Cell.advance`; a linear step leaves no trace."""
        return states @ parameters["recurrent"] + drive, ()

    def adjoint(
        self,
        parameters: Parameters,
        adjoints: Array,
        states: Array,
        trace: tuple[Array, ...],
    ) -> tuple[Array, Array]:
        """See `Cell.adjoint`."""
        return times_transpose(adjoints, parameters["recurrent"]), adjoints

    @staticmethod
    def recurrent_gradients(
        states: Array, trace: tuple[Array, ...], drive_adjoints: Array
    ) -> dict[str, Array]:
        """See `Cell.recurrent_gradients`."""
        return {"recurrent": transpose_times(states, drive_adjoints)}

    def _by_state(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """The same matrix at every state."""
        return np.repeat(self.parameters["recurrent"].T[None], len(states), axis=0)

    def _by_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """The same matrix at every state."""
        return np.repeat(self.parameters["input"].T[None], len(states), axis=0)
