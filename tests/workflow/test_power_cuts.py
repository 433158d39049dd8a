"""What a power cut leaves: the newest files short, empty or full of zeros."""

from itertools import cycle

import pytest
from tests.record import tiny_paper
from tests.record.tiny_paper import CLAIMS, CORPUS, FIGURE, GRU, RECORDS, WORDS, journal

from unrolled.record.audit import audit
from unrolled.record.damage import put_aside_damaged
from unrolled.record.ledger import read_ledger
from unrolled.record.outputs import digest
from unrolled.record.provenance import append_record

pytestmark = pytest.mark.faults("kills and power cuts")


def emptied(content):
    return b""


def halved(content):
    return content[: len(content) // 2]


def zeroed(content):
    return content[: len(content) // 2] + bytes(len(content) - len(content) // 2)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A paper that ran once."""
    toy = tiny_paper.make(tmp_path_factory.mktemp("paper"))
    toy.build()
    return toy


@pytest.fixture
def toy(built, tmp_path):
    return built.copy(tmp_path / "paper")


def break_(paths):
    """Each in another of three ways."""
    for path, how in zip(paths, cycle([emptied, halved, zeroed]), strict=False):
        path.write_bytes(how(path.read_bytes()))


def contents(toy):
    made = [*toy.root.glob("results/**/*"), *toy.root.glob("resources/*")]
    return {
        str(path.relative_to(toy.root)): digest(path)
        for path in made
        if path.is_file() and "record" not in path.parts
    }


def not_intact(toy):
    nodes = audit([], toy.root).nodes
    return {path: node.verdict for path, node in nodes.items() if node.verdict != "intact"}


def test_broken_outputs_are_made_again(toy, built):
    """Results are cut short, empty or end in zeros"""
    broken = [GRU, FIGURE, CLAIMS]
    break_([toy.root / path for path in broken])
    said = toy.build()
    assert said.count("it is put aside") == len(broken)
    assert said.count("rule train:") == 1  # not the network that is whole
    assert contents(toy) == contents(built)
    assert not_intact(toy) == {}


def test_broken_files_in_between_are_made_again_on_demand(toy, built):
    """A raw file and what was made of it are cut short, and all that follows is whole"""
    break_([toy.root / path for path in (WORDS, CORPUS)])
    said = toy.build()
    assert said.count("it is put aside") == 2
    assert f"snakemake --cores all {CORPUS}" in said
    assert "rule train:" not in said
    assert "rule train:" not in toy.build(CORPUS)
    assert toy.planned() == set()
    assert contents(toy) == contents(built)
    assert not_intact(toy) == {}


def test_broken_notes_do_not_let_a_result_go_stale_unseen(toy, built):
    """Snakemake's own notes are cut short, empty or end in zeros"""
    notes = sorted((toy.root / ".snakemake" / "metadata").iterdir())
    assert len(notes) > 6
    break_(notes)
    said = toy.build()
    assert said.count("Snakemake's note on it was cut") == len(notes)
    assert contents(toy) == contents(built)
    assert not_intact(toy) == {}
    toy.edit("src/unrolled/toy/constants.py", "ONE = 1", "ONE = 2")
    assert {"train", "fig2"} <= toy.planned()


def test_what_is_whole_or_was_edited_stays(toy):
    """A result is longer than its job left it: that was no power cut"""
    with (toy.root / FIGURE).open("a") as file:
        file.write("more\0")
    before = contents(toy)
    assert put_aside_damaged(toy.root) == []
    assert contents(toy) == before


@pytest.mark.parametrize("name", ["../outside.txt", "{root}/outside.txt", "results/../outside.txt"])
def test_nothing_outside_the_results_is_put_aside(toy, tmp_path, name):
    """Records that came from elsewhere name a file outside the results as cut short"""
    for folder in (tmp_path, toy.root):
        (folder / "outside.txt").write_text("mine")
    name = name.format(root=tmp_path)
    output = {"path": name, "sha256": "0" * 64, "bytes": 99}
    record = {"record": "0", "rule": "x", "wildcards": {}, "inputs": [], "started": "9"}
    append_record(toy.root / RECORDS / "x.jsonl", {**record, "outputs": [output]})
    assert read_ledger(toy.root).outputs[name].faults == ()
    assert put_aside_damaged(toy.root) == []
    assert (tmp_path / "outside.txt").read_text() == "mine"
    assert (toy.root / "outside.txt").read_text() == "mine"


def test_an_edited_record_puts_nothing_aside(toy):
    """A record was edited so that its result seems to be cut short"""
    path = journal(toy, FIGURE)
    path.write_text(path.read_text().replace('"bytes": ', '"bytes": 9'))
    assert put_aside_damaged(toy.root) == []
    assert (toy.root / FIGURE).exists()
