"""Drawings lead from the raw bytes to the figure, and sidecars say what records and audits say."""

import json

import pytest
from tests.record.small_run import COMMIT, FIGURES, RAW, job, records, sha, write_records

from unrolled.record.lineage import lineage
from unrolled.record.report import Change, Link, Node, Report, kind_of
from unrolled.record.sidecars import latest_records, write_run, write_states

FIGURE = f"{FIGURES}/fig2.png"


def script(path):
    """Name and content of what a script assigns."""
    name, _, text = path.read_text(encoding="utf-8").removeprefix("window.").partition(" = ")
    return name, json.loads(text.rstrip(";\n"))


def by_name(drawing):
    return {group["name"]: group for group in drawing["groups"]}


def test_columns_lead_from_the_raw_bytes_to_the_figure():
    drawing = lineage(records())["drawings"][FIGURE]
    assert drawing["columns"] == ["raw", "data", "networks", "arrays", "arrays", "figure"]
    names = [group["name"] for group in drawing["groups"]]
    assert names == [
        "reviews.tar.gz",
        "film/corpus",
        "6 network files",
        "6 array files",
        "compared",
        "fig2",
    ]
    assert [group["column"] for group in drawing["groups"]] == list(range(6))


def test_edges_are_those_of_the_records_and_lead_to_the_right():
    drawing = lineage(records())["drawings"][FIGURE]
    assert drawing["edges"] == [[0, 1], [1, 2], [1, 3], [2, 3], [3, 4], [3, 5], [4, 5]]
    for each in lineage(records())["drawings"].values():
        column = [group["column"] for group in each["groups"]]
        assert all(column[start] < column[end] for start, end in each["edges"])


def test_every_file_of_a_drawing_has_its_recorded_sum_and_its_job():
    said = lineage(records())
    known = {output["path"]: record for record in records() for output in record["outputs"]}
    for file in said["files"]:
        assert file["sha256"] == sha(file["path"])
        if file["path"] in known:
            made = said["jobs"][file["job"]]
            assert (made["rule"], made["wildcards"]) == (
                known[file["path"]]["rule"],
                known[file["path"]]["wildcards"],
            )
            assert (made["commit"], made["dirty"]) == (COMMIT, True)
        else:
            assert file["job"] is None
    assert RAW in {file["path"] for file in said["files"]}
    assert len(said["settings"]) == 1  # equal settings are written once


def test_a_figure_and_a_claims_sheet_have_a_drawing_and_nothing_else_has():
    assert set(lineage(records())["drawings"]) == {
        f"{FIGURES}/fig1.png",
        FIGURE,
        "results/demo/line_attractor/claims.json",
    }


def test_outputs_of_one_job_stand_in_one_box_and_only_used_files_are_drawn():
    said = lineage(records())
    last = by_name(said["drawings"][FIGURE])["fig2"]
    paths = [said["files"][place]["path"] for place in last["files"]]
    assert paths == [f"{FIGURES}/fig2.{ending}" for ending in ("nc", "pdf", "png")]
    alone = said["drawings"][f"{FIGURES}/fig1.png"]
    assert [group["name"] for group in alone["groups"]] == ["fig1"]


def test_the_order_of_the_records_changes_nothing():
    assert lineage(records()[::-1])["drawings"][FIGURE] == lineage(records())["drawings"][FIGURE]


def test_a_file_that_two_rules_made_belongs_to_the_later_one():
    newer = job("redraw", [FIGURE], [RAW], minute=9)
    drawing = lineage([newer, *records()])["drawings"][FIGURE]
    assert by_name(drawing)["fig2"]["rule"] == "redraw"
    assert drawing["columns"] == ["raw", "figure"]


def test_records_that_lead_in_a_circle_are_drawn_all_the_same():
    one, two = "results/demo/x/analysis/one.nc", "results/demo/x/analysis/two.nc"
    circle = [job("a", [one], [two]), job("b", [two], [one]), job("fig", [FIGURE], [one])]
    names = [group["name"] for group in lineage(circle)["drawings"][FIGURE]["groups"]]
    assert sorted(names) == ["fig2", "one", "two"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("resources/a.zip", "raw"),
        ("workflow/sources.yaml", "source"),
        ("results/demo/data/film/corpus.nc", "data"),
        ("results/demo/x/models/a.safetensors", "network"),
        ("results/demo/x/analysis/a/b.nc", "arrays"),
        ("results/demo/x/figures/data.png", "figure"),
        ("results/demo/x/metrics.json", "metrics"),
        ("results/demo/index.html", "result"),
    ],
)
def test_a_file_is_what_its_place_says(path, kind):
    assert kind_of(path) == kind


# ---- sidecars


def test_the_latest_whole_record_of_each_job_counts(tmp_path):
    old, new = job("a", ["x"], []), job("a", ["x"], [], minute=5)
    lines = [json.dumps(old), json.dumps(new), '{"rule": "cut off by a k']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert latest_records(tmp_path) == [new]
    assert latest_records(tmp_path / "absent") == []


def test_a_run_leaves_scripts_that_hold_no_markup(tmp_path):
    write_records(tmp_path)
    (tmp_path / "z.jsonl").write_text(json.dumps(job("</script>", [f"{FIGURES}/z.png"], [])))
    write_run(tmp_path)
    assert not any("<" in path.read_text() for path in tmp_path.glob("*.js"))
    name, said = script(tmp_path / "lineage.js")
    assert (name, set(said)) == ("lineage", {"files", "jobs", "settings", "drawings"})
    assert said["drawings"][FIGURE] == lineage(records())["drawings"][FIGURE]
    assert script(tmp_path / "run_times.js")[0] == "runTimes"
    assert script(tmp_path / "audit.js") == ("audit", None)


def test_states_are_those_of_the_report_for_this_scale_and_last_until_the_next_audit(tmp_path):
    edited = Change("tampered", "bytes", FIGURE, "a" * 64, "b" * 64, "the job left other bytes")
    other = "results/smoke/x/metrics.json"
    nodes = {
        FIGURE: Node(
            FIGURE,
            "figure",
            "b" * 64,
            3,
            "tampered",
            (edited,),
            (Link(FIGURE, RAW, "c" * 64, "c" * 64, "intact"),),
        ),
        RAW: Node(RAW, "raw", "c" * 64, 3, "intact"),
        other: Node(other, "metrics", "d" * 64, 3, "stale"),
    }
    folder = tmp_path / "results" / "demo"
    write_states(Report((FIGURE, other), nodes), folder)
    name, said = script(folder / "record" / "audit.js")
    assert name == "audit"
    assert {path: file["verdict"] for path, file in said["files"].items()} == {
        FIGURE: "tampered",
        RAW: "intact",
    }
    (words,) = said["files"][FIGURE]["changes"]
    assert words == f"tampered: bytes {FIGURE}: {'a' * 12} → {'b' * 12} (the job left other bytes)"
    write_records(folder / "record")
    write_run(folder / "record")
    assert script(folder / "record" / "audit.js")[1] == said
