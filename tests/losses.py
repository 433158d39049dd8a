"""Whether something that was complete is lost: the worst that a fault can do."""

import hashlib
from pathlib import Path


class DataLost(AssertionError):
    """A file that was complete is gone or has other bytes; the table of faults says so."""


def contents(folder, pattern="results/**/*"):
    """Sha256 of every complete file under a folder, by its path from there."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).glob(pattern))
        if path.is_file() and not path.name.startswith(".partial.") and "record" not in path.parts
    }


def assert_kept(before, folder):
    """Raise `DataLost` unless every file of `contents` is there with the same bytes."""
    after = contents(folder)
    lost = sorted(name for name, sha256 in before.items() if after.get(name) != sha256)
    if lost:
        raise DataLost(f"lost: {', '.join(lost)}")
