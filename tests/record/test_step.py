"""A step gives its script what it needs, and leaves whole outputs with a record, or nothing."""

import json
import logging
import os
import random
import resource
import sys

import numpy as np
import pytest
from snakemake.iocontainers import InputFiles, Log, OutputFiles, Params, Snakemake, Wildcards

from unrolled.record import run_step
from unrolled.record.logs import Progress, duration, job_name
from unrolled.record.provenance import read_lines, read_records

CODE = ["scripts/toy.py 00", "notes.yaml 11", "lock 22", "seed 5"]


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A stand-in for what Snakemake hands to a script."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNROLLED_RECORD", "results/record")
    for name in [name for name in sys.modules if name.startswith("unrolled.")]:
        if not name.startswith("unrolled.record"):
            monkeypatch.delitem(sys.modules, name)
    # other tests of this process may have loaded more of the package than this job would
    monkeypatch.setattr("unrolled.record.step.PACKAGE", "unrolled_for_this_test")

    def make(*, wildcards=None, inputs=None, outputs=None, code=CODE, **params):
        parameters = Params()
        parameters.extend(code)
        for name, value in {"settings": {"units": 3}, **params}.items():
            parameters.append(value)
            parameters._add_name(name)
        declared = {"data": "results/data.json"} if outputs is None else outputs
        return Snakemake(
            InputFiles(fromdict=inputs or {}),
            OutputFiles(fromdict=declared),
            parameters,
            Wildcards(fromdict=wildcards or {}),
            1,
            {},
            Log(toclone=["logs/toy.log"]),
            {"seed": 99},
            "toy",
            None,
            str(tmp_path),
        )

    make.root = tmp_path
    return make


def write(step, text="1"):
    with open(step.output.data, "w") as file:
        file.write(text)


def records(job):
    (path,) = (job.root / "results" / "record").iterdir()
    return read_records(path)


def test_an_output_appears_when_the_script_has_ended(job):
    with run_step(job()) as step:
        write(step)
        assert not (job.root / "results/data.json").exists()
        assert step.output.data.endswith(".json")
        assert step.output[0] == step.output["data"] == step.output.data
    assert (job.root / "results/data.json").read_text() == "1"
    assert not list(job.root.rglob(".partial.*"))


def test_a_folder_can_be_an_output(job):
    for _ in range(2):
        with run_step(job(outputs={"data": "results/folder"})) as step:
            os.makedirs(step.output.data)
            (job.root / step.output.data / "a").write_text("1")
    assert (job.root / "results/folder/a").read_text() == "1"


def test_an_error_is_logged_and_leaves_no_output(job, capsys):
    def script():
        with run_step(job(wildcards={"cell": "gru"})) as step:
            write(step)
            raise ValueError("no such cell")

    with pytest.raises(SystemExit) as ended:
        script()
    assert ended.value.code == 1
    assert not list((job.root / "results").rglob("*.json"))
    log = (job.root / "logs/toy.log").read_text()
    assert "failed toy (cell=gru)" in log
    assert "test_step.py" in log
    assert log.rstrip().endswith("ValueError: no such cell")
    assert "ValueError: no such cell" in capsys.readouterr().err


def test_an_output_that_was_not_written_is_named(job):
    with pytest.raises(SystemExit), run_step(job()):
        pass
    assert "did not write results/data.json" in (job.root / "logs/toy.log").read_text()


def test_an_output_that_the_rule_does_not_have_is_named(job):
    with pytest.raises(SystemExit), run_step(job()) as step:
        step.output.date  # noqa: B018
    assert "no output 'date'; it has: data" in (job.root / "logs/toy.log").read_text()


def test_ctrl_c_ends_the_job_without_an_output(job):
    def script():
        with run_step(job()) as step:
            write(step)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        script()
    assert "stopped toy" in (job.root / "logs/toy.log").read_text()
    assert not list(job.root.rglob(".partial.*"))


def test_a_missing_input_is_named(job):
    with pytest.raises(SystemExit), run_step(job(inputs={"raw": "resources/raw.zip"})):
        pass
    assert "resources/raw.zip" in (job.root / "logs/toy.log").read_text()


