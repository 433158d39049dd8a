"""A person's arrays from .npy, .npz and NetCDF files, checked; nothing is unpickled."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unrolled.files import load_dataset


@dataclass(frozen=True)
class Visited:
    """States that a network visits.

    Parameters
    ----------
    sequences : ndarray of shape (n, T, d)
        NaN where a sequence has ended. T = 1 for states without an order in time.
    """

    sequences: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        """Whether a place lies within its sequence, (n, T)."""
        return ~np.isnan(self.sequences).all(axis=2)

    @property
    def states(self) -> np.ndarray:
        """All states, (samples, d)."""
        return self.sequences[self.inside]

    @property
    def has_time(self) -> bool:
        """Whether the states follow one another."""
        return self.sequences.shape[1] > 1

    def median_step(self) -> float:
        """Median distance between neighbours in time, in units of the state; 0 without any."""
        steps = np.linalg.norm(np.diff(self.sequences, axis=1), axis=2)
        steps = steps[np.isfinite(steps)]
        return float(np.median(steps)) if steps.size else 0.0

    def __str__(self) -> str:
        """Say it in a few words."""
        n, times, _ = self.sequences.shape
        if not self.has_time:
            return f"{n:,} states without an order in time"
        padding = int((~self.inside).sum())
        left_out = f", {padding:,} rows of NaN (padding) left out" if padding else ""
        return f"{len(self.states):,} states of {n:,} sequences of up to {times} steps{left_out}"


def read_states(path: Path, *, width: int, units: int) -> Visited:
    """Visited states from a file.

    Parameters
    ----------
    path : pathlib.Path
        With one array, or one called ``states``, of shape (n, d) or (n, T, d). Rows of NaN
        are padding.
    width : int
        Entries of a state, d.
    units : int
        Hidden units of the cell.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file or its array is not as described.
    """
    values, where = _read(path, ("states",), "states")
    if values.ndim not in (2, 3) or values.shape[-1] != width or 0 in values.shape:
        hint = ""
        if values.ndim in (2, 3) and values.shape[-1] == units != width:
            hint = (
                f" The state of this cell is more than its {units} outputs (an LSTM's is [h; c]): "
                "unrolled.networks.run_cell gives whole states."
            )
        raise ValueError(
            f"{where} has the shape {values.shape}; (n, {width}) or (n, T, {width}) is expected, "
            f"since a state of this network has {width} entries.{hint}"
        )
    sequences = values if values.ndim == 3 else values[:, None]
    broken = ~np.isfinite(sequences).all(axis=2) & ~np.isnan(sequences).all(axis=2)
    if broken.any():
        raise ValueError(
            f"{where}: {int(broken.sum())} states are partly NaN, or infinite. Only whole rows of "
            "NaN are taken, as padding."
        )
    visited = Visited(sequences)
    if not len(visited.states):
        raise ValueError(f"{where} holds nothing but NaN; at least one state is needed.")
    return visited


def read_input(path: Path, *, width: int) -> np.ndarray:
    """The frozen input vector from a file with one array, or one called ``input``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the array is not ``width`` finite numbers.
    """
    values, where = _read(path, ("input", "inputs"), "frozen input")
    if values.shape not in ((width,), (1, width)) or not np.isfinite(values).all():
        finite = "" if np.isfinite(values).all() else ", not all of them finite"
        raise ValueError(
            f"{where} has the shape {values.shape}{finite}; one vector of {width} finite numbers "
            "is expected, since this network has so many inputs."
        )
    return values.reshape(width)


def _read(path: Path, names: Sequence[str], what: str) -> tuple[np.ndarray, str]:
    """The array of a file in float64, and where it stands, for messages."""
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path} (the {what}).")
    arrays = _arrays(path)
    chosen = next((name for name in names if name in arrays), None)
    if chosen is None and len(arrays) == 1:
        chosen = next(iter(arrays))
    if chosen is None:
        raise ValueError(
            f"{path} holds the arrays {', '.join(sorted(arrays)) or '(none)'}; for the {what}, one "
            f"array or one called {names[0]!r} is expected."
        )
    values = arrays[chosen]
    where = f"{path}, array {chosen!r}" if chosen else str(path)
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{where} holds {values.dtype} values; numbers are expected.")
    return values.astype(np.float64), where


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of a file by name; a .npy file's has the name ``""``."""
    try:
        if path.suffix == ".nc":
            dataset = load_dataset(path)
            return {str(name): values.values for name, values in dataset.data_vars.items()}
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"": loaded}
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        first = str(error).split(". ")[0]
        raise ValueError(
            f"{path} cannot be read as .npy, .npz or NetCDF-3 without pickles: {first}. Write it "
            "with numpy.savez(path, states=...), of numbers."
        ) from error
