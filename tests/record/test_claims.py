"""Claims are read strictly, judged by their numbers, and close the gate when they fail."""

import io
import json
import math
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from unrolled.record.claims import judge, read_claims
from unrolled.record.gate import ClaimsFailed, count_verdicts, failing, pass_gate
from unrolled.record.verdicts import Condition, cells_that_hold

REPOSITORY = Path(__file__).parents[2]
LINE_ATTRACTOR = REPOSITORY / "workflow" / "claims" / "line_attractor.yaml"


def entry(**changes):
    return {
        "id": "C1",
        "statement": "The number is large.",
        "source": "figure 1",
        "quantity": "size",
        "accept": {"demo": {"min": 1.0}},
        "cannot_show": "much",
    } | changes


@pytest.fixture
def claims_of(tmp_path):
    def read(*entries):
        path = tmp_path / "toy.yaml"
        path.write_text(yaml.safe_dump(list(entries), sort_keys=False), encoding="utf-8")
        return read_claims(path).claims

    return read


def verdict_on(claims, metrics, scale="demo"):
    (verdict,) = judge(claims, metrics, scale)
    return verdict


@pytest.mark.parametrize(
    ("accept", "value", "verdict", "margin"),
    [
        ({"min": 1.0}, 1.5, "holds", 0.5),
        ({"min": 1.0}, 1.0, "holds", 0.0),
        ({"min": 1.0}, 0.75, "fails", -0.25),
        ({"max": 1.0}, 0.75, "holds", 0.25),
        ({"max": 1.0}, 3.0, "fails", -2.0),
        ({"within": [-1.0, 2.0]}, 1.5, "holds", 0.5),
        ({"within": [-1.0, 2.0]}, -1.5, "fails", -0.5),
        ({"greater_than": "other"}, 2.5, "holds", 0.5),
        ({"greater_than": "other"}, 2.0, "fails", 0.0),
        ({"greater_than": "other", "by": 0.5}, 2.5, "holds", 0.0),
        ({"greater_than": "other", "times": 2.0}, 3.0, "fails", -1.0),
        ({"less_than": "other", "times": 0.25}, 0.5, "holds", 0.0),
        ({"less_than": "other", "by": 0.5}, 1.75, "fails", -0.25),
        ({"min": 0.0, "max": 10.0, "less_than": "control"}, 5.0, "fails", -2.0),
    ],
)
def test_a_number_is_judged_by_every_bound_and_the_margin_is_to_the_nearest(
    claims_of, accept, value, verdict, margin
):
    claims = claims_of(entry(accept={"demo": accept}, control="yardstick"))
    judged = verdict_on(claims, {"size": value, "other": 2.0, "yardstick": 3.0})
    assert judged.verdict == verdict
    assert judged.margin == pytest.approx(margin)
    assert ("clears" in judged.message) == (verdict == "holds")


def test_the_range_over_networks_and_the_control_stand_beside_the_number(claims_of):
    claims = claims_of(entry(control="yardstick"))
    metrics = {"size": 2.0, "size_low": 1.5, "size_high": 4.0, "yardstick": 0.5}
    judged = verdict_on(claims, metrics)
    assert (judged.low, judged.value, judged.high, judged.control_value) == (1.5, 2.0, 4.0, 0.5)
    assert json.loads(json.dumps(judged.as_dict(), allow_nan=False))["accept"] == {"min": 1.0}


def test_a_quantity_that_is_not_in_the_metrics_is_missing_and_named(claims_of):
    judged = verdict_on(claims_of(entry()), {"sizes": 2.0})
    assert judged.verdict == "missing"
    assert "'size'" in judged.message
    assert "'sizes'" in judged.message
    compared = claims_of(entry(accept={"demo": {"greater_than": "elsewhere"}}))
    assert "'elsewhere'" in verdict_on(compared, {"size": 2.0}).message


@pytest.mark.parametrize("value", [math.nan, None, "many", True])
def test_what_is_not_a_number_fails_whatever_the_bound(claims_of, value):
    for accept in ({"min": 0.0}, {"max": 1e9}, {"greater_than": "other"}):
        judged = verdict_on(claims_of(entry(accept={"demo": accept})), {"size": value, "other": 0})
        assert judged.verdict == "fails"
        assert judged.margin is None
        assert "not a number" in judged.message


