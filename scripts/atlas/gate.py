"""Step claims: fails where a claim that counts does not hold; see unrolled.record.gate."""

from typing import TYPE_CHECKING

from unrolled.files import load_json
from unrolled.record import run_step
from unrolled.record.gate import pass_gate

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    pass_gate([load_json(path) for path in step.input.claims], log=step.log)
