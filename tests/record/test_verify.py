"""Another machine's numbers: what may differ, what may not, and that every change shows."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tests.record.tiny_paper import make

from unrolled.cli import main
from unrolled.files import load_dataset, load_json, save_dataset, save_json, variable
from unrolled.record.fingerprints import NUMBERS, distance, fingerprint
from unrolled.record.reference import (
    make_reference,
    named_quantities,
    reference_path,
    tolerance,
    write_reference,
)
from unrolled.record.verify import verify

# ---- fingerprints


@pytest.fixture
def kept(rng):
    return fingerprint(rng.standard_normal((5, 7)), ["trial", "unit"])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


CHANGED = {
    "dims": ["trial", "time"],
    "shape": [7, 5],
    "type": "float32",
    "sha256": "0" * 16,
    "not_finite": 1,
    **{name: 1.5 for name in NUMBERS},
}


def test_every_field_of_a_fingerprint_is_mutated_below(kept):
    assert set(CHANGED) == set(kept)


@pytest.mark.parametrize("field", sorted(CHANGED))
def test_a_change_of_any_field_shows(kept, field):
    apart = distance(kept, {**kept, field: CHANGED[field]})
    assert not apart.is_same
    if field in NUMBERS:
        assert apart.absolute == abs(kept[field] - 1.5)
        assert not apart.unlike
    elif field != "sha256":
        assert field in apart.unlike
    same = distance(kept, dict(kept))
    assert (same.absolute, same.relative, same.unlike, same.is_same) == (0.0, 0.0, "", True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32])
def test_every_single_entry_shows_when_it_moves_by_the_least_possible(rng, dtype):
    values = (100 * rng.standard_normal(200)).astype(dtype)
    before = fingerprint(values, ["x"])
    for place in range(values.size):
        moved = values.copy()
        step = 1 if dtype is np.int32 else np.spacing(moved[place])
        moved[place] += step
        assert not distance(before, fingerprint(moved, ["x"])).is_same


def test_a_change_of_one_entry_shows_in_numbers_in_proportion(rng):
    values = rng.standard_normal(400)
    before = fingerprint(values, ["x"])
    for place in (0, 13, 399):
        moved = values.copy()
        moved[place] += 1e-3
        apart = distance(before, fingerprint(moved, ["x"]))
        # Weights lie between 1 and 2; the projection is divided by the root of 400.
        assert 1e-3 / 20 * 0.999 <= apart.absolute <= 2e-3 / 20 * 1.001


def test_two_entries_that_change_places_show(rng):
    values = rng.standard_normal(50)
    swapped = values.copy()
    swapped[[3, 31]] = values[[31, 3]]
    apart = distance(fingerprint(values, ["x"]), fingerprint(swapped, ["x"]))
    assert apart.absolute > 1e-3
    assert not apart.is_same


def test_a_fingerprint_has_the_textbook_numbers():
    kept = fingerprint(np.array([[1.0, 3.0], [np.nan, np.inf]]), ["a", "b"])
    assert [kept[name] for name in NUMBERS[:4]] == [2.0, 1.0, 1.0, 3.0]
    assert (kept["shape"], kept["not_finite"]) == ([2, 2], 2)


def test_the_order_of_bytes_and_the_width_of_text_are_the_files_affair():
    values = np.array([1.0, 2.5])
    assert fingerprint(values.astype(">f8"), ["x"]) == fingerprint(values, ["x"])
    words = np.array(["no", "nein"])
    assert fingerprint(words.astype("U9"), ["x"]) == fingerprint(words, ["x"])
    assert fingerprint(np.array([b"no", b"nein"]), ["x"]) == fingerprint(words, ["x"])
    other = distance(fingerprint(words, ["x"]), fingerprint(np.array(["no", "neun"]), ["x"]))
    assert not other.is_same


def test_nothing_but_gaps_has_no_numbers_and_is_told_from_numbers():
    gaps = fingerprint(np.array([np.nan]), ["x"])
    assert all(gaps[name] is None for name in NUMBERS)
    assert "numbers on one side only" in distance(gaps, fingerprint(np.ones(1), ["x"])).unlike


# ---- tolerances


CLAIM = {"id": "C1", "quantity": "share", "control": "chance", "margin": 0.3, "accept": None}


@pytest.mark.parametrize(
    ("metrics", "trained", "kind", "within"),
    [
        ({"share": 12.0}, False, "exact", 0.0),
        ({"share": -0.5}, False, "numerics", 5e-10),
        ({"share": 0.5, "share_low": 0.4, "share_high": 0.7}, True, "training", 0.6),
        ({"share": 0.5, "share_low": 0.5, "share_high": 0.5}, True, "training", 0.15),
        ({"share": 0.5}, True, "training", 0.15),
        ({"share": 5.0}, True, "training", 0.5),
        ({"share": None}, True, "training", 0.15),
    ],
)
def test_how_far_a_quantity_may_be_from_its_reference(metrics, trained, kind, within):
    kept = tolerance("share", [metrics], [CLAIM], trained=trained)
    assert kept["kind"] == kind
    assert kept["within"] == pytest.approx(within)
    assert kept["reason"]


@pytest.mark.parametrize(
    ("other", "within", "reason"),
    [
        ({"share": 0.9}, 1.6, "4 times the range over 2 runs, 0.5 to 0.9"),
        ({"share": 0.49}, 0.15, "no range over networks"),
        ({"share": None}, 0.15, "no range over networks"),
        ({}, 0.15, "no range over networks"),
    ],
)
def test_other_runs_say_how_far_a_quantity_varies(other, within, reason):
    kept = tolerance("share", [{"share": 0.5}, other], [CLAIM], trained=True)
    assert kept["within"] == pytest.approx(within)
    assert kept["reason"].startswith(reason)


@pytest.mark.parametrize(("other", "within"), [(0.6, 0.6), (0.9, 1.6)])
def test_the_wider_of_both_ranges_counts(other, within):
    metrics = {"share": 0.5, "share_low": 0.4, "share_high": 0.7}
    kept = tolerance("share", [metrics, {"share": other}], [CLAIM], trained=True)
    assert kept["within"] == pytest.approx(within)


def test_what_a_claim_compares_with_is_named_too():
    others = {"greater_than": "control", "less_than": "limit"}
    assert named_quantities([{**CLAIM, "accept": others}]) == ["chance", "limit", "share"]


# ---- a whole paper


RULES = """

