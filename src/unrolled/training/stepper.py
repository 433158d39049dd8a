"""One compiled training step, used again for every network of the same sizes.

Adam with decoupled weight decay on a clipped gradient. The whole step is one XLA
computation. Adam is dense: a word that a batch does not show moves on by its momentum. At
5,000 words of 64 numbers the pass over the embedding costs 0.3 ms of a step, at 10,000 of
128 it costs 3 ms. To move such words on later, when a batch shows them, would take the same
operations one by one to give the same numbers.

References
----------
.. [1] Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
.. [2] Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
"""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields

import numpy as np

from unrolled.networks import Cell

from .batches import Batch
from .bptt import Documents, loss_and_gradients
from .recipe import Recipe
from .state import OptimiserState

BETA_1, BETA_2 = 0.9, 0.999
DECAYING = ("cell.recurrent", "cell.candidate", "cell.input", "readout")


def prepare_tensorflow() -> None:
    """One thread and deterministic operations: the bytes must not depend on the machine's cores.

    Raises
    ------
    RuntimeError
        If TensorFlow already runs with more threads in this process.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    threading = tf.config.threading
    ours = (
        threading.get_intra_op_parallelism_threads(),
        threading.get_inter_op_parallelism_threads(),
    )
    if ours != (1, 1):
        try:
            threading.set_intra_op_parallelism_threads(1)
            threading.set_inter_op_parallelism_threads(1)
        except RuntimeError as error:
            raise RuntimeError(
                "TensorFlow was used before training began, with more than one thread; the "
                "thread count changes the bits. Train first, or in a process of its own."
            ) from error
    tf.config.experimental.enable_op_determinism()


class CompiledStep:
    """Variables of one network's sizes and the compiled step that changes them.

    Parameters
    ----------
    cell : Cell
        For its equations; its own parameters are not used.
    parameters : mapping of str to ndarray
        For the shapes only; `load` sets values.
    frozen : collection of str
        Parameters that no step changes.
    penalised : bool
        Whether the recipe has a penalty.
    """

    def __init__(
        self,
        cell: Cell,
        parameters: Mapping[str, np.ndarray],
        *,
        frozen: Collection[str] = (),
        penalised: bool = False,
    ) -> None:
        prepare_tensorflow()
        import tensorflow as tf

        self._cell = cell
        self._frozen, self._penalised = frozenset(frozen), penalised
        self._groups = [
            {key: tf.Variable(tf.zeros(value.shape)) for key, value in parameters.items()}
            for _ in range(3)
        ]
        self._step = 0
        self._compiled = tf.function(self._update, jit_compile=True)
        # Called by the shapes of its arguments: to look at their types first takes 0.2 ms.
        self._concrete: dict[tuple, Callable] = {}

    def load(self, state: OptimiserState) -> None:
        """Continue from ``state``."""
        groups = (state.parameters, state.first_moments, state.second_moments)
        for variables, values in zip(self._groups, groups, strict=True):
            for key, variable in variables.items():
                variable.assign(values[key])
        self._step = state.step

    def read(self) -> OptimiserState:
        """Copies of everything that a step changes."""
        parameters, first, second = (
            {key: variable.numpy().copy() for key, variable in variables.items()}
            for variables in self._groups
        )
        return OptimiserState(parameters, first, second, self._step)

    def run(self, batch: Batch, *, recipe: Recipe, rate: float) -> float:
        """Make one step.

        Parameters
        ----------
        batch : Batch
        recipe : Recipe
        rate : float
            Learning rate of this step.

        Returns
        -------
        loss : float
            Of the batch before the step, with the penalty; not finite if training diverged.
        """
        import tensorflow as tf

        self._step += 1
        # Adam's corrections of its two running means, together one factor of the rate.
        corrected = rate * np.sqrt(1.0 - BETA_2**self._step) / (1.0 - BETA_1**self._step)
        numbers = [
            1.0 / (1.0 - recipe.embedding_dropout),
            1.0 / (1.0 - recipe.state_dropout),
            corrected,
            rate * recipe.weight_decay,
            recipe.clip,
            recipe.epsilon,
            recipe.penalty,
        ]
        arrays = [np.array(numbers, np.float32)]
        arrays += [getattr(batch, field.name) for field in fields(Batch)]
        tensors = [tf.convert_to_tensor(array) for array in arrays]
        shapes = tuple(array.shape for array in arrays)
        if shapes not in self._concrete:
            self._concrete[shapes] = self._compiled.get_concrete_function(*tensors)
        return float(self._concrete[shapes](*tensors))

    def _update(self, numbers, *arrays):
        """The step as a graph: gradient, clipping, Adam, decay."""
        import tensorflow as tf

        input_scale, state_scale, rate, decay, clip, epsilon, penalty = tf.unstack(numbers)
        batch = {field.name: array for field, array in zip(fields(Batch), arrays, strict=True)}
        documents = Documents(
            **batch,
            longest=tf.reduce_max(batch["lengths"]),
            input_scale=input_scale,
            state_scale=state_scale,
        )
        values, first, second = self._groups
        parameters = {key: variable.read_value() for key, variable in values.items()}
        loss, gradients = loss_and_gradients(self._cell, parameters, documents)
        gradients = {key: gradients[key] for key in parameters if key not in self._frozen}
        if self._penalised:
            trained = [parameters[key] for key in gradients]
            loss += penalty * tf.add_n([_sum_of_squares(value) for value in trained])
            gradients = {k: g + 2.0 * penalty * parameters[k] for k, g in gradients.items()}
        norm = tf.sqrt(tf.add_n([_sum_of_squares(value) for value in gradients.values()]))
        scale = clip / tf.maximum(norm, clip)
        for key, gradient in gradients.items():
            value, gradient = parameters[key], gradient * scale
            mean = first[key] + (1.0 - BETA_1) * (gradient - first[key])
            square = second[key] + (1.0 - BETA_2) * (gradient**2 - second[key])
            kept = value * (1.0 - decay) if key in DECAYING else value
            first[key].assign(mean)
            second[key].assign(square)
            values[key].assign(kept - rate * mean / (tf.sqrt(square) + epsilon))
        return loss


def _sum_of_squares(values):
    """Over all entries; rows by a product with ones, which reads a large matrix once."""
    import tensorflow as tf

    squares = values**2
    if len(values.shape) == 2:
        squares = tf.linalg.matvec(squares, tf.ones([values.shape[1]], values.dtype))
    return tf.reduce_sum(squares)
