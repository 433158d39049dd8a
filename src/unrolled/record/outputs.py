"""Outputs that appear all at once and whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from unrolled.record.advice import advice

_PREFIX = ".partial."


def digest(path: str | Path) -> tuple[str, int]:
    """Sha256 and size of a file, or of all files in a folder with their names.

    Parameters
    ----------
    path : path
        File or folder.

    Returns
    -------
    sha256 : str
        Hexadecimal.
    size : int
        Bytes.
    """
    path = Path(path)
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    total, size = hashlib.sha256(), 0
    for file_path in sorted(each for each in path.rglob("*") if each.is_file()):
        inner, length = digest(file_path)
        total.update(f"{file_path.relative_to(path).as_posix()} {inner}\n".encode())
        size += length
    return total.hexdigest(), size


def flush_to_disk(path: str | Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk and not only in memory.

    Parameters
    ----------
    path : path
        File or folder. Takes about ten milliseconds for a record, two a megabyte for more.
    """
    # Not every system opens folders, and not every file system flushes them.
    with contextlib.suppress(OSError) if Path(path).is_dir() else contextlib.nullcontext():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_writable(folder: str | Path) -> None:
    """Look whether results can be written, before an old one is removed for a new one.

    Parameters
    ----------
    folder : path
        ``results/<scale>``; may be missing.

    Raises
    ------
    RuntimeError
        If it or a folder in it may only be read; what to do is in the message.
    """
    for path, _, _ in os.walk(folder):
        if not os.access(path, os.W_OK | os.X_OK):
            error = PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            raise RuntimeError(f"{error}. {advice(error, job='the run', held=0)}")


class Outputs:
    """Paths to write to, by name or number; `commit` moves what stands there into place.

    The temporary name keeps the suffix, by which libraries choose a format, and is always the
    same, so that a later run overwrites what a killed one left.

    Parameters
    ----------
    declared : list with names
        The rule's output, as Snakemake gives it.
    """

    def __init__(self, declared: Any) -> None:
        self._final = [Path(path) for path in declared]
        self._names: dict[str, Any] = {
            name: [partial_path(path) for path in value]
            if isinstance(value, list | tuple)
            else partial_path(value)
            for name, value in declared.items()
        }
        self._partials = [partial_path(path) for path in self._final]

    def __getattr__(self, name: str) -> Any:
        """Path of the output of that name, or the list of paths."""
        try:
            return self.__dict__["_names"][name]
        except KeyError:
            names = ", ".join(self.__dict__.get("_names", {})) or "none"
            raise AttributeError(f"the rule has no output {name!r}; it has: {names}") from None

    def __getitem__(self, key: int | str) -> Any:
        """Path by number or by name."""
        return self._partials[key] if isinstance(key, int) else getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        """Every path to write to, in the rule's order."""
        return iter(self._partials)

    def __len__(self) -> int:
        """Number of outputs."""
        return len(self._partials)

    @property
    def final(self) -> list[Path]:
        """Where the outputs will be."""
        return list(self._final)

    def make_folders(self) -> None:
        """Make the folders to write to, where they are missing.

        An output that is a folder itself begins empty, whatever a killed run left of it.
        """
        for path in self._final:
            path.parent.mkdir(parents=True, exist_ok=True)
        _remove(path for path in self._partials if Path(path).is_dir())

    def describe(self) -> list[tuple[Path, str, int]]:
        """Final path, sha256 and size of each output as written so far.

        Raises
        ------
        FileNotFoundError
            If one was not written.
        """
        missing = [
            str(final)
            for final, partial in zip(self._final, self._partials, strict=True)
            if not Path(partial).exists()
        ]
        if missing:
            raise FileNotFoundError(
                f"the script did not write {', '.join(missing)}. Write to step.output.<name>, "
                "the path that the step hands out."
            )
        return [
            (final, *digest(partial))
            for final, partial in zip(self._final, self._partials, strict=True)
        ]

    def flush(self) -> None:
        """Wait until all that was written is on the disk, where a power cut leaves it whole."""
        for path in map(Path, self._partials):
            for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
                flush_to_disk(each)

    def commit(self) -> None:
        """Move every output into place."""
        for final, partial in zip(self._final, self._partials, strict=True):
            if final.is_dir():
                shutil.rmtree(final)
            os.replace(partial, final)

    def discard(self) -> None:
        """Remove what was written so far."""
        _remove(self._partials)


def partial_path(path: str | Path) -> str:
    """Where an output is written to until its job has ended well.

    Parameters
    ----------
    path : path
        Where it will be.

    Returns
    -------
    str
        In the same folder, and always the same.
    """
    path = Path(path)
    return str(path.with_name(_PREFIX + path.name))


def _remove(paths: Iterable[str]) -> None:
    for path in map(Path, paths):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # where nothing may be removed, it stays
                path.unlink()
