"""Step fetch: one raw file from its home, checked."""

from functools import partial
from typing import TYPE_CHECKING

from unrolled.data import fetch_file
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    origin = fetch_file(
        step.params.source,
        step.output.file,
        downloads=step.params.downloads,
        progress=partial(step.progress, unit="MB"),
        say=step.log.info,
    )
    step.note(**origin)
