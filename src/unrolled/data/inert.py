"""Reading the strings out of a pickle without letting it do anything.

A pickle is a small program: it names functions of any module and has them called. Here every
name it asks for is answered with a stand-in that remembers what it was given and does nothing
else, so that no code from the file, and none from any library, runs.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from typing import Any


class Inert:
    """What stands in a tree where the pickle wanted an object of its own.

    Attributes
    ----------
    origin : str
        Module and name that the pickle asked for.
    arguments : tuple
        What it wanted to call that name with.
    state : object
        What it wanted to restore afterwards; None if nothing.
    """

    origin = ""
    arguments: tuple[Any, ...]
    state: Any

    def __new__(cls, *arguments: Any) -> Inert:
        """Remember the arguments."""
        self = object.__new__(cls)
        self.arguments = arguments
        self.state = None
        return self

    def __init__(self, *arguments: Any) -> None:
        """Do nothing: ``object`` would refuse the arguments."""

    def __setstate__(self, state: Any) -> None:
        """Remember the state instead of applying it."""
        self.state = state


class _InertUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[Inert]:
        return type("Inert", (Inert,), {"origin": f"{module}.{name}"})

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError(f"it refers to something outside itself ({pid!r})")


def read_inert(content: bytes) -> Any:
    """The tree of plain values and stand-ins that a pickle describes.

    Parameters
    ----------
    content : bytes
        The whole pickle.

    Returns
    -------
    object
        Numbers, strings, lists, tuples, dictionaries and `Inert` objects.

    Raises
    ------
    ValueError
        If the bytes are no pickle, are cut short, or want more than stand-ins can give.
    """
    try:
        return _InertUnpickler(io.BytesIO(content)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"not a pickle of plain tables: {error}") from error


def walk_inert(tree: Any) -> Iterator[Inert]:
    """Every stand-in of a tree, outer ones first.

    Parameters
    ----------
    tree : object
        What `read_inert` returned.

    Yields
    ------
    Inert
    """
    waiting, seen = [tree], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, str | bytes | bytearray | int | float) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Inert):
            yield node
            waiting += [node.state, node.arguments]
        elif isinstance(node, dict):
            waiting += [*reversed(node.values()), *node.keys()]
        elif isinstance(node, list | tuple):
            waiting += reversed(node)


def string_columns(content: bytes) -> dict[str, list[str]]:
    """The columns of text in a pickled pandas table.

    Parameters
    ----------
    content : bytes
        Pickle of a data frame of pandas 1 to 3 whose text columns are of type ``object``.

    Returns
    -------
    dict
        Column name -> its entries, in the order of the rows.

    Raises
    ------
    ValueError
        If the tree is not that of such a table.
    """
    nodes = list(walk_inert(read_inert(content)))
    arrays = [_object_array(node) for node in nodes]
    header = next((array for array in arrays if array and len(array[0]) == 1), None)
    if header is None:
        raise ValueError("not a pickled pandas table: no column names found")
    columns = {}
    for node in nodes:
        if not node.origin.endswith("_unpickle_block"):
            continue
        values, places, *_ = node.arguments
        block = _object_array(values)
        if block is None:
            continue  # a block of numbers
        (n_columns, n_rows), entries = block
        for row, place in enumerate(range(*places.arguments)[:n_columns]):
            columns[header[1][place]] = entries[row * n_rows : (row + 1) * n_rows]
    if not columns or not all(isinstance(x, str) for entries in columns.values() for x in entries):
        raise ValueError("not a pickled pandas table with columns of text")
    return columns


def _object_array(node: Any) -> tuple[tuple[int, ...], list[Any]] | None:
    """Shape and entries of a stand-in for a NumPy array of objects, else None."""
    if not isinstance(node, Inert) or not isinstance(node.state, tuple) or len(node.state) != 5:
        return None
    _, shape, _, fortran_order, entries = node.state
    if fortran_order or not isinstance(shape, tuple) or not isinstance(entries, list):
        return None
    return shape, entries
