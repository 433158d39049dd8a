"""A step that depends on anything undeclared comes out otherwise elsewhere, and is named."""

import dataclasses
import os
import tempfile
from pathlib import Path

import pytest
from tests.record.tiny_paper import CORPUS, EVERYTHING, FIGURE, GRU, METRICS, WORDS, make

from unrolled.cli import main
from unrolled.commands.rebuild import describe
from unrolled.record import rebuild as module
from unrolled.record.comparison import compare
from unrolled.record.ledger import read_ledger
from unrolled.record.rebuild import Rebuilt, circumstances, rebuild

LEAKS = ("cores", "clock", "folder", "hash", "locale", "zone")

# Every rule is one way in which a step can depend on what it does not declare.
RULES = """

rule leak:
    output:
        leak="<results>/leaks/{what}.json",
    threads: 2
    params:
        *code_of("scripts/leak.py"),
        words=" ".join({"one", "two", "three", "four", "five", "six", "seven", "eight"}),
    script:
        "scripts/leak.py"

rule after:
    input:
        leak="<results>/leaks/clock.json",
    output:
        after="<results>/leaks/after_clock.json",
    params:
        *code_of("scripts/after.py"),
    script:
        "scripts/after.py"

rule root:
    output:
        root="<results>/roots/{number}.json",
    params:
        *code_of("scripts/root.py"),
    script:
        "scripts/root.py"

rule leaks:
    input:
        expand("<results>/leaks/{what}.json", what=LEAKS),
        "<results>/leaks/after_clock.json",

rule roots:
    input:
        expand("<results>/roots/{number}.json", number=range(4)),
"""
STEP = """
    import os, time
    from pathlib import Path
    from unrolled.files import load_json, save_json
    from unrolled.record import run_step
"""
SCRIPTS = {
    "scripts/leak.py": f"""{STEP}
    leaks = {{
        "clock": str(time.time_ns()),
        "cores": snakemake.threads,
        "folder": Path.cwd().name,
        "hash": snakemake.params.words,
        "locale": os.environ["LC_ALL"],
        "zone": time.strftime("%H:%M", time.localtime(0)),
    }}
    with run_step(snakemake) as step:
        save_json({{"same": 1, "leak": leaks[step.wildcards.what]}}, step.output.leak)
    """,
    "scripts/after.py": f"""{STEP}
    with run_step(snakemake) as step:
        save_json(load_json(step.input.leak), step.output.after)
    """,
    "scripts/root.py": f"""{STEP}
    with run_step(snakemake) as step:
        save_json(step.wildcards.number, step.output.root)
    """,
}


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """The small paper with its results, and rules beside it that leak."""
    toy = make(tmp_path_factory.mktemp("rebuild") / "checkout")
    rules = RULES.replace("LEAKS", repr(list(LEAKS)))
    toy.write("Snakefile", toy.read("Snakefile") + rules)
    for name, text in SCRIPTS.items():
        toy.write(name, text)
    toy.build("tiny")
    return toy


@pytest.fixture(scope="module")
def leaking(toy, tmp_path_factory):
    """The paper and the leaks, built twice."""
    parent = tmp_path_factory.mktemp("twice")
    steps = []
    rebuilt = rebuild(
        ["tiny", "leaks"], scale="demo", root=toy.root, parent=parent, twice=True,
        tell=lambda *step: steps.append(step),
    )  # fmt: skip
    return rebuilt, steps


def test_the_two_circumstances_differ_in_every_respect():
    one, two = map(dataclasses.asdict, circumstances())
    assert all(one[name] != two[name] for name in one)
    assert " " in two["folder"]
    assert not two["folder"].isascii()


@pytest.mark.parametrize("what", LEAKS)
def test_a_step_that_depends_on_its_circumstances_is_named(leaking, what):
    if what == "cores" and os.cpu_count() == 1:
        pytest.skip("one core is all there is")
    rebuilt, _ = leaking
    found = {each.path: each for each in rebuilt.comparison.differences}
    difference = found[f"results/demo/leaks/{what}.json"]
    assert difference.where == "leak"
    assert difference.first != difference.second


