"""Whatever is done to a finished run, the audit names it; and a clean run raises no alarm."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.record.tiny_paper import (
    CLAIMS,
    CLAIMS_FILE,
    CORPUS,
    EVERYTHING,
    FIGURE,
    GRU,
    LSTM,
    METRICS,
    RECORDS,
    WORDS,
    journal,
    make,
)
from tests.workflow.toy import Toy

from unrolled.cli import main
from unrolled.record.audit import audit
from unrolled.record.provenance import append_record, read_lines
from unrolled.record.report import Change
from unrolled.record.seals import SEALS, seal_records


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Both scales built; demo twice, first with another setting, kept in the folder ``older``."""
    toy = make(tmp_path_factory.mktemp("paper"))
    toy.build("--config", "line_attractor={dynamics: {starts: 7}}")
    shutil.copytree(toy.root / "results", toy.root / "older")
    toy.build()
    toy.build("--config", "scale=smoke")
    return toy


@pytest.fixture
def toy(built, tmp_path):
    return built.copy(tmp_path / "paper")


@pytest.fixture(scope="module")
def now(built):
    """What the workflow says of all jobs as long as nobody touches it."""
    with pytest.MonkeyPatch.context() as patch:
        return _recorded_answers(patch, built)


def _recorded_answers(patch, built):
    from unrolled.record import audit as module

    answers, ask = {}, module.present_jobs

    def keep(jobs, *, scale, root):
        answer = ask(jobs, scale=scale, root=root)
        for job, said in zip(jobs, answer["jobs"], strict=True):
            answers[json.dumps([scale, *job])] = said
        answers["versions"] = answer["versions"]
        return answer

    patch.setattr(module, "present_jobs", keep)
    assert audit([], built.root).verdict == "intact"
    return answers


@pytest.fixture
def untouched(now, monkeypatch):
    """For tests that leave the workflow alone: it need not be read again."""

    def answer(jobs, *, scale, root):
        said = [now[json.dumps([scale, *job])] for job in jobs]
        return {"jobs": said, "versions": now["versions"]}

    monkeypatch.setattr("unrolled.record.audit.present_jobs", answer)


def verdicts(toy, *paths):
    """Everything that is not intact, by path."""
    nodes = audit([toy.root / path for path in paths], toy.root).nodes
    return {path: node.verdict for path, node in nodes.items() if node.verdict != "intact"}


def changes(toy, path, what=None):
    """What changed about one file."""
    found = audit([toy.root / path], toy.root).nodes[path].changes
    return [each for each in found if what in (None, each.what)]


def sha(toy, path):
    return hashlib.sha256((toy.root / path).read_bytes()).hexdigest()


# ---- no false alarm


def test_a_clean_tree_is_intact_to_the_last_file_and_nothing_is_written(toy):
    before = sorted(path for path in toy.root.rglob("*") if "__pycache__" not in path.parts)
    report = audit([], toy.root)
    assert report.verdict == "intact"
    assert {path for path in report.nodes if "/smoke/" not in path} == set(EVERYTHING)
    assert len(report.nodes) == 14  # smoke has six of its own, and shares raw and claims file
    after = sorted(path for path in toy.root.rglob("*") if "__pycache__" not in path.parts)
    assert after == before


def test_a_lineage_leads_from_the_figure_to_the_raw_bytes(toy, untouched):
    report = audit([toy.root / FIGURE], toy.root)
    assert [node.path for node in report.lineage(FIGURE)] == [FIGURE, GRU, CORPUS, WORDS]
    kinds = [node.kind for node in report.lineage(FIGURE)]
    assert kinds == ["figure", "network", "data", "raw"]
    raw = report.nodes[WORDS]
    assert raw.sha256 == raw.source["sha256"] == sha(toy, WORDS)
    assert raw.source["home"] == "https://example.org/words"
    assert raw.source["licence"] == "CC0"
    train = report.nodes[GRU].record
    assert train["params"]["settings"]["starts"] == 250
    assert train["scale"] == "demo"
    assert {"scripts/train.py", "unrolled.toy.adding"} <= set(train["code"])
    assert train["versions"]["numpy"]


