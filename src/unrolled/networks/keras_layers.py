"""Recurrent layers of Keras 3 as cells: ours where the equations are ours, else as they are.

References
----------
.. [1] Chollet and others, "Keras", 2015: the layers SimpleRNN, GRU and LSTM.
"""

import warnings
from typing import Any

import numpy as np

from .base import Cell, Parameters
from .cells import cell_kind, reorder_blocks
from .gated import FORGET_BIAS
from .keras_cells import KerasCell, keras_cell


def from_keras(model_or_layer: Any) -> Cell | KerasCell:
    """The recurrent layer of a Keras model as a cell whose dynamics can be analysed.

    Weights are copied, so that what becomes of the model later does not matter, wherever the
    cell is one of ours or can be rebuilt; a cell of a class that cannot is used as it is.
    Dropout is off, as at inference. ``stateful``, ``return_sequences`` and masks do not
    belong to the step and leave it as it is; at masked times a layer repeats its state, so
    leave those out of states that are collected for starts.

    Parameters
    ----------
    model_or_layer : keras.Model, keras.Layer
        A model with exactly one recurrent layer, or the layer itself: ``SimpleRNN``,
        ``GRU``, ``LSTM`` or ``RNN(cell)``, built.

    Returns
    -------
    cell : Cell or KerasCell
        A `Cell` in float64 with analytic Jacobians for ``SimpleRNN`` (tanh, relu, linear),
        ``GRU`` (``reset_after`` or not) and ``LSTM`` (tanh, relu) with sigmoid gates: the
        layer's own numbers, columns put in our order. The state of an LSTM is ``[h; c]``.
        Any other cell becomes a `KerasCell`, which runs it in TensorFlow and is
        differentiated automatically.

    Raises
    ------
    ValueError
        If there is no recurrent layer or more than one, or it is bidirectional, stacked,
        convolutional or not built; the message says what to pass instead.

    Warns
    -----
    UserWarning
        If the layer reads its sequences backwards.

    Examples
    --------
    A path from a saved model to its fixed points::

        model = keras.saving.load_model("mine.keras")
        step = from_keras(model).autonomous(inputs=np.zeros(3))
        points = find_fixed_points(step, sample_starts(states, 1024, rng))
    """
    layer = _the_recurrent_layer(model_or_layer)
    _refuse_what_is_no_state_vector(layer)
    cell = getattr(layer, "cell", layer)
    if not getattr(cell, "built", True):
        raise ValueError(
            f"The layer {layer.name!r} has no weights yet. Run the model on a batch first, or "
            "give it an Input, so that Keras builds it."
        )
    if getattr(layer, "go_backwards", False):
        warnings.warn(
            f"The layer {layer.name!r} reads its sequences from the end (go_backwards). Its "
            "step is the same, but trajectories need the inputs in the order it reads them.",
            UserWarning,
            stacklevel=2,
        )
    return _as_ours(cell) or keras_cell(layer)


def _the_recurrent_layer(given: Any) -> Any:
    """The one recurrent layer in what was given."""
    # A layer that a model uses twice is one layer.
    found = list({id(layer): layer for layer in _recurrent_layers(given)}.values())
    if len(found) == 1:
        return found[0]
    name = getattr(given, "name", type(given).__name__)
    if not found:
        raise ValueError(
            f"There is no recurrent layer in {name!r} ({type(given).__name__}). from_keras takes "
            "a model with one SimpleRNN, GRU, LSTM or RNN(cell), or such a layer itself: "
            "from_keras(model.get_layer(...)). A layer inside a layer of your own has to be "
            "passed itself."
        )
    listed = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in found)
    raise ValueError(
        f"The model {name!r} has {len(found)} recurrent layers: {listed}. Each is a dynamical "
        "system of its own, driven by the one before it. Say which: "
        f"from_keras(model.get_layer({found[0].name!r})). The frozen input of an upper layer is "
        "a vector as the layer below puts it out."
    )


def _recurrent_layers(given: Any) -> list[Any]:
    """Recurrent layers in a model, or in a layer around another; cells count, given alone."""
    import keras

    if isinstance(given, keras.layers.RNN | keras.layers.Bidirectional):
        return [given]
    if isinstance(given, keras.Model):
        return [found for layer in given.layers for found in _recurrent_layers(layer)]
    if isinstance(given, keras.layers.Wrapper):
        return _recurrent_layers(given.layer)
    return [given] if isinstance(given, keras.Layer) and hasattr(given, "state_size") else []


