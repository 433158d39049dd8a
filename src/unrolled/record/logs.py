"""What a step says while it runs: whole lines, to its log file and to the terminal."""

from __future__ import annotations

import contextlib
import linecache
import logging
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

_EVERY = 3.0  # seconds between two lines of progress


def open_log(name: str, file: str | Path | None) -> logging.Logger:
    """A logger that writes to a file (from its beginning) and to stderr, warnings included.

    Parameters
    ----------
    name : str
        The rule's name.
    file : path or None
        Log file; its folder is made if needed. Where it cannot be, stderr has to do.

    Returns
    -------
    logging.Logger
        Of level INFO; hand it back to `close_log`.
    """
    logger = logging.getLogger(f"step.{name}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    close_log(logger)
    # A line that finds no room, or no terminal, is lost; the job is not, nor are its other lines.
    logging.raiseExceptions = False
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    fault: OSError | None = None
    if file is not None:
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(file, mode="w", encoding="utf-8"))
        except OSError as error:
            fault = error
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
        logging.getLogger("py.warnings").addHandler(handler)
    logging.captureWarnings(True)
    if fault is not None:
        logger.warning("%s cannot be written (%s); it is all said here", file, fault.strerror)
    return logger


def close_log(logger: logging.Logger) -> None:
    """Close a log's file; the logger may be opened again.

    Parameters
    ----------
    logger : logging.Logger
        From `open_log`.
    """
    logging.captureWarnings(False)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        logging.getLogger("py.warnings").removeHandler(handler)
        with contextlib.suppress(OSError):  # what found no room before finds none now
            handler.close()


def job_name(rule: str, wildcards: Mapping[str, str]) -> str:
    """A rule with its wildcards, as a person would say it."""
    if not wildcards:
        return rule
    return f"{rule} ({', '.join(f'{key}={value}' for key, value in sorted(wildcards.items()))})"


def duration(seconds: float) -> str:
    """Minutes and seconds: ``0:07``, ``12:30``, ``1:02:05``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Progress:
    """Progress of a loop in whole lines, one every few seconds and one at the end.

    Parameters
    ----------
    total : int
        How much there is to do.
    label : str
        What is being done.
    say : callable
        Takes one line of text.
    clock : callable
        Seconds; only differences count.
    every : float
        Least time between two lines, in seconds.
    unit : str
        What is counted; where it has a name, the speed is said as well.
    """

    def __init__(
        self,
        total: int,
        label: str,
        say: Callable[[str], object],
        *,
        clock: Callable[[], float] = time.monotonic,
        every: float = _EVERY,
        unit: str = "",
    ) -> None:
        self._unit = unit
        self._total, self._label, self._say = total, label, say
        self._clock, self._every = clock, every
        self._start = self._last = clock()

    def update(self, done: int, **numbers: float) -> None:
        """Say how far it is, unless that was said a moment ago.

        Parameters
        ----------
        done : int
            How much is done.
        **numbers
            What to show beside it, a loss for instance.
        """
        now = self._clock()
        finished = done >= self._total
        if not finished and now - self._last < self._every:
            return
        self._last = now
        shown = [f"{self._label} {done}/{self._total}"]
        shown += [f"{name}={value:.4g}" for name, value in numbers.items()]
        if self._unit and now - self._start >= 1:
            shown.append(f"{done / (now - self._start):.3g} {self._unit}/s")
        if finished:
            shown.append(f"took {duration(now - self._start)}")
        elif done > 0:
            left = (now - self._start) / done * (self._total - done)
            shown.append(f"time left {duration(left)}")
        self._say(" ".join(shown))


def real_traceback(
    error: BaseException, trace: TracebackType | None, *, script: str | Path | None = None
) -> str:
    """The traceback as if the script itself had run.

    Snakemake runs a copy of a script with some lines before it, so that a plain traceback names
    a temporary file and other lines.

    Parameters
    ----------
    error : BaseException
        What was raised.
    trace : traceback or None
        Where.
    script : path or None
        The script's real path; None if it ran as itself.

    Returns
    -------
    str
        Several lines, the last of them the error's type and message.
    """
    report = traceback.TracebackException(type(error), error, trace)
    pending: list[traceback.TracebackException | None] = [report]
    while pending:
        each = pending.pop()
        if each is None:
            continue
        if script is not None:
            _name_script(each.stack, Path(script))
        pending += [each.__cause__, each.__context__]
    return "".join(report.format()).rstrip()


def _name_script(stack: traceback.StackSummary, script: Path) -> None:
    """Replace the copy's name and line numbers by the script's own."""
    for number, frame in enumerate(stack):
        copy = Path(frame.filename)
        if copy.name.partition(".")[2] != script.name or copy.resolve() == script.resolve():
            continue
        shift = len(linecache.getlines(str(copy))) - len(linecache.getlines(str(script)))
        line = (frame.lineno or 0) - shift
        stack[number] = traceback.FrameSummary(str(script), line, frame.name)
