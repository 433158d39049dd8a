"""Reference numbers of a paper: what another machine's results are compared with, and how closely.

``workflow/reference/<scale>/<paper>.json`` holds every quantity that a claim names, every
claim's verdict with its margin, and a fingerprint of every array of data and analysis.
A maintainer writes it with ``make reference``, from results that are all intact.

Another processor sums in another order, so that training, a long chain of float32 sums, ends in
another network of the same kind, much as another seed would. Hence three kinds of tolerance:

==========  =======================================================================================
exact       whole numbers and text that no training touched: identical
numerics    other numbers that no training touched: within 1e-9 of their size
training    a quantity of trained networks: within twice its range over networks or four times that
            over runs (other root seeds, other processors), whichever is more; without a range
            over networks at least a tenth of itself and half of its claim's margin; no number
            where some run has none. A verdict: one of those that some run gave. Arrays of trained
            networks: dimensions and types; their numbers are shown, and judged by the quantities
==========  =======================================================================================

Four times, because of five runs and a sixth of the same normal distribution the sixth is further
than that from the first once in a thousand times; twice the range it would be once in seventy.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrolled.files import load_json
from unrolled.record.audit import audit
from unrolled.record.comparison import upstream_first
from unrolled.record.fingerprints import fingerprints
from unrolled.record.ledger import Entry, read_ledger
from unrolled.record.outputs import digest
from unrolled.settings.model import SCALES

__all__ = [
    "NUMERICS",
    "Run",
    "make_reference",
    "named_quantities",
    "papers_in",
    "reference_path",
    "tolerance",
    "write_reference",
]

#: Share by which numbers may differ that no training touched.
NUMERICS = 1e-9
_NETWORKS = 2.0
_RUNS = 4.0
_SHARE = 0.1
_MARGIN = 0.5


@dataclass(frozen=True)
class Run:
    """What came of a paper with one root seed on one processor.

    Parameters
    ----------
    seed : int
        Root seed.
    processor : str
        Its name.
    metrics : mapping of str to number or None
        Quantities.
    verdicts : mapping of str to str
        By the claim's id.
    """

    seed: int
    processor: str
    metrics: Mapping[str, Any]
    verdicts: Mapping[str, str]


def reference_path(root: str | Path, scale: str, paper: str) -> Path:
    """Where a paper's reference numbers are."""
    return Path(root, "workflow", "reference", scale, f"{paper}.json")


def papers_in(root: str | Path, scale: str) -> list[str]:
    """Papers with results at a scale."""
    return sorted(path.parent.name for path in Path(root, "results", scale).glob("*/claims.json"))


