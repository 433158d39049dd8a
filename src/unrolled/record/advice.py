"""What a person can do when the machine is at fault: a full disk, a shut folder, no memory."""

from __future__ import annotations

import errno
from collections.abc import Iterator

_AGAIN = "Then run the same command again: what was complete is kept."
_REMEDIES = {
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG): (
        "There is no room{where}. Make some (`df -h .` shows how much is left, `ulimit -f` how "
        "long a file may be), or let results lie elsewhere: snakemake --directory <folder>."
    ),
    (errno.EACCES, errno.EPERM, errno.EROFS): (
        "The right to write or read is missing{where}. Give it to yourself: chmod -R u+rwX "
        "results logs .snakemake; or work in a folder of your own: snakemake --directory <folder>."
    ),
    (errno.ENAMETOOLONG,): (
        "A path is too long for this file system{where}. Work in a folder with a shorter one: "
        "snakemake --directory <folder>."
    ),
}


def advice(error: BaseException, *, job: str, held: int) -> str:
    """What to do about an error that is the machine's, not the script's.

    Parameters
    ----------
    error : BaseException
        What was raised; what it was raised from counts as well.
    job : str
        Whose error it is.
    held : int
        Most memory that the job held, in bytes.

    Returns
    -------
    str
        One line; empty for any other error.
    """
    for each in _chain(error):
        # TensorFlow has a class of its own for want of memory, which must not be loaded here.
        if isinstance(each, MemoryError) or type(each).__name__ == "ResourceExhaustedError":
            return _more_memory(job, held)
        if isinstance(each, OSError):
            if each.errno == errno.ENOMEM:
                return _more_memory(job, held)
            for numbers, remedy in _REMEDIES.items():
                if each.errno in numbers:
                    where = f" for {each.filename}" if each.filename else ""
                    return f"{remedy.format(where=where)} {_AGAIN}"
    return ""


def _more_memory(job: str, held: int) -> str:
    return (
        f"There is not enough memory: {job} held {held // 10**6} MB and asked for more. Let fewer "
        "jobs run at once (snakemake --cores 1), lift a limit (`ulimit -v`, or mem_mb in the "
        f"profile), or make its settings smaller. {_AGAIN}"
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it was raised from, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
