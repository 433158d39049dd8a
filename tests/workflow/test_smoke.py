"""The whole workflow at smoke scale, twice from nothing, in circumstances that differ."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from slurm_node import HERE

from unrolled.files import load_json
from unrolled.record import read_records
from unrolled.record.reads import undeclared_reads
from unrolled.record.rebuild import rebuild

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(2400)  # the first test waits for two builds


def build(folder: Path, cores: int, *targets: str) -> subprocess.CompletedProcess:
    """Run the workflow again in a folder that it was built in."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--cores", str(cores), *targets]
    return subprocess.run(
        [*command, "--config", "scale=smoke"],
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        check=False,
    )


def contents(folder: Path) -> dict[str, str]:
    """Hash of every result; the records hold clock times."""
    results = folder / "results"
    return {
        path.relative_to(results).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and "record" not in path.parts
    }


def records_of(folder: Path) -> list[str]:
    """Names of the journals, one for each job that ran."""
    return [path.name for path in folder.glob("results/smoke/record/*.jsonl")]


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    """Everything, twice."""
    parent = tmp_path_factory.mktemp("smoke")
    return rebuild([], scale="smoke", root=ROOT, parent=parent, twice=True)


@pytest.fixture(scope="module")
def first(rebuilt):
    """Folder of the first of the two."""
    return rebuilt.folders[0]


def test_the_whole_paper_is_built_from_nothing(first):
    figures = {path.name for path in (first / "results/smoke/line_attractor/figures").glob("*")}
    numbered = [f"fig{number}" for number in range(1, 7)]
    for name in [*numbered, "figA_film_gru", "figA_short_lstm"]:
        assert {f"{name}.pdf", f"{name}.png", f"{name}.nc"} <= figures
    assert {"tab1.pdf", "tab1.png", "tab1.csv"} <= figures
    claims = load_json(first / "results/smoke/line_attractor/claims.json")["claims"]
    assert claims
    page = (first / "results/smoke/index.html").read_text(encoding="utf-8")
    assert "line_attractor" in page


def test_the_second_paper_is_built_as_well(first):
    folder = first / "results/smoke/contextual_sentiment"
    figures = {path.name for path in (folder / "figures").glob("*")}
    named = ["probe", "modjac", "modsub", "perturb", "time", "begin_end", "truth"]
    for name in ["fig2", *(f"fig_{name}" for name in named), "s11", "s12", "s13", "s14"]:
        assert {f"{name}.pdf", f"{name}.png", f"{name}.nc"} <= figures
    assert {"tab_bow.pdf", "tab_bow.png", "tab_bow.csv"} <= figures
    claims = load_json(folder / "claims.json")["claims"]
    metrics = load_json(folder / "metrics.json")
    here = [one for one in claims if "gru" in one["where"].values() or not one["where"]]
    asked = {one[key] for one in here for key in ("quantity", "control") if one[key]}
    # Smoke has no foods.
    assert {name for name in asked if not name.startswith("foods")} <= set(metrics)
    assert len(asked) > 50


def test_every_output_is_on_record_with_its_hash(first):
    found = {
        entry["path"]: entry["sha256"]
        for file in (first / "results/smoke/record").glob("*.jsonl")
        for record in read_records(file)
        for entry in record["outputs"]
    }
    made = contents(first)
    assert {f"results/{name}" for name in made} <= set(found)
    assert all(found[f"results/{name}"] == sha for name, sha in made.items())


