"""A recurrent cell from a model file of Keras, PyTorch or our own; nothing is unpickled."""

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from unrolled.networks import (
    Cell,
    KerasCell,
    from_keras,
    from_torch_weights,
    load_network,
)

_PICKLES = {".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib"}
_OLD_KERAS = {".h5", ".hdf5"}


@dataclass(frozen=True)
class Model:
    """A cell and where it comes from.

    Parameters
    ----------
    cell : Cell or KerasCell
    origin : str
        Such as ``"the Keras model gru.keras"``.
    """

    cell: Cell | KerasCell
    origin: str

    @property
    def description(self) -> str:
        """The cell in words."""
        cell = self.cell
        if isinstance(cell, Cell):
            bend = "" if cell.name == "linear" else f"{cell.nonlinearity}, "
            how = f"{bend}analytic Jacobians in float64"
        else:
            how = f"run by TensorFlow in {cell.dtype}, Jacobians by automatic differentiation"
        return (
            f"{cell.name} cell, {cell.units} units, {cell.inputs} inputs, "
            f"states of {cell.state_size} entries ({how})"
        )

    @property
    def is_single_precision(self) -> bool:
        """Whether steps are computed in less than double precision."""
        return isinstance(self.cell, KerasCell) and self.cell.dtype != "float64"


def read_model(path: Path, *, layer: str | None, kind: str | None) -> Model:
    """The cell in a model file.

    Parameters
    ----------
    path : pathlib.Path
        ``.keras``, or ``.safetensors`` of ours or of PyTorch.
    layer : str or None
        Which one, where there are several: a Keras layer's name, the prefix of PyTorch's
        weights, or a network's name in a file of ours.
    kind : str or None
        Of PyTorch's weights, see `unrolled.networks.from_torch_weights`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is of another kind, is broken, or could run code when it is loaded.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no model file {path}.")
    if path.suffix == ".keras":
        found = _from_keras_file(path, layer)
        _refuse_what_diverged(found, path)
        return Model(found, f"the Keras model {path.name}")
    if path.suffix == ".safetensors":
        if _is_ours(path):
            cell = load_network(path, layer).cell
            _refuse_what_diverged(cell, path)
            return Model(cell, f"the network file {path.name}")
        cell = from_torch_weights(path, kind=kind, prefix=layer)
        return Model(cell, f"the PyTorch weights {path.name}")
    raise ValueError(_what_to_do_with(path))


def _refuse_what_diverged(cell: Cell | KerasCell, path: Path) -> None:
    """Raise for weights that are not finite numbers."""
    weights = cell.parameters.values() if isinstance(cell, Cell) else cell.cell.get_weights()
    if not all(np.isfinite(np.asarray(each, dtype=np.float64)).all() for each in weights):
        raise ValueError(
            f"{path}: weights of its {cell.name} cell are not finite, so that it has no dynamics. "
            "Save the network from before its training diverged."
        )


def _what_to_do_with(path: Path) -> str:
    """Why a file of this kind is not read, and how to get one that is."""
    if path.suffix in _PICKLES:
        return (
            f"{path} is not read: files of this kind may hold pickles, and loading one can run "
            "any code. Save the weights in PyTorch instead: "
            "safetensors.torch.save_file(model.state_dict(), 'model.safetensors')."
        )
    if path.suffix in _OLD_KERAS:
        return (
            f"{path} is in Keras's old format. Load it where you trust it and save it again: "
            "model.save('model.keras')."
        )
    return (
        f"{path} is not a model that can be read: a Keras model (.keras) or weights as "
        ".safetensors (PyTorch's nn.RNN, nn.GRU, nn.LSTM, or a network of ours) is needed. Any "
        "other step can be analysed in Python: unrolled.dynamics.find_fixed_points."
    )


def _is_ours(path: Path) -> bool:
    """Whether `unrolled.networks.save_networks` wrote the file; a broken one is not."""
    try:
        with safe_open(path, framework="numpy") as file:
            return "unrolled" in (file.metadata() or {})
    except (SafetensorError, OSError):
        return False


def _from_keras_file(path: Path, layer: str | None) -> Cell | KerasCell:
    """The recurrent layer of a saved Keras model."""
    model = _load_keras(path)
    if layer is None:
        return from_keras(model)
    try:
        return from_keras(model.get_layer(layer))
    except ValueError as error:
        names = ", ".join(each.name for each in model.layers)
        raise ValueError(f"{error} The layers of {path} are: {names}.") from error


def _load_keras(path: Path) -> Any:
    """A Keras model, loaded in safe mode: no Lambda layers, no code from the file."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # it would announce itself
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    _refuse_what_is_too_large(path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # a file of unknown origin can fail in any way
        said = str(error)
        if "lambda" in said.lower():
            raise ValueError(
                f"{path} holds a Lambda layer: Python code, which is not run. Replace it by a "
                "registered layer, or load the model in Python, where you trust it, and pass its "
                "recurrent layer to unrolled.networks.from_keras."
            ) from error
        first = next((line for line in said.splitlines() if line.strip()), type(error).__name__)
        raise ValueError(
            f"Keras cannot load {path}: {first} If the model has classes of your own, load it in "
            "Python, where they are known, and pass it to unrolled.networks.from_keras."
        ) from error


def _refuse_what_is_too_large(path: Path) -> None:
    """Raise for a model that unpacks to more than its file, or asks for more than it brings."""
    try:
        with zipfile.ZipFile(path) as opened:
            unpacked = sum(entry.file_size for entry in opened.infolist())
            packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in opened.infolist())
            size = path.stat().st_size
            if packed or unpacked > size:
                raise ValueError(f"it unpacks to {unpacked:,} bytes; Keras does not compress")
            needed = _least_weights(json.loads(opened.read("config.json")))
            if needed > size:
                raise ValueError(
                    f"a layer has at least {needed:,} weights, but the file has {size:,} bytes"
                )
    except Exception as error:  # a file of unknown origin can fail in any way
        raise ValueError(
            f"Keras cannot load {path}: {str(error) or type(error).__name__}. Save the model "
            "again: model.save('model.keras')."
        ) from error


def _least_weights(config: Any) -> int:
    """Fewest weights that the largest layer of a configuration can have."""
    waiting, most = [config], 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += node.values()
            units = node.get("units")
            if isinstance(units, int):
                most = max(most, units**2 if "recurrent_initializer" in node else units)
        elif isinstance(node, list):
            waiting += node
    return most
