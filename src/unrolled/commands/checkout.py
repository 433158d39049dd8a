"""Which checkout a command is about."""

from collections.abc import Iterable
from pathlib import Path


def find_checkout(paths: Iterable[str] = ()) -> Path:
    """The checkout around the first path, or around here, or the one that this code is in.

    Parameters
    ----------
    paths : iterable of str
        What the command was asked about.
    """
    start = next((Path(path).absolute() for path in paths), Path.cwd())
    for folder in (start, *start.parents, Path.cwd(), *Path.cwd().parents):
        if (folder / "Snakefile").is_file() and (folder / "workflow").is_dir():
            return folder
    return Path(__file__).resolve().parents[3]
