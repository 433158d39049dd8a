"""A job that dies at any moment leaves whole outputs on record, or none, and can be run again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.workflow.toy import REPOSITORY

from unrolled.record.provenance import append_record, read_records
from unrolled.record.sidecars import write_run

pytestmark = pytest.mark.faults("kills and power cuts")

APPENDING = """
import sys
from unrolled.record.provenance import append_record
for number in range(50):
    append_record(sys.argv[1], {"who": sys.argv[2], "number": number})
"""


def moments(how, folder):
    """How many moments a job was killed at and run again, each with everything asserted."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.record.killed_job", how, str(folder)],
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")]),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout)


def test_killed_before_each_change(tmp_path):
    """A job is killed before each change of a file, one after the other"""
    assert moments("change", tmp_path) > 40


def test_killed_in_the_middle_of_writing(tmp_path):
    """A job is killed in the middle of writing a file, an output, a record or a seal"""
    assert moments("cut", tmp_path) > 40


def test_bytes_and_record_are_on_the_disk_before_an_output_has_its_name(tmp_path, monkeypatch):
    """The power goes when an output has just got its name"""
    from snakemake.iocontainers import OutputFiles

    from unrolled.record.outputs import Outputs

    monkeypatch.chdir(tmp_path)
    flushed = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.add(os.fstat(descriptor).st_ino))
    outputs = Outputs(OutputFiles(fromdict={"data": "data.json", "all": "folder"}))
    Path(outputs.data).write_text("1")
    Path(outputs.all).mkdir()
    Path(outputs.all, "a").write_text("1")
    outputs.flush()
    append_record("record/job.jsonl", {})
    made = [*tmp_path.glob(".partial.*"), *tmp_path.glob("*/*"), tmp_path / "record"]
    assert len(made) == 5
    assert {path.stat().st_ino for path in made} == flushed


def test_two_processes_that_write_one_journal_keep_its_chain(tmp_path):
    """Two runs write their seals or records at the same time"""
    path = tmp_path / "seals.log"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDING, path, who],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        )
        for who in "ab"
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    records = read_records(path)
    for who in "ab":
        assert [each["number"] for each in records if each["who"] == who] == list(range(50))


@pytest.mark.parametrize("tail", ['{"rule": "größ'.encode()[:-2], b"\0" * 300, b"\n\xff"])
def test_run_times_of_a_record_that_was_cut_in_a_letter(tmp_path, tail):
    """A record ends in the middle of a letter, or in zeros, when run times are gathered"""
    record = {"rule": "train", "wildcards": {}, "started": "1", "outputs": [], "inputs": []}
    append_record(tmp_path / "job.jsonl", record)
    with (tmp_path / "job.jsonl").open("ab") as file:
        file.write(tail)
    write_run(tmp_path)
    assert "train" in (tmp_path / "run_times.js").read_text(encoding="utf-8")
