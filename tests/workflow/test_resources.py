"""A machine that lacks something: a clear message or none needed, and the same command goes on."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.losses import assert_kept, contents
from toy import REPOSITORY, SNAKEMAKE, Toy

pytestmark = pytest.mark.faults("the machine")

# A superuser may write everywhere; without this right even she may not.
SHUT_OUT = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()
PLAIN = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def same_bytes(built):
    """Asserts that a run came to what an undisturbed one comes to, with nothing left to do."""

    def check(toy):
        assert contents(toy.root) == contents(built.root)
        assert not list(toy.root.rglob("results/**/.partial.*"))

    return check


def shell(toy, script, **environment):
    """Status and words of a shell script in the checkout, where $SNAKEMAKE is the command."""
    done = subprocess.run(
        ["sh", "-c", script.replace("$SNAKEMAKE", shlex.join(SNAKEMAKE))],
        cwd=toy.root,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        start_new_session=True,
    )
    return done.returncode, done.stdout + done.stderr


def needs(*command):
    """Skip where a command does not work."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not here")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{shlex.join(command)}: {done.stderr.strip()}")


FULL = """
mv results kept && mkdir results && mount -t tmpfs -o size={size}k room results
cp -a kept/. results/
head -c 99M /dev/zero > results/ballast 2>/dev/null || true
truncate -s -{left}k results/ballast
$SNAKEMAKE > said 2>&1 || echo $? > status
mkdir after && cp -a results/. after/ && rm after/ballast results/ballast
$SNAKEMAKE --quiet all && cp -a results after_cure
"""


@pytest.mark.parametrize("left", [0, 20], ids=["at once", "in a job"])
def test_a_full_disk_is_named_and_the_run_goes_on_when_there_is_room(toy, same_bytes, left):
    """The disk of the results fills up"""
    needs("unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt")
    complete = contents(toy.root)
    # More than there is room for, at first; in the end the same bytes.
    needed = '    open(step.output.data, "wb").write(bytes(100_000))\n'
    toy.edit("scripts/toy/second.py", "    save_json(", needed + "    save_json(")
    status, said = shell(
        toy, f"exec unshare -rm sh -euc {shlex.quote(FULL.format(size=512, left=left))}"
    )
    assert status == 0, said
    assert toy.read("status").strip() == "1"
    assert "There is no room" in toy.read("said")
    assert "what was complete is kept" in toy.read("said")
    untouched = {"results/demo/toy/other.json": complete["results/demo/toy/other.json"]}
    shutil.rmtree(toy.root / "results")
    (toy.root / "after").rename(toy.root / "results")
    assert_kept(untouched, toy.root)
    shutil.rmtree(toy.root / "results")
    (toy.root / "after_cure").rename(toy.root / "results")
    same_bytes(toy)


def test_a_job_without_enough_memory_says_so(empty, same_bytes):
    """There is less memory than a job asks for"""
    needs("prlimit", "--version")
    script = empty.read("scripts/toy/other.py")
    empty.write("scripts/toy/other.py", script + "    bytearray(5 << 30)\n")
    status, said = empty.run("--keep-going", under=("prlimit", f"--as={4 << 30}"))
    assert status != 0
    assert "MemoryError" in said
    log = empty.read("logs/demo/toy/other.log").splitlines()[-1]
    assert "not enough memory: other held" in log
    assert "--cores 1" in log
    complete = contents(empty.root)
    assert "results/demo/toy/first.json" in complete
    empty.build()
    assert_kept(complete, empty.root)
    same_bytes(empty)


def test_one_core_makes_the_same_bytes_as_two(empty, same_bytes):
    """There is one core instead of two"""
    needs("taskset", "-c", "0", "true")
    empty.build("--cores", "2", under=("taskset", "-c", "0"))
    same_bytes(empty)


def shut(*paths):
    """Take away the right to write."""
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)


def open_again(*paths):
    for path in paths:
        path.chmod(path.stat().st_mode | 0o200)


@pytest.mark.parametrize("folder", ["results/demo", "results/demo/toy", "results/demo/record"])
def test_a_shut_folder_is_named_with_what_to_do(toy, same_bytes, folder):
    """A folder of the results may only be read"""
    complete = contents(toy.root)
    toy.edit("notes.yaml", "a: 1", "a: 2")
    shut(toy.root / folder)
    status, said = toy.run(under=SHUT_OUT)
    assert status != 0
    assert f"missing for {folder}." in said
    assert "chmod -R u+rwX results" in said
    assert_kept(complete, toy.root)
    open_again(toy.root / folder)
    toy.build(under=SHUT_OUT)
    same_bytes(toy)


def test_shut_files_are_named_and_kept(toy, same_bytes):
    """The files of the results may only be read"""
    complete = contents(toy.root)
    toy.edit("notes.yaml", "a: 1", "a: 2")
    files = list((toy.root / "results").rglob("*.json"))
    shut(*files)
    status, said = toy.run(under=SHUT_OUT)
    assert status != 0
    assert "Write-protected output files" in said
    assert "results/demo/toy/second_x.json" in said
    assert_kept(complete, toy.root)
    open_again(*files)
    toy.build(under=SHUT_OUT)
    same_bytes(toy)


