"""A person's arrays from .npy, .npz and NetCDF files, checked; nothing is unpickled."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unrolled.files import load_dataset

# Of a compressed array, whose file may be a thousand times smaller than what it unpacks to.
_MOST_UNPACKED_BYTES = 2 << 30
_MOST_NAMES = 20  # that a message lists


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
    try:
        values, name = _chosen(path, names)
    except _Ambiguous as error:
        raise ValueError(
            f"{path} holds the arrays {error}; for the {what}, one array or one called "
            f"{names[0]!r} is expected."
        ) from error
    except Exception as error:  # a file of unknown origin can fail the library in any way
        first = (str(error) or type(error).__name__).split(". ")[0]
        raise ValueError(
            f"{path} cannot be read as .npy, .npz or NetCDF-3 without pickles: {first}. Write it "
            "with numpy.savez(path, states=...), of numbers."
        ) from error
    where = f"{path}, array {name!r:.60}" if name else str(path)
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{where} holds {values.dtype} values; numbers are expected.")
    return values.astype(np.float64), where


class _Ambiguous(ValueError):
    """Names of several arrays, none of them the one that was looked for."""


def _chosen(path: Path, names: Sequence[str]) -> tuple[np.ndarray, str]:
    """The array of a file that has one of the names, or is the only one, and its name."""
    if path.suffix == ".nc":
        dataset = load_dataset(path)
        name = _name_among([str(each) for each in dataset.data_vars], names)
        return dataset[name].values, name
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded, ""
    with loaded:
        name = _name_among(loaded.files, names)
        sizes = [entry.file_size for entry in loaded.zip.infolist()]
        if sum(sizes) > _MOST_UNPACKED_BYTES:
            raise ValueError(f"it unpacks to {sum(sizes):,} bytes; save the array alone, as .npy")
        values = loaded[name]
        if not isinstance(values, np.ndarray):
            raise ValueError(f"{name!r:.60} in it is no array")
        return values, name


def _name_among(found: Sequence[str], names: Sequence[str]) -> str:
    """Which of the arrays that were found is meant."""
    chosen = [name for name in names if name in found] or (found if len(found) == 1 else [])
    if not chosen:
        some = ", ".join(sorted(found)[:_MOST_NAMES]) or "(none)"
        raise _Ambiguous(some + (", …" if len(found) > _MOST_NAMES else ""))
    return chosen[0]
