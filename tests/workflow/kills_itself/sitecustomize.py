"""Lets the runs and jobs of a test be killed, by themselves, at moments that the test has chosen.

Python loads this before anything else where its folder is on ``PYTHONPATH``. In the folder KILLS,
``counts`` takes how many moments each role had in an undisturbed run; ``plan/<role>/<number>`` is
one kill to come, as ``<what counts> <at which number> <signal> <who>``; ``done`` takes a line for
each that came. A role is ``run``, the main process, or the name of a job's script.
"""

import atexit
import os
import signal
import sys
from pathlib import Path

_RUN = "KILLS_RUN"


def _role() -> str | None:
    script = next((part for part in sys.orig_argv if "/.snakemake/scripts/" in part), None)
    if script:
        return script.rpartition("/")[2].split(".")[1]
    if "snakemake" in sys.orig_argv and _RUN not in os.environ:
        return "run"
    return None


def _next_kill(folder: Path, role: str) -> list[str] | None:
    for waiting in sorted(Path(folder, "plan", role).glob("*")):
        try:
            return waiting.rename(folder / "taken" / f"{role}-{waiting.name}").read_text().split()
        except FileNotFoundError:
            continue  # another job of the same script was quicker
    return None


def _watch(folder: Path, role: str) -> None:
    from tests.moments import is_change

    kill = _next_kill(folder, role)
    seen = {"event": 0, "change": 0}

    def strike():
        nonlocal kill
        kill, now = None, kill
        _strike(folder, role, *now[2:])

    def hook(event, arguments):
        for what in seen:
            if what == "event" or is_change(event, arguments):
                seen[what] += 1
                if kill and [what, str(seen[what])] == kill[:2]:
                    strike()

    def at_the_end():
        _note(folder, "counts", f"{role} {seen['event']} {seen['change']}")
        if kill:  # its moment has not come: a run that goes on has fewer
            strike()

    sys.addaudithook(hook)
    atexit.register(at_the_end)


def _strike(folder: Path, role: str, name: str, who: str) -> None:
    _note(folder, "done", f"{role} {name} {who}")
    number = signal.Signals[name]
    if who == "all":
        os.killpg(os.getpgid(0), number)
    else:
        os.kill(os.getpid() if who == "itself" else int(os.environ[_RUN]), number)


def _note(folder: Path, name: str, line: str) -> None:
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


if "KILLS" in os.environ and (role := _role()) is not None:
    if role == "run":
        os.environ[_RUN] = str(os.getpid())
    _watch(Path(os.environ["KILLS"]), role)
