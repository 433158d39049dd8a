"""The crate says what the records say, in the profile's words, and is refused where they fail."""

import hashlib
import json
import os
import shutil
import subprocess
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path

import pytest
import rocrate
from tests.record import exported_paper
from tests.record.exported_paper import CRATE, PAGE, TITLE
from tests.record.tiny_paper import CLAIMS_FILE, CORPUS, FIGURE, GRU, LSTM, RAW, journal

from unrolled.record.crate import crate_of, write_crate
from unrolled.record.soundness import sound_report

RESULTS = "results/demo"
VALIDATOR = Path(__file__).parents[2] / ".venv-validator" / "bin" / "python"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The crate as `snakemake crate` writes it, all results made on the way."""
    toy = exported_paper.make(tmp_path_factory.mktemp("crate") / "paper")
    toy.build("crate")
    return toy


@pytest.fixture
def toy(built, tmp_path):
    return built.copy(tmp_path / "paper")


@pytest.fixture(scope="module")
def things(built):
    """Every entity of the crate by its id."""
    graph = json.loads(built.read(CRATE))["@graph"]
    assert len({thing["@id"] for thing in graph}) == len(graph)
    return {thing["@id"]: thing for thing in graph}


def of_type(things, kind):
    return [thing for thing in things.values() if kind in ids(thing["@type"])]


def ids(value):
    """Ids, or texts, of one thing or of several."""
    several = value if isinstance(value, list) else [value]
    return [each["@id"] if isinstance(each, dict) else each for each in several]


def within(path):
    """A path of the working folder, from the crate's folder."""
    return os.path.relpath(path, RESULTS)


def is_file(thing):
    return "File" in ids(thing["@type"])


def content_name():
    return "ni:///sha-256;" + urlsafe_b64encode(hashlib.sha256(RAW.encode()).digest()).decode()[:43]


def test_each_job_is_a_step_a_run_and_an_orchestration_of_one_engine(things):
    steps, controls = of_type(things, "HowToStep"), of_type(things, "ControlAction")
    jobs = ["fetch", "corpus", "train (cell=gru)", "train (cell=lstm)", "metrics", "fig2", "judge"]
    assert sorted(step["name"] for step in steps) == sorted([*jobs, "atlas"])
    assert sorted(int(step["position"]) for step in steps) == list(range(1, 9))
    runs = {thing["@id"] for thing in of_type(things, "CreateAction")} - {"#run"}
    assert {each for control in controls for each in ids(control["object"])} == runs
    assert [control["instrument"]["@id"] for control in controls] == [s["@id"] for s in steps]
    (engine,) = of_type(things, "OrganizeAction")
    assert ids(engine["object"]) == [control["@id"] for control in controls]
    assert ids(engine["result"]) == ["#run"]
    (snakemake,) = ids(engine["instrument"])
    assert things[snakemake]["name"] == "snakemake"


def test_steps_stand_in_the_order_in_which_they_ran(things):
    order = {step["name"]: int(step["position"]) for step in of_type(things, "HowToStep")}
    assert order["fetch"] == 1
    assert order["corpus"] < order["train (cell=gru)"] < order["metrics"] < order["judge"]
    assert order["atlas"] == 8


def test_from_the_figure_the_crate_leads_back_to_the_raw_bytes(things):
    makers = {
        made: action
        for action in of_type(things, "CreateAction")
        if action["@id"] != "#run"
        for made in ids(action["result"])
    }
    place, way = within(FIGURE), []
    while place:
        way.append(place)
        read = [each for each in ids(makers[place].get("object", [])) if is_file(things[each])]
        place = read[0] if read else None
    assert way == [within(path) for path in (FIGURE, GRU, CORPUS)] + [content_name()]
    raw = things[way[-1]]
    assert (raw["name"], raw["url"]) == ("resources/words.txt", "https://example.org/words")
    assert raw["license"] == "CC0"


def test_files_carry_the_recorded_sums_which_are_those_of_the_bytes(built, things):
    sums = {thing["name"]: thing for thing in of_type(things, "File") if "sha256" in thing}
    assert {FIGURE, GRU, LSTM, CORPUS, CLAIMS_FILE, PAGE, "resources/words.txt"} <= set(sums)
    for path, thing in sums.items():
        content = (built.root / path).read_bytes()
        assert thing["sha256"] == hashlib.sha256(content).hexdigest()
        assert thing["contentSize"] == str(len(content))


def test_what_was_not_recorded_is_left_out(built, things):
    script = things[within("scripts/train.py")]
    assert "sha256" not in script
    assert not of_type(things, "Person")
    text = built.read(CRATE)
    assert str(built.root) not in text
    assert str(Path.home()) not in text
    assert None not in [value for thing in things.values() for value in thing.values()]


def test_a_run_has_its_settings_seed_commit_times_and_libraries(built, things):
    (run,) = [each for each in of_type(things, "CreateAction") if "gru" in each["name"]]
    (record,) = [json.loads(line) for line in journal(built, GRU).read_text().splitlines()]
    given = {
        things[each]["name"]: things[each]["value"]
        for each in ids(run["object"])
        if things[each]["@type"] == "PropertyValue"
    }
    assert json.loads(given["settings"]) == record["params"]["settings"]
    assert given["seed"] == "0"
    assert given["commit"] == exported_paper.git(built, "rev-parse", "HEAD").strip()
    assert given["changes that were not committed"] == "false"
    assert run["startTime"] == record["started"] < run["endTime"]
    workflow = things[within("Snakefile")]
    libraries = {
        things[each]["name"]: things[each] for each in ids(workflow["softwareRequirements"])
    }
    assert libraries["numpy"]["softwareVersion"] == record["versions"]["numpy"]
    (used,) = ids(run["resourceUsage"])
    assert int(things[used]["value"]) == record["peak_memory_bytes"]


