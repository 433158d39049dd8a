"""Claims of a paper: read from ``workflow/claims/<slug>.yaml``, judged against its metrics.

A claim names one quantity of ``metrics.json`` and says, for each scale, what that number must
do. Judging never raises over a number: a quantity that is not there, or is not a number, is a
verdict like any other, because the evidence must stay on the scoreboard.
"""

import difflib
import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unrolled.files import load_yaml
from unrolled.record.verdicts import Condition, Verdict, Weighed, as_number, weigh

__all__ = ["Claim", "ClaimSheet", "Paper", "judge", "read_claims"]

Scale = Literal["smoke", "demo", "paper"]
PLACEHOLDER = re.compile(r"\{(\w+)\}")
#: Keys of a claim in which `{name}` is replaced by the values of `over`.
EXPANDED = ("id", "statement", "quantity", "control", "source", "cannot_show", "accept")
#: Fields that the expansion fills and no file may give.
INTERNAL = {"claim", "where"}
_MOST_CELLS = 1000


class Paper(BaseModel):
    """Whose claims these are, in the words and links that the page shows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    authors: str = ""
    published: str = ""
    question: str = ""
    short_answer: str = ""
    links: dict[str, str] = Field(default_factory=dict)


class Claim(BaseModel):
    """One claim about one quantity, after `over` was expanded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    statement: str = Field(min_length=1)
    source: str
    quantity: str = Field(min_length=1)
    paper: float | str | None = None
    accept: dict[Scale, Condition] = Field(default_factory=dict)
    control: str | None = None
    cannot_show: str
    reported: bool = False
    unit: str = ""
    over: dict[str, list[str]] = Field(default_factory=dict)
    paper_by: dict[str, float | str | None] = Field(default_factory=dict)
    #: Claims, without their cells, that all hold in each cell that the quantity counts.
    all_of: list[str] = Field(default_factory=list)
    #: Filled by the expansion: the id without placeholders, and which cell this one is.
    claim: str = ""
    where: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _control_is_there_when_compared_with(self) -> "Claim":
        for scale, condition in self.accept.items():
            if "control" in condition.others() and self.control is None:
                raise ValueError(
                    f"accept for {scale} compares with 'control', but the claim has no control: "
                    "add `control: <quantity>`"
                )
        return self


