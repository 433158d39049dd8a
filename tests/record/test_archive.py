"""The archive can be checked by someone who has nothing else, and holds what was committed."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile

import pytest
from tests.record import exported_paper
from tests.record.exported_paper import ARCHIVE, CRATE, PAGE
from tests.record.tiny_paper import CLAIMS_FILE, CORPUS, FIGURE, GRU, RECORDS, WORDS, journal
from tests.workflow.toy import Toy

from unrolled.cli import main
from unrolled.record.archive import write_archive
from unrolled.record.audit import audit
from unrolled.record.soundness import sound_report

RESULTS = "results/demo"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The archive as `snakemake archive` writes it; one script can be run by itself."""
    toy = exported_paper.make(tmp_path_factory.mktemp("archive") / "paper")
    (toy.root / "scripts/train.py").chmod(0o755)
    exported_paper.commit(toy)
    toy.build("archive")
    return toy


@pytest.fixture
def toy(built, tmp_path):
    return built.copy(tmp_path / "paper")


@pytest.fixture
def unpacked(built, tmp_path):
    """What a stranger has: the file, unpacked somewhere."""
    with zipfile.ZipFile(built.root / ARCHIVE) as archive:
        archive.extractall(tmp_path / "elsewhere")
    return Toy(tmp_path / "elsewhere" / "unrolled-demo")


def pack(toy):
    report = sound_report(toy.root / RESULTS, toy.root)
    write_archive(report, toy.root / ARCHIVE, folder=toy.root, root=toy.root, scale="demo")
    return (toy.root / ARCHIVE).read_bytes()


def wrong_sums(unpacked):
    """Files that do not have the sum that SHA256SUMS gives."""
    lines = [line.split("  ", 1) for line in unpacked.read("SHA256SUMS").splitlines()]
    return [
        path
        for sha256, path in lines
        if hashlib.sha256((unpacked.root / path).read_bytes()).hexdigest() != sha256
    ]


def test_code_results_records_and_crate_are_in_and_raw_files_are_not(built, unpacked):
    files = {
        path.relative_to(unpacked.root).as_posix()
        for path in unpacked.root.rglob("*")
        if path.is_file()
    }
    tracked = set(exported_paper.git(built, "ls-files").split())
    journals = [*(built.root / RECORDS).glob("*.jsonl"), built.root / RECORDS / "seals.log"]
    records = {f"{RECORDS}/{path.name}" for path in journals}
    exports = {"README", "SHA256SUMS", "ro-crate-metadata.json"}
    assert tracked | records | exports | {FIGURE, GRU, PAGE} <= files
    assert {"envs/cpu.txt", "workflow/sources.yaml"} <= tracked
    results = {path for path in files - tracked - records - exports}
    assert all(path.startswith(RESULTS) for path in results)
    assert CRATE not in files
    assert ARCHIVE not in files


def test_every_file_but_the_sums_has_its_sum(unpacked):
    listed = {line.split("  ", 1)[1] for line in unpacked.read("SHA256SUMS").splitlines()}
    files = {path for path in unpacked.root.rglob("*") if path.is_file()}
    assert listed == {path.relative_to(unpacked.root).as_posix() for path in files} - {"SHA256SUMS"}
    assert wrong_sums(unpacked) == []


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="no sha256sum on this system")
def test_the_readme_s_own_command_finds_an_edit(unpacked):
    assert "sha256sum --check --quiet SHA256SUMS" in unpacked.read("README")
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    done = subprocess.run(command, cwd=unpacked.root, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    (unpacked.root / FIGURE).write_text("%PDF of something else")
    done = subprocess.run(command, cwd=unpacked.root, capture_output=True, text=True)
    assert done.returncode == 1
    assert FIGURE in done.stdout


def test_an_audit_of_the_unpacked_folder_is_intact_and_says_that_raw_files_are_not_here(
    unpacked, monkeypatch, capsys
):
    monkeypatch.chdir(unpacked.root)
    assert main(["audit"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "intact" in said
    assert f"{WORDS} raw missing" in said
    assert "not here" in said


def test_an_audit_of_the_unpacked_folder_still_names_an_edit(unpacked):
    (unpacked.root / FIGURE).write_text("%PDF of something else")
    nodes = audit([], unpacked.root).nodes
    amiss = {path: node.verdict for path, node in nodes.items() if node.verdict != "intact"}
    assert amiss == {FIGURE: "tampered", PAGE: "stale"}


def test_the_readme_gives_sum_and_home_of_each_raw_file_and_the_commit(built, unpacked):
    said = unpacked.read("README")
    assert hashlib.sha256((built.root / WORDS).read_bytes()).hexdigest() in said
    assert "https://example.org/words" in said
    assert exported_paper.git(built, "rev-parse", "HEAD").strip() in said


def test_the_crate_describes_the_unpacked_folder(unpacked):
    graph = json.loads(unpacked.read("ro-crate-metadata.json"))["@graph"]
    things = {thing["@id"]: thing for thing in graph}
    assert {FIGURE, CLAIMS_FILE, "Snakefile"} <= set(things)
    parts = [part["@id"] for part in things["./"]["hasPart"]]
    here = [part for part in parts if not part.startswith("ni:")]
    assert len(here) == len(parts) - 1
    assert all((unpacked.root / part).exists() for part in here)


def test_the_same_content_gives_the_same_bytes(built, toy, unpacked):
    before = (built.root / ARCHIVE).read_bytes()
    # A run closes its records after the archive is made: take those of then.
    shutil.rmtree(toy.root / RECORDS)
    shutil.copytree(unpacked.root / RECORDS, toy.root / RECORDS)
    for path in toy.root.rglob("*"):
        os.utime(path, (10**9, 10**9))
    (toy.root / FIGURE).chmod(0o600)
    assert pack(toy) == before
    assert pack(toy) == before


def test_what_can_be_run_can_be_run_from_the_archive(built):
    with zipfile.ZipFile(built.root / ARCHIVE) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes["unrolled-demo/scripts/train.py"] == 0o100755
    assert set(modes.values()) == {0o100755, 0o100644}


# ---- refusals


def test_a_changed_file_is_named_and_nothing_is_packed(toy):
    toy.edit("config.yaml", "seed: 0", "seed:  0")
    status, said = toy.run("archive")
    assert status == 1
    assert "is not as it was committed: config.yaml" in said
    assert not (toy.root / ARCHIVE).exists()


def test_a_file_that_was_never_committed_is_named(toy):
    toy.write("scripts/extra.py", "print('not committed')\n")
    with pytest.raises(ValueError, match=r"not as it was committed: scripts/extra\.py"):
        pack(toy)


def test_without_a_commit_there_is_no_archive(toy):
    shutil.rmtree(toy.root / ".git")
    with pytest.raises(ValueError, match="Archive from a git checkout"):
        pack(toy)


# ---- raw files that are not here


def test_a_missing_raw_file_whose_home_has_other_bytes_than_were_used_is_stale(toy):
    (toy.root / WORDS).unlink()
    assert audit([toy.root / FIGURE], toy.root).verdict == "intact"
    sha256 = json.loads(journal(toy, WORDS).read_text())["outputs"][0]["sha256"]
    toy.edit("workflow/sources.yaml", sha256, "f" * 64)
    nodes = audit([toy.root / FIGURE], toy.root).nodes
    assert nodes[WORDS].verdict == "stale"
    assert nodes[CORPUS].links[0].verdict == "stale"
    assert "missing" in nodes[WORDS].changes[0].note