def test_moved_touched_and_without_snakemakes_notes_it_is_intact(toy, tmp_path):
    shutil.rmtree(toy.root / ".snakemake")
    for path in toy.root.rglob("*"):
        os.utime(path, (10**9, 10**9))
    moved = Toy(tmp_path / "some where else")
    toy.root.rename(moved.root)
    assert verdicts(moved) == {}


def test_comments_and_a_checkout_to_and_fro_change_nothing(toy):
    def git(*arguments):
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *who, *arguments], cwd=toy.root, check=True, capture_output=True)

    (toy.root / ".gitignore").write_text("results\nolder\nresources\nlogs\n.snakemake\n")
    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "one")
    git("checkout", "-b", "other")
    toy.edit("src/unrolled/toy/constants.py", "ONE = 1", "ONE = 2")
    git("commit", "-am", "two")
    git("checkout", "main")
    toy.edit("src/unrolled/toy/constants.py", "ONE = 1", "ONE = 1  # and why")
    assert verdicts(toy) == {}


def test_built_again_in_another_order_on_more_cores_it_is_intact(toy):
    toy.build(GRU, "--force", "--cores", "2")
    toy.build("--forceall", "--cores", "2", "--scheduler", "greedy")
    assert len(read_lines(journal(toy, WORDS))) == 2
    assert len(read_lines(journal(toy, GRU))) == 4
    assert verdicts(toy) == {}


def test_results_beside_another_checkout_are_audited_by_it(toy, tmp_path, untouched):
    for name in ("results", "resources"):
        shutil.copytree(toy.root / name, tmp_path / "there" / name)
    report = audit([tmp_path / "there"], toy.root)
    assert report.verdict == "intact"
    assert set(EVERYTHING) <= set(report.nodes)


def test_a_traced_run_is_intact_too(toy):
    toy.build("--forceall", "--config", "trace=true")
    assert audit([toy.root / FIGURE], toy.root).nodes[GRU].record["reads"] == [CORPUS]
    assert verdicts(toy) == {}
    assert toy.planned() == set()


# ---- unrecorded reads


def test_a_file_that_a_step_reads_undeclared_is_named_if_the_run_was_traced(toy):
    (toy.root / "weather").write_text("")
    toy.build(GRU, LSTM, "--force", "--config", "trace=true")
    toy.build(LSTM, "--force")
    (change,) = changes(toy, GRU)
    assert (change.verdict, change.what, change.name) == ("unrecorded", "read", "weather")
    assert "code_of" in change.note
    assert verdicts(toy) == {GRU: "unrecorded"}


# ---- tampered


@pytest.mark.parametrize("path", [FIGURE, METRICS, CLAIMS, CORPUS, WORDS])
def test_edited_bytes_are_named_even_with_the_old_clock_time(toy, untouched, path):
    place = toy.root / path
    old, times = sha(toy, path), place.stat()
    place.write_bytes(place.read_bytes()[:-1] + b"!")
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    found = verdicts(toy)
    assert found.pop(path) == "tampered"
    assert set(found.values()) <= {"stale"}
    (change,) = changes(toy, path)
    assert (change.verdict, change.what, change.old, change.new) == (
        "tampered",
        "bytes",
        old,
        sha(toy, path),
    )


def test_what_was_made_from_edited_bytes_is_stale_and_says_from_which(toy, untouched):
    old = sha(toy, GRU)
    (toy.root / GRU).write_text('["gru", 1, 2, ""]')
    report = audit([toy.root / FIGURE], toy.root)
    assert report.nodes[FIGURE].verdict == "stale"
    assert report.of(FIGURE) == "tampered"
    assert report.nodes[FIGURE].changes == (Change("stale", "input", GRU, old, sha(toy, GRU)),)
    assert [link.verdict for link in report.nodes[FIGURE].links] == ["stale"]
    assert verdicts(toy) == {GRU: "tampered", FIGURE: "stale", METRICS: "stale"}


def test_two_swapped_networks_are_told_apart(toy, untouched):
    (toy.root / GRU).rename(toy.root / "spare")
    (toy.root / LSTM).rename(toy.root / GRU)
    (toy.root / "spare").rename(toy.root / LSTM)
    for one, other in [(GRU, LSTM), (LSTM, GRU)]:
        (change,) = changes(toy, one)
        assert change.verdict == "tampered"
        assert change.note.endswith(f"these are the bytes of {other}")


