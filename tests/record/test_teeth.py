"""The file on what breaking claims does to them is sound, and in step with claims and tests."""

from pathlib import Path

import pytest

from unrolled.files import load_json
from unrolled.record.claims import read_claims
from unrolled.record.teeth import (
    breaks_of,
    count_caught,
    gather_teeth,
    is_caught,
    judged_claims,
)

REPOSITORY = Path(__file__).parents[2]
TEETH = REPOSITORY / "workflow" / "claims" / "teeth.json"
CLAIMS = """
- &one
  id: "C1_{cell}"
  statement: It is large.
  source: figure 1
  quantity: "{cell}_size"
  over: {cell: [gru, lstm]}
  accept: {demo: {min: 1}}
  cannot_show: Small data.
- <<: *one
  over: {cell: [vanilla]}
  reported: true
- <<: *one
  id: C2
  over: {}
  quantity: size
- <<: *one
  id: C3
  over: {}
  quantity: size
  reported: true
- <<: *one
  id: C4
  over: {}
  quantity: size
  accept: {paper: {min: 1}}
"""


@pytest.fixture
def root(tmp_path):
    for name, text in {"workflow/claims/a.yaml": CLAIMS, "tests/papers/test_a.py": "1"}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path


def broken(name, how, before="holds", after="fails"):
    claim = name.split("_")[0]
    return {
        "paper": "a", "claim": claim, "id": name, "break": how, "before": before, "after": after,
    }  # fmt: skip


def test_claims_that_can_fail_a_run_are_counted_once_with_all_their_cells(root):
    claims = read_claims(root / "workflow/claims/a.yaml").claims
    assert judged_claims(claims) == ["C1", "C2"]


def test_breaks_are_gathered_by_claim_whatever_their_order(root):
    breaks = [broken("C1_lstm", "x"), broken("C1_gru", "y"), broken("C1_gru", "x")]
    teeth = gather_teeth(breaks, root)
    assert teeth == gather_teeth(breaks[::-1], root)
    assert [each["id"] for each in teeth["a"]["claims"]["C1"]] == ["C1_gru", "C1_gru", "C1_lstm"]
    assert breaks_of(teeth, "a", "C1") == ["x", "y"]
    assert teeth["a"]["claims"]["C2"] == breaks_of(teeth, "a", "C2") == breaks_of({}, "a", "C1")
    assert count_caught(teeth, ["a", "elsewhere"]) == (1, 2)


@pytest.mark.parametrize(
    ("before", "after"), [("holds", "holds"), ("fails", "fails"), ("holds", "missing")]
)
def test_only_from_holding_to_failing_counts_as_caught(root, before, after):
    teeth = gather_teeth([broken("C2", "x", before, after)], root)
    assert not is_caught(teeth["a"]["claims"]["C2"])
    assert count_caught(teeth, ["a"]) == (0, 2)


def test_a_break_of_a_claim_that_nobody_judges_is_refused(root):
    with pytest.raises(ValueError, match="C3, which is not judged"):
        gather_teeth([broken("C3", "x")], root)


def test_the_file_is_in_step_with_claims_and_tests():
    teeth = load_json(TEETH)
    names = {paper: list(one["claims"]) for paper, one in teeth.items()}
    current = gather_teeth([], REPOSITORY)
    assert names == {paper: sorted(one["claims"]) for paper, one in current.items()}
    for paper, one in teeth.items():
        assert one["tests"] == current[paper]["tests"], (
            f"tests/papers/test_{paper}.py changed since claims were broken last: make teeth"
        )


def test_nearly_every_judged_claim_is_caught_and_the_others_failed_before_their_break():
    teeth = load_json(TEETH)
    caught, judged = count_caught(teeth, teeth)
    assert caught >= 0.95 * judged
    for paper, one in teeth.items():
        missed = {name: each for name, each in one["claims"].items() if not is_caught(each)}
        unbroken = [name for name, breaks in missed.items() if not breaks]
        assert unbroken == [], paper
        assert {each["before"] for breaks in missed.values() for each in breaks} <= {"fails"}, paper
