"""Seals of a run on all records of a folder, so that a deletion or an older record shows.

A journal's own chain shows an edit, but not that its last lines are gone: what is left is whole.
So the main process of a run closes ``seals.log`` over all journals, once before its first job
and once after its last. A seal names the number of lines and the last line's sha256 of each journal
that grew since the seal before; seals are chained as records are, and each record names the seal
that opened its run. A run that is killed leaves its last records without a seal until the next
run opens: those still are chained, but not yet held by a second file.

Whoever rewrites records and seals together and consistently is not found out by hashes. Against
that helps a copy elsewhere: the sha256 of the last line of ``seals.log``, noted in a paper or
a commit, fixes everything before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from unrolled.record.advice import advice
from unrolled.record.provenance import Line, append_record, peak_memory, read_lines

SEALS = "seals.log"


@dataclass(frozen=True)
class Head:
    """Last line of a journal when it was last sealed.

    Parameters
    ----------
    lines : int
        How many there were.
    sha256 : str
        Of the last.
    seal : int
        Number of the seal.
    """

    lines: int
    sha256: str
    seal: int


@dataclass(frozen=True)
class Seals:
    """What the seals of a folder say.

    Parameters
    ----------
    heads : dict
        Name of a journal to its head.
    numbers : dict
        Sha256 of a seal to its number, from 1.
    faults : tuple of str
        How it shows that somebody edited them.
    cut : int
        How many a kill or a power cut made unreadable.
    """

    heads: dict[str, Head]
    numbers: dict[str, int]
    faults: tuple[str, ...]
    cut: int

    def lost(self, runs: Iterable[str | None]) -> frozenset[str]:
        """Which of the runs that records name have no seal, though none of theirs was cut.

        A seal that was cut vouches for nothing and accuses nobody: what it held is as it is when
        a run is killed before it closes one. But each stands for one run only.

        Parameters
        ----------
        runs : iterable of str or None
            As the records name them.
        """
        unknown = frozenset(run for run in runs if run) - self.numbers.keys()
        return frozenset() if len(unknown) <= self.cut else unknown

    def accept(self, journal: str, lines: Sequence[Line]) -> bool:
        """Whether the last line of a journal may be its latest record.

        Parameters
        ----------
        journal : str
            Its name.
        lines : sequence of Line
            What it holds.

        Returns
        -------
        bool
            True if it only grew since it was sealed, or, where its older lines were lost, if its
            last line belongs to a run that was opened after that seal. False for a line that
            is older than the sealed one.
        """
        head = self.heads.get(journal)
        if head is None:
            return True
        if len(lines) >= head.lines and lines[head.lines - 1].sha256 == head.sha256:
            return True
        last = lines[-1].record if lines else None
        return self.numbers.get(str((last or {}).get("run")), 0) > head.seal


def journals(folder: str | Path) -> list[Path]:
    """Every journal of a folder of records, by name.

    Parameters
    ----------
    folder : path
        ``results/<scale>/record``; may be missing.
    """
    return sorted(Path(folder).glob("*.jsonl"))


def current_run(folder: str | Path) -> str | None:
    """Sha256 of the latest seal: the one that opened the run that is going on.

    Parameters
    ----------
    folder : path
        Folder of the records.

    Returns
    -------
    str or None
        None outside a run of Snakemake.
    """
    path = Path(folder, SEALS)
    lines = path.read_bytes().splitlines() if path.exists() else []
    return hashlib.sha256(lines[-1]).hexdigest() if lines else None


def read_seals(folder: str | Path) -> Seals:
    """All seals of a folder.

    Parameters
    ----------
    folder : path
        Folder of the records.

    Returns
    -------
    Seals
        Empty where there are none.
    """
    path = Path(folder, SEALS)
    heads: dict[str, Head] = {}
    numbers: dict[str, int] = {}
    faults, cut = [], 0
    for line in read_lines(path) if path.exists() else []:
        cut += line.record is None and not line.fault
        numbers[line.sha256] = line.number
        if line.fault:
            faults.append(f"{SEALS}, line {line.number}: {line.fault}")
        for journal, (count, sha256) in (line.record or {}).get("heads", {}).items():
            heads[journal] = Head(count, sha256, line.number)
    return Seals(heads, numbers, tuple(faults), cut)


def seal_records(folder: str | Path, event: str) -> None:
    """Close a seal over every journal that grew since the last one.

    A journal that lost or changed lines keeps its older head: running anything does not make
    it good, only a new record of that job does.

    Parameters
    ----------
    folder : path
        Folder of the records; made if needed.
    event : str
        What the run is at: ``begin``, ``end`` or ``error``.

    Raises
    ------
    RuntimeError
        If the folder cannot be written; what to do is in the message. No job has run then that
        would go unrecorded.
    """
    seals = read_seals(folder)
    heads = {}
    for path in journals(folder):
        lines, known = read_lines(path), seals.heads.get(path.name)
        head = (len(lines), lines[-1].sha256) if lines else (0, "")
        grown = known is None or head != (known.lines, known.sha256)
        if lines and grown and seals.accept(path.name, lines):
            heads[path.name] = head
    time = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        append_record(Path(folder, SEALS), {"event": event, "time": time, "heads": heads})
    except OSError as error:
        remedy = advice(error, job="the run", held=peak_memory())
        raise RuntimeError(f"{folder} takes no records ({error}). {remedy}") from None
