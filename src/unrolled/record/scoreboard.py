"""Verdicts arranged for reading: grouped, laid out as a matrix, drawn as strips, put in words."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from unrolled.record.gate import count_verdicts

__all__ = [
    "ClaimGroup",
    "Matrix",
    "Note",
    "claim_groups",
    "margin_words",
    "matrix",
    "run_words",
    "strip",
]


@dataclass(frozen=True)
class Note:
    """A text, and which part of the cells it is about (empty: all of them)."""

    where: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ClaimGroup:
    """Claims that share their id up to the cell."""

    name: str
    verdicts: list[Mapping[str, Any]]
    statements: list[Note]
    sources: list[Note]
    cannot_show: list[Note]
    papers: list[Note]

    @property
    def counts(self) -> dict[str, int]:
        """Verdicts that occur, with their number."""
        return {name: n for name, n in count_verdicts(self.verdicts).items() if n}

    @property
    def is_single(self) -> bool:
        """Whether this claim was made once, not for several cells."""
        return len(self.verdicts) == 1 and not self.verdicts[0]["where"]

    @property
    def has_published_numbers(self) -> bool:
        """Whether the paper gives numbers to stand beside ours, not only words."""
        return any(isinstance(item["paper"], int | float) for item in self.verdicts)


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Rows of verdicts by claim; columns by cell, gathered by the first name of the cell."""

    heads: list[tuple[str, list[str]]]
    rows: list[tuple[str, list[Mapping[str, Any] | None]]]
    singles: list[Mapping[str, Any]]


def claim_groups(verdicts: Iterable[Mapping[str, Any]]) -> list[ClaimGroup]:
    """Verdicts gathered by claim, in the order of first appearance.

    Parameters
    ----------
    verdicts : iterable of mapping
        The `claims` of a ``claims.json``.

    Returns
    -------
    groups : list of ClaimGroup
        Within a group the verdicts stand in the order of the matrix's columns.
    """
    gathered: dict[str, list[Mapping[str, Any]]] = {}
    everything = list(verdicts)
    for item in everything:
        gathered.setdefault(item["claim"], []).append(item)
    order = {cell: rank for rank, cell in enumerate(_cells(everything))}
    groups = []
    for name, members in gathered.items():
        members = sorted(members, key=lambda item: order[tuple(item["where"].values())])
        groups.append(
            ClaimGroup(
                name=name,
                verdicts=members,
                statements=_notes(members, "statement"),
                sources=_notes(members, "source"),
                cannot_show=_notes(members, "cannot_show"),
                papers=_notes([item for item in members if item["paper"] is not None], "paper"),
            )
        )
    return groups


def matrix(verdicts: Iterable[Mapping[str, Any]]) -> Matrix:
    """Verdicts by claim and cell.

    Parameters
    ----------
    verdicts : iterable of mapping

    Returns
    -------
    matrix : Matrix
        Claims without cells are in `singles`.
    """
    everything = list(verdicts)
    cells = [cell for cell in _cells(everything) if cell]
    heads: dict[str, list[str]] = {}
    for cell in cells:
        heads.setdefault(cell[0], []).append(" ".join(cell[1:]))
    rows: dict[str, dict[tuple[str, ...], Mapping[str, Any]]] = {}
    singles = []
    for item in everything:
        cell = tuple(item["where"].values())
        if cell:
            rows.setdefault(item["claim"], {})[cell] = item
        else:
            singles.append(item)
    return Matrix(
        heads=list(heads.items()),
        rows=[(name, [row.get(cell) for cell in cells]) for name, row in rows.items()],
        singles=singles,
    )


def strip(item: Mapping[str, Any], width: int = 150) -> Markup:
    """A number among its bounds, drawn: what is accepted, range over networks, control, paper.

    Parameters
    ----------
    item : mapping
        One verdict.
    width : int
        Of the drawing, in CSS pixels.

    Returns
    -------
    svg : markupsafe.Markup
        Empty where there is no number. The paper's value is a diamond; one that lies so far off
        that it would squeeze all else is an arrow at the edge.
    """
    value, lowest, highest = item["value"], item["lowest"], item["highest"]
    if value is None:
        return Markup("")
    # A control in another unit (an accuracy beside a difference) would squeeze the axis.
    compared = (item["accept"] or {}).values()
    control = (
        item["control_value"] if {"control", item["control"]} & set(map(str, compared)) else None
    )
    known = [
        x for x in (value, item["low"], item["high"], lowest, highest, control) if x is not None
    ]
    low, high = min(known), max(known)
    pad = 0.12 * (high - low) or abs(value) * 0.1 or 1.0
    low, high = _with_published(item["paper"], low - pad, high + pad)

    def at(x: float) -> str:
        return f"{(x - low) / (high - low) * width:.1f}"

    parts = []
    if lowest is not None or highest is not None:
        left = at(low if lowest is None else lowest)
        right = at(high if highest is None else highest)
        wide = f"{max(float(right) - float(left), 1.0):.1f}"
        parts.append(f'<rect class="ok" x="{left}" y="3" width="{wide}" height="14" rx="2"/>')
    parts.append(f'<line class="axis" x1="0" x2="{width}" y1="10" y2="10"/>')
    if item["low"] is not None and item["high"] is not None and item["high"] > item["low"]:
        parts.append(
            f'<line class="range" x1="{at(item["low"])}" x2="{at(item["high"])}" y1="10" y2="10"/>'
        )
    if control is not None:
        parts.append(
            f'<line class="control" x1="{at(control)}" x2="{at(control)}" y1="3" y2="17"/>'
        )
    if isinstance(item["paper"], int | float):
        parts.append(_published(item["paper"], low, high, width))
    parts.append(f'<circle class="dot" cx="{at(value)}" cy="10" r="4"/>')
    return Markup(
        f'<svg class="strip" viewBox="0 0 {width} 20" width="{width}" height="20" '
        f'aria-hidden="true">{"".join(parts)}</svg>'
    )