def test_the_run_as_a_whole_goes_from_the_raw_bytes_to_the_results(things):
    run = things["#run"]
    assert set(ids(run["object"])) == {content_name(), within(CLAIMS_FILE)}
    assert {within(FIGURE), "index.html"} <= set(ids(run["result"]))
    actions = [each for each in of_type(things, "CreateAction") if each is not run]
    assert run["startTime"] == min(each["startTime"] for each in actions)
    assert (
        run["endTime"] == max(each["endTime"] for each in actions) == things["./"]["datePublished"]
    )


def test_the_papers_whose_claims_are_judged_are_cited(things):
    (paper,) = ids(things["./"]["citation"])
    assert paper == "https://example.org/states"
    assert things[paper]["name"] == TITLE
    assert "A. One and B. Two" in things[paper]["description"]


def test_the_text_follows_from_the_records_wherever_they_are(built, toy):
    for path in toy.root.rglob("*"):
        os.utime(path, (1, 1))
    (toy.root / CRATE).unlink()
    report = sound_report(toy.root / RESULTS, toy.root)
    write_crate(report, toy.root / CRATE, folder=toy.root, scale="demo")
    assert toy.read(CRATE) == built.read(CRATE)


def test_a_crate_is_no_result_and_makes_none_stale(built):
    assert sound_report(built.root / RESULTS, built.root).verdict == "intact"
    assert built.planned("atlas") == set()


def test_a_crate_of_the_whole_folder_has_paths_from_there(built):
    report = sound_report(built.root / RESULTS, built.root)
    graph = crate_of(report, folder=built.root, scale="demo")["@graph"]
    assert {FIGURE, "Snakefile", "scripts/train.py", CLAIMS_FILE} <= {each["@id"] for each in graph}


def test_a_job_that_was_made_to_run_again_still_stands_before_those_that_read_its_files(built):
    report = sound_report(built.root / RESULTS, built.root)
    late = report.nodes[CORPUS]
    again = replace(late, record={**late.record, "started": "2999-01-01T00:00:00.000+00:00"})
    report = replace(report, nodes={**report.nodes, CORPUS: again})
    graph = crate_of(report, folder=built.root, scale="demo")["@graph"]
    order = [thing["name"] for thing in graph if thing["@type"] == "HowToStep"]
    assert order[:2] == ["fetch", "corpus"]


# ---- the public validator


def contexts():
    """What the two contexts that the crate names say of its terms.

    The first is the one that `rocrate` has with it; it is newer, and names two types anew.
    """
    shipped = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"
    terms = json.loads(shipped.read_text(encoding="utf-8"))["@context"]
    bioschemas, wfrun = "https://bioschemas.org/", "https://w3id.org/ro/terms/workflow-run#"
    named_then = {name: bioschemas + name for name in ("ComputationalWorkflow", "FormalParameter")}
    added = {name: wfrun + name for name in ("sha256", "resourceUsage")}
    return {
        "https://w3id.org/ro/crate/1.1/context": {"@context": terms | named_then},
        "https://w3id.org/ro/terms/workflow-run/context": {"@context": added},
    }


def validate(folder, cache):
    """What the public validator says where there is no network."""
    if not VALIDATOR.is_file():
        pytest.skip("the public validator has an environment of its own; make test sets it up")
    script = Path(__file__).with_name("validate_offline.py")
    done = subprocess.run(
        [VALIDATOR, script, folder, "REQUIRED", cache],
        input=json.dumps(contexts()),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_public_validator_accepts_the_crate(built, tmp_path):
    said = validate(built.root / RESULTS, tmp_path / "cache")
    assert said["issues"] == []
    assert said["passed"]
    assert said["checks"] > 50


def test_the_public_validator_would_have_found_a_fault(toy, tmp_path):
    toy.edit(CRATE, '"@type": "HowToStep"', '"@type": "Thing"')
    said = validate(toy.root / RESULTS, tmp_path / "cache")
    assert not said["passed"]
    assert any("HowToStep" in issue for issue in said["issues"])


# ---- refusals


def test_no_crate_vouches_for_an_edited_figure_and_the_older_one_goes(toy):
    # Longer than it was: what is shorter is taken for cut, and made again.
    (toy.root / FIGURE).write_text("%PDF of something else" * 9)
    status, said = toy.run("crate")
    assert status == 1
    assert f"{FIGURE} is tampered" in said
    assert not (toy.root / CRATE).exists()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda toy: journal(toy, GRU).unlink(), f"{GRU} is unrecorded"),
        (lambda toy: (toy.root / LSTM).unlink(), f"{LSTM} is stale"),
        (lambda toy: toy.edit("scripts/fig2.py", "%PDF", "%pdf"), f"{FIGURE} is stale"),
    ],
)
def test_no_crate_for_what_the_records_do_not_hold(toy, harm, said):
    harm(toy)
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        sound_report(toy.root / RESULTS, toy.root)


def test_no_crate_of_nothing(toy):
    shutil.rmtree(toy.root / RESULTS)
    (toy.root / RESULTS).mkdir()
    with pytest.raises(ValueError, match="holds no results"):
        sound_report(toy.root / RESULTS, toy.root)


def test_a_drifted_file_is_what_its_record_says_and_may_go_out(toy):
    (toy.root / "weather").write_text("rain")
    toy.build("--forcerun", "train", "--", "crate")
    things = {thing["@id"]: thing for thing in json.loads(toy.read(CRATE))["@graph"]}
    assert sound_report(toy.root / RESULTS, toy.root).nodes[GRU].verdict == "drifted"
    assert (
        things[within(GRU)]["sha256"] == hashlib.sha256((toy.root / GRU).read_bytes()).hexdigest()
    )
