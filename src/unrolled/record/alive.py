"""A run that was killed does not block the next one, and two living runs exclude each other.

Snakemake locks its working folder by files that stay behind when it is killed. A lock of the
operating system goes with its process: every living run, and every living job, shares one on
``.snakemake/alive``. Who gets that file for itself knows that nobody lives, and clears away.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on this system: Snakemake's own message says how to unlock
    fcntl = None  # type: ignore[assignment]

_kept: list[int] = []  # closing the file would give the lock up


def stay_alive(folder: str | Path = ".snakemake", *, heal: bool = False) -> bool:
    """Share the lock of the living for as long as this process lasts.

    Parameters
    ----------
    folder : path
        Snakemake's folder of notes; made if needed.
    heal : bool
        Remove what killed runs left in ``locks``, if nobody lives.

    Returns
    -------
    bool
        Whether stale locks could be looked for: nobody else was alive.
    """
    if fcntl is None:
        return False
    alone = False
    with contextlib.suppress(OSError):
        Path(folder).mkdir(exist_ok=True)
        descriptor = os.open(Path(folder, "alive"), os.O_RDWR | os.O_CREAT, 0o666)
        _kept.append(descriptor)
        if heal:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                alone = True
                for stale in Path(folder, "locks").glob("*.lock"):
                    stale.unlink(missing_ok=True)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return alone