def _refuse_what_is_no_state_vector(layer: Any) -> None:
    """Raise for layers whose state is not one vector that one cell moves."""
    import keras

    layers = keras.layers
    if isinstance(layer, layers.Bidirectional):
        raise ValueError(
            f"The layer {layer.name!r} is bidirectional: two recurrent layers that do not see "
            "each other. Analyse each alone: from_keras(layer.forward_layer), "
            f"from_keras(layer.backward_layer), with layer = model.get_layer({layer.name!r})."
        )
    cell = getattr(layer, "cell", layer)
    if isinstance(cell, layers.StackedRNNCells):
        raise ValueError(
            f"The layer {layer.name!r} stacks {len(cell.cells)} cells. Analyse each alone: "
            f"from_keras(model.get_layer({layer.name!r}).cell.cells[0]), and so on; the frozen "
            "input of an upper cell is a vector as the cell below puts it out."
        )
    sizes = np.ravel(np.asarray(cell.state_size, dtype=object))
    convolutional = layers.ConvLSTM1D | layers.ConvLSTM2D | layers.ConvLSTM3D
    if isinstance(layer, convolutional) or not all(
        isinstance(size, int | np.integer) for size in sizes
    ):
        raise ValueError(
            f"The state of the layer {layer.name!r} ({type(layer).__name__}) is an image, not a "
            "vector. Write its step as a function of flat states, (n, d) to (n, d), in "
            "TensorFlow; find_fixed_points takes such a function."
        )


def _as_ours(cell: Any) -> Cell | None:
    """The cell in our equations, or None where it has others."""
    import keras

    nonlinearities = {keras.activations.tanh: "tanh", keras.activations.relu: "relu"}
    nonlinearity = nonlinearities.get(getattr(cell, "activation", None))
    # Not isinstance: a class derived from one of these may compute something else.
    if type(cell) is keras.layers.SimpleRNNCell:
        if cell.activation is keras.activations.linear:
            return _made("linear", cell, _plain(cell), "tanh")
        return _made("vanilla", cell, _plain(cell), nonlinearity)
    if getattr(cell, "recurrent_activation", None) is not keras.activations.sigmoid:
        return None
    if type(cell) is keras.layers.LSTMCell:
        return _made("lstm", cell, _lstm(cell), nonlinearity)
    if type(cell) is keras.layers.GRUCell:
        if cell.reset_after:
            return _made("gru_reset_after", cell, _gru_reset_after(cell), nonlinearity)
        return _made("gru", cell, _gru(cell), nonlinearity)
    return None


def _made(name: str, cell: Any, parameters: Parameters, nonlinearity: str | None) -> Cell | None:
    """Our cell of this name, unless the nonlinearity is not one of ours."""
    if nonlinearity is None:
        return None
    inputs = len(parameters["input"])
    return cell_kind(name)(int(cell.units), inputs, parameters, nonlinearity)


def _numbers(weights: Any) -> np.ndarray:
    """A weight of Keras as float64."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(weights)).astype(np.float64)


def _plain(cell: Any) -> dict[str, np.ndarray]:
    """Kernels and bias as Keras holds them."""
    kernel = _numbers(cell.kernel)
    bias = _numbers(cell.bias) if cell.use_bias else np.zeros(kernel.shape[1])
    return {"recurrent": _numbers(cell.recurrent_kernel), "input": kernel, "bias": bias}


def _gru(cell: Any) -> dict[str, np.ndarray]:
    """Keras's columns are ours (update, reset, candidate); the candidate's matrix apart."""
    parameters = _plain(cell)
    gates = 2 * cell.units
    recurrent = parameters["recurrent"]
    return parameters | {"recurrent": recurrent[:, :gates], "candidate": recurrent[:, gates:]}


def _gru_reset_after(cell: Any) -> dict[str, np.ndarray]:
    """Keras keeps two biases for each sum; only the candidate's second one is gated."""
    parameters = _plain(cell)
    gates = 2 * cell.units
    both = parameters["bias"].reshape(-1, 3 * cell.units)
    gated = both[1, gates:] if len(both) == 2 else np.zeros(cell.units)
    bias = both.sum(axis=0)
    bias[gates:] = both[0, gates:]
    return parameters | {"bias": bias, "recurrent_bias": gated}


def _lstm(cell: Any) -> dict[str, np.ndarray]:
    """Keras's columns are input, forget, candidate, output; ours forget, input, output, candidate.

    Our forget gate adds a constant of its own, which goes off the bias.
    """
    parameters = reorder_blocks(_plain(cell), [1, 0, 3, 2])
    parameters["bias"][: cell.units] -= FORGET_BIAS
    return parameters
