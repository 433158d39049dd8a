"""Reading the strings out of a pickle without letting it do anything.

A pickle is a small program: it names functions of any module and has them called. Here every
name it asks for is answered with a stand-in that remembers what it was given and does nothing
else, so that no code from the file, and none from any library, runs. Instructions that could ask
for memory without bytes to fill it are refused before the first is followed.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Iterator
from typing import Any

# What a table never needs: to look beyond the file, to call by older ways, to copy unseen.
_REFUSED = {"PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "INST", "OBJ", "DUP", "NEXT_BUFFER"}
_NUMBERED = {"PUT", "BINPUT", "LONG_BINPUT"}


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
        _check_instructions(content)
        return _InertUnpickler(io.BytesIO(content)).load()
    except Exception as error:  # instructions in an order that nobody foresaw fail in any way
        raise ValueError(f"not a pickle of plain tables: {error}") from error


def _check_instructions(content: bytes) -> None:
    """Refuse instructions that no table needs, and places in memory far beyond their number.

    Parameters
    ----------
    content : bytes
        Read to the end of the first pickle; a length beyond the bytes that are there raises.
    """
    for number, (instruction, argument, _) in enumerate(pickletools.genops(content)):
        if instruction.name in _REFUSED:
            raise ValueError(f"it has the instruction {instruction.name}")
        if instruction.name in _NUMBERED and not 0 <= int(argument or 0) <= number:
            raise ValueError(f"it asks for the place {argument} in memory")


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
    header = next((entries for shape, entries in filter(None, arrays) if len(shape) == 1), None)
    if header is None:
        raise ValueError("not a pickled pandas table: no column names found")
    columns: dict[str, list[str]] = {}
    for node in nodes:
        if node.origin.endswith("_unpickle_block"):
            columns |= _columns_of_block(node, header)
    names_and_entries = [*columns, *(entry for entries in columns.values() for entry in entries)]
    if not columns or not all(isinstance(each, str) for each in names_and_entries):
        raise ValueError("not a pickled pandas table with columns of text")
    return columns


def _columns_of_block(node: Inert, header: list[Any]) -> dict[Any, list[Any]]:
    """Columns of one block of a table, by name; none where the block holds numbers."""
    values, places, *_ = (*node.arguments, None, None)
    block = _object_array(values)
    if block is None:
        return {}
    shape, entries = block
    try:
        names = header[slice(*places.arguments)]  # type: ignore[attr-defined]
        n_columns, n_rows = shape
        return {
            name: entries[row * n_rows : (row + 1) * n_rows]
            for name, row in zip(names, range(n_columns), strict=True)
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"not a pickled pandas table: a block of shape {shape} does not fit its "
            f"{len(header)} columns"
        ) from error


def _object_array(node: Any) -> tuple[tuple[int, ...], list[Any]] | None:
    """Shape and entries of a stand-in for a NumPy array of objects, else None."""
    if not isinstance(node, Inert) or not isinstance(node.state, tuple) or len(node.state) != 5:
        return None
    _, shape, _, fortran_order, entries = node.state
    if fortran_order or not isinstance(shape, tuple) or not isinstance(entries, list):
        return None
    if not all(isinstance(size, int) and 0 <= size <= len(entries) for size in shape):
        return None
    return (shape, entries) if math.prod(shape) == len(entries) else None
