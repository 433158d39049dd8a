"""Weights of PyTorch's recurrent layers as cells; PyTorch itself is not needed.

References
----------
.. [1] Paszke et al., "PyTorch: an imperative style, high-performance deep learning
   library", NeurIPS 2019: the modules nn.RNN, nn.GRU and nn.LSTM.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from .base import Cell
from .cells import cell_kind, reorder_blocks
from .gated import FORGET_BIAS

KINDS = ("rnn_tanh", "rnn_relu", "gru", "lstm")

_WEIGHTS = ("weight_ih_l0", "weight_hh_l0")
_BIASES = ("bias_ih_l0", "bias_hh_l0")
_BLOCKS = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}


def from_torch_weights(
    weights: str | Path | Mapping[str, Any], *, kind: str | None = None, prefix: str | None = None
) -> Cell:
    """A cell with the weights of PyTorch's ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``.

    Parameters
    ----------
    weights : path, or mapping of str to array
        A safetensors file, or a state dictionary: ``weight_ih_l0`` (blocks N, m),
        ``weight_hh_l0`` (blocks N, N) and, unless the layer has none, ``bias_ih_l0`` and
        ``bias_hh_l0`` (blocks N,), with a prefix such as ``rnn.`` or none. Other tensors
        may lie beside them.
    kind : {"rnn_tanh", "rnn_relu", "gru", "lstm"}, optional
        The shapes tell a GRU from an LSTM, but not the nonlinearity of an ``nn.RNN``.
    prefix : str, optional
        Needed where several recurrent layers lie in one file.

    Returns
    -------
    cell : Cell
        "vanilla", "gru_reset_after" or "lstm", with the same trajectories.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not safetensors, the weights are not those of one layer read in one
        direction or not all finite numbers, or the kind is missing or does not fit the shapes.

    Examples
    --------
    In PyTorch, ``safetensors.torch.save_file(model.state_dict(), "mine.safetensors")``; here
    ``from_torch_weights("mine.safetensors")``.
    """
    named, source = (
        (dict(weights), "The mapping") if isinstance(weights, Mapping) else _read(Path(weights))
    )
    prefix = _the_prefix(named, prefix, source)
    layer = {key[len(prefix) :]: value for key, value in named.items() if key.startswith(prefix)}
    _refuse_more_than_one_layer(layer, prefix, source)
    arrays = {
        key: _numbers(layer[key], f"{source} ({prefix + key})")
        for key in (*_WEIGHTS, *_BIASES)
        if key in layer
    }
    kind = _the_kind(arrays, kind, source)
    _check_shapes(arrays, kind, source)
    return _made(arrays, kind)


def _read(path: Path) -> tuple[dict[str, np.ndarray], str]:
    """Every tensor of a safetensors file."""
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, str(path)  # noqa: SIM118
    except Exception as error:  # a file of unknown origin can fail the library in any way
        raise ValueError(
            f"{path} cannot be read as safetensors with NumPy: {error}. Save the weights in "
            "PyTorch with safetensors.torch.save_file(model.float().state_dict(), path); "
            "pickles (.pt, .pth) are not read, since loading one can run any code."
        ) from error


def _the_prefix(named: Mapping[str, Any], prefix: str | None, source: str) -> str:
    """What stands before ``weight_hh_l0`` in the layer's names."""
    ending = _WEIGHTS[1]
    found = sorted(key[: -len(ending)] for key in named if key.endswith(ending))
    if prefix in found:
        return prefix  # type: ignore[return-value]  # None is not among the found
    if prefix is None and len(found) == 1:
        return found[0]
    if not found:
        raise ValueError(
            f"{source} holds no recurrent layer of PyTorch: no name ends in {ending!r} among "
            f"{', '.join(sorted(named)) or 'no tensors'}. The weights of nn.RNN, nn.GRU or "
            "nn.LSTM are needed."
        )
    listed = ", ".join(repr(each) for each in found)
    problem = "more than one recurrent layer" if prefix is None else f"no prefix {prefix!r}"
    raise ValueError(f"{source} holds {problem}: choose prefix= among {listed}.")