def test_a_figure_from_another_scale_is_named(toy, untouched):
    smoke = FIGURE.replace("demo", "smoke")
    shutil.copy2(toy.root / smoke, toy.root / FIGURE)
    (change,) = changes(toy, FIGURE)
    assert change.verdict == "tampered"
    assert change.note.endswith(f"these are the bytes of {smoke}")


def test_a_figure_from_another_scale_does_not_pass_with_its_record(toy, untouched):
    shutil.copy2(toy.root / FIGURE.replace("demo", "smoke"), toy.root / FIGURE)
    own = journal(toy, FIGURE)
    shutil.copy2(str(own).replace("demo", "smoke"), own)
    own.write_text(
        own.read_text().replace("results/smoke/tiny/figures", "results/demo/tiny/figures")
    )
    notes = [change.note for change in changes(toy, FIGURE, "record")]
    assert any("it was edited" in note for note in notes)
    assert any("record of another job, fig2 at smoke" in note for note in notes)


def test_a_raw_file_put_there_by_hand_must_have_the_sum_of_its_source(toy, untouched):
    journal(toy, WORDS).unlink()
    assert verdicts(toy) == {}
    (toy.root / WORDS).write_text("one two four\n")
    (change,) = changes(toy, WORDS)
    assert change.verdict == "tampered"
    assert change.old == audit([toy.root / WORDS], toy.root).nodes[WORDS].source["sha256"]


# ---- records


@pytest.mark.parametrize("consistent", [False, True])
def test_an_edited_record_shows(toy, untouched, consistent):
    """Also when the line's own sum was made good: then it is not the sealed one."""
    path = journal(toy, FIGURE)
    old = sha(toy, FIGURE)
    (toy.root / FIGURE).write_text("%PDF of nothing")
    first, last = path.read_text().splitlines()
    last = last.replace(old, sha(toy, FIGURE))
    if consistent:
        path.write_text(first + "\n")
        append_record(path, json.loads(last))
    else:
        path.write_text(f"{first}\n{last}\n")
    assert verdicts(toy) == {FIGURE: "tampered"}
    found = changes(toy, FIGURE)
    assert {change.what for change in found} == {"record"}
    said = "older than the sealed" if consistent else "fig2.jsonl, line 2: it was edited"
    assert any(said in change.note for change in found)


def test_an_edit_of_a_record_that_another_followed_shows(toy, untouched):
    path = journal(toy, FIGURE)
    path.write_text(path.read_text().replace('"scale": "demo"', '"scale": "Demo"', 1))
    assert "line 1: it was edited" in changes(toy, FIGURE)[0].note


def test_a_deleted_record_leaves_its_outputs_unrecorded(toy, untouched):
    journal(toy, GRU).unlink()
    assert verdicts(toy, FIGURE) == {GRU: "unrecorded"}
    (change,) = changes(toy, GRU)
    assert "gone are sealed records: train,cell=gru.jsonl" in change.note
    assert f"snakemake --cores all --force {GRU}" in change.note


@pytest.mark.parametrize("how", ["cut", "appended"])
def test_a_record_replayed_from_an_older_run_shows(toy, untouched, how):
    shutil.copy2(toy.root / FIGURE.replace("results", "older"), toy.root / FIGURE)
    path = journal(toy, FIGURE)
    first, last = path.read_text().splitlines()
    path.write_text(first + "\n" if how == "cut" else f"{first}\n{last}\n{first}\n")
    notes = " ".join(change.note for change in changes(toy, FIGURE, "record"))
    said = {"cut": "older than the sealed one", "appended": "line 3: the line before it is not"}
    assert said[how] in notes
    seal_records(toy.root / RECORDS, "begin")  # as any later run would do
    seal_records(toy.root / RECORDS, "end")
    assert verdicts(toy)[FIGURE] == "tampered"


