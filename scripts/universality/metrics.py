"""Step universality_metrics: every number that a claim is judged by, ``<task>_<name>``."""

from typing import TYPE_CHECKING

from unrolled.dynamics import summarise_population, summarise_tasks
from unrolled.files import load_dataset, save_json
from unrolled.record import run_step
from unrolled.record.metrics import finite_metrics

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    numbers = {}
    for path in step.input.comparisons:
        data = load_dataset(path)
        task = data.attrs["task"]
        numbers[task] = summarise_population(
            data, step.generator("universality", task, "null"), steps=step.params.steps[task]
        )
    metrics = summarise_tasks(numbers)
    for task, own in numbers.items():
        metrics |= {f"{task}_{name}": value for name, value in own.items()}
    save_json(finite_metrics(metrics), step.output.metrics)
