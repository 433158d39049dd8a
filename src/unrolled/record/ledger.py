"""Everything that the records of a working folder say, by output and by content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrolled.record.provenance import Line, journal_path, read_lines
from unrolled.record.seals import Seals, journals, read_seals
from unrolled.settings.model import SCALES

RECORDS = "record"
# What a line needs to be of use; who takes one of these out has made it no record.
_NEEDED = {"record", "rule", "wildcards", "outputs", "inputs", "started"}


@dataclass(frozen=True)
class Entry:
    """Latest record of a job.

    Parameters
    ----------
    record : dict
        See `unrolled.record.provenance`.
    journal : str
        Its file, from the working folder.
    faults : tuple of str
        Why it cannot be trusted; empty where it can.
    before : dict or None
        The latest earlier record of the very same computation, if it ran twice.
    """

    record: dict[str, Any]
    journal: str
    faults: tuple[str, ...]
    before: dict[str, Any] | None

    def output(self, path: str) -> dict[str, Any]:
        """What was recorded of one output: path, sha256, bytes."""
        return _output(self.record, path)

    def drifted_from(self, path: str) -> str | None:
        """Sha256 of one output when the very same was computed before, if it was another."""
        if self.before is None:
            return None
        old = _output(self.before, path)["sha256"]
        return old if old != self.output(path)["sha256"] else None


@dataclass(frozen=True)
class Ledger:
    """Latest records of all scales of a working folder.

    Parameters
    ----------
    outputs : dict
        Path of each recorded output, from the working folder, to its latest record.
    older : frozenset of str
        Outputs of which there are only records of an older form, which cannot be audited.
    holders : dict
        Sha256 to the output that had these bytes, in words.
    lost : dict
        Scale to journals that a run sealed and that are gone.
    """

    outputs: dict[str, Entry]
    older: frozenset[str]
    holders: dict[str, str]
    lost: dict[str, tuple[str, ...]]


def read_ledger(folder: str | Path) -> Ledger:
    """Read every record of a working folder.

    Parameters
    ----------
    folder : path
        Folder that holds ``results``.

    Returns
    -------
    Ledger
        Empty where there are no records.
    """
    folder = Path(folder)
    outputs: dict[str, Entry] = {}
    older: set[str] = set()
    holders: dict[str, str] = {}
    lost = {}
    for scale in SCALES:
        records = folder / "results" / scale / RECORDS
        seals = read_seals(records)
        lost[scale] = tuple(name for name in seals.heads if not (records / name).is_file())
        read = {path: read_lines(path) for path in journals(records)}
        runs = {line.record.get("run") for each in read.values() for line in each if line.record}
        lost_seals = seals.lost(runs)
        for path, lines in read.items():
            entry = _entry(path, scale, lines, seals, lost_seals)
            if entry is None:
                continue
            holders = _earlier(lines) | holders
            for output in entry.record["outputs"]:
                if "format" not in entry.record:
                    older.add(output["path"])
                elif _is_later(entry, outputs.get(output["path"])):
                    outputs[output["path"]] = entry
    holders |= {entry.output(path)["sha256"]: path for path, entry in sorted(outputs.items())}
    return Ledger(outputs, frozenset(older - set(outputs)), holders, lost)


def _earlier(lines: list[Line]) -> dict[str, str]:
    """Bytes that a job made in any of its runs."""
    return {
        output["sha256"]: f"{output['path']} in an earlier run"
        for line in lines
        for output in (line.record or {}).get("outputs", ())
    }


def _entry(
    path: Path, scale: str, lines: list[Line], seals: Seals, lost_seals: frozenset[str]
) -> Entry | None:
    records = [line.record for line in lines if line.record and line.record.keys() >= _NEEDED]
    if not records:
        return None
    latest = records[-1]
    same = [record for record in records[:-1] if record.get("record") == latest.get("record")]
    return Entry(
        record=latest,
        journal=path.relative_to(path.parents[3]).as_posix(),
        faults=tuple(_faults(path, scale, lines, latest, seals, lost_seals)),
        before=same[-1] if same else None,
    )


def _faults(
    path: Path,
    scale: str,
    lines: list[Line],
    latest: dict[str, Any],
    seals: Seals,
    lost_seals: frozenset[str],
) -> list[str]:
    """Why a journal, or the seals over it, cannot be what the runs wrote."""
    faults = [f"{path.name}, line {line.number}: {line.fault}" for line in lines if line.fault]
    faults += seals.faults
    first = next((each["path"] for each in latest["outputs"]), "")
    anew = f"; if it was a power cut, make it anew: snakemake --cores all --force {first}"
    if not seals.accept(path.name, lines):
        faults.append(f"{path.name} ends in a record that is older than the sealed one{anew}")
    if latest.get("run") in lost_seals:
        faults.append(f"the seal of its run is gone{anew}")
    own = journal_path(latest["rule"], latest["wildcards"], path.parent)
    if own != path or latest.get("scale", scale) not in (scale, None):
        faults.append(f"{path.name} holds a record of another job, {own.stem} at {latest['scale']}")
    return faults


def _is_later(entry: Entry, other: Entry | None) -> bool:
    return other is None or entry.record["started"] >= other.record["started"]


def _output(record: dict[str, Any], path: str) -> dict[str, Any]:
    return next((each for each in record["outputs"] if each["path"] == path), {"sha256": None})
