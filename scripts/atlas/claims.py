"""Step claims of one paper: each claim judged by its number; see unrolled.record.claims."""

from typing import TYPE_CHECKING

from unrolled.files import load_json, save_json
from unrolled.record import run_step
from unrolled.record.claims import judge, read_claims
from unrolled.record.gate import count_verdicts

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    sheet = read_claims(step.input.claims)
    metrics = load_json(step.input.metrics)
    verdicts = [item.as_dict() for item in judge(sheet.claims, metrics, step.params.scale)]
    for name, number in count_verdicts(verdicts).items():
        if number:
            step.log.info("%s: %d", name, number)
    save_json(
        {
            "paper": step.wildcards.paper,
            "about": sheet.paper.model_dump() if sheet.paper else None,
            "scale": step.params.scale,
            "claims": verdicts,
        },
        step.output.claims,
    )
