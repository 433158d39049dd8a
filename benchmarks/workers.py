"""Trainings in processes of their own: each library sees only the threads that it is given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from unrolled.record.determinism import THREAD_VARIABLES

Step = Callable[[], float]  # makes one step and returns its loss


class Worker:
    """A process that runs a module which calls `serve`; a context manager.

    Parameters
    ----------
    module : str
        Of this benchmark.
    library : str
        Which of the module's trainings it makes.
    threads : int
    """

    def __init__(self, module: str, library: str, threads: int = 1) -> None:
        self._library = library
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", library, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads)),
        )

    def __enter__(self) -> Worker:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End it: there are no more orders."""
        self._process.communicate()

    def order(self, **order: Any) -> None:
        """Tell it what to do; see `serve`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def wait(self) -> None:
        """Until it has done so.

        Raises
        ------
        RuntimeError
            If it ended instead.
        """
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "done\n":
            raise RuntimeError(
                f"The process that trains with {self._library} has ended; see above."
            )


def together(workers: Sequence[Worker], **order: Any) -> None:
    """Give every worker an order and wait for all."""
    for worker in workers:
        worker.order(**order)
    for worker in workers:
        worker.wait()


def serve(makers: Mapping[str, Callable[[Any, int], Step]], kind: Callable[..., Any]) -> None:
    """Carry out orders, a line of JSON each, until there are no more.

    An order says how many ``steps`` to make, and before that, perhaps, which ``training`` they
    belong to from now on: what ``kind`` takes. The command line names the library, whose maker
    of steps is used, and its threads.
    """
    library, threads = sys.argv[1], int(sys.argv[2])
    step: Step | None = None
    for line in sys.stdin:
        order = json.loads(line)
        if "training" in order:
            step = makers[library](kind(**order["training"]), threads)
        assert step is not None
        losses = [step() for _ in range(order["steps"])]
        if not np.isfinite(losses).all():
            raise ValueError(f"{library}: the loss is {losses[-1]} after {len(losses)} steps.")
        print("done", flush=True)
