"""A run that was killed does not block the next one, and two living runs exclude each other.

Snakemake locks its working folder by files that stay behind when it is killed. A lock of the
operating system goes with its process: every living run, and every living job, shares one on
``.snakemake/alive``. Who gets that file for itself knows that nobody lives, and clears away.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # not on this system: Snakemake's own message says how to unlock
    fcntl = None  # type: ignore[assignment]

_kept: list[int] = []  # closing the file would give the lock up


def stay_alive(
    folder: str | Path = ".snakemake", *, clear: Callable[[], object] | None = None
) -> bool | None:
    """Share the lock of the living for as long as this process lasts.

    Parameters
    ----------
    folder : path
        Snakemake's folder of notes; made if needed.
    clear : callable, optional
        Called if nobody else lives, and before anybody else may begin, once the locks and copies
        of scripts that killed runs left there are removed. Without it nothing is looked for.

    Returns
    -------
    bool or None
        Whether nobody else was alive; None where that was not asked or cannot be known.
    """
    if fcntl is None:
        return None
    alone = None
    with contextlib.suppress(OSError):
        Path(folder).mkdir(exist_ok=True)
        descriptor = os.open(Path(folder, "alive"), os.O_RDWR | os.O_CREAT, 0o666)
        _kept.append(descriptor)
        try:
            if clear is not None:
                alone = _lock_alone(descriptor)
                if alone:
                    _remove_stale(Path(folder))
                    clear()
        finally:
            # Another run may clear away at this moment. It is soon done, and who did not wait
            # for it would live on without a lock.
            fcntl.flock(descriptor, fcntl.LOCK_SH)
    return alone


def take_turns(folder: str | Path = ".snakemake") -> Callable[[], object]:
    """Wait while another run plans, so that two that begin at once do not both find no lock.

    Parameters
    ----------
    folder : path
        Snakemake's folder of notes; made if needed.

    Returns
    -------
    callable
        To be called once Snakemake holds its locks; the end of the process does as well.
    """
    try:
        Path(folder).mkdir(exist_ok=True)
        file = Path(folder, "planning").open("ab")  # noqa: SIM115  held until then
    except OSError:  # nothing can be written here, so that no two runs can disturb each other
        return lambda: None
    lock_file(file)
    return file.close


def _lock_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_stale(folder: Path) -> None:
    for stale in [*folder.glob("locks/*.lock"), *folder.glob("scripts/tmp*")]:
        stale.unlink(missing_ok=True)


def lock_file(file: IO[bytes]) -> None:
    """Hold a file alone until it is closed, and wait for others who do.

    Parameters
    ----------
    file : file object
        Open. Where the system or the file system has no locks, nothing happens.
    """
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