def test_log_and_terminal_hold_start_end_and_warnings(job, capsys):
    with run_step(job(wildcards={"cell": "gru", "rank": "0"})) as step:
        write(step)
        step.log.info("half way")
        np.float64(1) / np.float64(0)
    said = (job.root / "logs/toy.log").read_text()
    assert said == capsys.readouterr().err
    assert "start toy (cell=gru, rank=0)" in said
    assert "half way" in said
    assert "divide by zero" in said
    assert "done toy (cell=gru, rank=0) in 0." in said
    assert logging.getLogger("step.toy").handlers == []


def test_a_record_tells_inputs_outputs_settings_code_and_circumstances(job):
    (job.root / "raw").write_text("abc")
    with run_step(job(inputs={"raw": "raw"}, wildcards={"cell": "gru"})) as step:
        write(step)
        identity = step.record_id
    (record,) = records(job)
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    assert record["inputs"] == [{"path": "raw", "sha256": abc, "bytes": 3}]
    assert record["outputs"] == [{"path": "results/data.json", "sha256": one, "bytes": 1}]
    assert record["record"] == identity
    assert record["rule"] == "toy"
    assert record["wildcards"] == {"cell": "gru"}
    assert record["params"] == {"settings": {"units": 3}}
    assert record["seed"] == 5
    assert record["lock"] == "22"
    assert record["code"] == {"scripts/toy.py": "00", "notes.yaml": "11"}
    assert record["peak_memory_bytes"] > 0
    assert record["seconds"] >= 0
    assert {"started", "python", "processor", "versions", "environment", "git"} <= set(record)


def test_a_second_run_is_chained_to_the_first(job):
    for _ in range(2):
        with run_step(job()) as step:
            write(step)
    first, second = records(job)
    assert first["record"] == second["record"]
    assert first["previous"] != second["previous"]


def test_a_job_that_is_cut_off_at_the_end_leaves_a_record_without_an_output(job, monkeypatch):
    """The other way round, the next audit would take a whole output for a forged one."""

    def killed(outputs):
        raise KeyboardInterrupt

    monkeypatch.setattr("unrolled.record.outputs.Outputs.commit", killed)
    with pytest.raises(KeyboardInterrupt), run_step(job()) as step:
        write(step)
    assert len(records(job)) == 1
    assert not (job.root / "results/data.json").exists()


def test_a_rule_without_outputs_leaves_no_record(job):
    with run_step(job(outputs={})):
        pass
    assert not (job.root / "results").exists()


def draws(job, **kwargs):
    with run_step(job(**kwargs)) as step:
        write(step)
        return step.rng.random(), step.generator("film", "gru", "0").random(), random.random()


def test_random_numbers_follow_the_root_seed_the_rule_and_its_wildcards(job):
    own, named, library = draws(job, wildcards={"cell": "gru"})
    assert draws(job, wildcards={"cell": "gru"}) == (own, named, library)
    other_own, other_named, other_library = draws(job, wildcards={"cell": "lstm"})
    assert other_own != own
    assert other_library != library
    assert other_named == named  # a network's numbers do not depend on the job that trains it
    reseeded = draws(job, wildcards={"cell": "gru"}, code=[*CODE[:-1], "seed 6"])
    assert not set(reseeded) & {own, named, library}


def test_names_are_not_run_together_into_one(job):
    with run_step(job()) as step:
        write(step)
        assert step.generator("ab", "c").random() != step.generator("a", "bc").random()


def test_settings_arrive_as_a_dictionary_and_the_whole_configuration_does_not(job):
    with run_step(job(members=[3, 4], text="x")) as step:
        write(step)
        assert step.params.settings["units"] == 3
        assert step.params.members == [3, 4]
        assert step.params.text == "x"
        assert not hasattr(step, "config")


def test_a_rule_that_does_not_say_its_code_is_refused(job):
    with pytest.raises(ValueError, match=r"rule toy does not say which code.*code_of"):
        run_step(job(code=[]))