def test_an_older_figure_alone_is_named_as_such(toy, untouched):
    shutil.copy2(toy.root / FIGURE.replace("results", "older"), toy.root / FIGURE)
    (change,) = changes(toy, FIGURE)
    assert change.verdict == "tampered"
    assert change.note.endswith(f"these are the bytes of {FIGURE} in an earlier run")


@pytest.mark.parametrize("how", ["deleted", "edited", "older"])
def test_seals_that_were_tampered_with_show_on_every_record(toy, untouched, how):
    path = toy.root / RECORDS / SEALS
    if how == "deleted":
        path.unlink()
    elif how == "edited":
        path.write_text(path.read_text().replace('"event": "end"', '"event": "error"', 1))
    else:
        shutil.copy2(toy.root / RECORDS.replace("results", "older") / SEALS, path)
    found = verdicts(toy, "results/demo/tiny")
    assert {found[path] for path in (FIGURE, METRICS, GRU)} == {"tampered"}


def test_losing_a_record_is_healed_by_a_new_one_only(toy, untouched):
    path = journal(toy, FIGURE)
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    toy.build(GRU)  # nothing to do
    assert verdicts(toy) == {FIGURE: "tampered"}
    path.unlink()
    toy.build(FIGURE, "--force")
    assert verdicts(toy) == {}


def cut_last_line(path, how):
    *lines, last = path.read_bytes().splitlines(keepends=True)
    half = last[: len(last) // 2]
    rest = {"lost": b"", "halved": half, "zeroed": half + bytes(len(last) - len(half))}[how]
    path.write_bytes(b"".join([*lines, rest]))


@pytest.mark.faults("kills and power cuts")
@pytest.mark.parametrize("how", ["lost", "halved", "zeroed"])
def test_a_closing_seal_that_was_cut_accuses_nobody(toy, untouched, how):
    """The power goes while the seal is written that closes a run"""
    cut_last_line(toy.root / RECORDS / SEALS, how)
    assert verdicts(toy) == {}
    seal_records(toy.root / RECORDS, "begin")  # as the next run does
    assert verdicts(toy) == {}


@pytest.mark.faults("kills and power cuts")
@pytest.mark.parametrize("how", ["halved", "zeroed"])
def test_an_opening_seal_that_was_cut_accuses_nobody(toy, untouched, how):
    """The power goes while the seal is written that opens a run, and jobs ran nevertheless"""
    path = toy.root / RECORDS / SEALS
    lines = path.read_bytes().splitlines(keepends=True)
    assert json.loads(lines[-2])["event"] == "begin"
    path.write_bytes(b"".join(lines[:-1]))
    cut_last_line(path, how)
    assert verdicts(toy) == {}
    seal_records(toy.root / RECORDS, "begin")
    assert verdicts(toy) == {}


def test_one_cut_seal_does_not_stand_for_two_that_are_gone(toy, untouched):
    path = toy.root / RECORDS / SEALS
    lines = path.read_bytes().splitlines(keepends=True)
    begins = [n for n, line in enumerate(lines) if json.loads(line)["event"] == "begin"]
    assert len(begins) == 2
    path.write_bytes(lines[0][:50])
    notes = " ".join(change.note for change in changes(toy, FIGURE, "record"))
    assert "the seal of its run is gone" in notes


@pytest.mark.faults("kills and power cuts")
@pytest.mark.parametrize("how", ["lost", "halved", "zeroed"])
def test_a_record_that_was_cut_shows_with_what_to_do(toy, untouched, how):
    """The newest record of a result is cut short, lost or zeros, though the result is there"""
    cut_last_line(journal(toy, FIGURE), how)
    assert verdicts(toy) == {FIGURE: "tampered"}
    command = f"snakemake --cores all --force {FIGURE}"
    assert any(command in change.note for change in changes(toy, FIGURE))


@pytest.mark.faults("kills and power cuts")
def test_a_record_that_was_cut_is_mended_by_a_new_one(toy, untouched):
    """A result with a record that was cut is made again by the command that the audit names"""
    cut_last_line(journal(toy, FIGURE), "zeroed")
    toy.build(FIGURE, "--force")
    assert verdicts(toy) == {}


def test_records_of_an_older_form_are_unrecorded_with_what_to_do(toy, untouched):
    path = journal(toy, FIGURE)
    record = json.loads(path.read_text().splitlines()[0])
    for name in ("format", "digest", "run", "scale"):
        del record[name]
    path.write_text(json.dumps(record) + "\n")
    (toy.root / RECORDS / SEALS).unlink()
    found = audit([toy.root / FIGURE], toy.root).nodes[FIGURE]
    assert found.verdict == "unrecorded"
    assert "older form" in found.changes[0].note
    assert f"--force {FIGURE}" in found.changes[0].note


def test_a_file_that_nobody_made_is_unrecorded(toy, untouched):
    (toy.root / "results/demo/tiny/figures/fig3.pdf").write_text("%PDF")
    assert verdicts(toy) == {"results/demo/tiny/figures/fig3.pdf": "unrecorded"}


# ---- stale


def test_an_edited_module_is_named_old_and_new_on_exactly_its_dependents(toy):
    toy.edit("src/unrolled/toy/constants.py", "ONE = 1", "ONE = 2")
    assert verdicts(toy, "results/demo") == {GRU: "stale", LSTM: "stale"}
    (change,) = changes(toy, GRU)
    assert (change.what, change.name) == ("code", "unrolled.toy.constants")
    assert change.old != change.new
    assert len(change.old) == len(change.new) == 12


def test_an_upgraded_library_is_named_old_and_new(toy, monkeypatch):
    (toy.root / "upgraded" / "numpy-99.0.dist-info").mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(toy.root / "upgraded"))
    assert set(verdicts(toy, FIGURE)) == {FIGURE, GRU, CORPUS, WORDS}
    (change,) = changes(toy, FIGURE)
    numpy = audit([toy.root / FIGURE], toy.root).nodes[FIGURE].record["versions"]["numpy"]
    assert change == Change("stale", "lock", "numpy", numpy, "99.0")


