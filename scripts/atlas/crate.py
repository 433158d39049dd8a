"""Step crate: the run as an RO-Crate; see unrolled.record.crate."""

from pathlib import Path
from typing import TYPE_CHECKING

from unrolled.record import run_step
from unrolled.record.audit import CRATE
from unrolled.record.crate import write_crate
from unrolled.record.soundness import sound_report
from unrolled.record.step import ROOT

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    results = Path("results", step.params.scale)
    # Not among the rule's outputs: it follows from records, which differ between two runs of the
    # same bytes. A crate of earlier results must not stay when there can be none of these.
    (results / CRATE).unlink(missing_ok=True)
    report = sound_report(results, ROOT)
    write_crate(report, results / CRATE, folder=Path.cwd(), scale=step.params.scale)
    step.log.info("%d files in %s", len(report.nodes), results / CRATE)