def test_only_files_that_the_rule_names_are_handed_out(job):
    with run_step(job()) as step:
        write(step)
        assert step.source("notes.yaml").name == "notes.yaml"
        with pytest.raises(ValueError, match=r'code_of\("scripts/toy.py", "other.yaml"\)'):
            step.source("other.yaml")


def test_a_module_outside_the_closure_fails_the_step_by_name(job, monkeypatch):
    monkeypatch.setattr("unrolled.record.step.PACKAGE", "hidden")
    monkeypatch.setitem(sys.modules, "hidden.registry", sys)
    with pytest.raises(SystemExit), run_step(job()) as step:
        write(step)
    assert "loaded hidden.registry" in (job.root / "logs/toy.log").read_text()
    assert not (job.root / "results/data.json").exists()


def test_threads_are_pinned(job, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with run_step(job()) as step:
        write(step)
        assert os.environ["OMP_NUM_THREADS"] == os.environ["TF_NUM_INTRAOP_THREADS"] == "1"


def test_progress_says_whole_lines_now_and_then_with_the_time_left():
    said, now = [], [0.0]
    progress = Progress(4, "train film/gru", said.append, clock=lambda: now[0], every=3.0)
    for done, time in [(1, 1.0), (2, 60.0), (3, 61.0), (4, 130.0)]:
        now[0] = time
        progress.update(done, loss=0.41234)
    assert said == [
        "train film/gru 2/4 loss=0.4123 time left 1:00",
        "train film/gru 4/4 loss=0.4123 took 2:10",
    ]


def test_progress_of_a_thing_with_a_unit_says_its_speed():
    now, said = [0.0], []
    progress = Progress(
        9, "fetch a.zip (MB)", said.append, clock=lambda: now[0], every=3.0, unit="MB"
    )
    for done, time in [(3, 4.0), (9, 6.0)]:
        now[0] = time
        progress.update(done)
    assert said == [
        "fetch a.zip (MB) 3/9 0.75 MB/s time left 0:08",
        "fetch a.zip (MB) 9/9 1.5 MB/s took 0:06",
    ]


def test_a_note_stands_in_the_record_and_names_nothing_that_is_computed(job):
    for note in ({"tries": 1}, {"tries": 2}):
        with run_step(job()) as step:
            write(step)
            step.note(**note)
    first, second = records(job)
    assert (first["notes"], second["notes"]) == ({"tries": 1}, {"tries": 2})
    assert first["record"] == second["record"]


def test_durations_and_jobs_read_as_a_person_would_say_them():
    assert [duration(s) for s in (7, 750, 3725)] == ["0:07", "12:30", "1:02:05"]
    assert job_name("fig2", {}) == "fig2"
    assert job_name("train", {"corpus": "film", "cell": "gru"}) == "train (cell=gru, corpus=film)"


def test_opening_a_step_loads_neither_pandas_nor_xarray_nor_tensorflow():
    import subprocess

    code = "import sys; from unrolled.record import run_step; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.replace("'", '"'))
    assert not {"numpy", "pandas", "xarray", "tensorflow", "pydantic"} & set(loaded)


def test_a_job_that_failed_keeps_its_checkpoint_and_one_that_ended_well_does_not(job):
    def script(fails, **params):
        with run_step(job(wildcards={"cell": "gru"}, **params)) as step:
            step.checkpoint.mkdir(parents=True, exist_ok=True)
            (step.checkpoint / "state").touch()
            if fails:
                raise ValueError("killed")
            write(step)
        return step

    with pytest.raises(SystemExit):
        script(True)
    folder = job.root / "results/checkpoints/toy,cell=gru"
    (kept,) = folder.iterdir()
    assert (kept / "state").exists()
    with pytest.raises(SystemExit):
        script(True, members=[1, 2])
    assert len(list(folder.iterdir())) == 2  # other settings do not see it
    step = script(False)
    assert step.checkpoint.resolve() == kept
    assert not folder.exists()


@pytest.fixture
def full(job):
    """Makes a path one where there is never any room."""

    def make(path):
        path = job.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to("/dev/full")

    return make


@pytest.mark.faults("the machine")
def test_no_room_for_an_output_is_told_with_what_to_do(job, full):
    """There is no room for an output"""
    full("results/.partial.data.json")
    with pytest.raises(SystemExit), run_step(job()) as step:
        write(step)
    last = (job.root / "logs/toy.log").read_text().splitlines()[-1]
    assert last.startswith("There is no room")
    assert last.endswith("what was complete is kept.")
    assert not list((job.root / "results").iterdir())
    with run_step(job()) as step:
        write(step)
    assert (job.root / "results/data.json").read_text() == "1"


@pytest.mark.faults("the machine")
def test_a_record_that_found_no_room_is_cut_short_and_the_next_one_whole(job):
    """There is no room for a record"""
    with run_step(job()) as step:
        write(step)
    (journal,) = (job.root / "results/record").iterdir()
    longest = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.stat().st_size + 100, longest[1]))
    try:
        with pytest.raises(SystemExit), run_step(job()) as step:
            write(step, "2")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, longest)
    assert "There is no room" in (job.root / "logs/toy.log").read_text().splitlines()[-1]
    assert (job.root / "results/data.json").read_text() == "1"  # not replaced without a record
    with run_step(job()) as step:
        write(step, "3")
    assert [line.record is None for line in read_lines(journal)] == [False, True, False]
    assert len(records(job)) == 2


