"""Cells with gates: UGRNN, GRU (reset before the matrix) and LSTM (state [h; c]).

In their equations f is the nonlinearity, tanh where nothing else is said.

References
----------
.. [1] Collins, Sohl-Dickstein and Sussillo, "Capacity and trainability in recurrent
   neural networks", ICLR 2017 (UGRNN).
.. [2] Cho et al., "Learning phrase representations using RNN encoder-decoder for
   statistical machine translation", EMNLP 2014 (GRU).
.. [3] Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation, 1997.
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Array, join, logistic, times_transpose, transpose_times
from .base import Cell, Parameters, add_diagonal, scaled

# Gates open at the start: a constant beside the trained biases, not part of them.
FORGET_BIAS = 1.0


@dataclass(frozen=True)
class Ugrnn(Cell):
    """``h' = u h + (1 - u) c`` with one gate u and ``c = f(...)``; columns: update, candidate."""

    name = "ugrnn"
    blocks = 2

    def advance(
        self, parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """See `Cell.advance`; trace: update gate, candidate."""
        units = drive.shape[-1] // 2
        sums = states @ parameters["recurrent"] + drive
        update, candidate = logistic(sums[..., :units]), self.activation.value(sums[..., units:])
        return candidate + update * (states - candidate), (update, candidate)

    def adjoint(
        self,
        parameters: Parameters,
        adjoints: Array,
        states: Array,
        trace: tuple[Array, ...],
    ) -> tuple[Array, Array]:
        """See `Cell.adjoint`."""
        update, candidate = trace
        kept = adjoints * update
        drive = join(
            kept * (1.0 - update) * (states - candidate),
            (adjoints - kept) * self.activation.slope(candidate),
        )
        return kept + times_transpose(drive, parameters["recurrent"]), drive

    @staticmethod
    def recurrent_gradients(
        states: Array, trace: tuple[Array, ...], drive_adjoints: Array
    ) -> dict[str, Array]:
        """See `Cell.recurrent_gradients`."""
        return {"recurrent": transpose_times(states, drive_adjoints)}

    def _gains(
        self, states: np.ndarray, inputs: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Update gate, and how far the next state follows each of the two sums."""
        _, (update, candidate) = self._trace(states, inputs)
        to_update = (states - candidate) * update * (1.0 - update)
        return update, to_update, (1.0 - update) * self.activation.slope(candidate)

    def _by_state(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_state`."""
        update, to_update, to_candidate = self._gains(states, inputs)
        weights = self.parameters["recurrent"]
        jacobians = scaled(to_update, weights[:, : self.units])
        jacobians += scaled(to_candidate, weights[:, self.units :])
        add_diagonal(jacobians, update)
        return jacobians

    def _by_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_input`."""
        _, to_update, to_candidate = self._gains(states, inputs)
        weights = self.parameters["input"]
        jacobians = scaled(to_update, weights[:, : self.units])
        jacobians += scaled(to_candidate, weights[:, self.units :])
        return jacobians


@dataclass(frozen=True)
class Gru(Cell):
    """``h' = u h + (1 - u) f(W_c (r h) + ...)``; columns: update, reset, candidate."""

    name = "gru"
    blocks = 3

    @classmethod
    def shapes(cls, units: int, inputs: int) -> dict[str, tuple[int, ...]]:
        """Two gates read the state itself, the candidate reads what reset leaves of it."""
        return {
            "recurrent": (units, 2 * units),
            "candidate": (units, units),
            "input": (inputs, 3 * units),
            "bias": (3 * units,),
        }

    def advance(
        self, parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """See `Cell.advance`; trace: update gate, reset gate, candidate."""
        units = drive.shape[-1] // 3
        gates = logistic(states @ parameters["recurrent"] + drive[..., : 2 * units])
        update, reset = gates[..., :units], gates[..., units:]
        sums = (reset * states) @ parameters["candidate"] + drive[..., 2 * units :]
        candidate = self.activation.value(sums)
        return candidate + update * (states - candidate), (update, reset, candidate)

    def adjoint(
        self,
        parameters: Parameters,
        adjoints: Array,
        states: Array,
        trace: tuple[Array, ...],
    ) -> tuple[Array, Array]:
        """See `Cell.adjoint`."""
        update, reset, candidate = trace
        kept = adjoints * update
        to_candidate = (adjoints - kept) * self.activation.slope(candidate)
        gated = times_transpose(to_candidate, parameters["candidate"]) * reset
        gates = join(kept * (1.0 - update) * (states - candidate), gated * (1.0 - reset) * states)
        before = kept + gated + times_transpose(gates, parameters["recurrent"])
        return before, join(gates, to_candidate)

    @staticmethod
    def recurrent_gradients(
        states: Array, trace: tuple[Array, ...], drive_adjoints: Array
    ) -> dict[str, Array]:
        """See `Cell.recurrent_gradients`."""
        _, reset, _ = trace
        units = states.shape[-1]
        return {
            "recurrent": transpose_times(states, drive_adjoints[..., : 2 * units]),
            "candidate": transpose_times(reset * states, drive_adjoints[..., 2 * units :]),
        }

    def _by_state(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_state`."""
        _, trace = self._trace(states, inputs)
        update, reset, _ = trace
        weights = self.parameters["recurrent"]
        recalled = self._recalled(states, reset, weights[:, self.units :])
        add_diagonal(recalled, reset)
        sums = self.parameters["candidate"].T @ recalled
        jacobians = self._from_sums(states, trace, sums, weights[:, : self.units])
        add_diagonal(jacobians, update)
        return jacobians

    def _by_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_input`."""
        _, trace = self._trace(states, inputs)
        to_update, to_reset, to_candidate = np.split(self.parameters["input"], 3, axis=1)
        sums = self.parameters["candidate"].T @ self._recalled(states, trace[1], to_reset)
        sums += to_candidate.T
        return self._from_sums(states, trace, sums, to_update)

    @staticmethod
    def _recalled(states: np.ndarray, reset: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Derivatives of ``r h`` through the reset gate, whose columns are ``weights``."""
        return scaled(states * reset * (1.0 - reset), weights)

    def _from_sums(
        self,
        states: np.ndarray,
        trace: tuple[np.ndarray, ...],
        sums: np.ndarray,
        weights: np.ndarray,
    ) -> np.ndarray:
        """Derivatives of the next state from those of the candidate's sums, in their place.

        ``weights`` are the columns of the update gate.
        """
        update, _, candidate = trace
        sums *= ((1.0 - update) * self.activation.slope(candidate))[:, :, None]
        sums += scaled((states - candidate) * update * (1.0 - update), weights)
        return sums


@dataclass(frozen=True)
class Lstm(Cell):
    """``c' = k c + i g``, ``h' = o f(c')``; columns: forget k, input i, output o, candidate g.

    The state is ``[h; c]``: only both together are a dynamical system. The nonlinearity f
    bends both the candidate, ``g = f(...)``, and the output: with "relu" the memory is no
    longer squashed on its way out, and a memory of 0 lies on a kink.
    """

    name = "lstm"
    blocks = 4
    state_blocks = 2

    def advance(
        self, parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """See `Cell.advance`; trace: forget, input, output gates, candidate, f(c')."""
        units = drive.shape[-1] // 4
        sums = states[..., :units] @ parameters["recurrent"] + drive
        forget = logistic(sums[..., :units] + FORGET_BIAS)
        gates = logistic(sums[..., units : 3 * units])
        enter, output = gates[..., :units], gates[..., units:]
        candidate = self.activation.value(sums[..., 3 * units :])
        memory = forget * states[..., units:] + enter * candidate
        squashed = self.activation.value(memory)
        return join(output * squashed, memory), (forget, enter, output, candidate, squashed)

    def adjoint(
        self,
        parameters: Parameters,
        adjoints: Array,
        states: Array,
        trace: tuple[Array, ...],
    ) -> tuple[Array, Array]:
        """See `Cell.adjoint`."""
        forget, enter, output, candidate, squashed = trace
        units = forget.shape[-1]
        hidden = adjoints[..., :units]
        memory = adjoints[..., units:] + hidden * output * self.activation.slope(squashed)
        drive = join(
            memory * states[..., units:] * forget * (1.0 - forget),
            memory * candidate * enter * (1.0 - enter),
            hidden * squashed * output * (1.0 - output),
            memory * enter * self.activation.slope(candidate),
        )
        return join(times_transpose(drive, parameters["recurrent"]), memory * forget), drive

    @staticmethod
    def recurrent_gradients(
        states: Array, trace: tuple[Array, ...], drive_adjoints: Array
    ) -> dict[str, Array]:
        """See `Cell.recurrent_gradients`."""
        units = states.shape[-1] // 2
        return {"recurrent": transpose_times(states[..., :units], drive_adjoints)}

    def _fill(
        self,
        jacobians: np.ndarray,
        states: np.ndarray,
        trace: tuple[np.ndarray, ...],
        weights: np.ndarray,
    ) -> None:
        """Write the derivatives of h' (upper rows) and c' (lower rows) through the gates."""
        forget, enter, output, candidate, squashed = trace
        size = self.units
        hidden, memory = jacobians[:, :size], jacobians[:, size:]
        gains = (
            states[:, size:] * forget * (1.0 - forget),
            candidate * enter * (1.0 - enter),
            enter * self.activation.slope(candidate),
        )
        columns = (slice(0, size), slice(size, 2 * size), slice(3 * size, None))
        scaled(gains[0], weights[:, columns[0]], out=memory)
        for gain, column in zip(gains[1:], columns[1:], strict=True):
            memory += scaled(gain, weights[:, column])
        np.multiply(memory, (output * self.activation.slope(squashed))[:, :, None], out=hidden)
        hidden += scaled(squashed * output * (1.0 - output), weights[:, 2 * size : 3 * size])

    def _by_state(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_state`."""
        _, trace = self._trace(states, inputs)
        forget, _, output, _, squashed = trace
        jacobians = np.zeros((len(states), self.state_size, self.state_size))
        self._fill(jacobians[:, :, : self.units], states, trace, self.parameters["recurrent"])
        right = jacobians[:, :, self.units :]
        add_diagonal(right[:, self.units :], forget)
        add_diagonal(right[:, : self.units], forget * output * self.activation.slope(squashed))
        return jacobians

    def _by_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_input`."""
        _, trace = self._trace(states, inputs)
        jacobians = np.empty((len(states), self.state_size, self.inputs))
        self._fill(jacobians, states, trace, self.parameters["input"])
        return jacobians