def test_results_that_may_only_be_read_can_be_looked_at(toy):
    """A whole checkout may only be read and nothing is to be done"""
    shut(*(toy.root / "results").rglob("*"))
    assert "Nothing to be done" in toy.build(under=SHUT_OUT)


def test_logs_that_cannot_be_written_stop_nothing_silently(toy, same_bytes):
    """The logs may only be read"""
    toy.edit("notes.yaml", "a: 1", "a: 2")
    logs = list((toy.root / "logs").rglob("*"))
    shut(*logs)
    status, said = toy.run(under=SHUT_OUT)
    assert status == 0 or "logs/demo/toy/second_x.log" in said
    open_again(*logs)
    toy.build(under=SHUT_OUT)
    same_bytes(toy)


@pytest.mark.parametrize("seconds", [-(10**9), 10**9])
def test_files_of_another_time_make_nothing_stale(toy, same_bytes, seconds):
    """The clock was years wrong when the results were made"""
    for path in toy.root.rglob("*"):
        if ".snakemake" not in path.parts and path.is_file():
            then = path.stat().st_mtime + seconds
            os.utime(path, (then, then))
    assert toy.planned(TZ="Pacific/Kiritimati") == set()
    toy.edit("notes.yaml", "a: 1", "a: 2")
    assert toy.rules_in(toy.build(TZ="America/Adak")) == {"second"}
    assert toy.planned() == set()
    same_bytes(toy)


def test_a_locale_without_utf_8_changes_nothing(empty, same_bytes):
    """The locale knows no letters but ASCII"""
    empty.edit(
        "scripts/toy/other.py", "    save_json(", '    step.log.info("größe λ")\n    save_json('
    )
    empty.edit("config.yaml", "seed: 0 ", "seed: 0   # größe λ")
    empty.edit("notes.yaml", "a note", "größe λ")
    empty.build(**PLAIN)
    assert "größe λ" in (empty.root / "logs/demo/toy/other.log").read_text(encoding="utf-8")
    same_bytes(empty)


def test_an_error_is_told_in_a_locale_without_utf_8(empty):
    """A setting with other letters is wrong, where the locale knows only ASCII"""
    empty.edit("config.yaml", "seed: 0 ", "seed: größe # ")
    status, said = empty.run("-n", **PLAIN)
    assert status != 0
    assert "seed (config.yaml, line" in said


@pytest.mark.parametrize(
    "name", ["a folder with spaces, größe λ and 'quotes'", "long/" * 300], ids=["letters", "long"]
)
def test_any_path_will_do(tmp_path, same_bytes, name):
    """The project lies at a path with spaces and other letters, or at a very long one"""
    toy = Toy.make(tmp_path / name)
    toy.build()
    same_bytes(toy)


@pytest.mark.parametrize("home", ["none", "shut"])
def test_make_needs_no_home(empty, same_bytes, tmp_path, home):
    """The home does not exist, or may only be read"""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(REPOSITORY / name, empty.root)
    empty.write(".venv/ready-cpu", "")
    (tmp_path / "shut").mkdir(mode=0o555)
    status, said = shell(
        empty,
        shlex.join([*SHUT_OUT, "make", "CORES=1", "TARGETS=toy"]),
        HOME=str(tmp_path / home),
        XDG_CACHE_HOME="",
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    )
    assert status == 0, said
    same_bytes(empty)


@pytest.mark.parametrize(
    "variables", [{"TMPDIR": "/dev/null/nowhere"}, {"TERM": "", "COLUMNS": "0"}], ids=" ".join
)
def test_no_folder_for_temporary_files_and_no_terminal_are_needed(empty, same_bytes, variables):
    """There is no folder for temporary files, or no terminal"""
    empty.build(**variables)
    same_bytes(empty)


@pytest.mark.parametrize("closing", ["| head -c 1", "2>&1 | head -c 1", "<&- >&- 2>&-"])
def test_whoever_stops_listening_loses_nothing(empty, same_bytes, closing):
    """Whoever reads what a run says goes away, or there is nobody to begin with"""
    shell(empty, f"$SNAKEMAKE {closing}")
    complete = contents(empty.root)
    empty.build()
    assert_kept(complete, empty.root)
    same_bytes(empty)


def test_what_is_on_record_is_the_last_run_even_if_the_clock_was_put_back(toy):
    """The clock is put back between two runs"""
    from unrolled.record.run_times import run_times

    journal = toy.root / "results/demo/record/other.jsonl"
    record = json.loads(journal.read_text())
    before = {**record, "started": "2999-01-01T00:00:00.000+00:00", "seconds": 1e6}
    (latest,) = run_times([before, record])
    assert latest["seconds"] == record["seconds"]
