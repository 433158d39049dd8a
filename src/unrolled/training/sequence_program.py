"""Many steps of Adam on signals as one compiled program, for one network or several side by side.

Backpropagation through time is written out. On a CPU a network at a time is fastest; where a GPU
makes several at once faster, the same program takes a leading axis of networks: every parameter
is (..., rows, columns), and so are the states.

References
----------
.. [1] Werbos, "Backpropagation through time: what it does and how to do it",
   Proceedings of the IEEE, 1990.
.. [2] Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from unrolled.networks import Cell, SequenceNetwork

from .course import Course
from .state import OptimiserState
from .stepper import BETA_1, BETA_2, prepare_tensorflow

EPSILON = 1e-7  # Adam's

Tensor = Any  # tensorflow.Tensor; TensorFlow is imported where it runs


class Program:
    """The values of one network, or of several side by side, and the program that trains them.

    Parameters
    ----------
    network : SequenceNetwork
        For its equations, its shapes and its first state.
    lead : tuple of int
        The leading axis of networks; empty for a single one without such an axis.
    """

    def __init__(self, network: SequenceNetwork, lead: tuple[int, ...]) -> None:
        prepare_tensorflow()
        import tensorflow as tf

        self._cell, self._lead = network.cell, lead
        first = self.pack([network])
        self._shapes = {key: value.shape[len(lead) :] for key, value in first.items()}
        size = sum(int(np.prod(shape)) for shape in self._shapes.values())
        # All matrices in one row: Adam is compiled once instead of once for each.
        self._rows = [tf.Variable(tf.zeros((*lead, size))) for _ in range(3)]
        self._step = 0
        self._initial = np.float32(network.initial_state)
        # Nothing here has to be rewritten as a graph: to look for it takes as long as to trace.
        self._compiled = tf.function(self._steps, jit_compile=True, autograph=False)

    def pack(self, networks: list[SequenceNetwork]) -> dict[str, np.ndarray]:
        """Trained values as float32 matrices, with the leading axis if there is one."""
        packed = [
            {
                key: np.atleast_2d(value).astype(np.float32)
                for key, value in network.parameters().items()
                if key != "initial_state"
            }
            for network in networks
        ]
        if not self._lead:
            return packed[0]
        return {key: np.stack([one[key] for one in packed]) for key in packed[0]}

    def unpack(self, values: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
        """The values of each network, biases as vectors; the inverse of `pack`."""
        places = range(self._lead[0]) if self._lead else [Ellipsis]
        return [
            {
                key: value[place][0] if key.endswith("bias") else value[place]
                for key, value in values.items()
            }
            for place in places
        ]

    def load(self, state: OptimiserState) -> None:
        """Continue from ``state``."""
        groups = (state.parameters, state.first_moments, state.second_moments)
        for row, values in zip(self._rows, groups, strict=True):
            row.assign(self._join(values))
        self._step = state.step

    def read(self) -> OptimiserState:
        """Copies of everything that a step changes."""
        parameters, first, second = (
            {key: value.numpy().copy() for key, value in self._split(row).items()}
            for row in self._rows
        )
        return OptimiserState(parameters, first, second, self._step)

    def _join(self, matrices: Mapping[str, Tensor]) -> Tensor:
        """All entries of the matrices in one row (..., entries)."""
        import tensorflow as tf

        rows = [tf.reshape(matrices[key], (*self._lead, -1)) for key in self._shapes]
        return tf.concat(rows, axis=-1)

    def _split(self, row: Tensor) -> dict[str, Tensor]:
        """The inverse of `_join`."""
        import tensorflow as tf

        sizes = [int(np.prod(shape)) for shape in self._shapes.values()]
        parts = zip(self._shapes.items(), tf.split(row, sizes, axis=-1), strict=True)
        return {key: tf.reshape(part, (*self._lead, *shape)) for (key, shape), part in parts}

    def run(
        self,
        inputs: np.ndarray,
        targets: np.ndarray,
        course: Course,
        first: int,
        going: np.ndarray,
    ) -> np.ndarray:
        """Make a step on each of some batches.

        Parameters
        ----------
        inputs : float32 ndarray of shape (S, T, B, m)
        targets : float32 ndarray of shape (S, T, B, k)
        course : Course
        first : int
            Steps made before.
        going : bool ndarray of shape (networks,)
            Which networks are trained on; the training of the others has failed.

        Returns
        -------
        losses : ndarray of shape (S, networks)
            Mean squared error before each step, without the penalty; NaN from where the
            training of a network failed.
        """
        last = first + len(inputs)
        steps = np.arange(first + 1, last + 1)
        # Adam's corrections of its two running means, together one factor of the rate.
        corrections = np.sqrt(1.0 - BETA_2**steps) / (1.0 - BETA_1**steps)
        rates = (course.rates(first, last) * corrections).astype(np.float32)
        numbers = np.array([course.clip, course.penalty], np.float32)
        going = going.reshape(self._lead)
        losses = self._compiled(inputs, targets, rates, numbers, going).numpy()
        self._step = last
        return losses.reshape(len(inputs), -1).astype(np.float64)

    def _steps(self, inputs, targets, rates, numbers, going):
        """All steps as one graph, each from the values that the one before left."""
        import tensorflow as tf

        clip, penalty = tf.unstack(numbers)
        store = tf.TensorArray(tf.float32, inputs.shape[0], element_shape=self._lead)

        def body(step, going, values, first, second, losses):
            loss, gradients = loss_and_gradients(
                self._cell, self._split(values), self._initial, inputs[step], targets[step]
            )
            gradient = self._join(gradients) + 2.0 * penalty * values
            norm = tf.norm(gradient, axis=-1, keepdims=True)
            going &= tf.math.is_finite(loss) & tf.math.is_finite(norm[..., 0])
            losses = losses.write(step, tf.where(going, loss, float("nan")))
            gradient *= clip / tf.maximum(norm, clip)
            mean = first + (1.0 - BETA_1) * (gradient - first)
            square = second + (1.0 - BETA_2) * (gradient**2 - second)
            value = values - rates[step] * mean / (tf.sqrt(square) + EPSILON)
            pairs = ((value, values), (mean, first), (square, second))
            sound = going[..., None]
            return step + 1, going, *(tf.where(sound, new, old) for new, old in pairs), losses

        rows = (row.read_value() for row in self._rows)
        _, _, *rows, losses = tf.while_loop(
            lambda step, *_: step < inputs.shape[0], body, (0, going, *rows, store)
        )
        for row, values in zip(self._rows, rows, strict=True):
            row.assign(values)
        return losses.stack()


def loss_and_gradients(
    cell: Cell,
    parameters: Mapping[str, Tensor],
    initial_state: Tensor,
    inputs: Tensor,
    targets: Tensor,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Mean squared error over trials, steps and outputs, and its gradient.

    Parameters
    ----------
    cell : Cell
        For its equations; its own parameters are not used.
    parameters : mapping of str to tensor of shape (..., rows, columns)
        As `SequenceNetwork.parameters` names them, biases as single rows.
    initial_state : tensor of shape (d,)
    inputs : tensor of shape (T, B, m)
    targets : tensor of shape (T, B, k)

    Returns
    -------
    loss : tensor of shape (...)
    gradients : dict of str to tensor
        One for each parameter.
    """
    import tensorflow as tf

    weights = {key[5:]: value for key, value in parameters.items() if key.startswith("cell.")}
    lead = tuple(weights["input"].shape[:-2])
    times, trials, _ = inputs.shape
    # All times' drives in one product: what is read does not depend on the state.
    middle = (times, *(1,) * len(lead), trials, -1)
    drives = cell.drive(weights, tf.reshape(inputs, middle))
    start = tf.broadcast_to(initial_state, (*lead, trials, len(initial_state)))
    states, after, trace = _forward(cell, weights, start, drives)

    units = parameters["readout"].shape[-2]
    hidden = after[..., :units]
    gaps = hidden @ parameters["readout"] + parameters["readout_bias"]
    gaps -= tf.reshape(targets, middle)
    count = float(np.prod(targets.shape))
    loss = tf.reduce_sum(_sum(gaps**2), axis=0) / count
    errors = (2.0 / count) * gaps
    to_hidden = tf.linalg.matmul(errors, parameters["readout"], transpose_b=True)
    told = tf.pad(to_hidden, [[0, 0]] * (len(lead) + 2) + [[0, after.shape[-1] - units]])
    drive_adjoints = _backward(cell, weights, states, trace, told)

    rows = _as_rows
    gradients = {
        f"cell.{key}": value
        for key, value in cell.recurrent_gradients(
            rows(states), tuple(rows(part) for part in trace), rows(drive_adjoints)
        ).items()
    }
    read = rows(tf.broadcast_to(tf.reshape(inputs, middle), (times, *lead, *inputs.shape[1:])))
    gradients["cell.input"] = tf.linalg.matmul(read, rows(drive_adjoints), transpose_a=True)
    gradients["cell.bias"] = tf.reduce_sum(rows(drive_adjoints), axis=-2, keepdims=True)
    gradients["readout"] = tf.linalg.matmul(rows(hidden), rows(errors), transpose_a=True)
    gradients["readout_bias"] = tf.reduce_sum(rows(errors), axis=-2, keepdims=True)
    return loss, gradients


