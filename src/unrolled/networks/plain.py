"""Cells without gates: the vanilla network and the linear one."""

from dataclasses import dataclass

import numpy as np

from .arrays import Array, tanh, times_transpose, transpose_times
from .base import Cell, Parameters, scaled


@dataclass(frozen=True)
class Vanilla(Cell):
    """``h' = tanh(W h + A x + b)``."""

    name = "vanilla"

    @staticmethod
    def advance(
        parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """See `Cell.advance`; the trace is the next state."""
        following = tanh(states @ parameters["recurrent"] + drive)
        return following, (following,)

    @staticmethod
    def adjoint(
        parameters: Parameters, adjoints: Array, states: Array, trace: tuple[Array, ...]
    ) -> tuple[Array, Array]:
        """See `Cell.adjoint`."""
        (following,) = trace
        drive = adjoints * (1.0 - following * following)
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
        return scaled(1.0 - following * following, self.parameters["recurrent"])

    def _by_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_input`."""
        following, _ = self._trace(states, inputs)
        return scaled(1.0 - following * following, self.parameters["input"])


@dataclass(frozen=True)
class Linear(Cell):
    """``h' = W h + A x + b``."""

    name = "linear"

    @staticmethod
    def advance(
        parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """See `Cell.advance`; a linear step leaves no trace."""
        return states @ parameters["recurrent"] + drive, ()

    @staticmethod
    def adjoint(
        parameters: Parameters, adjoints: Array, states: Array, trace: tuple[Array, ...]
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
