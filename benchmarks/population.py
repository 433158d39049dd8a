"""Populations: networks per minute of all cores, and how long a job takes to begin.

Networks of the size and with the course of the demonstration (config.yaml: universality, memory):
three bits, 32 units, 64 new trials of 40 steps a step, Adam on a clipped gradient. Unrolled
trains as many networks at a time as there are cores, each on one thread; Keras trains one after
another on all of them, with XLA, as its own training does where all layers allow that, and without.
Both draw the same trials. Keras has no UGRNN: it is a cell in `keras.layers.RNN`; and its GRU
resets after the matrix, ours before it. *Until the first step* is a new process: the import of
TensorFlow, tracing and compilation, as each job of the workflow begins; the rounds leave it out. A
round has a quarter of a network's steps.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import yaml

from .rounds import FASTER, Bench, Row, ratios, rows_of
from .signal_trainers import Signals
from .training import NAMES
from .workers import Worker, together

TITLE = "Populations"
THREADS = 1

CONFIG = Path(__file__).parents[1] / "config.yaml"
TASK = "memory"
PARTS = 4  # rounds in a network


def demonstration() -> tuple[Signals, int]:
    """The training of one network at demo scale without its cell, and its steps."""
    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["universality"]
    course = dict(settings["training"][TASK])
    signals = Signals(
        cell="",
        units=settings["population"]["units"][0],
        task=TASK,
        settings=settings["tasks"][TASK],
        batch=course.pop("batch"),
        course=course | {"penalty": settings["population"]["penalties"][0]},
    )
    return signals, course["steps"]


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    network, steps = demonstration()
    part = replace(network, course={**network.course, "steps": steps // PARTS})
    return [row for cell in NAMES for row in all_cores(bench, replace(part, cell=cell))]


def all_cores(bench: Bench, training: Signals) -> list[Row]:
    """Networks per minute of the whole machine, one cell."""
    cores = bench.cores
    case = f"{NAMES[training.cell]}, {training.units} units, {cores} cores"
    ours = f"Unrolled, {cores} networks at a time"
    libraries = {ours: ("unrolled", cores, 1)} | {
        f"{name}, one on {cores} threads": (library, 1, cores)
        for name, library in (("Keras", "keras"), ("Keras without XLA", "keras without XLA"))
    }
    with ExitStack() as stack:

        def begin(library: str, workers: int, threads: int) -> list[Worker]:
            side = [
                stack.enter_context(Worker("signal_trainers", library, threads))
                for _ in range(workers)
            ]
            together(side, training=asdict(training), steps=1)
            return side

        begun = bench.compare(
            f"{case}: first step",
            {name: partial(begin, *how) for name, how in libraries.items()},
            rounds=1,
        )
        sides = {name: timed.result for name, timed in begun.items()}
        timed = bench.compare(
            case, {name: partial(together, side, steps=1) for name, side in sides.items()}
        )
    each = {
        name: tuple(seconds / len(sides[name]) for seconds in timed[name].seconds)
        for name in libraries
    }
    rows = []
    for name, seconds in each.items():
        numbers: dict[tuple[str, str], tuple[float, ...]] = {
            ("networks per minute", "1/min"): tuple(60 / (PARTS * s) for s in seconds),
            ("until the first step", "s"): begun[name].seconds,
        }
        if name != ours:
            numbers[FASTER] = ratios(seconds, each[ours])
        rows += rows_of(case, name, numbers, about=training.about)
    return rows