rule documents:
    input:
        corpus="<results>/data/words/corpus.json",
    output:
        documents="<results>/data/words/documents.nc",
    params:
        *code_of("scripts/documents.py"),
    script:
        "scripts/documents.py"

rule states:
    input:
        documents="<results>/data/words/documents.nc",
        network="<results>/tiny/models/gru.json",
    output:
        states="<results>/tiny/analysis/states.nc",
    params:
        *code_of("scripts/states.py"),
    script:
        "scripts/states.py"

rule whole:
    input:
        rules.tiny.input,
        "<results>/tiny/analysis/states.nc",
"""
STEP = """
    import numpy as np
    import xarray as xr
    from unrolled.files import save_dataset, variable
    from unrolled.record import run_step
"""
SCRIPTS = {
    "scripts/documents.py": f"""{STEP}
    with run_step(snakemake) as step:
        tokens = variable("token", np.array([3, 1, 2]), units="1", long_name="token")
        weights = variable("token", np.array([0.5, 0.25, 0.125]), units="1", long_name="weight")
        save_dataset(xr.Dataset({{"tokens": tokens, "weights": weights}}), step.output.documents)
    """,
    "scripts/states.py": f"""{STEP}
    with run_step(snakemake) as step:
        states = variable(("point", "unit"), np.arange(6.0).reshape(2, 3), units="1",
                          long_name="state")
        save_dataset(xr.Dataset({{"states": states}}), step.output.states)
    """,
}
DOCUMENTS = "results/demo/data/words/documents.nc"
STATES = "results/demo/tiny/analysis/states.nc"
METRICS, CLAIMS = (f"results/demo/tiny/{name}.json" for name in ("metrics", "claims"))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The small paper with arrays, built, and its reference numbers written."""
    toy = make(tmp_path_factory.mktemp("verify") / "checkout")
    toy.write("Snakefile", toy.read("Snakefile") + RULES)
    for name, text in SCRIPTS.items():
        toy.write(name, text)
    toy.build("whole")
    path = reference_path(toy.root, "demo", "tiny")
    write_reference(make_reference("tiny", "demo", toy.root), path)
    return toy


