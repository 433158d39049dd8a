"""What breaking the science on purpose does to the verdicts: ``workflow/claims/teeth.json``.

The tests of each paper break the science of its claims, one way at a time: labels are shuffled,
an untrained network stands in, modes point anywhere. A claim that holds before and fails after is
caught; one that the small network of the tests fails already cannot be. The file is written by
``make teeth``, which runs those tests, and says for each paper

==========  ==================================================================================
``tests``   sha256 of the file that breaks it, by which one sees that the file has changed since
``claims``  each claim that is judged at the demo scale, its cells taken together, with its
            breaks: ``id`` of the one that was broken, ``break`` in words, verdict ``before``
            and ``after``
==========  ==================================================================================
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unrolled.record.claims import Claim, read_claims

__all__ = ["breaks_of", "count_caught", "gather_teeth", "is_caught", "judged_claims"]

SCALE = "demo"
NOTHING: Mapping[str, Any] = {"claims": {}}


def judged_claims(claims: Iterable[Claim]) -> list[str]:
    """Names, without cells, of the claims that can fail a run at the demo scale.

    Parameters
    ----------
    claims : iterable of Claim
        See `read_claims`.

    Returns
    -------
    list of str
        Each once, in their order.
    """
    judged = [claim.claim for claim in claims if not claim.reported and SCALE in claim.accept]
    return list(dict.fromkeys(judged))


def gather_teeth(breaks: Iterable[Mapping[str, str]], root: str | Path) -> dict[str, Any]:
    """The content of ``teeth.json``.

    Parameters
    ----------
    breaks : iterable of mapping
        ``paper``, ``claim``, ``id``, ``break``, ``before`` and ``after`` of each.
    root : path
        Folder with ``workflow/claims`` and ``tests/papers``.

    Returns
    -------
    dict
        Sorted; the same whatever the order of the breaks.

    Raises
    ------
    ValueError
        If a claim was broken that is not judged.
    """
    root = Path(root)
    teeth: dict[str, Any] = {}
    for sheet in sorted(Path(root, "workflow", "claims").glob("*.yaml")):
        tests = root / "tests" / "papers" / f"test_{sheet.stem}.py"
        teeth[sheet.stem] = {
            "tests": hashlib.sha256(tests.read_bytes()).hexdigest(),
            "claims": {claim: [] for claim in judged_claims(read_claims(sheet).claims)},
        }
    for each in sorted(breaks, key=lambda each: (each["id"], each["break"])):
        broken = teeth[each["paper"]]["claims"].get(each["claim"])
        if broken is None:
            raise ValueError(
                f"{each['paper']} breaks {each['id']}, which is not judged at the {SCALE} scale. "
                "Break a claim that is not `reported`."
            )
        broken.append({key: each[key] for key in ("id", "break", "before", "after")})
    return teeth


def is_caught(breaks: Iterable[Mapping[str, str]]) -> bool:
    """Whether a claim held before and failed after at least one break.

    Parameters
    ----------
    breaks : iterable of mapping
        Of one claim.

    Returns
    -------
    bool
    """
    return any((each["before"], each["after"]) == ("holds", "fails") for each in breaks)


def breaks_of(teeth: Mapping[str, Any], paper: str, claim: str) -> list[str]:
    """Breaks, in words, that a claim notices.

    Parameters
    ----------
    teeth : mapping
        See `gather_teeth`.
    paper, claim : str
        Slug, and name without cells.

    Returns
    -------
    list of str
        Sorted; empty where there are none.
    """
    found = teeth.get(paper, NOTHING)["claims"].get(claim, ())
    return sorted({each["break"] for each in found if is_caught([each])})


def count_caught(teeth: Mapping[str, Any], papers: Iterable[str]) -> tuple[int, int]:
    """How many claims a break catches, and how many are judged.

    Parameters
    ----------
    teeth : mapping
        See `gather_teeth`.
    papers : iterable of str
        Those to count; papers that nobody broke count for nothing.

    Returns
    -------
    caught, judged : int
    """
    claims = [breaks for paper in papers for breaks in teeth.get(paper, NOTHING)["claims"].values()]
    return sum(map(is_caught, claims)), len(claims)
