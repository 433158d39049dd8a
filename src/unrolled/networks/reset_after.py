"""The GRU whose reset gate acts after the recurrent matrix, as Keras and cuDNN have it.

References
----------
.. [1] Cho et al., "Learning phrase representations using RNN encoder-decoder for
   statistical machine translation", EMNLP 2014: first version, arXiv:1406.1078v1.
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Array, join, logistic, sum_rows, times_transpose, transpose_times
from .base import Cell, Parameters, add_diagonal, scaled


@dataclass(frozen=True)
class GruResetAfter(Cell):
    """``h' = u h + (1 - u) f(r (W_c h + b_r) + A_c x + b)``; columns: update, reset, candidate.

    All three recurrent products read the state itself, so they are one. ``recurrent_bias``
    (N,) is b_r: what reset lets through besides the product.
    """

    name = "gru_reset_after"
    blocks = 3

    @classmethod
    def shapes(cls, units: int, inputs: int) -> dict[str, tuple[int, ...]]:
        """As any cell with three blocks, and a bias within the reach of the reset gate."""
        return super().shapes(units, inputs) | {"recurrent_bias": (units,)}

    def advance(
        self, parameters: Parameters, states: Array, drive: Array
    ) -> tuple[Array, tuple[Array, ...]]:
        """See `Cell.advance`; trace: update and reset gate, candidate, what reset acts on."""
        units = drive.shape[-1] // 3
        sums = states @ parameters["recurrent"]
        gates = logistic(sums[..., : 2 * units] + drive[..., : 2 * units])
        update, reset = gates[..., :units], gates[..., units:]
        recalled = sums[..., 2 * units :] + parameters["recurrent_bias"]
        candidate = self.activation.value(reset * recalled + drive[..., 2 * units :])
        following = candidate + update * (states - candidate)
        return following, (update, reset, candidate, recalled)

    def adjoint(
        self,
        parameters: Parameters,
        adjoints: Array,
        states: Array,
        trace: tuple[Array, ...],
    ) -> tuple[Array, Array]:
        """See `Cell.adjoint`."""
        update, reset, candidate, recalled = trace
        kept = adjoints * update
        to_candidate = (adjoints - kept) * self.activation.slope(candidate)
        to_recalled = to_candidate * reset
        gates = join(
            kept * (1.0 - update) * (states - candidate), to_recalled * (1.0 - reset) * recalled
        )
        sums = join(gates, to_recalled)
        return kept + times_transpose(sums, parameters["recurrent"]), join(gates, to_candidate)

    @staticmethod
    def recurrent_gradients(
        states: Array, trace: tuple[Array, ...], drive_adjoints: Array
    ) -> dict[str, Array]:
        """See `Cell.recurrent_gradients`."""
        _, reset, _, _ = trace
        units = states.shape[-1]
        to_recalled = drive_adjoints[..., 2 * units :] * reset
        sums = join(drive_adjoints[..., : 2 * units], to_recalled)
        return {
            "recurrent": transpose_times(states, sums),
            "recurrent_bias": sum_rows(to_recalled),
        }

    def _gains(
        self, states: np.ndarray, trace: tuple[np.ndarray, ...]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far the next state follows the update's, the reset's and the candidate's sum."""
        update, reset, candidate, recalled = trace
        to_candidate = (1.0 - update) * self.activation.slope(candidate)
        return (
            (states - candidate) * update * (1.0 - update),
            to_candidate * recalled * reset * (1.0 - reset),
            to_candidate,
        )

    def _by_state(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_state`."""
        _, trace = self._trace(states, inputs)
        update, reset, _, _ = trace
        to_update, to_reset, to_candidate = self._gains(states, trace)
        gains = (to_update, to_reset, to_candidate * reset)
        jacobians = self._weighted(gains, self.parameters["recurrent"])
        add_diagonal(jacobians, update)
        return jacobians

    def _by_input(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """See `Cell.jacobian_input`."""
        _, trace = self._trace(states, inputs)
        return self._weighted(self._gains(states, trace), self.parameters["input"])

    def _weighted(self, gains: tuple[np.ndarray, ...], weights: np.ndarray) -> np.ndarray:
        """Sum over the three blocks of ``diag(gain) @ weights.T``."""
        blocks = [weights[:, k * self.units : (k + 1) * self.units] for k in range(3)]
        jacobians = scaled(gains[0], blocks[0])
        for gain, block in zip(gains[1:], blocks[1:], strict=True):
            jacobians += scaled(gain, block)
        return jacobians