def test_a_control_that_is_not_a_number_fails_the_claim(claims_of):
    claims = claims_of(entry(control="c", accept={"demo": {"greater_than": "control"}}))
    assert verdict_on(claims, {"size": 9.0, "c": math.nan}).verdict == "fails"


def test_a_claim_without_an_acceptance_at_the_scale_is_not_judged(claims_of):
    judged = verdict_on(claims_of(entry()), {"size": -5.0}, scale="smoke")
    assert judged.verdict == "not judged"
    assert judged.value == -5.0
    assert verdict_on(claims_of(entry()), {}, scale="smoke").verdict == "not judged"


def test_a_reported_claim_shows_its_number_and_says_how_it_would_have_come_out(claims_of):
    judged = verdict_on(claims_of(entry(reported=True)), {"size": 0.5})
    assert judged.verdict == "reported"
    assert judged.message.startswith("would fail")
    assert judged.margin == -0.5


def test_over_expands_every_key_and_picks_the_papers_value(claims_of):
    claims = claims_of(
        entry(
            id="C2_{corpus}_{cell}",
            quantity="{corpus}_{cell}_size",
            statement="Large on {corpus}.",
            control="{corpus}_yardstick",
            accept={"demo": {"greater_than": "{corpus}_other"}},
            over={"corpus": ["film", "foods"], "cell": ["gru", "lstm"]},
            paper=7.0,
            paper_by={"film_gru": 1.0, "lstm": 2.0},
        )
    )
    assert [claim.id for claim in claims] == [
        "C2_film_gru",
        "C2_film_lstm",
        "C2_foods_gru",
        "C2_foods_lstm",
    ]
    assert [claim.paper for claim in claims] == [1.0, 2.0, 7.0, 2.0]
    assert {claim.claim for claim in claims} == {"C2"}
    assert claims[2].where == {"corpus": "foods", "cell": "gru"}
    assert claims[2].accept["demo"].greater_than == "foods_other"
    assert claims[2].statement == "Large on foods."
    assert claims[2].control == "foods_yardstick"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantitty": "size"}, ["toy.yaml", "C1", "quantitty", "did you mean 'quantity'"]),
        ({"accept": {"demo": {"minn": 1}}}, ["C1", "minn", "did you mean 'min'"]),
        ({"accept": {"dmo": {"min": 1}}}, ["C1", "dmo", "did you mean 'demo'"]),
        ({"accept": {"demo": {}}}, ["C1", "at least one of min"]),
        ({"accept": {"demo": {"min": 2, "max": 1}}}, ["C1", "at least 2"]),
        ({"accept": {"demo": {"min": 2, "by": 1}}}, ["C1", "`by`"]),
        ({"accept": {"demo": {"min": "lots"}}}, ["C1", "lots"]),
        ({"accept": {"demo": {"greater_than": "control"}}}, ["C1", "no control"]),
        ({"quantity": "{corpuss}_size", "over": {"corpus": ["film"]}}, ["corpuss", "'corpus'"]),
        ({"over": {"corpus": "film"}}, ["C1", "over", "list"]),
        ({"over": {"corpus": ["film", "foods"]}}, ["two claims have the id", "'C1'"]),
        ({"where": {}}, ["unknown key 'where'"]),
        ({"id": None}, ["number 1", "id"]),
    ],
)
def test_a_mistake_in_the_file_is_named_with_claim_key_and_nearest_valid_name(
    claims_of, changes, words
):
    with pytest.raises(ValueError, match=r"toy\.yaml") as caught:
        claims_of(entry(**changes))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("missing", ["statement", "source", "quantity", "cannot_show"])
def test_a_key_that_every_claim_needs_is_asked_for(claims_of, missing):
    broken = {key: value for key, value in entry().items() if key != missing}
    with pytest.raises(ValueError, match=f"C1: {missing}: this key is needed"):
        claims_of(broken)


@pytest.mark.parametrize("text", ["just words", "claims: 3", "paper: {}\nclaim: []", "- [", "- 3"])
def test_a_file_that_holds_no_claims_is_refused_by_name(tmp_path, text):
    path = tmp_path / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"toy\.yaml"):
        read_claims(path)
    with pytest.raises(ValueError, match=r"absent\.yaml is not there"):
        read_claims(tmp_path / "absent.yaml")


