"""What makes a job stale is content: its code, settings, seed and libraries; never a clock."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from toy import Toy, kill

ALL = {"first", "second", "other"}


def test_nothing_is_planned_after_a_run(toy):
    assert toy.planned() == set()


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [("adding", "x + ONE", "ONE + x"), ("constants", "ONE = 1", "ONE = 2")],
)
def test_an_edit_in_an_imported_module_plans_exactly_its_dependents(toy, module, before, after):
    toy.edit(f"src/unrolled/toy/{module}.py", before, after)
    said = toy.build("-n")
    assert toy.rules_in(said) == {"first", "second"}
    assert f"before: 'unrolled.toy.{module} " in said


def test_an_edit_that_is_undone_plans_nothing(toy):
    toy.edit("src/unrolled/toy/constants.py", "ONE = 1", "ONE = 2")
    toy.edit("src/unrolled/toy/constants.py", "ONE = 2", "ONE = 1")
    assert toy.planned() == set()


def test_comments_docstrings_bookkeeping_and_unused_modules_plan_nothing(toy):
    toy.edit("src/unrolled/toy/adding.py", '"""Adds."""', '"""Says more."""\n# and why')
    toy.edit("src/unrolled/toy/adding.py", '"""One more."""', '"""One  more than x."""')
    toy.edit("scripts/toy/first.py", "with run_step", "# a comment\nwith run_step")
    toy.edit("notes.yaml", "# a note", "# another note")
    toy.edit("src/unrolled/toy/unused.py", "None", "1")
    toy.edit("src/unrolled/record/logs.py", "_EVERY = 3.0", "_EVERY = 4.0")
    assert toy.planned() == set()


def test_touched_files_plan_nothing(toy):
    for path in toy.root.rglob("*"):
        if ".snakemake" not in path.parts and path.is_file():
            os.utime(path)
    assert toy.planned() == set()


def test_a_fresh_checkout_with_copied_results_plans_nothing(toy, tmp_path):
    fresh = Toy.make(tmp_path / "elsewhere" / "checkout")
    for folder in ("results", ".snakemake"):
        shutil.copytree(toy.root / folder, fresh.root / folder, copy_function=shutil.copy)
    assert fresh.planned() == set()


def test_a_changed_lock_plans_everything(toy):
    (toy.root / "upgraded" / "numpy-99.0.dist-info").mkdir(parents=True)
    assert toy.planned(PYTHONPATH=str(toy.root / "upgraded")) == ALL


def test_a_library_that_the_lock_does_not_name_plans_nothing(toy):
    (toy.root / "debugger" / "some_debugger-1.0.dist-info").mkdir(parents=True)
    assert toy.planned(PYTHONPATH=str(toy.root / "debugger")) == set()


def test_two_swapped_settings_are_noticed(toy):
    toy.edit("config.yaml", "documents: 500 ", "documents: 250 ")
    toy.edit("config.yaml", "starts: 250 ", "starts: 500 ")
    assert toy.planned() == {"first", "second"}


def test_a_changed_seed_plans_everything(toy):
    assert toy.planned("--config", "seed=1") == ALL


def test_another_notation_of_the_same_number_plans_nothing(toy):
    toy.edit("config.yaml", "ridge: 0.03", "ridge: 3e-2")
    assert toy.planned() == set()


def test_a_file_named_beside_the_script_counts(toy):
    toy.edit("notes.yaml", "a: 1", "a: 2")
    assert toy.planned() == {"second"}


def test_a_setting_on_the_command_line_reaches_the_job_and_its_record(toy):
    toy.build("--config", "line_attractor={dynamics: {starts: 7}}")
    assert json.loads(toy.read("results/demo/toy/first.json"))["starts"] == 8
    lines = toy.read("results/demo/record/first.jsonl").splitlines()
    assert [json.loads(line)["params"]["settings"]["starts"] for line in lines] == [250, 7]


def test_a_dynamically_imported_module_fails_the_step_by_name(toy):
    toy.edit("scripts/toy/other.py", "from unrolled.files", "import importlib\nfrom unrolled.files")
    toy.edit(
        "scripts/toy/other.py",
        "    save_json(",
        '    importlib.import_module("unrolled.toy.unused")\n    save_json(',
    )
    status, said = toy.run()
    assert status != 0
    assert "scripts/toy/other.py loaded unrolled.toy, unrolled.toy.unused" in said
    assert not (toy.root / "results/demo/toy/other.json").exists()


def test_an_error_names_the_scripts_own_line_and_keeps_other_results(empty):
    fault = '    raise ValueError("no such cell")\n'
    empty.edit("scripts/toy/second.py", "    assert", fault + "    assert")
    status, said = empty.run("--keep-going")
    assert status != 0
    log = empty.read("logs/demo/toy/second_x.log")
    line = empty.read("scripts/toy/second.py").splitlines().index(fault.rstrip("\n"))
    assert f'scripts/toy/second.py", line {line + 1}, in <module>' in log
    assert log.rstrip().endswith("ValueError: no such cell")
    assert "ValueError: no such cell" in said
    assert (empty.root / "results/demo/toy/other.json").exists()
    assert not list(empty.root.rglob("results/**/.partial.*"))
    empty.edit("scripts/toy/second.py", fault, "")
    assert empty.planned() == {"second"}


def test_a_killed_run_goes_on_by_the_same_command(empty):
    kill(empty.start_slowly())
    assert list((empty.root / ".snakemake" / "locks").iterdir())
    (empty.root / "slow").unlink()
    empty.build()
    assert json.loads(empty.read("results/demo/toy/first.json"))["starts"] == 251
    assert not list(empty.root.rglob("results/**/.partial.*"))
    assert empty.planned() == set()


def test_two_living_runs_exclude_each_other(empty):
    process = empty.start_slowly()
    try:
        status, said = empty.run()
        assert status != 0
        assert "lock" in said.lower()
        assert process.poll() is None
    finally:
        kill(process)


def test_a_job_that_outlives_its_run_still_holds_the_lock(empty):
    process = empty.start_slowly()
    os.kill(process.pid, signal.SIGKILL)  # the job itself lives on
    try:
        status, said = empty.run()
        assert status != 0
        assert "lock" in said.lower()
    finally:
        kill(process)


def test_an_interrupted_run_leaves_nothing_half_written(empty):
    process = empty.start_slowly()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    # Jobs that do not hang on the interrupted one may have ended before it.
    assert not list(empty.root.rglob("results/**/first.json"))
    assert not list(empty.root.rglob("results/**/.partial.*"))
    assert "stopped first" in empty.read("logs/demo/toy/first.log")


def test_results_elsewhere_are_the_same_bytes_on_any_number_of_cores(built, tmp_path):
    command = [sys.executable, "-m", "snakemake", "-s", str(built.root / "Snakefile")]
    subprocess.run(
        [*command, "-d", str(tmp_path / "there"), "--cores", "2", "-q", "all"], check=True
    )
    for name in ("first", "second_x", "other"):
        there = tmp_path / "there" / "results/demo/toy" / f"{name}.json"
        assert there.read_text() == built.read(f"results/demo/toy/{name}.json")


def test_records_name_neither_folder_nor_person_nor_machine(built):
    for path in Path(built.root, "results/demo/record").iterdir():
        text = path.read_text()
        assert str(built.root) not in text
        assert str(Path.home()) not in text
        if path.suffix == ".jsonl":
            assert os.uname().nodename not in json.loads(text).values()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "scale=dmo"], ["scale is 'dmo'", "did you mean 'demo'?"]),
        (["--config", "line_attractor={dynamics: {start: 3}}"], ["did you mean 'starts'?"]),
        (
            ["--config", "scale=demo", "--configfile", "workflow/scales/paper.yaml"],
            ["paper.yaml holds the scale paper", "scale demo"],
        ),
    ],
)
def test_settings_that_cannot_be_used_stop_the_run_with_a_message(built, arguments, words):
    status, said = built.run("-n", *arguments)
    assert status != 0
    assert "Traceback" not in said
    for word in words:
        assert word in said


def test_a_profile_that_sets_the_scale_is_refused(toy):
    toy.write("profiles/big/profile.yaml", "config: [scale=paper]\n")
    status, said = toy.run("-n", "--profile", "profiles/big")
    assert status != 0
    assert "profiles/big/profile.yaml sets config" in said


def test_each_scale_has_its_own_results(toy):
    said = toy.build("-n", "--configfile", "workflow/scales/smoke.yaml")
    assert toy.rules_in(said) == ALL
    assert "results/smoke/toy/first.json" in said
