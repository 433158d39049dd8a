"""Recording: what it costs to know where every result came from.

The jobs whose results lie in `results/demo` (from `make`) do again what each does for its record:
hash inputs and outputs, describe the machine, wait until outputs and record are on the disk, move
the outputs into place. *Of the jobs* is that over the seconds that the jobs took by their own
records, without the start of Python and Snakemake: with these the share would be smaller.
*The run* is what its main process adds: two seals and the page's facts. *Audit* follows every
result back to its raw bytes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from snakemake.iocontainers import OutputFiles

from unrolled.record.audit import audit
from unrolled.record.outputs import Outputs, digest
from unrolled.record.provenance import GIT_STATE, append_record, git_state
from unrolled.record.seals import journals, seal_records
from unrolled.record.sidecars import latest_records, write_run

from .rounds import Bench, Row, rows_of

TITLE = "Recording"
THREADS = 1

REPOSITORY = Path(__file__).parents[1]
RECORDS = Path("results", "demo", "record")
# In a process of its own, as in a job: what is installed is looked up once in each.
DESCRIBE = """
import sys, time
from unrolled.record.provenance import describe_run
begin = time.perf_counter()
describe_run(sys.argv[1])
print(time.perf_counter() - begin)
"""


def run(bench: Bench) -> list[Row]:
    """All rows of this group; none where there is nothing that was recorded."""
    os.environ[GIT_STATE] = git_state(REPOSITORY)
    records = [record for record in latest_records(RECORDS) if _all_there(record)]
    if not records:
        bench.prepare(f"{RECORDS.parent} holds no results to record; run first: make", list)
        return []
    jobs = sum(record["seconds"] for record in records)
    rounds = range(1, bench.rounds + 1)
    own = [bench.prepare(f"jobs, round {n}", partial(record_all, records)) for n in rounds]
    machine = [bench.prepare(f"machine, round {n}", describe_machine) for n in rounds]
    of_jobs = [one + each * len(records) for one, each in zip(own, machine, strict=True)]
    numbers = {
        ("jobs", "jobs"): [float(len(records))],
        ("the jobs", "s"): [jobs],
        ("recording them", "s"): of_jobs,
        ("of the jobs", "1"): [each / jobs for each in of_jobs],
        ("the run", "s"): [bench.prepare(f"run, round {n}", record_run) for n in rounds],
        ("audit", "s"): [bench.prepare(f"audit, round {n}", audit_all) for n in rounds],
    }
    return rows_of("the demonstration", "Unrolled", numbers)


def _all_there(record: Mapping[str, Any]) -> bool:
    return all(Path(each["path"]).exists() for each in [*record["inputs"], *record["outputs"]])


def record_all(records: Sequence[Mapping[str, Any]]) -> float:
    """Seconds for the records of all jobs."""
    return sum(map(record_again, records))


def record_again(record: Mapping[str, Any]) -> float:
    """Seconds that a job's record takes, but for the description of its machine."""
    with TemporaryDirectory(dir=RECORDS.parent, prefix=".recording") as name:
        outputs = Outputs(OutputFiles([Path(name, each["path"]) for each in record["outputs"]]))
        outputs.make_folders()
        for path, each in zip(outputs, record["outputs"], strict=True):
            copy = shutil.copytree if Path(each["path"]).is_dir() else shutil.copy2
            copy(each["path"], path)
        begin = time.perf_counter()
        for each in record["inputs"]:
            digest(each["path"])
        outputs.describe()
        outputs.flush()
        append_record(Path(name, "job.jsonl"), record)
        outputs.commit()
        return time.perf_counter() - begin


def describe_machine() -> float:
    """Seconds until a new process knows what it runs on."""
    command = [sys.executable, "-c", DESCRIBE, str(REPOSITORY)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def record_run() -> float:
    """Seconds for both seals of a run and the facts that the page shows, where none was yet."""
    with TemporaryDirectory(dir=RECORDS.parent, prefix=".recording") as name:
        for journal in journals(RECORDS):
            shutil.copy2(journal, name)
        begin = time.perf_counter()
        for event in ("begin", "end"):
            seal_records(name, event)
        write_run(name)
        return time.perf_counter() - begin


def audit_all() -> float:
    """Seconds for everything that lies in the results of this checkout."""
    begin = time.perf_counter()
    audit([], REPOSITORY)
    return time.perf_counter() - begin