@pytest.mark.faults("the machine")
def test_no_room_for_a_log_costs_the_log_only(job, full, capsys):
    """There is no room for a log"""
    full("logs/toy.log")
    with run_step(job()) as step:
        write(step)
        step.log.info("half way")
    assert (job.root / "results/data.json").read_text() == "1"
    said = capsys.readouterr().err
    assert "half way" in said
    assert "Traceback" not in said


@pytest.mark.faults("the machine")
def test_a_log_in_an_impossible_place_is_told(job, capsys):
    """The folder of the logs cannot be made"""
    (job.root / "logs").write_text("no folder")
    with run_step(job()) as step:
        write(step)
    assert "logs/toy.log cannot be written" in capsys.readouterr().err
    assert (job.root / "results/data.json").read_text() == "1"


@pytest.mark.faults("the machine")
def test_a_name_too_long_for_the_file_system_is_told(job):
    """A file's name is too long"""
    with pytest.raises(SystemExit), run_step(job(wildcards={"cell": "a" * 300})) as step:
        write(step)
    assert "path is too long" in (job.root / "logs/toy.log").read_text().splitlines()[-1]


@pytest.mark.faults("the machine")
def test_a_clock_that_is_put_back_makes_no_negative_time(job, monkeypatch):
    """The clock is put back while a job runs"""
    now = iter([2e9, 1e9])
    monkeypatch.setattr("time.time", lambda: next(now, 1e9))
    with run_step(job()) as step:
        write(step)
    (record,) = records(job)
    assert 0 <= record["seconds"] < 60


@pytest.mark.faults("the machine")
def test_inputs_from_the_future_are_dated_back_and_not_changed(job):
    """An input is dated in the future"""
    raw = job.root / "raw"
    raw.write_text("abc")
    os.utime(raw, (4e9, 4e9))
    with run_step(job(inputs={"raw": "raw"})) as step:
        write(step)
    assert raw.read_text() == "abc"
    assert raw.stat().st_mtime < 4e9
    # Otherwise Snakemake takes the output for one that was made before its input.
    assert (job.root / "results/data.json").stat().st_mtime >= raw.stat().st_mtime


@pytest.mark.faults("the machine")
@pytest.mark.parametrize("kind", [MemoryError, type("ResourceExhaustedError", (Exception,), {})])
def test_no_memory_is_told_with_the_job_and_what_it_held(job, kind):
    """A job runs out of memory"""
    want = RuntimeError("wrapped")
    want.__cause__ = kind("8 GiB")
    with pytest.raises(SystemExit), run_step(job(wildcards={"cell": "gru"})):
        raise want
    last = (job.root / "logs/toy.log").read_text().splitlines()[-1]
    assert last.startswith("There is not enough memory: toy (cell=gru) held ")
    assert "--cores 1" in last