def named_quantities(claims: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every quantity that claims name: their own, their controls, and others they compare with.

    Parameters
    ----------
    claims : iterable of mapping
        The `claims` of a ``claims.json``.
    """
    named = set()
    for claim in claims:
        accept = claim["accept"] or {}
        others = (accept.get("greater_than"), accept.get("less_than"))
        named |= {claim["quantity"], claim["control"], *others}
    return sorted(named - {None, "control"})


def make_reference(
    paper: str, scale: str, root: str | Path, others: Iterable[str | Path] = ()
) -> dict[str, Any]:
    """Reference numbers from results that are there.

    Parameters
    ----------
    paper : str
        Its slug.
    scale : str
        smoke, demo or paper.
    root : path
        Folder of the Snakefile and of the results.
    others : iterable of path
        Other runs, which say how far quantities vary: such folders with results of another root
        seed, and reference numbers made before, of another processor for instance. Those without
        the paper are passed over, and so are runs of the latter that are known already.

    Returns
    -------
    dict
        ``made`` (commit, lock, processor, and root seed and processor of all runs),
        ``quantities``, ``claims`` (with the numbers and verdicts of all runs) and ``arrays``.

    Raises
    ------
    ValueError
        If the paper has no results, or some of what they were made from is not intact, or those
        of another folder are not as recorded or of a run that is known already.
    """
    root = Path(root)
    top = root / "results" / scale / paper
    if not (top / "claims.json").is_file():
        raise ValueError(
            f"{top} has no claims.json. Build it first: "
            f"snakemake --cores all --config scale={scale}"
        )
    _refuse_unless_intact(top, root)
    outputs = read_ledger(root).outputs
    here = (top.relative_to(root) / name for name in ("metrics.json", "claims.json"))
    metrics_path, claims_path = (path.as_posix() for path in here)
    claims = load_json(root / claims_path)["claims"]
    trained = any(map(_is_network, upstream_first(outputs, [metrics_path])))
    runs = [_run_in(root, metrics_path, claims_path)]
    for other in map(Path, others):
        if other.is_file():
            _add_kept(runs, other, paper)
        elif (other / metrics_path).is_file():
            _add(runs, _run_in(other, metrics_path, claims_path), other)
    metrics = runs[0].metrics
    return {
        "paper": paper,
        "scale": scale,
        "made": _made(outputs[claims_path].record)
        | {"runs": [{"seed": run.seed, "processor": run.processor} for run in runs]},
        "quantities": {
            name: {
                "value": metrics[name],
                "runs": [run.metrics.get(name) for run in runs],
                **tolerance(name, [run.metrics for run in runs], claims, trained=trained),
            }
            for name in named_quantities(claims)
            if name in metrics
        },
        "claims": {
            claim["id"]: {
                "verdict": claim["verdict"],
                "margin": claim["margin"],
                "runs": [run.verdicts.get(claim["id"]) for run in runs],
            }
            for claim in claims
        },
        "arrays": _arrays(top, root, outputs),
    }


def _refuse_unless_intact(top: Path, root: Path) -> None:
    report = audit([top], root)
    if report.verdict != "intact":
        amiss = [node.path for node in report.nodes.values() if node.verdict != "intact"]
        raise ValueError(
            f"{top} is {report.verdict}: {', '.join(amiss[:5])}. Reference numbers are made from "
            f"intact results only: unrolled audit {top}"
        )


def _run_in(folder: Path, metrics_path: str, claims_path: str) -> Run:
    """The run whose results are in a folder, as its jobs left them."""
    outputs = read_ledger(folder).outputs
    for path in (metrics_path, claims_path):
        entry, file = outputs.get(path), folder / path
        if entry is None or entry.faults or digest(file)[0] != entry.output(path)["sha256"]:
            raise ValueError(f"{file} is not as its job left it. Make it anew there.")
    record = outputs[metrics_path].record
    claims = load_json(folder / claims_path)["claims"]
    verdicts = {claim["id"]: claim["verdict"] for claim in claims}
    return Run(record["seed"], record["processor"], load_json(folder / metrics_path), verdicts)


def _is_known(runs: Iterable[Run], new: Run) -> bool:
    return any((run.seed, run.processor) == (new.seed, new.processor) for run in runs)


def _add(runs: list[Run], new: Run, folder: Path) -> None:
    """Add the run of a folder."""
    if _is_known(runs, new):
        raise ValueError(
            f"{folder} is of the root seed {new.seed} and a {new.processor}, as others are. Take "
            f"another seed there: snakemake --cores all --config seed="
            f"{max(run.seed for run in runs) + 1}"
        )
    runs.append(new)


def _add_kept(runs: list[Run], path: Path, paper: str) -> None:
    """Add the runs that reference numbers have kept."""
    kept = load_json(path)
    if kept["paper"] != paper:
        return
    for place, made in enumerate(kept["made"]["runs"]):
        metrics, verdicts = (
            {name: each["runs"][place] for name, each in kept[part].items()}
            for part in ("quantities", "claims")
        )
        new = Run(made["seed"], made["processor"], metrics, verdicts)
        if not _is_known(runs, new):
            runs.append(new)


def _made(record: Mapping[str, Any]) -> dict[str, Any]:
    """On what the reference was made."""
    known = {"commit": record["git"]["commit"], "lock": record["lock"]}
    return known | {name: record[name] for name in ("processor", "python", "system")}


def tolerance(
    name: str,
    runs: Sequence[Mapping[str, Any]],
    claims: Iterable[Mapping[str, Any]],
    *,
    trained: bool,
) -> dict[str, Any]:
    """How far a quantity may be from its reference, and why.

    Parameters
    ----------
    name : str
        Key of the metrics.
    runs : sequence of mapping of str to number or None
        Metrics of the reference, with ``<name>_low`` and ``<name>_high`` where there is a range
        over networks, and of other runs.
    claims : iterable of mapping
        The `claims` of the reference's ``claims.json``.
    trained : bool
        Whether networks were trained on the way to the metrics.

    Returns
    -------
    dict
        ``kind``, ``within`` in the unit of the quantity, ``reason``, and ``gaps``: whether some
        runs have a number and others none.
    """
    missing = [run[name] is None for run in runs if name in run]
    allowed = _allowed(name, runs, claims, trained=trained)
    return allowed | {"gaps": any(missing) and not all(missing)}


def _allowed(
    name: str,
    runs: Sequence[Mapping[str, Any]],
    claims: Iterable[Mapping[str, Any]],
    *,
    trained: bool,
) -> dict[str, Any]:
    metrics = runs[0]
    value = metrics[name] or 0.0
    if not trained:
        if float(value).is_integer():
            return {"kind": "exact", "within": 0.0, "reason": "a whole number, nothing trained"}
        why = f"nothing trained: {NUMERICS:g} of itself"
        return {"kind": "numerics", "within": NUMERICS * abs(value), "reason": why}
    networks = _range([metrics.get(f"{name}_low"), metrics.get(f"{name}_high")])
    over_runs = _range([run.get(name) for run in runs])
    allowed = [
        (
            times * (high - low),
            f"{times:g} times the range over {what}, {low:.4g} to {high:.4g}",
        )
        for times, what, (low, high) in (
            (_NETWORKS, "networks", networks),
            (_RUNS, f"{len(runs)} runs", over_runs),
        )
        if high > low
    ]
    if networks[0] == networks[1]:
        margins = [abs(claim["margin"] or 0.0) for claim in claims if claim["quantity"] == name]
        least = max(_SHARE * abs(value), _MARGIN * min(margins, default=0.0))
        why = f"no range over networks: {_SHARE:g} of itself or {_MARGIN:g} of the claim's margin"
        allowed.append((least, why))
    within, why = max(allowed)
    return {"kind": "training", "within": within, "reason": why}


def _range(values: Sequence[float | None]) -> tuple[float, float]:
    """Least and most of the numbers; 0 and 0 where there are none, as for a single one."""
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else (0.0, 0.0)


def _arrays(top: Path, root: Path, outputs: Mapping[str, Entry]) -> dict[str, Any]:
    """Every NetCDF file of the paper and its data; a figure's repeats what it was drawn from."""
    inside = top.relative_to(root)
    targets = [path for path in outputs if Path(path).is_relative_to(inside)]
    return {
        path: {
            "kind": "training" if _is_trained(path, outputs) else "numerics",
            "variables": fingerprints(root / path),
        }
        for path in upstream_first(outputs, targets)
        if path.endswith(".nc") and "figures" not in Path(path).parts
    }


def _is_trained(path: str, outputs: Mapping[str, Entry]) -> bool:
    """Whether anything was trained or fitted on the way to a file; not so for data alone."""
    return any(not _is_data(each) for each in upstream_first(outputs, [path]))


def _is_data(path: str) -> bool:
    return Path(path).parts[0] != "results" or Path(path).parts[2] == "data"


def _is_network(path: str) -> bool:
    return "models" in Path(path).parts


def write_reference(reference: Mapping[str, Any], path: str | Path) -> None:
    """Write reference numbers as JSON, with one line for each quantity, claim and variable.

    Parameters
    ----------
    reference : dict
        From `make_reference`.
    path : path
        From `reference_path`; its folder is made if needed.
    """
    text = json.dumps(reference, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    # What holds no other braces goes into one line: half the size, and a diff names the variable.
    lines = re.sub(r"\{[^{}]*\}", lambda inner: re.sub(r"\n *", " ", inner[0]), text)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(lines + "\n", encoding="utf-8", newline="\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the reference numbers of every paper with results at a scale.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process if not given.
    """
    parser = argparse.ArgumentParser(description="Write reference numbers from intact results.")
    parser.add_argument("scale", choices=SCALES)
    parser.add_argument("others", nargs="*", metavar="OTHER", help="other runs: checkouts with "
        "results of another root seed, and reference numbers made before")  # fmt: skip
    parsed = parser.parse_args(arguments)
    scale = parsed.scale
    root = Path(__file__).resolve().parents[3]
    for paper in papers_in(root, scale):
        path = reference_path(root, scale, paper)
        write_reference(make_reference(paper, scale, root, parsed.others), path)
        print(path.relative_to(root))


if __name__ == "__main__":
    main()
