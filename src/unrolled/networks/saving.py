"""Networks in and out of safetensors files; one file holds a population."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from .cells import cell_kind
from .classifier import Network
from .sequence import SequenceNetwork

AnyNetwork = Network | SequenceNetwork

_KEY = "unrolled"  # several keys would come out in a random order
_FORMAT = 1
_USUAL = "tanh"  # the nonlinearity of a network whose entry names none


def save_networks(path: str | Path, networks: Mapping[str, AnyNetwork]) -> None:
    """Write a population; the same networks give the same bytes.

    Tensors are named ``<network>/<tensor>``. They are float32 where that loses nothing,
    as for every network drawn or trained here, else float64.

    Parameters
    ----------
    path : path
    networks : mapping of str to Network or SequenceNetwork
        Names without a slash.

    Raises
    ------
    ValueError
        If there are no networks, a name holds a slash, or the metadata is not JSON.
    """
    if not networks:
        raise ValueError(f"There are no networks to save in {path}.")
    tensors: dict[str, np.ndarray] = {}
    about: dict[str, dict[str, object]] = {}
    for name in sorted(networks):
        if "/" in name or not name:
            raise ValueError(f"A network's name must not be empty or hold a slash: {name!r}.")
        network = networks[name]
        for key, values in network.parameters().items():
            tensors[f"{name}/{key}"] = _smallest(values)
        about[name] = {
            "cell": network.cell.name,
            "units": network.cell.units,
            "inputs": network.cell.inputs,
            "metadata": dict(network.metadata),
        }
        if isinstance(network, SequenceNetwork):
            about[name]["reads"] = "signals"
        if network.cell.nonlinearity != _USUAL:
            about[name]["nonlinearity"] = network.cell.nonlinearity
    try:
        text = json.dumps({"format": _FORMAT, "networks": about}, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"The metadata of a network is not plain JSON: {error}") from error
    Path(path).write_bytes(save(tensors, metadata={_KEY: text}))


def load_networks(path: str | Path) -> dict[str, Any]:
    """Read a population.

    Returns
    -------
    networks : dict of str to Network or SequenceNetwork
        What each was when it was saved.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated, is not safetensors, or was not written by `save_networks`.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"There is no network file {path}. Build it: snakemake --cores all {path}"
        )
    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})[_KEY])["networks"]
            if not about:
                raise ValueError("it holds no network")
            return {name: _read(file, name, about[name]) for name in sorted(about)}
    except Exception as error:  # metadata of unknown origin may hold anything anywhere
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"{path} ({path.stat().st_size} bytes) is not a file of networks that unrolled can "
            f"read: {reason:.200}. It may be truncated or of another origin. Delete it and build "
            f"it again: rm {path} && snakemake --cores all {path}"
        ) from error


def load_network(path: str | Path, name: str | None = None) -> Any:
    """Read one network of a file.

    Parameters
    ----------
    path : path
    name : str, optional
        Needed where the file holds several.

    Raises
    ------
    ValueError
        If the file holds several networks and no name is given, or none of this name.
    """
    networks = load_networks(path)
    if name is None and len(networks) == 1:
        return next(iter(networks.values()))
    if name not in networks:
        problem = "Say which network to load" if name is None else f"There is no network {name!r}"
        raise ValueError(f"{problem}: {path} holds {', '.join(networks)}.")
    return networks[name]


def _smallest(values: np.ndarray) -> np.ndarray:
    """The values in float32 if they all lie on its grid, else unchanged."""
    values = np.ascontiguousarray(values)
    narrow = values.astype(np.float32)
    return narrow if np.array_equal(narrow.astype(np.float64), values) else values


def _read(file, name: str, about: dict) -> Any:
    """One network from an open file and its entry in the metadata."""
    kind = cell_kind(about["cell"])
    units, inputs = about["units"], about["inputs"]
    values = {key: file.get_tensor(f"{name}/cell.{key}") for key in kind.shapes(units, inputs)}
    cell = kind(units, inputs, values, about.get("nonlinearity", _USUAL))

    def own(*keys: str) -> dict[str, np.ndarray]:
        return {key: file.get_tensor(f"{name}/{key}") for key in keys}

    if about.get("reads") == "signals":
        tensors = own("initial_state", "readout", "readout_bias")
        return SequenceNetwork(cell, **tensors, metadata=about["metadata"])
    return Network(
        cell=cell,
        **own("embedding", "initial_state", "readout"),
        readout_bias=file.get_tensor(f"{name}/readout_bias").item(),
        metadata=about["metadata"],
    )
