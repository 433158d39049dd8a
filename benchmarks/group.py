"""One group of rows, in a process of its own: its libraries see only its threads."""

from __future__ import annotations

import importlib
import os
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from unrolled.files import save_json
from unrolled.record.determinism import THREAD_VARIABLES

from .machine import cores, describe
from .rounds import Bench

# Name on the command line -> module with TITLE, THREADS, run(bench) and, if it draws a panel,
# draw(axes, rows).
GROUPS = {
    "fixed_points": "benchmarks.fixed_points",
    "line_attractor": "benchmarks.line_attractor",
    "memory": "benchmarks.memory",
    "linearisation": "benchmarks.linearisation",
    "training": "benchmarks.training",
    "population": "benchmarks.population",
    "planning": "benchmarks.planning",
    "recording": "benchmarks.recording",
    "baselines": "benchmarks.baselines",
}


def environment(name: str, *, threads: int | None = None) -> dict[str, str]:
    """Variables for the process of a group.

    NumPy is left to choose its own kernels: what a machine presets for older builds of
    OpenBLAS slows a current one.

    Parameters
    ----------
    name : str
    threads : int, optional
        Instead of the group's own number.
    """
    threads = threads or importlib.import_module(GROUPS[name]).THREADS
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    }
    return kept | dict.fromkeys(THREAD_VARIABLES, str(threads)) | {"TF_CPP_MIN_LOG_LEVEL": "2"}


class Bar:
    """A line on the terminal: what runs now, how much is done, for how long."""

    def __init__(self, title: str) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[title]}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("", total=0, title=title)
        self._expected = 0

    def __enter__(self) -> Bar:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave it standing as it is."""
        self._progress.update(self._task, description="")
        self._progress.stop()

    def expect(self, runs: int) -> None:
        """See `Reporter`."""
        self._expected += runs
        self._progress.update(self._task, total=self._expected)

    def begin(self, label: str) -> None:
        """See `Reporter`."""
        self._progress.update(self._task, description=label)
        if not self._progress.console.is_terminal:
            print(label, file=sys.stderr, flush=True)

    def end(self) -> None:
        """See `Reporter`."""
        self._progress.advance(self._task)


def run_group(name: str, *, rounds: int, into: str) -> None:
    """Run one group and write its rows and where they were measured."""
    module = importlib.import_module(GROUPS[name])
    machine = describe(int(os.environ["OMP_NUM_THREADS"]))
    with Bar(module.TITLE) as bar:
        rows = module.run(Bench(rounds, bar, cores()))
    save_json({"machine": machine, "rows": [row.record() for row in rows]}, into)


if __name__ == "__main__":
    name, rounds, into = sys.argv[1:]
    run_group(name, rounds=int(rounds), into=into)
