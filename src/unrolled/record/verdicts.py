"""What a claim may demand of a number, and what came of it."""

import dataclasses
import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = [
    "VERDICTS",
    "Condition",
    "Verdict",
    "Weighed",
    "as_number",
    "cells_that_hold",
    "plain_number",
    "weigh",
]

#: Every verdict there is, in the order in which a reader wants them.
VERDICTS = ("holds", "fails", "missing", "reported", "not judged")


class Condition(BaseModel):
    """Everything that must hold at one scale.

    `min`, `max` and `within` include their bounds. `greater_than` and `less_than` name another
    quantity (or say `control`) and are strict; with `by` (a difference) or `times` (a factor)
    the number must reach that bound: ``value >= times * other + by``, ``value <= times * other
    - by``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: float | None = None
    max: float | None = None
    within: tuple[float, float] | None = None
    greater_than: str | None = None
    less_than: str | None = None
    by: float = 0.0
    times: float = 1.0

    @model_validator(mode="after")
    def _says_something_possible(self) -> "Condition":
        if all(
            part is None
            for part in (self.min, self.max, self.within, self.greater_than, self.less_than)
        ):
            raise ValueError(
                "an acceptance needs at least one of min, max, within, greater_than, less_than; "
                "leave the scale out if nothing is judged there"
            )
        low, high = self.within or (self.min, self.max)
        if low is not None and high is not None and low > high:
            raise ValueError(f"no number is at least {low} and at most {high}")
        if not self.others() and (self.by != 0.0 or self.times != 1.0):
            raise ValueError("`by` and `times` go with greater_than or less_than")
        return self

    def others(self) -> list[str]:
        """Names that the number is compared with, `control` as it is written."""
        return [name for name in (self.greater_than, self.less_than) if name is not None]

    def quantities(self, control: str | None) -> list[str]:
        """Keys of the metrics that the number is compared with."""
        return [control if name == "control" and control else name for name in self.others()]

    def words(self, control: str | None = None) -> str:
        """The acceptance as a reader would say it."""
        parts = []
        if self.within is not None:
            low, high = self.within
            if low == -high:
                parts.append(f"at most {plain_number(high)} either way")
            else:
                parts.append(f"between {plain_number(low)} and {plain_number(high)}")
        if self.min is not None:
            parts.append(f"at least {plain_number(self.min)}")
        if self.max is not None:
            parts.append(f"at most {plain_number(self.max)}")
        for name, verb, sign in ((self.greater_than, "above", "+"), (self.less_than, "below", "−")):
            if name is not None:
                shown = "its control" if name in ("control", control) else name
                parts.append(self._compared(verb, sign, shown))
        return ", ".join(parts)

    def _compared(self, verb: str, sign: str, name: str) -> str:
        if self.times != 1.0:
            least = "at least" if verb == "above" else "at most"
            more = f" {sign} {plain_number(self.by)}" if self.by else ""
            return f"{least} {plain_number(self.times)} × {name}{more}"
        if self.by:
            return f"{verb} {name} by at least {plain_number(self.by)}"
        return f"{verb} {name}"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One claim judged: what it says, the numbers, and how it came out.

    Numbers are None where there is no finite one. `low` and `high` are the range over networks,
    `lowest` and `highest` the interval that the claim accepts, `margin` is the signed distance
    to the nearest bound, positive where the claim holds.
    """

    id: str
    claim: str
    where: dict[str, str]
    statement: str
    source: str
    quantity: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    paper: float | str | None
    control: str | None
    control_value: float | None
    accept: dict[str, Any] | None
    accept_words: str
    lowest: float | None
    highest: float | None
    reported: bool
    verdict: str
    margin: float | None
    message: str
    cannot_show: str

    def as_dict(self) -> dict[str, Any]:
        """Fields by name, ready for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Weighed:
    """How a number stands to its acceptance; `lowest`, `highest` are the accepted interval."""

    holds: bool
    margin: float | None
    message: str
    lowest: float | None = None
    highest: float | None = None


@dataclass(frozen=True)
class _Bound:
    value: float
    side: int  # +1: the number must be above, −1: below
    strict: bool
    words: str

    def distance(self, value: float) -> float:
        return self.side * (value - self.value)

    def is_met(self, value: float) -> bool:
        return self.distance(value) > 0 if self.strict else self.distance(value) >= 0


def weigh(
    condition: Condition, quantity: str, control: str | None, metrics: Mapping[str, Any]
) -> Weighed:
    """Whether a number meets a condition, by how much, and why.

    Parameters
    ----------
    condition : Condition
    quantity, control : str
        Keys of the metrics; the ones that `condition` compares with must be there too.
    metrics : mapping of str to number or None
        None, and what is no number at all, counts as NaN.

    Returns
    -------
    weighed : Weighed
        `margin` is the smallest signed distance to a bound, in the quantity's units, None where
        something is not a number; `message` names the bound that decided.
    """
    value = as_number(metrics[quantity])
    if math.isnan(value):
        return Weighed(False, None, f"{quantity} is not a number")
    for key in condition.quantities(control):
        if math.isnan(as_number(metrics[key])):
            return Weighed(False, None, f"{key}, which it is compared with, is not a number")
    bounds = _bounds(condition, control, metrics)
    holds = all(bound.is_met(value) for bound in bounds)
    # Unmet bounds first: one that is missed by nothing (a tie) must not hide behind a met one.
    nearest = min(bounds, key=lambda bound: (bound.is_met(value), bound.distance(value)))
    margin = nearest.distance(value)
    return Weighed(
        holds,
        margin,
        f"{plain_number(value)} {'clears' if holds else 'misses'} {nearest.words} by "
        f"{plain_number(abs(margin))}",
        max((bound.value for bound in bounds if bound.side > 0), default=None),
        min((bound.value for bound in bounds if bound.side < 0), default=None),
    )


def _bounds(condition: Condition, control: str | None, metrics: Mapping[str, Any]) -> list[_Bound]:
    low, high = condition.within or (None, None)
    bounds = [
        _Bound(value, side, False, f"the {word} accepted, {plain_number(value)},")
        for value, side, word in (
            (condition.min, 1, "least"),
            (low, 1, "least"),
            (condition.max, -1, "most"),
            (high, -1, "most"),
        )
        if value is not None
    ]
    strict = condition.by == 0.0 and condition.times == 1.0
    for name, side in ((condition.greater_than, 1), (condition.less_than, -1)):
        if name is not None:
            key = control if name == "control" and control else name
            other = as_number(metrics[key])
            value = condition.times * other + side * condition.by
            words = f"the bound {plain_number(value)} that {key} = {plain_number(other)} sets"
            bounds.append(_Bound(value, side, strict, words))
    return bounds


def cells_that_hold(verdicts: Iterable[Verdict], claims: Container[str]) -> list[tuple[str, ...]]:
    """Cells of the scoreboard, (corpus, cell) for instance, in which some claims all hold.

    Parameters
    ----------
    verdicts : iterable of Verdict
        From `judge`; the cell of each is what its claim was expanded over.
    claims : container of str
        Names of the claims asked about, without their cells: ``{"C4a", "C4b"}``. One that is
        only reported in a cell asks for nothing there; one that is missing does not hold.

    Returns
    -------
    list of tuple of str
        Values in the order of their names, cells in the order of first appearance.
    """
    holds: dict[tuple[str, ...], bool] = {}
    for verdict in verdicts:
        if verdict.claim in claims:
            cell = tuple(value for _, value in sorted(verdict.where.items()))
            good = verdict.reported or verdict.verdict == "holds"
            holds[cell] = holds.get(cell, True) and good
    return [cell for cell, good in holds.items() if good]


def plain_number(value: float) -> str:
    """A number as a reader wants it: three or four digits that matter, thousands apart.

    Examples
    --------
    >>> [plain_number(v) for v in (0.0, 3.0, 0.0375, -1.25, 1234.5, 0.00001234, 0.9999)]
    ['0', '3', '0.0375', '−1.25', '1,234', '1.23e−5', '1']
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    size = abs(value)
    if size != 0 and size < 1e-3:
        mantissa, exponent = f"{size:.2e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    elif size >= 1000:
        text = f"{size:,.0f}"
    else:
        text = f"{size:.3g}" if size < 100 else f"{size:.0f}"
    return ("−" if value < 0 else "") + text.replace("e-", "e−")


def as_number(value: Any) -> float:
    """The value as a float; NaN for None, true, false and everything that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value)