class ClaimSheet(BaseModel):
    """A claims file: the paper, if the file says it, and every claim in the file's order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paper: Paper | None = None
    claims: list[Claim]


def read_claims(path: str | Path) -> ClaimSheet:
    """Claims of one paper, `over` expanded, in the order of the file.

    The file is a list of claims, or a mapping with `paper` (title, authors, published, question,
    short_answer, links) and `claims`.

    Parameters
    ----------
    path : path-like
        ``workflow/claims/<slug>.yaml``.

    Returns
    -------
    sheet : ClaimSheet

    Raises
    ------
    ValueError
        If the file is missing or not YAML, a key is unknown (the message names the file, the
        claim, the key and the nearest valid name), a value is of the wrong kind, a placeholder
        is not in `over`, or two claims end up with one id.
    """
    path = Path(path)
    try:
        raw = load_yaml(path)
    except FileNotFoundError:
        raise ValueError(
            f"{path} is not there. Each paper of a run needs its claims: write the file, or take "
            "the paper out of the run."
        ) from None
    paper, entries = _parts(raw, path)
    claims = [
        _validated(cell, path, order)
        for order, entry in enumerate(entries)
        for cell in _expanded(entry, path, order)
    ]
    _check_unique((claim.id for claim in claims), path)
    return ClaimSheet(paper=paper, claims=claims)


def judge(claims: Iterable[Claim], metrics: Mapping[str, Any], scale: str) -> list[Verdict]:
    """Verdict on each claim at one scale.

    Parameters
    ----------
    claims : iterable of Claim
        See `read_claims`.
    metrics : mapping of str to number or None
        Flat; `<quantity>_low` and `<quantity>_high`, where they are there, are the range over
        networks. None counts as not a number.
    scale : str
        Which acceptances apply.

    Returns
    -------
    verdicts : list of Verdict
        In the order of the claims. `margin` is the signed distance to the nearest bound of the
        acceptance, in the quantity's units, positive where the claim holds. The verdict is
        "missing" where a quantity that the acceptance needs is not there, "not judged" where
        there is no acceptance at this scale, "reported" for claims that are so marked; NaN fails.
    """
    return [_judged(claim, metrics, scale) for claim in claims]


def _judged(claim: Claim, metrics: Mapping[str, Any], scale: str) -> Verdict:
    condition = claim.accept.get(scale)  # type: ignore[call-overload]
    needed = [claim.quantity, *(condition.quantities(claim.control) if condition else ())]
    missing = [name for name in needed if name not in metrics]
    weighed = Weighed(False, None, f"{claim.quantity} has no acceptance at the {scale} scale")
    verdict = "reported" if claim.reported and not missing else "not judged"
    if missing and condition is not None:
        weighed = Weighed(False, None, _missing_message(missing, metrics))
        verdict = "missing"
    elif condition is not None:
        weighed = weigh(condition, claim.quantity, claim.control, metrics)
        if not claim.reported:
            verdict = "holds" if weighed.holds else "fails"
    message = weighed.message
    if verdict == "reported" and condition is not None:
        message = f"would {'hold' if weighed.holds else 'fail'}: {message}"

    def known(name: str | None) -> float | None:
        return _finite(as_number(metrics.get(name))) if name else None

    return Verdict(
        id=claim.id,
        claim=claim.claim,
        where=dict(claim.where),
        statement=claim.statement,
        source=claim.source,
        quantity=claim.quantity,
        unit=claim.unit,
        value=known(claim.quantity),
        low=known(f"{claim.quantity}_low"),
        high=known(f"{claim.quantity}_high"),
        paper=claim.paper,
        control=claim.control,
        control_value=known(claim.control),
        accept=condition.model_dump(exclude_defaults=True, mode="json") if condition else None,
        accept_words=condition.words(claim.control) if condition else "",
        lowest=_finite(weighed.lowest),
        highest=_finite(weighed.highest),
        reported=claim.reported,
        verdict=verdict,
        margin=_finite(weighed.margin),
        message=message,
        cannot_show=claim.cannot_show,
    )


def _missing_message(missing: Sequence[str], metrics: Mapping[str, Any]) -> str:
    parts = []
    for name in missing:
        near = difflib.get_close_matches(name, list(metrics), n=1)
        parts.append(
            f"the metrics have no quantity {name!r}" + (f" (nearest: {near[0]!r})" if near else "")
        )
    return "; ".join(parts)


def _finite(value: float | None) -> float | None:
    """A JSON file holds no NaN and no infinity; the message says what the number was."""
    return value if value is not None and math.isfinite(value) else None


def _parts(raw: Any, path: Path) -> tuple[Paper | None, list[Any]]:
    if isinstance(raw, list):
        return None, raw
    if not isinstance(raw, dict):
        raise ValueError(
            f"{path} holds {_kind(raw)}; valid is a list of claims, or a mapping with "
            "`paper` and `claims`."
        )
    for key in raw:
        if key not in ("paper", "claims"):
            raise ValueError(f"{path}: unknown key {key!r}{_nearest(key, ['paper', 'claims'])}")
    if not isinstance(raw.get("claims"), list):
        raise ValueError(f"{path}: `claims` must be a list, it is {_kind(raw.get('claims'))}.")
    paper = None
    if raw.get("paper") is not None:
        try:
            paper = Paper.model_validate(raw["paper"])
        except ValidationError as error:
            raise ValueError(_explain(error, Paper, f"{path}: paper")) from error
    return paper, raw["claims"]


def _expanded(entry: Any, path: Path, order: int) -> list[dict[str, Any]]:
    """One entry for each combination of the values in `over`."""
    place = _place(entry, path, order)
    if not isinstance(entry, dict):
        raise ValueError(f"{place} is {_kind(entry)}; valid is a mapping with id, statement, …")
    for key in INTERNAL & entry.keys():
        raise ValueError(f"{place}: unknown key {key!r}{_nearest(key, _fields(Claim))}")
    over = entry.get("over") or {}
    if not isinstance(over, dict) or not all(isinstance(v, list) and v for v in over.values()):
        raise ValueError(
            f"{place}: over must give a list of values for each name, for example "
            "over: {corpus: [film], cell: [gru, lstm]}"
        )
    count = math.prod(map(len, over.values()))
    if count > _MOST_CELLS:
        raise ValueError(f"{place}: over makes {count:,} claims of it; {_MOST_CELLS} is the most.")
    name = re.sub(r"[_ ./-]*\{\w+\}", "", str(entry.get("id", "")))
    cells = []
    for values in itertools.product(*over.values()):
        where = dict(zip(over, map(str, values), strict=True))
        cell = {
            key: _filled(value, where, f"{place}: {key}") if key in EXPANDED else value
            for key, value in entry.items()
            if key != "over"
        }
        by = entry.get("paper_by") or {}
        keys = ["_".join(where.values()), *where.values()]
        if isinstance(by, dict) and (found := [key for key in keys if key in by]):
            cell["paper"] = by[found[0]]
        cells.append({**cell, "claim": name, "where": where})
    return cells


def _filled(value: Any, where: Mapping[str, str], place: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, where, f"{place}: {key}") for key, item in value.items()}
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        if match[1] not in where:
            raise ValueError(
                f"{place}: {match[0]} is not in `over`{_nearest(match[1], list(where))}"
            )
        return where[match[1]]

    return PLACEHOLDER.sub(fill, value)


def _validated(entry: dict[str, Any], path: Path, order: int) -> Claim:
    try:
        return Claim.model_validate(entry)
    except ValidationError as error:
        raise ValueError(_explain(error, Claim, _place(entry, path, order))) from error


def _explain(error: ValidationError, model: type[BaseModel], place: str) -> str:
    """One line per mistake: where, what, and the nearest valid name."""
    lines = []
    for item in error.errors(include_url=False):
        where = [str(part) for part in item["loc"]]
        at = f"{place}: {'.'.join(where)}" if where else place
        if item["type"] == "extra_forbidden":
            valid = _fields(Condition if len(where) > 1 else model)
            lines.append(f"{at}: unknown key {where[-1]!r}{_nearest(where[-1], valid)}")
        elif item["type"] == "literal_error" and where[:1] == ["accept"]:
            valid = ["smoke", "demo", "paper"]
            lines.append(f"{place}: accept: no scale {where[1]!r}{_nearest(where[1], valid)}")
        elif item["type"] == "missing":
            lines.append(f"{at}: this key is needed and not there")
        else:
            message = item["msg"].removeprefix("Value error, ")
            lines.append(f"{at}: {message} (it is {item.get('input')!r:.60})")
    return "\n".join(lines)


def _fields(model: type[BaseModel]) -> list[str]:
    return [name for name in model.model_fields if name not in INTERNAL]


def _nearest(name: str, valid: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(name), valid, n=1, cutoff=0.5)
    asked = f"; did you mean {near[0]!r}?" if near else "."
    return f"{asked} Valid: {', '.join(valid) if valid else 'none, the claim has no `over`'}."


def _place(entry: Any, path: Path, order: int) -> str:
    name = entry.get("id") if isinstance(entry, dict) else None
    return f"{path}: claim {name or f'number {order + 1}'}"


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__} ({value!r:.40})"


def _check_unique(names: Iterable[str], path: Path) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(
                f"{path}: two claims have the id {name!r}. Give each its own; a claim with `over` "
                "needs every name of `over` in its id, for example 'C2_{corpus}_{cell}'."
            )
        seen.add(name)