def _refuse_more_than_one_layer(layer: Mapping[str, Any], prefix: str, source: str) -> None:
    """Raise for what is not one layer read in one direction."""
    for key in sorted(layer):
        where = f"{source} ({prefix + key})"
        if key.endswith("_reverse"):
            raise ValueError(
                f"{where}: the layer is bidirectional, two recurrent layers that do not see each "
                "other. Pass the weights of one direction as a mapping, named without '_reverse'."
            )
        if key.startswith("weight_hr"):
            raise ValueError(
                f"{where}: the LSTM projects its output (proj_size), which is not supported. "
                "Write its step as a function and pass it to find_fixed_points."
            )
        if key.startswith("weight_hh_l") and key != _WEIGHTS[1]:
            raise ValueError(
                f"{where}: the layers are stacked (num_layers > 1). Pass the weights of one as "
                "a mapping, named ..._l0; the frozen input of an upper layer is a vector as the "
                "layer below puts it out."
            )


def _numbers(values: Any, where: str) -> np.ndarray:
    """A weight in float64, all of it finite."""
    values = np.asarray(values)
    if values.dtype.kind not in "fiu" and values.dtype.name != "bfloat16":
        raise ValueError(f"{where} holds {values.dtype} values; numbers are expected.")
    values = values.astype(np.float64)
    broken = int((~np.isfinite(values)).sum())
    if broken:
        raise ValueError(
            f"{where}: {broken} of {values.size} weights are not finite, so that the network has "
            "no dynamics. Save the weights from before the training diverged."
        )
    return values


def _the_kind(arrays: Mapping[str, np.ndarray], kind: str | None, source: str) -> str:
    """The given kind if it fits the shapes, or the one that the shapes tell."""
    if kind is not None and kind not in KINDS:
        raise ValueError(f"There is no kind {kind!r}; there are {', '.join(KINDS)}.")
    shape = arrays[_WEIGHTS[1]].shape
    fitting = [each for each in KINDS if len(shape) == 2 and shape[0] == _BLOCKS[each] * shape[1]]
    if shape and 0 in shape:
        raise ValueError(f"{source}: {_WEIGHTS[1]} has the shape {shape}, without any unit.")
    if kind in fitting or (kind is None and len(fitting) == 1):
        return kind or fitting[0]
    found = f"{source}: {_WEIGHTS[1]} has the shape {shape}"
    if not fitting:
        raise ValueError(f"{found}; (N, N), (3 N, N) or (4 N, N) was expected.")
    if kind is None:
        raise ValueError(
            f"{found}, an nn.RNN, whose weights do not tell its nonlinearity. Say kind="
            f"{fitting[0]!r} or kind={fitting[1]!r}."
        )
    raise ValueError(f"{found}, which is that of {' or '.join(fitting)}, not of {kind}.")


def _check_shapes(arrays: Mapping[str, np.ndarray], kind: str, source: str) -> None:
    """Raise unless the other weights fit ``weight_hh_l0``."""
    rows, _ = arrays[_WEIGHTS[1]].shape
    entering = arrays.get(_WEIGHTS[0])
    if entering is None or entering.ndim != 2 or len(entering) != rows:
        found = "is missing" if entering is None else f"has the shape {entering.shape}"
        raise ValueError(f"{source}: {_WEIGHTS[0]} {found}; ({rows}, inputs) was expected.")
    biases = [arrays[key].shape for key in _BIASES if key in arrays]
    if biases and biases != [(rows,), (rows,)]:
        raise ValueError(
            f"{source}: of a {kind}, {' and '.join(_BIASES)} must both have the shape ({rows},), "
            f"or both be missing; found {biases}."
        )


def _made(arrays: Mapping[str, np.ndarray], kind: str) -> Cell:
    """The cell: PyTorch's matrices act from the left, and its blocks lie in other orders."""
    recurrent, entering = arrays[_WEIGHTS[1]].T, arrays[_WEIGHTS[0]].T
    units = len(recurrent)
    from_inputs, from_states = (arrays.get(key, np.zeros(recurrent.shape[1])) for key in _BIASES)
    parameters = {
        "recurrent": recurrent,
        "input": entering,
        "bias": from_inputs + from_states,
    }
    if kind == "gru":
        # Reset, update, candidate; the candidate's second bias lies within the reset.
        parameters = reorder_blocks(parameters, [1, 0, 2])
        parameters["bias"][2 * units :] = from_inputs[2 * units :]
        parameters["recurrent_bias"] = from_states[2 * units :]
        return cell_kind("gru_reset_after")(units, len(entering), parameters)
    if kind == "lstm":
        # Input, forget, candidate, output; our forget gate adds a constant of its own.
        parameters = reorder_blocks(parameters, [1, 0, 3, 2])
        parameters["bias"][:units] -= FORGET_BIAS
        return cell_kind("lstm")(units, len(entering), parameters)
    return cell_kind("vanilla")(units, len(entering), parameters, kind.removeprefix("rnn_"))
