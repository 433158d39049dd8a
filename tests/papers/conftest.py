"""The one way in which tests break a claim: it has to hold before and to fail after."""

from pathlib import Path

import pytest

from unrolled.record.claims import judge, read_claims

CLAIMS = Path(__file__).parents[2] / "workflow" / "claims"


def pytest_collection_modifyitems(items):
    """Tests that break a claim are those that ``make teeth`` runs."""
    for item in items:
        if "note_break" in getattr(item, "fixturenames", ()):
            item.add_marker("teeth")


@pytest.fixture
def note_break(request, record_property):
    """Judge a claim of this file's paper with the science whole and broken; note both verdicts.

    Called with the claim's id, the break in a few words, and the metrics before and after it.
    """
    paper = request.path.stem.removeprefix("test_")
    claims = {claim.id: claim for claim in read_claims(CLAIMS / f"{paper}.yaml").claims}

    def note_break(name, broken, *metrics):
        before, after = (judge([claims[name]], numbers, "demo")[0] for numbers in metrics)
        record_property(
            "teeth",
            {
                "paper": paper,
                "claim": before.claim,
                "id": name,
                "break": broken,
                "before": before.verdict,
                "after": after.verdict,
            },
        )
        return before, after

    return note_break


@pytest.fixture
def flips(note_break):
    """The same, and the claim has to hold before and to fail after."""

    def flips(name, broken, *metrics):
        before, after = note_break(name, broken, *metrics)
        said = f"{broken}\n{before.message}\n{after.message}"
        assert (before.verdict, after.verdict) == ("holds", "fails"), said

    return flips
