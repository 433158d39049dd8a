"""Trained networks for the rows, kept between runs under the hash of what made them."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save
from threadpoolctl import threadpool_limits

from unrolled.networks import CELLS
from unrolled.record.determinism import generator

from . import memory_task
from .memory_task import BITS, Lesson, MemoryNetwork, train_memory, visited_states

CACHE = Path("build/bench/networks")
SEED = 1  # with 0 the GRU of 64 units learns a ninth attractor: 29 points instead of 27
NOISE = 0.5  # standard deviation of what is added to visited states, as in the tools' example

CELL_TITLES = {"gru": "GRU", "vanilla": "tanh"}

# All reach a loss of about 1e-3 or less; steps of large networks are dear, so they get fewer
# and shorter ones.
LESSONS = {
    ("gru", 16): Lesson(steps=1500, rate=1e-2),
    ("gru", 64): Lesson(steps=1000, rate=7e-3),
    ("gru", 128): Lesson(steps=600, rate=5e-3),
    ("gru", 256): Lesson(steps=450, rate=6e-3, trials=32, times=32),
    ("gru", 512): Lesson(steps=300, rate=6e-3, trials=32, times=32),
    ("vanilla", 16): Lesson(steps=1500, rate=5e-3),
    ("vanilla", 64): Lesson(steps=1000, rate=5e-3),
    ("vanilla", 128): Lesson(steps=1200, rate=3e-3, trials=32),
    ("vanilla", 256): Lesson(steps=1200, rate=2e-3, trials=32, times=32),
    ("vanilla", 512): Lesson(steps=900, rate=2e-3, trials=32, times=32),
}


@dataclass(frozen=True)
class Spec:
    """Which network: kind of cell and units."""

    cell: str
    units: int

    @property
    def lesson(self) -> Lesson:
        """How it learns."""
        return LESSONS[self.cell, self.units]

    @property
    def title(self) -> str:
        """For a reader."""
        return f"{CELL_TITLES[self.cell]}, {self.units} units"

    @property
    def path(self) -> Path:
        """Where it is kept: a name that changes with the code and the settings behind it."""
        code = [inspect.getsource(memory_task)]
        code += [
            path.read_text(encoding="utf-8")
            for path in sorted(Path(inspect.getfile(CELLS[self.cell])).parent.glob("*.py"))
        ]
        text = json.dumps([asdict(self.lesson), SEED, *code])
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        return CACHE / f"memory_{self.cell}_{self.units}_{key}.safetensors"


def memory_networks(specs: Iterable[Spec], *, workers: int) -> dict[Spec, MemoryNetwork]:
    """The networks, trained side by side where they are not there yet.

    Parameters
    ----------
    specs : iterable of Spec
    workers : int
        Networks that train at a time, each on one thread.
    """
    specs = list(specs)
    missing = [spec for spec in specs if not spec.path.exists()]
    if missing:
        # The dear ones first, so that no worker waits for the other at the end.
        missing.sort(key=lambda spec: -spec.units)
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            list(pool.map(_train_and_keep, missing))
    return {spec: _load(spec) for spec in specs}


def noisy_starts(network: MemoryNetwork, n: int) -> np.ndarray:
    """Starts of a search as in the tools' example: visited states and noise, (n, d)."""
    rng = generator(SEED, "starts", network.cell.name, str(network.cell.units))
    states = visited_states(network, trials=128, rng=rng)
    chosen = states[rng.integers(len(states), size=n)]
    return chosen + NOISE * rng.standard_normal(chosen.shape)


def _train_and_keep(spec: Spec) -> None:
    rng = generator(SEED, "memory", spec.cell, str(spec.units))
    with threadpool_limits(1):
        network = train_memory(spec.cell, units=spec.units, lesson=spec.lesson, rng=rng)
    tensors = {key: np.asarray(value, np.float32) for key, value in network.cell.parameters.items()}
    tensors |= {"readout": network.readout, "readout_bias": network.readout_bias}
    spec.path.parent.mkdir(parents=True, exist_ok=True)
    part = spec.path.with_suffix(".part")
    part.write_bytes(save(tensors | {"loss": np.array([network.loss])}))
    part.replace(spec.path)


def _load(spec: Spec) -> MemoryNetwork:
    tensors = load(spec.path.read_bytes())
    readout, bias, loss = (tensors.pop(key) for key in ("readout", "readout_bias", "loss"))
    return MemoryNetwork(
        CELLS[spec.cell](spec.units, BITS, tensors), readout, bias, float(loss.item())
    )