@pytest.fixture
def toy(built, tmp_path):
    return built.copy(tmp_path / "checkout")


def checked(toy):
    (verification,) = verify([], scale="demo", root=toy.root)
    return verification


def outside(toy):
    """Names of what does not agree."""
    verification = checked(toy)
    checks = [*verification.quantities, *verification.arrays, *verification.claims]
    names = [getattr(each, "name", None) or each.id for each in checks if not each.is_inside]
    assert verification.holds == (not names)
    return names


def alter(toy, path, change):
    """Rewrite a JSON file, or one variable of a NetCDF file."""
    path = toy.root / path
    if path.suffix == ".json":
        content = load_json(path)
        change(content)
        save_json(content, path)
    else:
        save_dataset(change(load_dataset(path)), path)


def test_on_the_machine_of_the_reference_every_difference_is_zero(toy):
    verification = checked(toy)
    assert verification.holds
    assert [each.name for each in verification.quantities] == ["states"]
    assert {each.name for each in verification.arrays} == {
        f"{DOCUMENTS}, tokens", f"{DOCUMENTS}, weights", f"{STATES}, states"
    }  # fmt: skip
    checks = [*verification.quantities, *verification.arrays]
    assert all(each.absolute == each.relative == 0.0 for each in checks)
    assert all(each.is_same for each in verification.arrays)
    (claim,) = verification.claims
    assert (claim.id, claim.reference, claim.here) == ("T1", "holds", "holds")
    assert claim.margin == claim.reference_margin > 0


def test_the_reference_says_what_it_was_made_of(built):
    reference = load_json(reference_path(built.root, "demo", "tiny"))
    record = reference["made"]
    assert record["processor"]
    assert record["lock"]
    assert reference["arrays"][DOCUMENTS]["kind"] == "numerics"
    assert reference["arrays"][STATES]["kind"] == "training"
    assert str(built.root) not in json.dumps(reference)


def test_the_reference_has_a_line_for_each_variable(built):
    lines = reference_path(built.root, "demo", "tiny").read_text().splitlines()
    (weights,) = (line for line in lines if '"weights"' in line)
    assert all(f'"{name}"' in weights for name in [*NUMBERS, "sha256", "shape"])


@pytest.mark.parametrize(("shift", "names"), [(1e-12, []), (1e-8, [f"{DOCUMENTS}, weights"])])
def test_data_may_differ_by_rounding_and_not_by_more(toy, shift, names):
    def change(dataset):
        dataset["weights"].values[1] += shift
        return dataset

    alter(toy, DOCUMENTS, change)
    assert outside(toy) == names
    (weights,) = (each for each in checked(toy).arrays if each.variable == "weights")
    assert not weights.is_same
    assert weights.absolute == pytest.approx(shift, rel=1)


def test_whole_numbers_of_data_may_not_differ_at_all(toy):
    def change(dataset):
        dataset["tokens"].values[0] += 1
        return dataset

    alter(toy, DOCUMENTS, change)
    assert outside(toy) == [f"{DOCUMENTS}, tokens"]


