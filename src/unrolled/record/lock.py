"""Fingerprint of the installed libraries that the lock files name."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

LOCK_FILES = ("envs/cpu.txt", "envs/gpu.txt")

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
_INSTALLED = re.compile(r"^(.+?)-([^-]+)\.(?:dist|egg)-info$")


def locked_versions(root: str | Path) -> dict[str, str]:
    """Installed version of each library that a lock file names.

    Parameters
    ----------
    root : path
        Folder with ``envs/cpu.txt`` and ``envs/gpu.txt``; either may be missing.

    Returns
    -------
    dict
        Normalised name to version, sorted. What is not installed is left out, and so is what
        was installed by hand: a debugger makes nothing stale.
    """
    names = {name for name, _ in _pins(root)}
    installed = _installed(tuple(sys.path))
    return {name: installed[name] for name in sorted(names) if name in installed}


def lock_fingerprint(root: str | Path) -> str:
    """Twelve hexadecimal digits that change with any locked library and with Python.

    Parameters
    ----------
    root : path
        Folder with the lock files.

    Returns
    -------
    str
        The same on every machine with the same versions.
    """
    versions = {"python": platform.python_version(), **locked_versions(root)}
    text = "\n".join(f"{name}=={version}" for name, version in versions.items())
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def pinned_versions(root: str | Path) -> dict[str, set[str]]:
    """Versions that the lock files ask for.

    Parameters
    ----------
    root : path
        Folder with the lock files.

    Returns
    -------
    dict
        Normalised name to versions: more than one where they differ between systems.
    """
    pins: dict[str, set[str]] = {}
    for name, version in _pins(root):
        pins.setdefault(name, set()).add(version)
    return pins


def _pins(root: str | Path) -> Iterator[tuple[str, str]]:
    for file in LOCK_FILES:
        path = Path(root, file)
        if path.is_file():
            for name, version in _PINNED.findall(path.read_text(encoding="utf-8")):
                yield _normal(name), version


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _installed(folders: Iterable[str]) -> dict[str, str]:
    """Every installed distribution, by the names of its folders: a few ms, not a few hundred."""
    found: dict[str, str] = {}
    for folder in folders:
        try:
            entries = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        for entry in entries:
            matched = _INSTALLED.match(entry)
            if matched:
                found.setdefault(_normal(matched[1]), matched[2])
    if found:
        return found
    return {_normal(each.name): each.version for each in metadata.distributions()}
