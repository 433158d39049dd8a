"""Files that a step reads, noted where the settings say ``trace: true``.

Python tells an audit hook of every file that Python code opens, whichever library does so: text,
NumPy's and pandas' files, NetCDF-3, which SciPy opens in Python and then maps into memory. Not
seen are files that compiled code opens by itself (HDF5, safetensors, TensorFlow's own readers),
child processes, and what a script learns of a file without opening it: whether it exists, what a
folder holds.

The hook sees the script alone: it is set when the step is open and its inputs are hashed, and
what the step itself reads afterwards, to keep its books, does not count.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unrolled.record.provenance import known_path

TRACE = "UNROLLED_TRACE"

_LIBRARIES = ("stdlib", "platstdlib", "purelib", "platlib")
_SYSTEM = ("/dev", "/etc", "/lib", "/lib64", "/proc", "/sys", "/usr", "/System", "/Library")
# Modules, which the closure covers: a step fails if it loads one that was not seen there.
_MODULES = (".py", ".pyi", ".pyc")
# Copies of raw files, of which only the bytes with the sum that the rule declares are used.
_KEPT = "resources/downloads"


class ReadTrace:
    """Notes every file that this process opens for reading, from now until `stop`.

    Parameters
    ----------
    root : path
        Folder of the Snakefile.
    own : iterable of path
        Files and folders of the job itself: outputs, log, checkpoints, records.
    """

    def __init__(self, root: str | Path, own: Iterable[str | Path]) -> None:
        self._root = os.path.abspath(root)
        self._own = [os.path.abspath(path) for path in own]
        self._found: set[str] = set()
        self._listening = True
        sys.addaudithook(self._note)  # for good; `stop` makes it deaf

    def stop(self) -> list[str]:
        """Files that the script read and that may decide its results.

        Returns
        -------
        list of str
            Sorted, as `known_path` gives them; without the interpreter's and the system's files,
            installed libraries, modules of the package, temporary files and the job's own.
        """
        self._listening = False
        return sorted({known_path(path, self._root) for path in self._found if self._counts(path)})

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and self._listening:
            path, _, flags = arguments
            if not isinstance(path, int) and _reads(flags):
                self._found.add(os.path.abspath(os.fsdecode(path)))

    def _counts(self, path: str) -> bool:
        if not os.path.isfile(path):  # a try that failed, a folder, a file of a moment
            return False
        here = os.getcwd()
        packages = os.path.join(self._root, "src")
        if _is_below(path, [*map(sysconfig.get_path, _LIBRARIES), *self._own]):
            return False
        if _is_below(path, [packages]) and path.endswith(_MODULES):
            return False
        if _is_below(path, [here, self._root]):
            return not _is_below(path, [os.path.join(here, ".snakemake")])
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        # Keras looks at its own defaults whenever it is loaded; our networks set all they need.
        keras = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
        return not _is_below(path, [*_SYSTEM, tempfile.gettempdir(), cache, keras])


def undeclared_reads(record: Mapping[str, Any]) -> list[str]:
    """Files that a job read though its rule does not say so.

    Parameters
    ----------
    record : mapping
        See `unrolled.record.provenance`.

    Returns
    -------
    list of str
        What is on record as read, but is neither an input, nor inside one, nor a file that the
        rule names in ``code_of``. Empty for a job that was not traced.
    """
    declared = [each["path"] for each in record["inputs"]]
    # A file of the package that a module names is listed from src.
    declared += [name for file in record["code"] for name in (file, f"src/{file}")]
    return [path for path in record.get("reads", ()) if not _is_below(path, [*declared, _KEPT])]


def _reads(flags: int) -> bool:
    """Whether a file that is opened so can be read, with what it held before."""
    return flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR) != os.O_WRONLY and not flags & os.O_TRUNC


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)