def test_arrays_of_trained_networks_may_have_other_numbers_and_sizes_only(toy):
    def more_points(dataset):
        values = np.arange(9.0).reshape(3, 3) + 0.5
        entry = variable(("point", "unit"), values, units="1", long_name="state")
        return xr.Dataset({"states": entry})

    alter(toy, STATES, more_points)
    assert outside(toy) == []
    (states,) = (each for each in checked(toy).arrays if each.variable == "states")
    assert "shape [2, 3] → [3, 3]" in states.unlike
    assert states.absolute > 0
    alter(toy, STATES, lambda dataset: dataset.rename_dims(unit="mode"))
    assert outside(toy) == [f"{STATES}, states"]


def test_an_array_or_a_variable_that_is_not_there_is_named(toy):
    alter(toy, STATES, lambda dataset: dataset.rename(states="points"))
    (toy.root / DOCUMENTS).unlink()
    assert set(outside(toy)) == {
        f"{STATES}, states", f"{STATES}, points", f"{DOCUMENTS}, tokens", f"{DOCUMENTS}, weights"
    }  # fmt: skip


@pytest.mark.parametrize(("share", "names"), [(0.2, []), (0.6, ["states"])])
def test_a_quantity_may_leave_its_reference_as_far_as_its_tolerance(toy, share, names):
    # One claim, T1: at least 1. No range over networks, so half of its margin is allowed.
    alter(toy, METRICS, lambda metrics: metrics.update(states=(1 - share) * metrics["states"]))
    assert outside(toy) == names
    (states,) = checked(toy).quantities
    assert states.relative == pytest.approx(share)


def test_a_quantity_without_a_number_is_outside(toy):
    alter(toy, METRICS, lambda metrics: metrics.update(states=None))
    assert outside(toy) == ["states"]


@pytest.mark.parametrize(("others", "names"), [([5], ["states"]), ([None], []), ([5, None], [])])
def test_a_quantity_may_lack_its_number_where_some_run_has_none(toy, others, names):
    reference = load_json(reference_path(toy.root, "demo", "tiny"))
    kept = reference["quantities"]["states"]
    runs = [{"states": kept["value"]}, *({"states": other} for other in others)]
    kept |= tolerance("states", runs, [CLAIM], trained=True)
    write_reference(reference, reference_path(toy.root, "demo", "tiny"))
    alter(toy, METRICS, lambda metrics: metrics.update(states=None))
    assert outside(toy) == names


@pytest.mark.parametrize(("others", "names"), [([None], ["states"]), ([5], [])])
def test_a_quantity_may_have_a_number_where_some_run_has_one(toy, others, names):
    reference = load_json(reference_path(toy.root, "demo", "tiny"))
    runs = [{"states": None}, *({"states": other} for other in others)]
    reference["quantities"]["states"] |= {"value": None}
    reference["quantities"]["states"] |= tolerance("states", runs, [CLAIM], trained=True)
    write_reference(reference, reference_path(toy.root, "demo", "tiny"))
    assert outside(toy) == names


def test_a_claim_that_comes_out_otherwise_is_named(toy, monkeypatch, capsys):
    def fail(sheet):
        sheet["claims"][0] |= {"verdict": "fails", "margin": -0.25}
        sheet["claims"].append({**copy.deepcopy(sheet["claims"][0]), "id": "T2"})

    alter(toy, CLAIMS, fail)
    assert outside(toy) == ["T1", "T2"]
    monkeypatch.chdir(toy.root)
    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    row = next(line for line in said.splitlines() if "T1" in line)
    assert "holds" in row
    assert "fails" in row
    assert "−0.25" in row


def test_the_command_says_that_all_agrees(toy, monkeypatch, capsys):
    monkeypatch.chdir(toy.root)
    assert main(["verify", "tiny"]) == 0
    said = capsys.readouterr().out
    assert "quantities: 1 of 1 within tolerance; largest difference 0" in said
    assert "agrees" in said


def test_what_is_missing_is_said_with_the_next_command(toy):
    with pytest.raises(ValueError, match="some for tiny"):
        verify(["large"], scale="demo", root=toy.root)
    with pytest.raises(ValueError, match="no reference numbers"):
        verify([], scale="paper", root=toy.root)
    (toy.root / CLAIMS).unlink()
    with pytest.raises(ValueError, match="Build it first"):
        verify(["tiny"], scale="demo", root=toy.root)


