"""A trace names the files that decide a result, and none of those that do not."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import netcdf_file

from unrolled.record.reads import ReadTrace, undeclared_reads


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder, and a repository beside it."""
    for name in ("work", "code/src/unrolled", "code/workflow"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def reads(folder, script, *own):
    """What a trace notes of a function."""
    trace = ReadTrace(folder / "code", own)
    script()
    return trace.stop()


def made(path, text="1 2 3"):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_files_of_working_folder_and_repository_are_named_from_there(folder):
    for path in ("b.txt", "in/a.txt", folder / "code/workflow/c.yaml"):
        made(path)

    def script():
        for path in ("b.txt", folder / "work/in/a.txt", "../code/workflow/c.yaml", b"b.txt"):
            open(path).close()

    assert reads(folder, script) == ["b.txt", "in/a.txt", "workflow/c.yaml"]


def test_a_file_elsewhere_is_named_without_its_folder(folder):
    """A record tells nothing of where somebody's files are."""
    home = made(folder / "home" / "notes.txt")
    # Temporary folders do not count, and this test lives in one.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        assert reads(folder, home.read_text) == ["notes.txt"]


def test_arrays_and_tables_are_seen_whichever_library_opens_them(folder):
    import pandas as pd

    np.save("a.npy", np.arange(3))
    made("b.csv", "x\n1\n")
    made("c.txt")
    with netcdf_file("d.nc", "w") as file:
        file.createDimension("x", 1)

    def script():
        np.load("a.npy")
        pd.read_csv("b.csv")
        np.loadtxt("c.txt")
        netcdf_file("d.nc", mmap=True).close()
        os.close(os.open("c.txt", os.O_RDONLY))

    assert reads(folder, script) == ["a.npy", "b.csv", "c.txt", "d.nc"]


def test_writing_is_no_reading_and_updating_is(folder):
    made("old.txt")
    made("both.txt")

    def script():
        Path("new.txt").write_text("1")
        with open("old.txt", "a") as file:
            file.write("1")
        open("old.txt", "w+").close()
        open("both.txt", "r+").close()

    assert reads(folder, script) == ["both.txt"]


def test_a_file_that_is_not_there_was_not_read(folder):
    def script():
        with pytest.raises(FileNotFoundError):
            Path("weather").read_text()

    assert reads(folder, script) == []


def test_system_libraries_modules_and_the_jobs_own_files_do_not_count(folder):
    own = [made("results/.partial.a.json"), made("results/checkpoints/job/state"), made("log")]
    others = [
        made(folder / "code/src/unrolled/module.py"),
        made(".snakemake/scripts/copy.py"),
        Path(np.__file__),
        Path(os.__file__),
        Path("/dev/null"),
    ]
    data = made(folder / "code/src/unrolled/style.mplstyle")

    def script():
        with tempfile.NamedTemporaryFile("w+", dir=folder / "tmp") as file:
            file.read()
        for path in [*own, *others, data]:
            path.read_bytes()

    (folder / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        found = reads(folder, script, "results/.partial.a.json", "results/checkpoints", "log")
    assert found == ["src/unrolled/style.mplstyle"]


def test_a_trace_that_was_stopped_hears_nothing(folder):
    made("a.txt")
    trace = ReadTrace(folder / "code", [])
    assert trace.stop() == []
    Path("a.txt").read_text()
    assert trace.stop() == []


def test_child_processes_are_not_seen(folder):
    """As the documentation says; who reads by one has to declare it on trust."""
    made("a.txt")
    command = [sys.executable, "-S", "-c", "open('a.txt')"]
    assert reads(folder, lambda: subprocess.run(command, check=True)) == []


def test_inputs_what_lies_in_them_and_named_files_are_declared():
    record = {
        "inputs": [{"path": "results/a.nc"}, {"path": "results/folder"}],
        "code": {"scripts/a.py": "0", "notes.yaml": "1", "unrolled/page.html": "2"},
        "reads": [
            "notes.yaml",
            "resources/downloads/raw.zip",
            "results/a.nc",
            "results/a.nc.old",
            "results/folder/b.nc",
            "scripts/a.py",
            "src/unrolled/page.html",
            "weather",
        ],
    }
    assert undeclared_reads(record) == ["results/a.nc.old", "weather"]
    del record["reads"]
    assert undeclared_reads(record) == []
