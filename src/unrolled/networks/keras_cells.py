"""A cell of Keras with equations of its own, run in TensorFlow as it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Array
from .base import frozen_input

# Keras computes in float32; a copy in float64 has to agree with it to about this share.
_SAME = 1e-4


@dataclass(frozen=True)
class KerasCell:
    """One step of any recurrent cell of Keras, ``state, input -> next state``.

    Several state arrays lie side by side in one state vector, in the cell's order.

    Parameters
    ----------
    cell : keras.Layer
        Called as ``cell(inputs, [state, ...])``.
    name : str
        The cell's class, for messages.
    inputs : int
        Entries of one input vector, m.
    sizes : tuple of int
        Entries of each state array.
    dtype : {"float64", "float32", "float16", "bfloat16"}
        What the cell computes in.
    """

    cell: Any
    name: str
    inputs: int
    sizes: tuple[int, ...]
    dtype: str

    @property
    def units(self) -> int:
        """Entries of the first state array, which is the output in most cells."""
        return self.sizes[0]

    @property
    def state_size(self) -> int:
        """Entries of the whole state, d."""
        return sum(self.sizes)

    def step(self, states: Array, inputs: Array) -> Array:
        """Next states, as a tensor.

        Parameters
        ----------
        states : array of shape (n, d)
        inputs : array of shape (n, m) or (m,)
        """
        import tensorflow as tf
        from keras import tree

        states = tf.cast(states, self.dtype)
        inputs = tf.cast(inputs, self.dtype)
        inputs = tf.broadcast_to(inputs, [tf.shape(states)[0], self.inputs])
        _, following = self.cell(inputs, tf.split(states, self.sizes, axis=-1))
        return tf.concat(tree.flatten(following), axis=-1)

    def autonomous(self, *, inputs: np.ndarray) -> Callable[[Array], Array]:
        """The step with its input held constant, as a compiled TensorFlow function of states.

        Parameters
        ----------
        inputs : ndarray of shape (m,)

        Raises
        ------
        ValueError
            If ``inputs`` is not one finite vector of the cell's width.
        """
        import tensorflow as tf

        frozen = frozen_input(inputs, self.inputs, self.name)
        signature = [tf.TensorSpec([None, self.state_size], self.dtype)]
        compiled = tf.function(lambda states: self.step(states, frozen), input_signature=signature)
        return lambda states: compiled(tf.cast(states, self.dtype))


def keras_cell(layer: Any) -> KerasCell:
    """The cell of a layer, in float64 if it can be rebuilt so.

    Parameters
    ----------
    layer : keras.layers.RNN, or a cell
        Built.

    Raises
    ------
    ValueError
        If Keras runs on another backend than TensorFlow, the cell is no Keras layer or does
        not know the width of its inputs, or it needs more than inputs and states.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"The cell of {layer.name!r} has equations of its own and has to run in TensorFlow, "
            f"but Keras runs on {keras.backend.backend()}. Set KERAS_BACKEND=tensorflow."
        )
    cell = getattr(layer, "cell", layer)
    if not isinstance(cell, keras.Layer):
        raise ValueError(
            f"The cell {type(cell).__name__} of {layer.name!r} is no Keras layer. Derive its class "
            "from keras.layers.Layer."
        )
    sizes = tuple(int(size) for size in np.ravel(cell.state_size))
    inputs = _input_width(cell)
    own = KerasCell(cell, type(cell).__name__, inputs, sizes, cell.compute_dtype)
    expected = _trial(own)
    precise = _in_float64(own)
    if precise is not None and np.allclose(_trial(precise), expected, rtol=_SAME, atol=_SAME):
        return precise
    return own


def _input_width(cell: Any) -> int:
    """Entries of one input vector that a cell was built for."""
    shape = cell.get_build_config().get("input_shape") if cell.built else None
    if not shape or shape[-1] is None:
        raise ValueError(
            f"The cell {type(cell).__name__} does not say how wide its inputs are. Build it "
            "with an input shape: cell.build((None, inputs))."
        )
    return int(shape[-1])


def _in_float64(own: KerasCell) -> KerasCell | None:
    """The same cell with the same weights in float64; None where its class refuses that."""
    try:
        cell = type(own.cell).from_config(own.cell.get_config() | {"dtype": "float64"})
        cell.build((None, own.inputs))
        cell.set_weights(own.cell.get_weights())
        precise = KerasCell(cell, own.name, own.inputs, own.sizes, "float64")
        _trial(precise)
    except Exception:  # a class of the user's may fail in any way; her own instance still works
        return None
    return precise


def _trial(cell: KerasCell) -> np.ndarray:
    """Next states of two states, to see that the cell runs and what it does."""
    rng = np.random.default_rng(0)
    states, inputs = rng.standard_normal((2, cell.state_size)), rng.standard_normal(cell.inputs)
    try:
        following = np.asarray(cell.step(states, inputs), dtype=np.float64)
    except Exception as error:
        raise ValueError(
            f"The cell {cell.name} cannot take a step from inputs and states alone: {error}"
        ) from error
    if following.shape != states.shape:
        raise ValueError(
            f"The cell {cell.name} turns states of shape {states.shape} into "
            f"{following.shape}; its new states must have the sizes {list(cell.sizes)}."
        )
    return following