def _forward(cell, weights, start, drives):
    """States before and after each step, and its trace; all times along the first axis."""
    import tensorflow as tf

    times = drives.shape[0]
    pieces = cell.advance(weights, start, drives[0])[1]

    def store(like):
        return tf.TensorArray(like.dtype, times, element_shape=like.shape)

    def body(time, state, states, trace):
        following, activations = cell.advance(weights, state, drives[time])
        trace = tuple(a.write(time, b) for a, b in zip(trace, activations, strict=True))
        return time + 1, following, states.write(time, following), trace

    first = (0, start, store(start), tuple(store(piece) for piece in pieces))
    _, _, states, trace = tf.while_loop(lambda time, *_: time < times, body, first)
    after = states.stack()
    return tf.concat([start[None], after[:-1]], axis=0), after, tuple(a.stack() for a in trace)


def _backward(cell, weights, states, trace, told):
    """Gradient with respect to the drive at every time."""
    import tensorflow as tf

    times = states.shape[0]
    store = tf.TensorArray(
        states.dtype, times, element_shape=(*states.shape[1:-1], weights["bias"].shape[-1])
    )

    def body(time, adjoint, drives):
        activations = tuple(part[time] for part in trace)
        adjoint, drive = cell.adjoint(weights, adjoint + told[time], states[time], activations)
        return time - 1, adjoint, drives.write(time, drive)

    first = (times - 1, tf.zeros_like(states[0]), store)
    return tf.while_loop(lambda time, *_: time >= 0, body, first)[2].stack()


def _as_rows(values):
    """(T, ..., B, n) as (..., T B, n): all times and trials are rows of one matrix."""
    import tensorflow as tf

    rank = len(values.shape)
    order = [*range(1, rank - 2), 0, rank - 2, rank - 1]
    moved = tf.transpose(values, order) if rank > 3 else values
    return tf.reshape(moved, (*moved.shape[:-3], -1, moved.shape[-1]))


def _sum(values):
    """Over the last two axes."""
    import tensorflow as tf

    return tf.reduce_sum(values, axis=(-2, -1))
