"""Most memory that a search for fixed points takes, at 256 units.

Two numbers of starts are searched in processes of their own; the difference of their peaks
is what one more start costs, and from it follows what 100,000 starts would take.
``--memory-starts 100000`` measures them (about ten minutes).
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from .networks import Spec, memory_networks
from .rounds import Bench, Row

TITLE = "Memory"
THREADS = 1

NETWORK = Spec("vanilla", 256)
MANY = 100_000

# The child's own work: it prints the bytes that it held at most.
SEARCH = """
import sys
import numpy as np
from benchmarks.memory_task import BITS
from benchmarks.networks import Spec, memory_networks, noisy_starts
from unrolled.dynamics import find_fixed_points
from unrolled.record.provenance import peak_memory

spec = Spec(sys.argv[1], int(sys.argv[2]))
network = memory_networks([spec], workers=1)[spec]
starts = noisy_starts(network, int(sys.argv[3]))
find_fixed_points(network.cell.autonomous(inputs=np.zeros(BITS)), starts)
print(peak_memory())
"""


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    bench.prepare(
        "training a network to remember three bits", lambda: memory_networks([NETWORK], workers=1)
    )
    most = bench.options["memory_starts"]
    peaks = {
        n: bench.prepare(f"{NETWORK.title}, {n:,} starts", partial(peak_of, n))
        for n in (most // 4, most)
    }
    rows = [row(n, peak, "measured") for n, peak in peaks.items()]
    if most < MANY:
        each = (peaks[most] - peaks[most // 4]) / (most - most // 4)
        rows.append(row(MANY, peaks[most] + each * (MANY - most), "by the cost of one more start"))
    return rows


def row(starts: int, peak: float, note: str) -> Row:
    """The peak of one search."""
    return Row(
        case=f"{NETWORK.title}, {starts:,} starts",
        variant="Unrolled",
        quantity="peak memory of the process",
        unit="GB",
        values=(peak / 1e9,),
        note=note,
        about={"cell": NETWORK.cell, "units": NETWORK.units, "starts": starts},
    )


def peak_of(starts: int) -> int:
    """Bytes that a process of its own held at most while it searched."""
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, NETWORK.cell, str(NETWORK.units), str(starts)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)