def test_what_depends_on_nothing_undeclared_is_identical(leaking):
    rebuilt, _ = leaking
    differing = {each.path for each in rebuilt.comparison.differences}
    assert all(path.startswith("results/demo/leaks/") for path in differing)
    recorded = [path for path in EVERYTHING if path.startswith("results/")]
    assert set(recorded) <= set(rebuilt.comparison.paths)


def test_the_first_that_differs_is_the_one_upstream(leaking):
    rebuilt, _ = leaking
    paths = [each.path for each in rebuilt.comparison.differences]
    after, before = (f"results/demo/leaks/{name}.json" for name in ("after_clock", "clock"))
    assert paths.index(before) < paths.index(after)


def test_both_builds_tell_of_their_beginning_and_of_every_step(leaking):
    rebuilt, steps = leaking
    for folder in rebuilt.folders:
        done = [(done, total) for label, done, total in steps if label == folder.name]
        assert [each for each, _ in done] == list(range(done[-1][1] + 1))


def test_raw_files_are_lent_and_not_changed(leaking, toy):
    rebuilt, _ = leaking
    for folder in rebuilt.folders:
        assert (folder / WORDS).read_bytes() == (toy.root / WORDS).read_bytes()
        assert WORDS not in read_ledger(folder).outputs  # nobody fetched it anew


def test_jobs_that_came_last_come_first_in_the_second_build(toy, tmp_path, monkeypatch):
    one, two = circumstances()  # on one core there is an order
    both = (one, dataclasses.replace(two, cores="1"))
    monkeypatch.setattr(module, "circumstances", lambda: both)
    rebuilt = rebuild(["roots"], scale="demo", root=toy.root, parent=tmp_path, twice=True)
    assert rebuilt.comparison.is_identical
    first, second = (begun(folder) for folder in rebuilt.folders)
    assert set(second[:2]) == set(first[2:])


def begun(folder: Path):
    """Outputs in the order in which their jobs began."""
    outputs = read_ledger(folder).outputs
    return sorted(outputs, key=lambda path: outputs[path].record["started"])


def test_one_build_is_compared_with_the_results_that_are_there(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(toy.root)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["rebuild", "tiny"]) == 0
    assert not list(tmp_path.iterdir())  # nobody needs to look at the same thing twice
    said = [line.strip("│ ").split() for line in capsys.readouterr().out.splitlines()]
    assert ["figures", "│", "1", "of", "1"] in said
    assert ["numbers", "│", "5", "of", "5"] in said


def test_the_command_names_what_differs_and_keeps_both_folders(toy, tmp_path, monkeypatch, capsys):
    copy = toy.copy(tmp_path / "copy")
    copy.edit(GRU, "gru", "lstm")
    folders = (toy.root, copy.root)
    found = Rebuilt(compare([CORPUS, GRU], *folders), folders)
    monkeypatch.setattr(module, "rebuild", lambda *_, **__: found)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["rebuild", "--twice"]) == 1
    said = capsys.readouterr().out
    assert "The first that differs" in said
    assert GRU in said
    assert all(str(folder) in said for folder in folders)


def test_a_result_that_was_edited_is_named_first_among_its_kind(toy, tmp_path):
    copy = toy.copy(tmp_path / "copy")
    copy.edit(GRU, "gru", "lstm")
    copy.edit(FIGURE, "%PDF", "%PS")
    comparison = compare([CORPUS, GRU, METRICS, FIGURE], toy.root, copy.root)
    (network, figure) = comparison.differences
    assert (network.path, network.where, network.first) == (GRU, "[0]", '"gru"')
    assert (figure.path, figure.where) == (FIGURE, "byte 2")
    first, then, _ = map(str, describe(comparison))
    assert first == f'The first that differs: {GRU}, [0]: "gru" → "lstm"'
    assert then.startswith(f"  then {FIGURE}, byte 2")


def test_a_build_that_fails_says_why(toy, tmp_path):
    with pytest.raises(ValueError, match="no_such_rule"):
        rebuild(["no_such_rule"], scale="demo", root=toy.root, parent=tmp_path, twice=False)


def test_without_results_there_is_nothing_to_compare_one_build_with(toy, tmp_path):
    with pytest.raises(ValueError, match="has no results at smoke scale"):
        rebuild(
            ["results/smoke/roots/0.json"], scale="smoke", root=toy.root, parent=tmp_path,
            twice=False,
        )  # fmt: skip
