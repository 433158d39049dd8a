"""Training: words per second of one network on one thread.

Documents of 150 words out of 10,000, vectors of 128 numbers, 64 documents a step,
one logit after the last word, Adam on everything, float32. A step of Unrolled also clips the
gradient. Keras and PyTorch have no UGRNN: in Keras it is a cell in `keras.layers.RNN`, in PyTorch a
loop over the words; and their GRUs reset after the matrix, ours before it, which takes as many
multiplications in more and smaller products. Keras runs under XLA where all its layers allow
that, as its own training does. The share of the limit is what a step's matrix products need, at the
rate of NumPy's product of two matrices of 1024 x 1024 in the same round, over the time of the step.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .rounds import FASTER, Bench, Row, ratios, rows_of
from .trainers import Training
from .workers import Worker, together

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
SIZE, PRODUCTS = 1024, 10


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker("trainers", library))
            for name, library in LIBRARIES.items()
        }
        return [
            row
            for units in STEPS
            for cell in NAMES
            for row in one_network(bench, workers, replace(TEXT, cell=cell, units=units))
        ]


def one_network(bench: Bench, workers: dict[str, Worker], training: Training) -> list[Row]:
    """Words per second on one thread, of each library."""
    case = f"{NAMES[training.cell]}, {training.units} units, one thread"
    steps = STEPS[training.units]
    everyone = list(workers.values())
    first = {"training": asdict(training), "steps": 2}
    bench.prepare(f"{case}: compilation", partial(together, everyone, **first))
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
