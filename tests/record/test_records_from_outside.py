"""Records, claims and pictures that lie are read, shown as edited, or refused by name."""

import json
import struct

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.damage import a_thousand, damaged, nothing_written, read_or_refuse

from unrolled.record.atlas import figures_of, read_sources
from unrolled.record.claims import read_claims
from unrolled.record.ledger import read_ledger
from unrolled.record.provenance import append_record, journal_path, read_lines, read_records
from unrolled.record.seals import SEALS, read_seals, seal_records
from unrolled.record.sidecars import write_run

pytestmark = pytest.mark.faults("records and claims from outside")

OUTPUT = {"path": "results/smoke/p/a.nc", "sha256": "0" * 64, "bytes": 3}


@pytest.fixture
def folder(tmp_path):
    """A working folder with one job that ran twice, sealed before and after."""
    records = tmp_path / "work" / "results" / "smoke" / "record"
    seal_records(records, "begin")
    for number in range(2):
        record = {
            "rule": "train", "wildcards": {"cell": "gru"}, "record": "1f", "scale": "smoke",
            "outputs": [OUTPUT], "inputs": [OUTPUT], "params": {}, "code": {}, "versions": {},
            "started": f"2026-01-0{number + 1}", "seconds": 1.5, "peak_memory_bytes": 10,
        }  # fmt: skip
        append_record(journal_path("train", {"cell": "gru"}, records), record)
    seal_records(records, "end")
    return tmp_path / "work"


def journal(folder):
    return journal_path("train", {"cell": "gru"}, folder / "results" / "smoke" / "record")


VALUES = [None, 1, "x", [], [1], {}, {"a": 1}, [{}], [{"path": 1}], [None], {"a": [1]}, True, -0.5]


@pytest.mark.parametrize("key", [
    "rule", "wildcards", "record", "outputs", "inputs", "params", "code", "versions", "started",
    "seconds", "scale", "run", "previous", "digest", "format",
])  # fmt: skip
def test_a_line_whose_entries_are_of_another_kind_is_shown_as_edited(folder, key):
    """An entry of a record is of another kind."""
    path = journal(folder)
    lines = path.read_text().splitlines()
    assert read_ledger(folder).outputs[OUTPUT["path"]].faults == ()
    for value in VALUES:
        path.write_text("\n".join([lines[0], json.dumps(json.loads(lines[1]) | {key: value})]))
        entry = read_ledger(folder).outputs.get(OUTPUT["path"])
        assert entry is not None or (key, value) == ("outputs", [])
        if json.loads(lines[1]).get(key, "none") != value:
            assert entry is None or entry.faults
            with pytest.raises(ValueError, match=r"train,cell=gru\.jsonl, line 2"):
                read_records(path)
        write_run(path.parent)


@pytest.mark.parametrize("value", VALUES)
def test_a_seal_whose_entries_are_of_another_kind_is_shown_as_edited(folder, value):
    """An entry of a seal is of another kind."""
    path = journal(folder).with_name(SEALS)
    lines = path.read_text().splitlines()
    for heads in (value, {journal(folder).name: value}):
        path.write_text(lines[0] + "\n" + json.dumps(json.loads(lines[1]) | {"heads": heads}))
        if heads != {}:
            assert any("seals.log, line 2" in each for each in read_seals(path.parent).faults)
        read_ledger(folder)


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"1" * 5000])
def test_a_line_that_is_no_json_is_passed_over(folder, line):
    """A record is followed by lists without end, or bytes that are no text."""
    path = journal(folder)
    path.write_bytes(path.read_bytes() + line + b"\n")
    assert len(read_records(path)) == 2
    write_run(path.parent)
    assert "gru" in (path.parent / "run_times.js").read_text()
    append_record(path, {"number": 3})
    assert len(read_records(path)) == 3


@a_thousand
@given(data=st.data())
def test_a_thousand_damaged_journals_are_read(folder, data):
    """A journal of records is damaged in a thousand ways."""
    path = journal(folder)
    whole = _kept(path)
    path.write_bytes(data.draw(damaged(whole)))
    with nothing_written(folder):
        read_ledger(folder)
        read_or_refuse(lambda: read_records(path), path)
        assert all(
            line.record is None or isinstance(line.record, dict) for line in read_lines(path)
        )


