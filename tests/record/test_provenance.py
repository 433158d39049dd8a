"""Records tell what made an output, are only appended to, and show when they were edited."""

import json
import subprocess
import sys

import pytest

from unrolled.record.provenance import (
    append_record,
    describe_run,
    git_state,
    journal_path,
    known_path,
    peak_memory,
    read_records,
    record_id,
)


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "record" / "train.jsonl"
    for number in range(3):
        append_record(path, {"number": number})
    return path


def test_records_come_back_in_order(journal):
    assert [record["number"] for record in read_records(journal)] == [0, 1, 2]


def test_an_edited_line_shows(journal):
    journal.write_text(journal.read_text().replace('"number": 1', '"number": 7'))
    with pytest.raises(ValueError, match=r"line 2: it was edited.*records were edited"):
        read_records(journal)


def test_a_removed_line_shows(journal):
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(lines[0] + lines[2])
    with pytest.raises(ValueError, match="line 2"):
        read_records(journal)


def test_half_a_line_of_a_killed_run_breaks_nothing(journal):
    with journal.open("a") as file:
        file.write('{"number": 3, "prev')
    append_record(journal, {"number": 4})
    assert [record["number"] for record in read_records(journal)] == [0, 1, 2, 4]


def test_each_job_has_its_own_file_whatever_its_wildcards(tmp_path):
    plain = journal_path("train", {}, tmp_path)
    one = journal_path("train", {"corpus": "film", "cell": "a/b,c=d"}, tmp_path)
    other = journal_path("train", {"corpus": "film", "cell": "a/b"}, tmp_path)
    assert len({plain, one, other}) == 3
    assert {plain.parent, one.parent, other.parent} == {tmp_path}


def identify(**changes):
    content = {
        "inputs": ["00", "11"],
        "params": {"settings": {"units": 16, "steps": 50}},
        "code": ["scripts/a.py 0", "unrolled.b 1", "lock 2", "seed 0"],
    }
    return record_id("train", {"cell": "gru"}, **{**content, **changes})


def test_the_identity_of_a_computation_ignores_the_order_of_its_code():
    assert identify() == identify(code=["unrolled.b 1", "scripts/a.py 0", "seed 0", "lock 2"])
    assert len(identify()) == 16


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": ["11", "00"]},
        {"params": {"settings": {"units": 50, "steps": 16}}},
        {"code": ["scripts/a.py 0", "unrolled.b 1", "lock 2", "seed 1"]},
        {"code": ["scripts/a.py 0", "unrolled.b 2", "lock 2", "seed 0"]},
    ],
)
def test_the_identity_changes_with_inputs_settings_code_and_seed(changes):
    assert identify(**changes) != identify()


def test_git_tells_the_commit_and_whether_files_differ_from_it(tmp_path):
    def git(*arguments):
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True)

    git("init")
    assert git_state(tmp_path) == "none"
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "one")
    commit, condition = git_state(tmp_path).split()
    assert len(commit) == 40
    assert condition == "clean"
    (tmp_path / "a").write_text("2")
    assert git_state(tmp_path) == f"{commit} dirty"


def test_a_folder_without_git_is_no_error(tmp_path, monkeypatch):
    assert git_state(tmp_path) == "none"
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) == "none"


def test_a_run_is_described_by_facts_that_json_can_hold(tmp_path, monkeypatch):
    monkeypatch.setenv("UNROLLED_GIT", f"{'a' * 40} dirty")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    facts = json.loads(json.dumps(describe_run(tmp_path)))
    assert facts["git"] == {"commit": "a" * 40, "dirty": True}
    assert facts["environment"]["OMP_NUM_THREADS"] == "1"
    assert facts["processor"]
    assert facts["python"].startswith("3.")


def test_peak_memory_counts_what_was_held_and_given_back():
    code = (
        "from unrolled.record.provenance import peak_memory\n"
        "before = peak_memory(); data = bytearray(b'1') * 10**8; del data\n"
        "assert peak_memory() - before > 9 * 10**7, (before, peak_memory())\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert peak_memory() > 10**6


def test_paths_are_told_from_the_working_folder_or_the_repository(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    (tmp_path / "code").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert known_path("results/a.nc", tmp_path / "code") == "results/a.nc"
    assert known_path(tmp_path / "code" / "b.yaml", tmp_path / "code") == "b.yaml"
    assert known_path("../code/x/b.yaml", tmp_path / "code") == "x/b.yaml"
    assert known_path(tmp_path / "secret" / "c.csv", tmp_path / "code") == "c.csv"