def test_results_of_another_root_seed_widen_the_reference(toy, tmp_path):
    other = toy.copy(tmp_path / "other")
    other.edit("scripts/metrics.py", "for network in networks)", "for network in networks) + 900")
    other.build("tiny", "--config", "seed=1")
    alone = make_reference("tiny", "demo", toy.root)
    both = make_reference("tiny", "demo", toy.root, [other.root, tmp_path])
    assert [run["seed"] for run in alone["made"]["runs"]] == [0]
    assert [run["seed"] for run in both["made"]["runs"]] == [0, 1]
    assert both["quantities"]["states"]["runs"][0] == both["quantities"]["states"]["value"]
    assert both["quantities"]["states"]["within"] == 3600.0
    assert alone["quantities"]["states"]["within"] < 1000.0
    with pytest.raises(ValueError, match=r"root seed 0 and a .*, as others are.*seed=1"):
        make_reference("tiny", "demo", toy.root, [toy.root])
    for path, edited in ((CLAIMS, {"claims": []}), (METRICS, {"states": 0})):
        alter(other, path, lambda content, edited=edited: content.update(edited))
        with pytest.raises(ValueError, match=rf"{Path(path).name} is not as its job left it"):
            make_reference("tiny", "demo", toy.root, [other.root])


def test_reference_numbers_made_before_bring_their_runs_along(toy, tmp_path):
    first = make_reference("tiny", "demo", toy.root)
    elsewhere = copy.deepcopy(first)
    elsewhere["made"]["runs"][0]["processor"] = "another"
    elsewhere["quantities"]["states"]["runs"][0] += 900
    elsewhere["claims"]["T1"]["runs"][0] = "fails"
    unrelated = {**elsewhere, "paper": "large"}
    paths = [tmp_path / f"{name}.json" for name in ("first", "elsewhere", "unrelated")]
    for each, path in zip((first, elsewhere, unrelated), paths, strict=True):
        write_reference(each, path)
    # The first is the very run that the reference is made of.
    made = make_reference("tiny", "demo", toy.root, paths)
    processors = [run["processor"] for run in made["made"]["runs"]]
    assert processors == [first["made"]["processor"], "another"]
    assert made["quantities"]["states"]["within"] == 3600.0
    assert made["claims"]["T1"]["runs"] == ["holds", "fails"]
    write_reference(made, paths[0])
    assert make_reference("tiny", "demo", toy.root, [paths[0]]) == made


def test_a_verdict_that_another_run_gave_is_no_difference(toy, tmp_path, monkeypatch, capsys):
    other = toy.copy(tmp_path / "other")
    sum_of = "for network in networks)"
    other.edit("scripts/metrics.py", sum_of, f"{sum_of} - 9000")
    other.build("tiny", "--config", "seed=1")
    reference = make_reference("tiny", "demo", toy.root, [other.root])
    assert reference["claims"]["T1"]["verdict"] == "holds"
    assert reference["claims"]["T1"]["runs"] == ["holds", "fails"]
    write_reference(reference, reference_path(toy.root, "demo", "tiny"))
    for verdict, names in (("fails", []), ("holds", []), ("reported", ["T1"])):
        alter(toy, CLAIMS, lambda sheet, to=verdict: sheet["claims"][0].update(verdict=to))
        assert outside(toy) == names
    monkeypatch.chdir(toy.root)
    assert main(["verify"]) == 1
    row = next(line for line in capsys.readouterr().out.splitlines() if "T1" in line)
    assert "holds (1 of 2)" in row


def test_no_reference_is_made_from_results_that_are_not_intact(toy):
    alter(toy, METRICS, lambda metrics: metrics.update(states=1))
    with pytest.raises(ValueError, match=r"tampered: .*metrics\.json"):
        make_reference("tiny", "demo", toy.root)