@a_thousand
@given(data=st.data())
def test_a_thousand_damaged_seals_are_read(folder, data):
    """The seals over the records are damaged in a thousand ways."""
    path = journal(folder).with_name(SEALS)
    whole = _kept(path)
    path.write_bytes(data.draw(damaged(whole)))
    with nothing_written(folder):
        read_ledger(folder)


def _kept(path):
    """What a file held before it was damaged for the first time."""
    kept = path.with_suffix(".kept")
    if not kept.exists():
        kept.write_bytes(path.read_bytes())
    return kept.read_bytes()


CLAIM = {
    "id": "C1_{cell}", "statement": "The number is large.", "source": "figure 1",
    "quantity": "{cell}_size", "accept": {"demo": {"min": 1.0}}, "cannot_show": "much",
    "over": {"cell": ["gru", "lstm"]}, "paper_by": {"gru": 1.5},
}  # fmt: skip
SHEET = yaml.safe_dump({"paper": {"title": "é", "links": {"a": "b"}}, "claims": [CLAIM]},
                       sort_keys=False, allow_unicode=True).encode()  # fmt: skip


def test_claims_over_more_cells_than_anybody_reads_are_refused(tmp_path):
    """A claim unfolds into a billion claims."""
    path = tmp_path / "toy.yaml"
    path.write_bytes(SHEET)
    assert [claim.id for claim in read_claims(path).claims] == ["C1_gru", "C1_lstm"]
    over = {name: [f"{name}{n}" for n in range(1000)] for name in "abc"}
    claim = CLAIM | {"id": "{a}{b}{c}", "over": over, "quantity": "x"}
    path.write_text(yaml.safe_dump([claim]))
    with pytest.raises(ValueError, match=r"toy\.yaml: claim .*1,000,000,000"):
        read_claims(path)


@a_thousand
@given(content=damaged(SHEET))
def test_a_thousand_damaged_claims_are_read_or_named(tmp_path, content):
    """A file of claims is damaged in a thousand ways."""
    path = tmp_path / "toy.yaml"
    path.write_bytes(content)
    read_or_refuse(lambda: read_claims(path), path)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*CLAIM, "paper", "min", "demo"]) | st.text(max_size=3), inner
        )
    ),
    max_leaves=8,
)


@a_thousand
@given(key=st.sampled_from([*CLAIM, "paper", "reported", "control", "all_of"]), value=NESTED)
def test_a_thousand_entries_of_a_claim_are_read_or_named(tmp_path, key, value):
    """An entry of a claim is a thousand things."""
    path = tmp_path / "toy.yaml"
    path.write_text(json.dumps([CLAIM | {key: value}]), encoding="utf-8")  # YAML, too
    read_or_refuse(lambda: read_claims(path), path)


@pytest.mark.parametrize("text", ["- a\n", "a: 1\n", "a: [1]\n", "a: {}\na: {}\n", "", "\x00"])
def test_a_list_of_sources_that_is_none_is_named(tmp_path, text):
    """The list of sources holds something else."""
    path = tmp_path / "sources.yaml"
    path.write_text("film: {title: Films, bytes: 3}\n")
    assert read_sources(path, ["film"])[0]["title"] == "Films"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"sources\.yaml"):
        read_sources(path, ["film"])


@pytest.mark.parametrize("kept", range(0, 24))
def test_a_picture_that_was_cut_short_is_named(tmp_path, kept):
    """A picture was cut short."""
    whole = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 2, 3)
    (tmp_path / "fig1.rst").write_text("A caption.")
    files = {"pngs": {"fig1": tmp_path / "fig1.png"}, "captions": {"fig1": tmp_path / "fig1.rst"}}
    for content in (whole, whole[:kept]):
        (tmp_path / "fig1.png").write_bytes(content)

        def read():
            return figures_of(["fig1"], slug="toy", tables={}, context={}, **files)

        if content == whole:
            assert (read()[0].pictures[0].width, read()[0].pictures[0].height) == (2, 3)
        else:
            with pytest.raises(ValueError, match=r"fig1\.png is not a PNG"):
                read()