def margin_words(item: Mapping[str, Any]) -> str:
    """What a margin means, as a reader would say it.

    Parameters
    ----------
    item : mapping
        One verdict.

    Returns
    -------
    words : str
        Whether the margin is to spare or lacking, and whether that is so over the whole range
        of networks; empty where there is no margin.

    Examples
    --------
    >>> margin_words({"margin": 0.5, "verdict": "holds", "message": "", "low": 1.5, "high": 2.5,
    ...               "lowest": 1.0, "highest": None})
    'to spare, over the whole range'
    """
    margin, low, high = item["margin"], item["low"], item["high"]
    if margin is None:
        return ""
    missed = item["verdict"] == "fails" or item["message"].startswith("would fail")
    words = "to spare" if not missed else "short" if margin else "a tie, which is not enough"
    if low is None or high is None:
        return words
    lowest = -math.inf if item["lowest"] is None else item["lowest"]
    highest = math.inf if item["highest"] is None else item["highest"]
    inside, outside = lowest <= low and high <= highest, high < lowest or low > highest
    everywhere = outside if missed else inside
    return f"{words}, {'' if everywhere else 'but not '}over the whole range"


def run_words(verdict: str, runs: Sequence[str | None]) -> str:
    """How many runs gave a verdict, where not all of them did.

    Parameters
    ----------
    verdict : str
    runs : sequence of str or None
        The verdict in each.

    Returns
    -------
    words : str
        Empty where all gave it, or there are none.

    Examples
    --------
    >>> run_words("holds", ["holds", "fails", "holds"])
    'so in 2 of 3 runs'
    """
    same = list(runs).count(verdict)
    return f"so in {same} of {len(runs)} runs" if same < len(runs) else ""


def _with_published(paper: Any, low: float, high: float) -> tuple[float, float]:
    """An axis that takes the paper's value in, unless all else would fill less than a quarter."""
    if not isinstance(paper, int | float):
        return low, high
    wide = 0.1 * (high - low)
    low_too, high_too = min(low, paper - wide), max(high, paper + wide)
    return (low_too, high_too) if high_too - low_too <= 4 * (high - low) else (low, high)


def _published(paper: float, low: float, high: float, width: int) -> str:
    """The paper's value on the axis, or an arrow towards it."""
    if low <= paper <= high:
        x = (paper - low) / (high - low) * width
        return f'<path class="paper" d="M{x:.1f} 3.5l5 6.5l-5 6.5l-5-6.5z"/>'
    x, inwards = (1, 6) if paper < low else (width - 1, -6)
    return f'<path class="paper" d="M{x} 10l{inwards}-5v10z"/>'


def _cells(verdicts: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Every cell once, in a fixed order: names as they first appear, the first name outermost."""
    seen: dict[int, dict[str, int]] = {}
    cells = {tuple(item["where"].values()): None for item in verdicts}
    for cell in cells:
        for level, name in enumerate(cell):
            names = seen.setdefault(level, {})
            names.setdefault(name, len(names))
    return sorted(cells, key=lambda cell: [seen[level][name] for level, name in enumerate(cell)])


def _notes(members: Sequence[Mapping[str, Any]], key: str) -> list[Note]:
    """Distinct texts with the cells they are about, in as few words as tell them apart."""
    texts: dict[str, list[Mapping[str, Any]]] = {}
    for item in members:
        texts.setdefault(str(item[key]), []).append(item)
    if not texts:
        return []
    if len(texts) == 1:
        return [Note("", next(iter(texts)))]
    notes = []
    # What is said of most cells first; the exceptions follow.
    for text, about in sorted(texts.items(), key=lambda item: -len(item[1])):
        levels = []
        for name in about[0]["where"]:
            mine = dict.fromkeys(item["where"][name] for item in about)
            every = {item["where"].get(name) for item in members}
            if set(mine) != every:
                levels.append(", ".join(mine))
        notes.append(Note(" · ".join(levels), text))
    return notes
