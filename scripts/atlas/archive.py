"""Step archive: all that a stranger needs, in one file; see unrolled.record.archive."""

from pathlib import Path
from typing import TYPE_CHECKING

from unrolled.record import run_step
from unrolled.record.archive import write_archive
from unrolled.record.audit import ARCHIVES
from unrolled.record.soundness import sound_report
from unrolled.record.step import ROOT

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    scale = step.params.scale
    results = Path("results", scale)
    archive = results / ARCHIVES[scale]
    # As with the crate: no output of the rule, and never one of earlier results.
    archive.unlink(missing_ok=True)
    report = sound_report(results, ROOT)
    write_archive(report, archive, folder=Path.cwd(), root=ROOT, scale=scale)
    step.log.info("%s, %.1f MB", archive, archive.stat().st_size / 1e6)
