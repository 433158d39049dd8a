"""The few array operations that NumPy and TensorFlow spell differently.

A cell's equations are written once, with operators, slices and the functions below;
they then run on NumPy arrays (analysis, float64) and on TensorFlow tensors (training,
float32). TensorFlow is imported only when a tensor of it arrives.
"""

from types import ModuleType
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or tensorflow.Tensor


def _tensorflow(*arrays: Array) -> ModuleType | None:
    """TensorFlow, if one of the arrays is a tensor of it, else None."""
    if all(isinstance(array, np.ndarray | np.generic | float | int) for array in arrays):
        return None
    import tensorflow

    return tensorflow


def tanh(values: Array) -> Array:
    """Hyperbolic tangent of each entry."""
    tensorflow = _tensorflow(values)
    return np.tanh(values) if tensorflow is None else tensorflow.tanh(values)


def logistic(values: Array) -> Array:
    """``1 / (1 + exp(-values))``, by the tangent, which never overflows."""
    return 0.5 + 0.5 * tanh(0.5 * values)


def positive_part(values: Array) -> Array:
    """The entries above 0, and 0 for the others."""
    tensorflow = _tensorflow(values)
    return np.maximum(values, 0.0) if tensorflow is None else tensorflow.nn.relu(values)


def sign(values: Array) -> Array:
    """-1, 0 or 1 for each entry."""
    tensorflow = _tensorflow(values)
    return np.sign(values) if tensorflow is None else tensorflow.sign(values)


def sum_rows(values: Array) -> Array:
    """Sum over the last but one axis."""
    tensorflow = _tensorflow(values)
    return values.sum(axis=-2) if tensorflow is None else tensorflow.reduce_sum(values, axis=-2)


def join(*arrays: Array) -> Array:
    """Concatenate along the last axis."""
    tensorflow = _tensorflow(*arrays)
    if tensorflow is None:
        return np.concatenate(arrays, axis=-1)
    return tensorflow.concat(arrays, axis=-1)


def times_transpose(left: Array, right: Array) -> Array:
    """``left @ right.T`` on the last two axes."""
    tensorflow = _tensorflow(left, right)
    if tensorflow is None:
        return left @ np.swapaxes(right, -1, -2)
    return tensorflow.linalg.matmul(left, right, transpose_b=True)


def transpose_times(left: Array, right: Array) -> Array:
    """``left.T @ right`` on the last two axes: the sum over rows of outer products."""
    tensorflow = _tensorflow(left, right)
    if tensorflow is None:
        return np.swapaxes(left, -1, -2) @ right
    return tensorflow.linalg.matmul(left, right, transpose_a=True)