def test_a_changed_lock_file_is_named_though_nothing_was_installed(toy, untouched):
    import numpy as np

    toy.edit("envs/cpu.txt", f"numpy=={np.__version__}", "numpy==99.0")
    (change,) = changes(toy, FIGURE)
    assert (change.verdict, change.what, change.name) == ("stale", "lock", "numpy")
    assert (change.old, change.new) == (np.__version__, "99.0")


def test_a_setting_and_the_seed_changed_after_the_run_are_named(toy):
    shutil.rmtree(toy.root / ".snakemake")
    toy.edit("config.yaml", "starts: 250 ", "starts: 251 ")
    toy.edit("config.yaml", "seed: 0", "seed: 1")
    found = verdicts(toy, FIGURE)
    assert found == dict.fromkeys([FIGURE, GRU, CORPUS, WORDS], "stale")
    assert changes(toy, GRU) == [
        Change("stale", "seed", "seed", "0", "1"),
        Change("stale", "setting", "settings.starts", "250", "251"),
    ]


def test_a_setting_of_the_command_line_is_not_the_one_of_the_file(toy):
    toy.build(GRU, "--config", "line_attractor={dynamics: {starts: 9}}")
    expected = Change("stale", "setting", "settings.starts", "9", "250")
    assert expected in changes(toy, GRU)


def test_edited_claims_of_the_paper_make_the_judgement_stale(toy, untouched):
    old = sha(toy, CLAIMS_FILE)
    toy.edit(CLAIMS_FILE, "min: 1", "min: 2")
    assert verdicts(toy, CLAIMS) == {CLAIMS: "stale"}
    assert changes(toy, CLAIMS) == [
        Change("stale", "input", CLAIMS_FILE, old, sha(toy, CLAIMS_FILE))
    ]


def test_a_missing_file_is_stale_and_so_is_what_was_made_from_it(toy, untouched):
    (toy.root / GRU).unlink()
    assert verdicts(toy) == {GRU: "stale", FIGURE: "stale", METRICS: "stale"}
    (change,) = changes(toy, GRU)
    assert change.new is None
    assert "missing" in change.note


