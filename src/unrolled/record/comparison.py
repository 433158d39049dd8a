"""Two builds of the same files: which are identical, and where the first one differs.

Equal bytes are identical; nothing else is. Where bytes differ, the file is opened to say which
entry of which array it is, for that is what a person can act on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from unrolled.files import load_dataset, load_json, load_table
from unrolled.record.ledger import Entry

__all__ = ["Comparison", "Difference", "compare", "first_difference", "upstream_first"]

_KINDS = {
    ".nc": "arrays",
    ".safetensors": "networks",
    ".csv": "tables",
    ".json": "numbers",
    ".pdf": "figures",
    ".png": "figures",
    ".html": "pages",
}


@dataclass(frozen=True)
class Difference:
    """Where two versions of a file first differ.

    Parameters
    ----------
    path : str
        Of the file, from either folder.
    where : str
        ``weights[3, 1]``, ``weights: shape``, ``byte 1042``, or ``file``.
    first, second : str or None
        What stands there; None where nothing does.
    note : str
        How much else differs in that array.
    """

    path: str
    where: str
    first: str | None
    second: str | None
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """What came of comparing files of two folders.

    Parameters
    ----------
    paths : tuple of str
        All that were compared, what was made from nothing first.
    differences : tuple of Difference
        One for each file that is not identical, in the same order.
    """

    paths: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def is_identical(self) -> bool:
        """Whether every file is."""
        return not self.differences

    def counts(self) -> dict[str, tuple[int, int]]:
        """Identical files and all files of each kind, by kind."""
        total = Counter(map(_kind, self.paths))
        differing = Counter(_kind(each.path) for each in self.differences)
        return {kind: (total[kind] - differing[kind], total[kind]) for kind in sorted(total)}


def compare(paths: Iterable[str], first: str | Path, second: str | Path) -> Comparison:
    """Compare files that two folders should hold alike.

    Parameters
    ----------
    paths : iterable of str
        From either folder, in the order in which differences are to be named.
    first, second : path
        The folders.

    Returns
    -------
    Comparison
    """
    paths = tuple(paths)
    found = (first_difference(path, Path(first, path), Path(second, path)) for path in paths)
    return Comparison(paths, tuple(each for each in found if each is not None))


def upstream_first(outputs: Mapping[str, Entry], targets: Iterable[str] | None = None) -> list[str]:
    """Recorded outputs in the order of their making: each after everything it was made from.

    Parameters
    ----------
    outputs : mapping of str to Entry
        Of `unrolled.record.ledger.Ledger`.
    targets : iterable of str, optional
        Only these and what they were made from; everything if not given.

    Returns
    -------
    list of str
        Paths; the same order for the same records.

    Raises
    ------
    ValueError
        If the records go round in a circle.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    todo, seen = sorted(outputs if targets is None else targets), set()
    while todo:
        path = todo.pop(0)
        if path in seen or path not in outputs:
            continue
        seen.add(path)
        inputs = dict.fromkeys(each["path"] for each in outputs[path].record["inputs"])
        made = [each for each in inputs if each in outputs]
        sorter.add(path, *made)
        todo += made
    return list(sorter.static_order())


def first_difference(path: str, first: Path, second: Path) -> Difference | None:
    """Where two versions of a file first differ; None where they are identical.

    Parameters
    ----------
    path : str
        What the file is called.
    first, second : pathlib.Path
        Where its versions are; one may be missing.

    Returns
    -------
    Difference or None
        In NetCDF and safetensors an entry of an array, in CSV a field, in JSON a value;
        where no such thing differs, or none can be read, a byte.
    """
    if not (first.is_file() and second.is_file()):
        return Difference(path, "file", _presence(first.is_file()), _presence(second.is_file()))
    one, two = first.read_bytes(), second.read_bytes()
    if one == two:
        return None
    try:
        unlike = next(_unlike_entries(path, _content(first), _content(second)), None)
    except (ValueError, OSError, SafetensorError):
        unlike = None  # at least one cannot be read, which its bytes show as well
    return unlike or _first_byte(path, one, two)


