"""The lock's fingerprint follows the installed versions; the lock of a run dies with it."""

import fcntl
import platform
import subprocess
import sys

import pytest

from unrolled.record.alive import stay_alive, take_turns
from unrolled.record.lock import lock_fingerprint, locked_versions, pinned_versions


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "cpu.txt").write_text(
        "# made by hand\nNumPy==1.0 \\\n    --hash=sha256:00\n    # via x==3\n"
        "some.thing[extra]==2.0 ; sys_platform == 'linux' \\\n    --hash=sha256:00\n"
    )
    site = tmp_path / "site"
    for name in ("numpy-1.0", "some_thing-2.0", "by_hand-3.0"):
        (site / f"{name}.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(site)])
    return tmp_path


def test_only_what_the_lock_names_is_looked_at(root):
    assert locked_versions(root) == {"numpy": "1.0", "some-thing": "2.0"}


def test_the_first_on_the_path_is_the_installed_one(root, monkeypatch):
    (root / "newer" / "numpy-1.1.dist-info").mkdir(parents=True)
    before = lock_fingerprint(root)
    monkeypatch.setattr(sys, "path", [str(root / "newer"), *sys.path])
    assert locked_versions(root)["numpy"] == "1.1"
    assert lock_fingerprint(root) != before


def test_another_python_is_another_lock(root, monkeypatch):
    before = lock_fingerprint(root)
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    assert lock_fingerprint(root) != before


def test_a_note_in_the_lock_file_changes_nothing(root):
    before = lock_fingerprint(root)
    path = root / "envs" / "cpu.txt"
    path.write_text(path.read_text() + "# a note\nnot-installed==9.9\n")
    assert lock_fingerprint(root) == before


def test_the_lock_files_say_what_they_ask_for_on_each_system(root):
    (root / "envs" / "gpu.txt").write_text("numpy==1.1 ; python_version >= '3.12'\n")
    assert pinned_versions(root) == {"numpy": {"1.0", "1.1"}, "some-thing": {"2.0"}}


HOLD = """
import sys, time
from unrolled.record.alive import stay_alive
print("soon", flush=True)
stay_alive(sys.argv[1], clear=list)
print("here", flush=True)
time.sleep(60)
"""


@pytest.fixture
def notes(tmp_path):
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "0.input.lock").touch()
    return tmp_path


@pytest.fixture
def living(notes):
    process = start_to_live(notes)
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def start_to_live(notes):
    process = subprocess.Popen([sys.executable, "-c", HOLD, notes], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"soon\n"
    return process


def test_locks_of_the_dead_are_removed(notes, living):
    living.kill()
    living.wait()
    (notes / "locks" / "0.input.lock").touch()
    assert stay_alive(notes, clear=list)
    assert not list((notes / "locks").iterdir())


def test_locks_of_the_living_stay(notes, living):
    (notes / "locks" / "0.input.lock").touch()
    assert not stay_alive(notes, clear=list)
    assert list((notes / "locks").iterdir())


def test_a_job_shares_the_lock_and_removes_nothing(notes, living):
    (notes / "locks" / "0.input.lock").touch()
    assert not stay_alive(notes)
    assert list((notes / "locks").iterdir())


def test_a_file_system_without_locks_changes_nothing(notes, monkeypatch):
    def refuse(*_):
        raise OSError("no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert not stay_alive(notes, clear=list)
    assert list((notes / "locks").iterdir())


def test_who_begins_while_another_clears_away_is_among_the_living(notes):
    with (notes / "alive").open("w") as clearing:
        fcntl.flock(clearing, fcntl.LOCK_EX)
        process = start_to_live(notes)
    try:
        assert process.stdout.readline() == b"here\n"
        assert stay_alive(notes, clear=list) is False
    finally:
        process.kill()
        process.communicate()


def test_one_run_plans_at_a_time(notes):
    has_planned = take_turns(notes)
    with (notes / "planning").open() as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        has_planned()
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
