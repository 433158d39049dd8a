"""This machine's numbers beside the reference numbers that the repository ships."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrolled.files import load_json
from unrolled.record.fingerprints import distance, fingerprints
from unrolled.record.reference import NUMERICS, reference_path

__all__ = ["ArrayCheck", "ClaimCheck", "QuantityCheck", "Verification", "verify"]


@dataclass(frozen=True)
class QuantityCheck:
    """One quantity here and in the reference.

    Parameters
    ----------
    name : str
        Key of the metrics.
    reference, here : float or None
        None where there is no finite number.
    within : float
        How far apart they may be.
    kind, reason : str
        Why so far: see `unrolled.record.reference`.
    gaps : bool
        Whether some runs of the reference have a number and others none.
    """

    name: str
    reference: float | None
    here: float | None
    within: float
    kind: str
    reason: str
    gaps: bool

    @property
    def absolute(self) -> float:
        """Difference; infinite where only one is a number."""
        if self.reference is None or self.here is None:
            return 0.0 if self.reference is self.here else math.inf
        return abs(self.here - self.reference)

    @property
    def relative(self) -> float:
        """Difference as a share of the larger of the two."""
        size = max(abs(self.reference or 0.0), abs(self.here or 0.0))
        return self.absolute / size if self.absolute and size else self.absolute

    @property
    def is_inside(self) -> bool:
        """Whether the tolerance allows it."""
        return self.absolute <= self.within or (self.gaps and math.isinf(self.absolute))


@dataclass(frozen=True)
class ArrayCheck:
    """One array here and in the reference.

    Parameters
    ----------
    path, variable : str
        Which.
    kind : str
        ``numerics`` or ``training``.
    absolute, relative : float
        Largest difference of the numbers of its fingerprint, see
        `unrolled.record.fingerprints.Distance`.
    unlike : str
        What else differs, in words.
    is_same : bool
        Whether it is the same to the last bit.
    is_inside : bool
        Whether the tolerance allows it.
    """

    path: str
    variable: str
    kind: str
    absolute: float
    relative: float
    unlike: str
    is_same: bool
    is_inside: bool

    @property
    def name(self) -> str:
        """File and variable."""
        return f"{self.path}, {self.variable}"


@dataclass(frozen=True)
class ClaimCheck:
    """One claim here and in the reference.

    Parameters
    ----------
    id : str
        Which.
    reference, here : str or None
        Verdicts; None where the claim is not there.
    runs : tuple of str or None
        The verdicts of all runs of the reference.
    reference_margin, margin : float or None
        Distance to the nearest bound, positive where the claim holds.
    """

    id: str
    reference: str | None
    here: str | None
    runs: tuple[str | None, ...]
    reference_margin: float | None
    margin: float | None

    @property
    def is_inside(self) -> bool:
        """Whether some run of the reference gave the same verdict."""
        return self.here is not None and self.here in self.runs


@dataclass(frozen=True)
class Verification:
    """One paper beside its reference.

    Parameters
    ----------
    paper : str
        Its slug.
    made : dict
        Commit, lock and processor of the reference.
    quantities, arrays, claims : tuple
        Every comparison, in the order of the reference.
    """

    paper: str
    made: dict[str, Any]
    quantities: tuple[QuantityCheck, ...]
    arrays: tuple[ArrayCheck, ...]
    claims: tuple[ClaimCheck, ...]

    @property
    def holds(self) -> bool:
        """Whether all is within its tolerance and each verdict one of the reference's."""
        parts = (self.quantities, self.arrays, self.claims)
        return all(each.is_inside for part in parts for each in part)


def verify(papers: Sequence[str], *, scale: str, root: str | Path) -> list[Verification]:
    """Compare results with the reference numbers.

    Parameters
    ----------
    papers : sequence of str
        Slugs; none at all means every paper that has a reference at this scale.
    scale : str
        smoke, demo or paper.
    root : path
        Folder of the Snakefile and of the results.

    Returns
    -------
    list of Verification

    Raises
    ------
    ValueError
        If there is no reference, or there are no results to compare with it.
    """
    folder = reference_path(root, scale, "any").parent
    chosen = list(papers) or sorted(path.stem for path in folder.glob("*.json"))
    if not chosen:
        raise ValueError(f"{folder} has no reference numbers. Choose another scale: --scale demo")
    return [_verified(paper, scale, Path(root)) for paper in chosen]


def _verified(paper: str, scale: str, root: Path) -> Verification:
    path, results = reference_path(root, scale, paper), root / "results" / scale / paper
    for needed, cure in (
        (path, f"There are some for {', '.join(_stems(path.parent)) or 'no paper'}"),
        (results / "metrics.json", f"Build it first: snakemake --cores all --config scale={scale}"),
        (results / "claims.json", f"Build it first: snakemake --cores all --config scale={scale}"),
    ):
        if not needed.is_file():
            raise ValueError(f"{needed} is not there. {cure}.")
    reference = load_json(path)
    claims = load_json(results / "claims.json")["claims"]
    return Verification(
        paper,
        reference["made"],
        tuple(_quantities(reference["quantities"], load_json(results / "metrics.json"))),
        tuple(_arrays(reference["arrays"], root)),
        tuple(_claims(reference["claims"], {claim["id"]: claim for claim in claims})),
    )


def _stems(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json"))


def _quantities(
    reference: Mapping[str, Any], metrics: Mapping[str, Any]
) -> Iterator[QuantityCheck]:
    for name, kept in reference.items():
        tolerance = {key: kept[key] for key in ("within", "kind", "reason", "gaps")}
        yield QuantityCheck(name, kept["value"], metrics.get(name), **tolerance)


def _claims(
    reference: Mapping[str, Any], claims: Mapping[str, Mapping[str, Any]]
) -> Iterator[ClaimCheck]:
    for name in dict.fromkeys([*reference, *claims]):
        old, new = reference.get(name, {}), claims.get(name, {})
        yield ClaimCheck(
            name,
            old.get("verdict"),
            new.get("verdict"),
            tuple(old.get("runs", ())),
            old.get("margin"),
            new.get("margin"),
        )


def _arrays(reference: Mapping[str, Any], root: Path) -> Iterator[ArrayCheck]:
    for path, kept in reference.items():
        here = fingerprints(root / path) if (root / path).is_file() else {}
        for name in dict.fromkeys([*kept["variables"], *here]):
            yield _array(path, name, kept["kind"], kept["variables"].get(name), here.get(name))


def _array(
    path: str,
    name: str,
    kind: str,
    reference: Mapping[str, Any] | None,
    here: Mapping[str, Any] | None,
) -> ArrayCheck:
    if reference is None or here is None:
        where = "here" if here is None else "in the reference"
        return ArrayCheck(path, name, kind, math.inf, math.inf, f"not {where}", False, False)
    apart = distance(reference, here)
    if kind == "training":
        inside = all(reference[key] == here[key] for key in ("dims", "type"))
    elif reference["type"].startswith("float"):
        inside = not apart.unlike and apart.relative <= NUMERICS
    else:
        inside = apart.is_same
    return ArrayCheck(
        path, name, kind, apart.absolute, apart.relative, apart.unlike, apart.is_same, inside
    )
