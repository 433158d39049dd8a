"""Training: words per second of one network on one thread, and networks per minute of all cores.

One network: documents of 150 words out of 10,000, vectors of 128 numbers, 64 documents a step,
one logit after the last word, Adam on everything, float32. A step of Unrolled also clips the
gradient. Keras and PyTorch have no UGRNN: in Keras it is a cell in `keras.layers.RNN`, in PyTorch a
loop over the words; and their GRUs reset after the matrix, ours before it, which takes as many
multiplications in more and smaller products. Keras runs under XLA where all its layers allow
that, as its own training does. The share of the limit is what a step's matrix products need, at the
rate of NumPy's product of two matrices of 1024 x 1024 in the same round, over the time of the step.

All cores: networks of 64 units on 64 words, each one of the 27 inputs of a memory of three bits,
2,000 steps each; Unrolled trains as many networks at a time as there are cores, each on one thread,
Keras one after another on all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.record.determinism import THREAD_VARIABLES

from .rounds import FASTER, Bench, Row, ratios, rows_of
from .trainers import Training

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Training"
THREADS = 1

OURS = "Unrolled"
NAMES = {"vanilla": "tanh", "ugrnn": "UGRNN", "gru": "GRU", "lstm": "LSTM"}
LIBRARIES = {OURS: "unrolled", "Keras": "keras", "PyTorch": "torch"}
LIMIT = "NumPy, matrix product"
# Units -> steps in a round: about half a second each.
STEPS = {64: 16, 128: 8, 256: 4}
TEXT = Training(cell="", units=0, embedding=128, vocabulary=10_000, words=150, documents=64)
MEMORY = Training(cell="", units=64, embedding=3, vocabulary=27, words=64, documents=64)
NETWORK_STEPS, ROUND_STEPS = 2_000, 200
SIZE, PRODUCTS = 1024, 10


class Worker:
    """A process of `benchmarks.trainers`; a context manager."""

    def __init__(self, library: str, threads: int = 1) -> None:
        self._library = library
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.trainers", library, str(threads)],
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

    def order(self, **order: str | int) -> None:
        """Tell it what to do."""
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


def together(workers: Sequence[Worker], **order: str | int) -> None:
    """Give every worker an order and wait for all."""
    for worker in workers:
        worker.order(**order)
    for worker in workers:
        worker.wait()


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(library)) for name, library in LIBRARIES.items()
        }
        rows = [
            row
            for units in STEPS
            for cell in NAMES
            for row in one_network(bench, workers, replace(TEXT, cell=cell, units=units))
        ]
        cores = bench.cores
        others = [stack.enter_context(Worker("unrolled")) for _ in range(cores - 1)]
        peers = {
            f"{name}, one on {cores} threads": stack.enter_context(Worker(library, cores))
            for name, library in (("Keras", "keras"), ("Keras without XLA", "keras without XLA"))
        }
        for cell in NAMES:
            ours = [workers[OURS], *others]
            rows += all_cores(bench, ours, peers, replace(MEMORY, cell=cell))
    return rows


def one_network(bench: Bench, workers: dict[str, Worker], training: Training) -> list[Row]:
    """Words per second on one thread, of each library."""
    case = f"{NAMES[training.cell]}, {training.units} units, one thread"
    steps = STEPS[training.units]
    everyone = list(workers.values())
    bench.prepare(f"{case}: compilation", partial(together, everyone, **asdict(training)))
    square = np.random.default_rng(0).standard_normal((SIZE, SIZE)).astype(np.float32)
    variants: dict[str, Callable[[], Any]] = {
        name: partial(together, [worker], steps=steps) for name, worker in workers.items()
    }
    variants[LIMIT] = lambda: [square @ square for _ in range(PRODUCTS)]
    timed = bench.compare(case, variants)
    work = steps * training.operations / (PRODUCTS * 2 * SIZE**3)
    shortest = [work * seconds for seconds in timed[LIMIT].seconds]
    rows = []
    for name in workers:
        seconds = timed[name].seconds
        numbers = {
            ("words per second", "1/s"): tuple(steps * training.tokens / s for s in seconds),
            ("share of the limit", "%"): tuple(100 * r for r in ratios(shortest, seconds)),
        }
        if name != OURS:
            numbers[FASTER] = ratios(seconds, timed[OURS].seconds)
        rows += rows_of(case, name, numbers, about=training.about)
    return rows


def all_cores(
    bench: Bench, ours: list[Worker], peers: dict[str, Worker], training: Training
) -> list[Row]:
    """Networks per minute of the whole machine."""
    cores = len(ours)
    case = f"{NAMES[training.cell]}, {training.units} units, {cores} cores"
    sides = {f"{OURS}, {cores} networks at a time": ours}
    sides |= {name: [worker] for name, worker in peers.items()}
    everyone = [*ours, *peers.values()]
    bench.prepare(f"{case}: compilation", partial(together, everyone, **asdict(training)))
    timed = bench.compare(
        case, {name: partial(together, side, steps=ROUND_STEPS) for name, side in sides.items()}
    )
    each = {
        name: tuple(seconds / len(side) for seconds in timed[name].seconds)
        for name, side in sides.items()
    }
    rows = []
    for name, seconds in each.items():
        minutes = [s * NETWORK_STEPS / ROUND_STEPS / 60 for s in seconds]
        numbers = {("networks per minute", "1/min"): tuple(1 / m for m in minutes)}
        if sides[name] is not ours:
            numbers[FASTER] = ratios(seconds, next(iter(each.values())))
        rows += rows_of(case, name, numbers, about=training.about)
    return rows


def draw(axes: Axes, rows: list[Row]) -> None:
    """How many times as fast as PyTorch, against the units."""
    from unrolled.figures.style import BLACK, BLUE, GREEN, VERMILION

    looks = ((BLACK, "o"), (GREEN, "s"), (BLUE, "^"), (VERMILION, "v"))
    markers = dict(zip(NAMES, looks, strict=True))
    for cell, (colour, marker) in markers.items():
        chosen = [
            row
            for row in rows
            if (row.variant, row.quantity, row.about["cell"]) == ("PyTorch", FASTER[0], cell)
        ]
        axes.plot(
            [row.about["units"] for row in chosen],
            [row.median for row in chosen],
            color=colour, marker=marker, markersize=3, label=NAMES[cell],
        )  # fmt: skip
    axes.axhline(1.0, color=BLACK, linewidth=0.5, linestyle=":")
    axes.set(xscale="log", xlabel="units", ylabel="words per second / PyTorch's")
    axes.set_ylim(bottom=0.0)
    axes.set_xticks(list(STEPS), [str(units) for units in STEPS])
    axes.minorticks_off()
    axes.legend()
