"""The one way in which tests break a claim: it has to hold before and to fail after."""

from pathlib import Path

import pytest

from unrolled.record.claims import judge, read_claims

CLAIMS = Path(__file__).parents[2] / "workflow" / "claims"


def pytest_collection_modifyitems(items):
    """Tests that break a claim are those that ``make teeth`` runs."""
    for item in items:
        if "flips" in getattr(item, "fixturenames", ()):
            item.add_marker("teeth")


@pytest.fixture
def flips(request, record_property):
    """Judge a claim of this file's paper with the science whole and broken; note both verdicts.

    Called with the claim's id, the break in a few words, and the metrics before and after it.
    """
    paper = request.path.stem.removeprefix("test_")
    claims = {claim.id: claim for claim in read_claims(CLAIMS / f"{paper}.yaml").claims}

    def flips(name, broken, before, after):
        claim = claims[name]
        verdicts = [judge([claim], numbers, "demo")[0] for numbers in (before, after)]
        record_property(
            "teeth",
            {
                "paper": paper,
                "claim": claim.claim,
                "id": name,
                "break": broken,
                "before": verdicts[0].verdict,
                "after": verdicts[1].verdict,
            },
        )
        said = "\n".join(verdict.message for verdict in verdicts)
        assert [verdict.verdict for verdict in verdicts] == ["holds", "fails"], f"{broken}\n{said}"

    return flips