def test_rules_that_read_something_else_or_are_gone_are_named(toy):
    toy.edit("Snakefile", 'network="<results>/tiny/models/gru.json"', 'network="<results>/x.json"')
    toy.edit("Snakefile", "rule judge:", "rule weigh:")
    said = [(change.what, change.name, change.note) for change in changes(toy, FIGURE)]
    assert said == [
        ("input", "results/demo/x.json", "the rule reads it now"),
        ("input", GRU, "the rule reads it no more"),
    ]
    (change,) = changes(toy, CLAIMS)
    assert (change.verdict, change.note) == ("stale", "there is no rule judge")


def test_a_job_whose_settings_are_gone_says_so(toy):
    toy.edit("Snakefile", "line_attractor/dynamics", "line_attractor/{wildcards.cell}")
    (change,) = changes(toy, GRU)
    assert change.verdict == "stale"
    assert "line_attractor/" in change.note


# ---- drifted


def test_other_bytes_from_the_same_inputs_are_drift_and_not_an_edit(toy, untouched):
    old = sha(toy, GRU)
    (toy.root / "weather").write_text("rain")
    toy.build("--forcerun", "train")
    assert verdicts(toy) == {GRU: "drifted", LSTM: "drifted"}
    (change,) = changes(toy, GRU)
    assert (change.old, change.new) == (old, sha(toy, GRU))
    toy.build("--forcerun", "train")  # the same once more: that is how it is made now
    assert verdicts(toy) == {}


# ---- what a person sees


def test_the_command_draws_the_lineage_and_exits_by_the_verdict(toy, untouched, capsys):
    assert main(["audit", str(toy.root / FIGURE)]) == 0
    said = capsys.readouterr().out
    lines = [said.index(path) for path in (FIGURE, GRU, CORPUS, WORDS)]
    assert lines == sorted(lines)
    assert "https://example.org/words, licence CC0" in said
    (toy.root / FIGURE).write_text("%PDF of nothing")
    assert main(["audit", str(toy.root)]) == 1
    assert f"tampered {FIGURE}" in capsys.readouterr().out


def test_the_command_writes_the_whole_report_as_json(toy, untouched, capsys):
    assert main(["audit", "--json", str(toy.root / FIGURE)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["targets"] == {FIGURE: "intact"}
    assert report["nodes"][WORDS]["source"]["licence"] == "CC0"
    assert [link["input"] for link in report["nodes"][FIGURE]["links"]] == [GRU]


def test_a_claim_is_found_by_its_id(toy, untouched, monkeypatch):
    monkeypatch.chdir(toy.root)
    for name in ("T1", "tiny/T1"):
        assert audit([name], toy.root).targets == (CLAIMS,)


def test_what_cannot_be_audited_is_refused_by_name(toy, built, untouched):
    with pytest.raises(ValueError, match=r"T9 is neither .* such as T1"):
        audit(["T9"], toy.root)
    with pytest.raises(ValueError, match=r"tiny.yaml is neither a result"):
        audit([toy.root / CLAIMS_FILE], toy.root)
    with pytest.raises(ValueError, match="2 working folders"):
        audit([toy.root / FIGURE, built.root / FIGURE], toy.root)


def test_a_workflow_that_cannot_be_read_is_an_error_that_says_why(toy):
    toy.edit("config.yaml", "starts: 250 ", "start: 250 ")
    with pytest.raises(ValueError, match=r"cannot read .*Snakefile(?s:.*)did you mean 'starts'"):
        audit([toy.root / FIGURE], toy.root)


def test_the_page_of_a_scale_is_told_when_the_whole_scale_was_audited(toy, untouched):
    states = Path(toy.root, RECORDS, "audit.js")
    before = states.read_text()
    assert main(["audit", str(toy.root / FIGURE)]) == 0
    assert states.read_text() == before
    (toy.root / FIGURE).write_text("%PDF of nothing")
    assert main(["audit", str(toy.root / "results" / "demo")]) == 1
    said = json.loads(states.read_text().removeprefix("window.audit = ").rstrip(";\n"))
    amiss = {path for path, file in said["files"].items() if file["verdict"] != "intact"}
    assert amiss == {FIGURE}
    assert set(said["files"]) == set(EVERYTHING)
    smoke = toy.root / "results" / "smoke" / "record" / "audit.js"
    assert FIGURE.replace("demo", "smoke") not in smoke.read_text()  # it was not looked at