def test_the_gate_opens_for_reported_claims_and_closes_for_failing_and_missing_ones(claims_of):
    claims = claims_of(
        entry(id="A"),
        entry(id="B", quantity="low"),
        entry(id="C", quantity="low", reported=True),
        entry(id="D", quantity="absent"),
    )
    verdicts = [v.as_dict() for v in judge(claims, {"size": 2.0, "low": 0.0}, "demo")]
    assert [item["id"] for item in failing(verdicts)] == ["B", "D"]
    assert count_verdicts(verdicts) == {
        "holds": 1,
        "fails": 1,
        "missing": 1,
        "reported": 1,
        "not judged": 0,
    }
    console = Console(file=io.StringIO(), width=120)
    with pytest.raises(ClaimsFailed, match="2 of 4 claims do not hold: toy B, toy D"):
        pass_gate([{"paper": "toy", "claims": verdicts}], console=console)
    shown = " ".join(console.file.getvalue().split())
    assert "toy: 1 holds, 1 fails, 1 missing, 1 reported" in shown
    assert "at least 1" in shown
    pass_gate([{"paper": "toy", "claims": [verdicts[0], verdicts[2]]}], console=console)


def test_an_acceptance_is_said_in_words():
    assert Condition(within=(-1.5, 1.5)).words() == "at most 1.5 either way"
    assert Condition(max=3, less_than="control", times=0.25).words("x") == (
        "at most 3, at most 0.25 × its control"
    )
    assert Condition(greater_than="x", by=0.2).words() == "above x by at least 0.2"


def test_every_claim_of_the_line_attractor_flips_when_its_number_crosses_the_bound():
    sheet = read_claims(LINE_ATTRACTOR)
    judged = [claim for claim in sheet.claims if "demo" in claim.accept]
    assert {claim.claim.rstrip("abcde") for claim in judged} == {f"C{n}" for n in range(1, 14)}
    others = {
        name: 1.0 for claim in judged for name in claim.accept["demo"].quantities(claim.control)
    }
    for claim in judged:
        (at_zero,) = judge([claim], others | {claim.quantity: 0.0}, "demo")
        low = at_zero.lowest if at_zero.lowest is not None else at_zero.highest - 2.0
        high = at_zero.highest if at_zero.highest is not None else at_zero.lowest + 2.0
        outside = low - 0.1 if at_zero.lowest is not None else high + 0.1
        for value, holds in (((low + high) / 2, True), (outside, False)):
            (verdict,) = judge([claim], others | {claim.quantity: value}, "demo")
            if claim.reported:
                assert verdict.message.startswith("would hold" if holds else "would fail"), claim.id
            else:
                assert verdict.verdict == ("holds" if holds else "fails"), claim.id


def test_the_line_attractor_covers_every_cell_of_every_corpus_once_a_claim():
    sheet = read_claims(LINE_ATTRACTOR)
    assert sheet.paper is not None
    assert sheet.paper.links
    settings = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
    population = settings["line_attractor"]["population"]
    cells = {(corpus, cell) for corpus in population["networks"] for cell in population["cells"]}
    by_claim: dict[str, set[tuple[str, ...]]] = {}
    for claim in sheet.claims:
        by_claim.setdefault(claim.claim, set()).add(tuple(claim.where.values()))
    assert by_claim.pop("C13") == {()}
    # The trained linear network is compared with the GRU alone.
    assert by_claim.pop("C12b") == {cell for cell in cells if cell[1] == "gru"}
    for name, covered in by_claim.items():
        assert covered == cells, name


def test_a_cell_holds_when_each_claim_that_is_asked_of_it_does(claims_of):
    over = {"cell": ["gru", "lstm"]}
    claims = claims_of(
        entry(id="C1_{cell}", quantity="{cell}_size", over=over),
        entry(id="C2_{cell}", quantity="{cell}_speed", over=over),
        entry(id="C3_{cell}", quantity="{cell}_weight", over=over, reported=True),
    )
    metrics = {f"{cell}_{name}": 2.0 for cell in over["cell"] for name in ("size", "speed")}
    metrics |= {"gru_weight": 0.0, "lstm_weight": 0.0}

    def holding(numbers, *names):
        return cells_that_hold(judge(claims, numbers, "demo"), names)

    assert holding(metrics, "C1", "C2", "C3") == [("gru",), ("lstm",)]
    assert holding(metrics | {"gru_speed": 0.0}, "C1", "C2") == [("lstm",)]
    assert holding(metrics | {"gru_speed": 0.0}, "C1") == [("gru",), ("lstm",)]
    without = {key: value for key, value in metrics.items() if key != "lstm_size"}
    assert holding(without, "C1", "C2") == [("gru",)]
