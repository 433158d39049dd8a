"""Planning: how long Snakemake needs to know what is to be done, for populations of any size.

The population of networks (config.yaml: universality) at the paper's scale as it stands, and with
one size and one penalty for a hundred, a thousand and ten thousand networks, ten to a job; each
chunk is trained by one job and analysed by another. *Planning* is `snakemake -n` where nothing
exists yet; *nothing to do* is the same where everything does: empty files, recorded as made by
these very settings. A hash of every input, the parameters and the code of every job are compared
then. Of both, the processor's seconds count, which other work on the machine changes less.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from .rounds import Bench, Row, rows_of

TITLE = "Planning"
THREADS = 1

SNAKEFILE = Path(__file__).parents[1] / "Snakefile"
TARGET = "results/paper/universality/metrics.json"
TASKS = ("memory", "sine", "integration")
KINDS = 8  # four cells, two nonlinearities
SIZES = (100, 1_000, 10_000)
DONE = "Nothing to be done"
KILOBYTE = 1 if sys.platform == "darwin" else 1024  # bytes in what the kernel counts memory in


@dataclass(frozen=True)
class Run:
    """What one run of Snakemake said and took."""

    text: str
    processor: float
    memory: int


def population(networks: int) -> str:
    """The setting that makes about so many networks in all."""
    each = round(networks / len(TASKS) / KINDS)
    numbers = ", ".join(f"{task}: {each}" for task in TASKS)
    return (
        "universality={population: {units: [64], penalties: [1.0e-5], "
        f"networks: {{{numbers}}}, chunk: 10}}}}"
    )


def snakemake(folder: Path, settings: list[str], *options: str) -> Run:
    """Run Snakemake in a folder.

    Raises
    ------
    RuntimeError
        If it fails; the message is what it said.
    """
    command = ["-m", "snakemake", "--snakefile", str(SNAKEFILE), "--directory", str(folder)]
    process = subprocess.Popen(
        [sys.executable, *command, *options, "--config", "scale=paper", *settings, "--", TARGET],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"Snakemake cannot plan {TARGET}:\n{text}")
    return Run(text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KILOBYTE)


def outputs(summary: str) -> list[str]:
    """The files that a summary of Snakemake's speaks of."""
    return [line.split("\t")[0] for line in summary.splitlines() if line.startswith("results/")]


def pretend(folder: Path, settings: list[str]) -> int:
    """Make every output, empty, and have it recorded as made; the number of them."""
    files = outputs(snakemake(folder, settings, "--summary").text)
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    snakemake(folder, settings, "--touch", "--forceall", "--cores", "1", "--quiet", "all")
    return len(files)


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    rows = measure(bench, "paper scale", [])
    for networks in SIZES:
        rows += measure(bench, f"{networks:,} networks", [population(networks)])
    return rows


def measure(bench: Bench, case: str, settings: list[str]) -> list[Row]:
    """Planning, and finding that nothing is to be done, once each."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        plan = partial(snakemake, folder, settings, "--dry-run")
        planned = bench.compare(f"{case}: planning", {"plan": plan}, rounds=1)["plan"]
        jobs = bench.prepare(f"{case}: all results", partial(pretend, folder, settings))
        idle = bench.compare(f"{case}: nothing to do", {"plan": plan}, rounds=1)["plan"]
    if DONE not in idle.result.text:
        raise RuntimeError(f"{case}: everything is there, but Snakemake says\n{idle.result.text}")
    numbers = {
        ("jobs", "jobs"): (float(jobs),),
        ("planning", "s"): planned.seconds,
        ("planning, processor", "s"): (planned.result.processor,),
        ("nothing to do", "s"): idle.seconds,
        ("nothing to do, processor", "s"): (idle.result.processor,),
        ("peak memory", "MB"): (max(planned.result.memory, idle.result.memory) / 1e6,),
    }
    return rows_of(case, "Unrolled", numbers)