def _kind(path: str) -> str:
    """What a file holds, by its suffix: arrays, networks, tables, numbers, figures, pages."""
    return _KINDS.get(Path(path).suffix, "other files")


def _presence(is_there: bool) -> str | None:
    return "there" if is_there else None


def _content(path: Path) -> dict[str, np.ndarray]:
    """Everything in a file that has a name, as arrays; empty for files of other formats."""
    read = {".nc": _variables, ".safetensors": _tensors, ".csv": _columns, ".json": _values}
    return read.get(path.suffix, lambda _: {})(path)


def _variables(path: Path) -> dict[str, np.ndarray]:
    """Variables of a NetCDF file, then attributes: ``variable:attribute``."""
    dataset = load_dataset(path)
    content = {str(name): array.values for name, array in dataset.variables.items()}
    for name, array in dataset.variables.items():
        content[f"{name}: dimensions"] = np.array(array.dims, dtype=str)
        content |= {f"{name}:{key}": np.asarray(value) for key, value in array.attrs.items()}
    return content | {f":{key}": np.asarray(value) for key, value in dataset.attrs.items()}


def _tensors(path: Path) -> dict[str, np.ndarray]:
    """Tensors of a safetensors file, then its metadata."""
    with safe_open(path, framework="numpy") as file:
        content = {name: file.get_tensor(name) for name in sorted(file.keys())}
        return content | {
            f":{key}": np.array(value) for key, value in (file.metadata() or {}).items()
        }


def _columns(path: Path) -> dict[str, np.ndarray]:
    """Columns of a table."""
    rows = load_table(path)
    return {column: np.array([row[column] for row in rows]) for column in (rows or [{}])[0]}


def _values(path: Path) -> dict[str, np.ndarray]:
    """Values of a JSON file, ``claims[3].value``, as text."""
    return {name: np.array(json.dumps(value)) for name, value in _leaves(load_json(path), "")}


def _leaves(content: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict) and content:
        for key, value in content.items():
            yield from _leaves(value, f"{name}.{key}" if name else key)
    elif isinstance(content, list) and content:
        for place, value in enumerate(content):
            yield from _leaves(value, f"{name}[{place}]")
    else:
        yield name, content


def _unlike_entries(
    path: str, one: Mapping[str, np.ndarray], two: Mapping[str, np.ndarray]
) -> Iterator[Difference]:
    """The first unlike entry of each array that is not the same in both."""
    for name in dict.fromkeys([*one, *two]):
        if name not in one or name not in two:
            yield Difference(path, name, _presence(name in one), _presence(name in two))
            continue
        a, b = one[name], two[name]
        if a.shape != b.shape:
            yield Difference(path, f"{name}: shape", str(a.shape), str(b.shape))
        elif a.dtype != b.dtype and not {a.dtype.kind, b.dtype.kind} <= set("SU"):
            yield Difference(path, f"{name}: type", str(a.dtype), str(b.dtype))
        elif (unlike := _unlike(a, b)).any():
            place = tuple(int(each) for each in np.argwhere(unlike)[0])
            shown = f"{name}[{', '.join(map(str, place))}]" if place else name
            note = f"{unlike.sum()} of {a.size} entries differ" if place else ""
            yield Difference(path, shown, str(a[place]), str(b[place]), note)


def _unlike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether entries differ; two that are not a number do not."""
    unlike = np.asarray(a != b)
    if a.dtype.kind in "fc":
        unlike &= ~(np.isnan(a) & np.isnan(b))
    return unlike


def _first_byte(path: str, one: bytes, two: bytes) -> Difference:
    length = min(len(one), len(two))
    unlike = np.frombuffer(one[:length], np.uint8) != np.frombuffer(two[:length], np.uint8)
    offset = int(unlike.argmax()) if unlike.any() else length
    a, b = (f"0x{each[offset]:02x}" if offset < len(each) else None for each in (one, two))
    note = "" if len(one) == len(two) else f"{len(one)} and {len(two)} bytes in all"
    return Difference(path, f"byte {offset}", a, b, note)
