"""codecheck.yml is in step with rules, captions and claims, and keeps to the specification."""

from pathlib import Path

import pytest
import yaml

from unrolled.record.codecheck import codecheck_text

ROOT = Path(__file__).parents[2]
FILE = ROOT / "codecheck.yml"
PAPERS = sorted(path.stem for path in (ROOT / "workflow" / "claims").glob("*.yaml"))


@pytest.fixture(scope="module")
def content():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_the_file_is_what_rules_captions_and_claims_say():
    assert FILE.read_text(encoding="utf-8") == codecheck_text(ROOT), "Try: make format"


def test_it_is_an_explicit_document_of_a_named_version(content):
    assert FILE.read_text(encoding="utf-8").startswith("%YAML 1.1\n---\n")
    assert content["version"] == "https://codecheck.org.uk/spec/config/1.0/"


def test_every_paper_has_figures_in_the_manifest_each_said_in_words(content):
    files = [item["file"] for item in content["manifest"]]
    assert len(set(files)) == len(files)
    assert {Path(file).parts[2] for file in files} == set(PAPERS)
    assert all(Path(file).parts[:2] == ("results", "demo") for file in files)
    tables = [file for file in files if Path(file).name.startswith("tab")]
    assert {Path(file).suffix for file in tables} == {".csv"}
    assert {Path(file).suffix for file in set(files) - set(tables)} == {".pdf"}
    for item in content["manifest"]:
        slug, name = item["comment"].split(":")[0].split(", ")
        assert f"/{slug}/figures/{name}." in item["file"]
        assert len(item["comment"].split(": ", 1)[1]) > 20


def test_every_paper_has_title_authors_and_reference(content):
    papers = {paper["slug"]: paper for paper in content["unrolled_papers"]}
    assert set(papers) == set(PAPERS)
    for paper in papers.values():
        assert paper["title"] in content["paper"]["reference"]
        assert paper["reference"] in content["paper"]["reference"]
        assert paper["authors"][0] == {"name": "N. Maheswaranathan"}
    names = [author["name"] for author in papers["universality"]["authors"]]
    assert names[1:] == ["A. H. Williams", "M. D. Golub", "S. Ganguli", "D. Sussillo"]


def test_nobody_is_said_to_have_checked(content):
    assert set(content) == {"version", "manifest", "paper", "unrolled_papers"}
