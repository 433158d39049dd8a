"""An array in a few numbers, by which another machine's version of it is compared.

Five numbers in the array's own unit say how far two versions are apart; a hash says whether they
are the same to the last bit, which no sum of many entries can.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unrolled.files import load_dataset

__all__ = ["NUMBERS", "Distance", "distance", "fingerprint", "fingerprints"]

#: Numbers of a fingerprint.
NUMBERS = ("mean", "deviation", "smallest", "largest", "projection")
_DIGITS = 16  # of the hash


@dataclass(frozen=True)
class Distance:
    """How far two arrays are apart.

    Parameters
    ----------
    absolute : float
        Largest difference of a number, in the array's unit.
    relative : float
        The same as a share of the largest of these numbers.
    unlike : str
        What of dimensions, type, shape and count of numbers differs, in words; empty if nothing.
    is_same : bool
        Whether they agree to the last bit.
    """

    absolute: float
    relative: float
    unlike: str
    is_same: bool


def fingerprints(path: str | Path) -> dict[str, dict[str, Any]]:
    """Fingerprint of each variable of a NetCDF file, by name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it cannot be read.
    """
    variables = load_dataset(path).variables
    return {
        str(name): fingerprint(array.values, [str(dim) for dim in array.dims])
        for name, array in sorted(variables.items(), key=lambda item: str(item[0]))
    }


def fingerprint(values: np.ndarray, dims: list[str]) -> dict[str, Any]:
    """What of an array is kept for comparison.

    Parameters
    ----------
    values : ndarray
        Numbers or text, of any shape.
    dims : list of str
        Name of each axis.

    Returns
    -------
    dict
        ``dims``, ``shape``, ``type``, ``sha256`` (its first digits), ``not_finite`` (how many
        entries), and the numbers of `NUMBERS` over the finite entries, None where there are none.

    Notes
    -----
    The projection is ``sum(w * x) / sqrt(n)`` on a fixed vector with 1 <= abs(w) < 2 and random
    signs: it is about as large as the entries, every entry counts, and so does its place.

    Examples
    --------
    >>> kept = fingerprint(np.array([1.0, 3.0, np.nan]), ["unit"])
    >>> kept["mean"], kept["deviation"], kept["not_finite"]
    (2.0, 1.0, 1)
    """
    kept: dict[str, Any] = {
        "dims": dims,
        "shape": list(values.shape),
        "type": _type(values),
        "sha256": _hash(values),
        "not_finite": 0,
        **dict.fromkeys(NUMBERS),
    }
    if values.dtype.kind not in "biuf":
        return kept
    flat = values.astype(np.float64).ravel()
    finite = np.isfinite(flat)
    kept["not_finite"] = int(flat.size - finite.sum())
    if finite.any():
        inside = flat[finite]
        projected = (_weights(flat.size)[finite] * inside).sum() / math.sqrt(flat.size)
        numbers = (inside.mean(), inside.std(), inside.min(), inside.max(), projected)
        kept |= dict(zip(NUMBERS, map(float, numbers), strict=True))
    return kept


def distance(reference: Mapping[str, Any], here: Mapping[str, Any]) -> Distance:
    """How far two fingerprints are apart.

    Parameters
    ----------
    reference, here : mapping
        From `fingerprint`.

    Returns
    -------
    Distance
        Zero in numbers that either lacks; that they are lacking shows in ``unlike``.
    """
    unlike = [
        f"{name} {reference[name]} → {here[name]}"
        for name in ("dims", "type", "shape", "not_finite")
        if reference[name] != here[name]
    ]
    pairs = [(reference[name], here[name]) for name in NUMBERS]
    if any((old is None) != (new is None) for old, new in pairs):
        unlike.append("numbers on one side only")
    apart = [abs(new - old) for old, new in pairs if old is not None and new is not None]
    size = max(
        (abs(each[name] or 0.0) for each in (reference, here) for name in NUMBERS), default=0.0
    )
    absolute = max(apart, default=0.0)
    same = dict(reference) == dict(here)
    return Distance(absolute, absolute / size if absolute else 0.0, "; ".join(unlike), same)


def _type(values: np.ndarray) -> str:
    """Its type without byte order and, for text, without width."""
    return "text" if values.dtype.kind in "SUO" else values.dtype.name


def _hash(values: np.ndarray) -> str:
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind in "UO":
        content = json.dumps(values.tolist(), default=str).encode()
    else:  # the order of bytes is the file's affair
        content = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _weights(size: int) -> np.ndarray:
    """A fixed vector, from the raw stream of PCG64, which is the same in every version."""
    raw = np.random.PCG64(0).random_raw(size)
    return np.where(raw & 1, 1.0, -1.0) * (1.0 + (raw >> 11) * 2.0**-53)
