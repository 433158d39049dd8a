"""Most memory that a search for fixed points from 100,000 starts takes, at 256 units."""

from __future__ import annotations

import subprocess
import sys

from .networks import Spec, memory_networks
from .rounds import Bench, Row

TITLE = "Memory"
THREADS = 1

NETWORK = Spec("vanilla", 256)
STARTS = 100_000

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
    title = f"{NETWORK.title}, {STARTS:,} starts"
    return [
        Row(
            case=title,
            variant="Unrolled",
            quantity="peak memory of the process",
            unit="GB",
            values=(bench.prepare(title, peak) / 1e9,),
            note="goal: at most 2; the starts themselves are 0.2",
            about={"cell": NETWORK.cell, "units": NETWORK.units, "starts": STARTS},
        )
    ]


def peak() -> int:
    """Bytes that a process of its own held at most while it searched."""
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, NETWORK.cell, str(NETWORK.units), str(STARTS)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)
