"""The moments at which a process changes files; each may be its last."""

import os
import sys
from collections.abc import Callable

# Python tells of these before it does them; what lies between two of them leaves files alone.
_CHANGES = {"os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"}
_CHANGES |= {"os.truncate", "os.utime", "os.chmod"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def is_change(event: str, arguments: tuple) -> bool:
    """Whether an event of Python's audit is the beginning of a change of a file."""
    if event == "open":
        path, _, flags = arguments
        return bool(flags & _WRITING) and not str(path).startswith("/dev/")
    return event in _CHANGES


def at_change(number: int, act: Callable[[], None]) -> None:
    """Call `act` just before the change of that number, counted from 1."""
    seen = 0

    def hook(event, arguments):
        nonlocal seen
        if is_change(event, arguments):
            seen += 1
            if seen == number:
                act()

    sys.addaudithook(hook)
