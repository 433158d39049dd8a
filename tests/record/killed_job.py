"""A job with its seals, killed at one moment after the other, and then run again.

A process of its own, in which nothing else was loaded, so that it can be doubled for each moment:
``python -m tests.record.killed_job <how> <folder>`` says how many moments there were.
"""

import json
import os
import resource
import shutil
import signal
import sys
from itertools import count
from pathlib import Path

import numpy  # noqa: F401  for the same reason
from snakemake.iocontainers import InputFiles, Log, OutputFiles, Params, Snakemake, Wildcards
from tests.moments import at_change

from unrolled.record import run_step
from unrolled.record.ledger import read_ledger
from unrolled.record.lock import locked_versions
from unrolled.record.outputs import digest
from unrolled.record.provenance import read_records
from unrolled.record.seals import seal_records
from unrolled.record.sidecars import write_run
from unrolled.record.step import ROOT

RECORDS = "results/demo/record"
OUTPUTS = {
    "data": "results/demo/data.json",
    "figure": "results/demo/fig.pdf",
    "all": "results/demo/folder",
}
BYTES_BETWEEN_CUTS = 251


def job(units: int) -> Snakemake:
    """What Snakemake would hand to the script."""
    parameters = Params()
    loaded = sorted(name for name in sys.modules if name.split(".")[0] == "unrolled")
    parameters.extend(["scripts/toy.py 00", *(f"{name} 00" for name in loaded), "seed 5"])
    parameters.append({"units": units, "größe": "λ"})
    parameters._add_name("settings")
    log, config = Log(toclone=["logs/toy.log"]), {"scale": "demo"}
    inputs, outputs = InputFiles(fromdict={"raw": "resources/raw"}), OutputFiles(fromdict=OUTPUTS)
    none = Wildcards(fromdict={})
    return Snakemake(inputs, outputs, parameters, none, 1, {}, log, config, "toy", None, ".")


def run(units: int = 3) -> None:
    """What Snakemake does around a job, and the job."""
    seal_records(RECORDS, "begin")
    for path in map(Path, OUTPUTS.values()):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    with run_step(job(units)) as step:
        state = step.checkpoint / "state"
        done = state.read_text() if state.exists() else ""
        for word in ["one", "two", "three"][len(done.split()) :]:
            done += f"{word} "
            step.checkpoint.mkdir(parents=True, exist_ok=True)
            (step.checkpoint / ".partial.state").write_text(done)
            os.replace(step.checkpoint / ".partial.state", state)
        units = step.params.settings["units"]
        Path(step.output.data).write_text(json.dumps([done, units, step.rng.random()]))
        Path(step.output.figure).write_bytes(bytes(units * 500))
        Path(step.output.all).mkdir(exist_ok=True)
        for number in range(units):
            Path(step.output.all, str(number)).write_text(done)
    seal_records(RECORDS, "end")
    write_run(RECORDS)


def in_a_child(prepare, units: int = 3) -> int:
    """Status of a copy of this process that is prepared for its end and then runs the job."""
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        prepare()
        run(units)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def kill_at(number: int):
    return lambda: at_change(number, lambda: os.kill(os.getpid(), signal.SIGKILL))


def cut_at(size: int):
    """No file grows beyond a size: the process is killed in the middle of writing it."""

    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return prepare


def contents() -> dict[str, tuple[str, int]]:
    return {path: digest(path) for path in OUTPUTS.values() if Path(path).exists()}


def check_dead() -> None:
    """What a killed process left under its final name is whole and on record."""
    outputs = read_ledger(".").outputs
    for path, found in contents().items():
        if Path(path).is_dir():
            continue  # Snakemake, and `run` here, remove an older one piece by piece
        assert outputs[path].output(path)["sha256"] == found[0], path


def check_again(wanted: dict) -> None:
    """After the next run all is as if nothing had happened."""
    assert contents() == wanted
    ledger = read_ledger(".")
    assert set(ledger.outputs) == set(OUTPUTS.values())
    for path, entry in ledger.outputs.items():
        assert entry.faults == ()
        assert entry.output(path)["sha256"] == wanted[path][0]
        assert entry.drifted_from(path) is None
    read_records(f"{RECORDS}/toy.jsonl")
    assert "toy" in Path(RECORDS, "run_times.js").read_text(encoding="utf-8")
    assert not [path for path in Path().rglob(".partial.*")]
    assert not list(Path("results/demo/checkpoints").rglob("*/*"))


def main(how: str, folder: str) -> None:
    os.chdir(folder)
    os.environ.update(UNROLLED_RECORD=RECORDS, UNROLLED_GIT="none")
    os.fsync = lambda _: None  # slow, and a kill takes nothing from the system's memory
    # Loaded and kept in memory here, so that no child has to.
    locked_versions(ROOT)
    job(0)
    prepare, sizes = {
        "change": (kill_at, count(1)),
        "cut": (cut_at, count(0, BYTES_BETWEEN_CUTS)),
    }[how]
    start, now = Path("start"), Path("now")
    (start / "resources").mkdir(parents=True)
    (start / "resources" / "raw").write_text("raw")
    os.chdir(start)
    assert in_a_child(lambda: None, units=2) == 0  # an earlier run, with other settings
    remains = Path("results/demo/.partial.folder")  # and what a later one left that was killed
    remains.mkdir()
    (remains / "9").write_text("of other settings")
    os.chdir("..")
    shutil.copytree(start, "undisturbed")
    os.chdir("undisturbed")
    assert in_a_child(lambda: None) == 0
    wanted = contents()
    assert set(wanted) == set(OUTPUTS.values())
    os.chdir("..")
    for moments, size in enumerate(sizes):
        shutil.copytree(start, now)
        os.chdir(now)
        status = in_a_child(prepare(size))
        if status == 0:
            print(moments)
            return
        assert os.WIFSIGNALED(status), (how, size)
        try:
            check_dead()
            assert in_a_child(lambda: None) == 0
            check_again(wanted)
        except AssertionError as error:
            raise AssertionError(f"{how} {size}") from error
        os.chdir("..")
        shutil.rmtree(now)


if __name__ == "__main__":
    main(*sys.argv[1:])