def test_the_report_has_every_figure_with_its_caption_category_and_label(first):
    run = build(first, 1, "--report", "report.html")
    assert run.returncode == 0, run.stderr[-4000:]
    html = (first / "report.html").read_text(encoding="utf-8")

    def assigned(name):
        start = html.index(f'<script id="{name}">')
        return json.JSONDecoder().raw_decode(html, html.index(" = ", start) + len(" = "))[0]

    assert "at smoke scale" in assigned("workflow-desc")
    results, categories = assigned("results"), assigned("categories")
    pictures = [
        path.relative_to(first).as_posix() for path in first.glob("results/*/*/figures/*.png")
    ]
    assert sorted(results) == sorted(pictures)
    assert set(categories) == {"line_attractor", "contextual_sentiment", "universality"}
    for slug, parts in categories.items():
        paths = [path for part in parts.values() for path in part]
        assert sorted(paths) == sorted(path for path in pictures if f"/{slug}/" in path)
        labels = [results[path]["labels"]["figure"] for path in paths]
        assert len(set(labels)) == len(paths)
        for path in paths:
            assert len(results[path]["caption"]) > 200
            assert "{{" not in results[path]["caption"]


def test_the_lineage_beside_the_page_has_every_figure_and_leads_to_raw_files(first):
    text = (first / "results/smoke/record/lineage.js").read_text(encoding="utf-8")
    lineage = json.loads(text.removeprefix("window.lineage = ").rstrip(";\n"))
    pictures = {
        path.relative_to(first).as_posix() for path in first.glob("results/*/*/figures/*.png")
    }
    assert pictures == {path for path in lineage["drawings"] if path.endswith(".png")}
    raw = {file["path"] for file in lineage["files"] if file["kind"] == "raw"}
    assert raw  # the checkout may lend more raw files than are needed
    assert raw <= {path.relative_to(first).as_posix() for path in first.glob("resources/*.*")}
    made = {f"results/{name}": sha for name, sha in contents(first).items()}
    for file in lineage["files"]:
        assert file["kind"] in ("raw", "source") or file["sha256"] == made[file["path"]]


def test_no_step_reads_a_file_that_its_rule_does_not_declare(first):
    records = {
        file.name: read_records(file)[-1]
        for file in (first / "results/smoke/record").glob("*.jsonl")
    }
    assert all("reads" in record for record in records.values())
    assert {name: found for name, one in records.items() if (found := undeclared_reads(one))} == {}
    # The trace does see what is declared: the page reads claims, figures and captions.
    page = records["atlas.jsonl"]
    assert {each["path"] for each in page["inputs"]} <= set(page["reads"])


def test_nothing_is_left_to_do_with_or_without_a_trace(first):
    again = build(first, 2, "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_other_circumstances_give_the_same_bytes(rebuilt, first):
    assert rebuilt.comparison.differences == ()
    compared = {path for path in rebuilt.comparison.paths if path.startswith("results/")}
    assert compared == {f"results/{name}" for name in contents(first)}
    kinds = {"arrays", "networks", "tables", "numbers", "figures", "pages"}
    assert kinds <= set(rebuilt.comparison.counts())


def test_a_cluster_gives_the_same_bytes(first, slurm, tmp_path):
    run = build(tmp_path, 2, "universality", "--profile", str(ROOT / "profiles/slurm"), *HERE)
    assert run.returncode == 0, run.stderr[-4000:]
    made = contents(tmp_path)
    own = {name for name in contents(first) if "/universality/" in name}
    assert own
    assert made == {name: sha for name, sha in contents(first).items() if name in own}
    submitted = [name for name in records_of(tmp_path) if not name.startswith("judge")]
    jobs = slurm.jobs()
    assert len(jobs) == len(submitted)
    assert {job.state for job in jobs} == {"COMPLETED"}


def test_a_truncated_network_is_put_aside_and_made_again(first):
    network = first / "results/smoke/line_attractor/models/short_gru_0.safetensors"
    whole = network.read_bytes()
    before = contents(first)
    network.write_bytes(whole[: len(whole) // 2])
    mended = build(first, 2, "results/smoke/line_attractor/models/short_gru_0.safetensors")
    assert mended.returncode == 0, mended.stderr[-4000:]
    assert "short_gru_0.safetensors: it has" in mended.stderr
    assert contents(first) == before
