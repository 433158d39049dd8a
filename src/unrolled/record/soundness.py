"""Whether results may leave the house: their records must hold."""

from __future__ import annotations

from pathlib import Path

from unrolled.record.audit import audit
from unrolled.record.report import Report

__all__ = ["sound_report"]

#: What an export may hold: in a drifted file, too, the record and the bytes agree.
SOUND = ("intact", "drifted")


def sound_report(results: str | Path, root: str | Path) -> Report:
    """Audit results that are to be exported, and refuse where their records do not hold.

    A crate repeats recorded sums. Were it written for files that are stale, unrecorded or tampered
    with, it would vouch for bytes that no job left, or for code that did not make them, so that
    nothing is exported until that is mended. A drifted file is let pass: it is what its record
    says, and that the computation once gave other bytes is a finding about the computation.

    Parameters
    ----------
    results : path
        Folder ``results/<scale>``.
    root : path
        Folder of the Snakefile.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If there is nothing to export, or a file is stale, unrecorded or tampered with; the first
        one is named, with what changed.
    """
    report = audit([results], root)
    if not report.targets:
        raise ValueError(
            f"{results} holds no results, so there is nothing to export. Make them: "
            "snakemake --cores all"
        )
    unsound = [node for node in report.nodes.values() if node.verdict not in SOUND]
    amiss = [(node, change) for node in unsound for change in node.changes]
    if amiss:
        # Not a file that only suffers from what became of its inputs, as long as there is another.
        node, change = min(amiss, key=lambda each: each[1].what == "input")
        raise ValueError(
            f"{node.path} is {node.verdict} ({change.what} {change.name}"
            f"{f': {change.note}' if change.note else ''}); in all {len(unsound)} of "
            f"{len(report.nodes)} files are not sound. An export would vouch for what the records "
            f"do not hold. See all of it: unrolled audit {results}"
        )
    return report
