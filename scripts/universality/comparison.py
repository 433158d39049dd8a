"""Step universality_comparison: the networks of a task compared with each other."""

from typing import TYPE_CHECKING

from unrolled.dynamics import compare_networks
from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.populations import join_networks
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    task = step.wildcards.task
    data = join_networks([load_dataset(path) for path in step.input.analyses])
    rng = step.generator("universality", task, "comparison")
    measured, numbers = compare_networks(data, rng, task=task, **step.params.settings)
    found = measured_dataset(measured, {})
    step.log.info(
        "%s: %d networks have solved the task, %d are compared, by %s components",
        task, found.solved.sum(), found.kept.sum(), found.components.values,
    )  # fmt: skip
    # States and trajectories stay with the networks; what they come to goes on.
    large = [name for name, values in data.items() if {"sample", "time"} & set(values.dims)]
    data = data.drop_vars(large).merge(found).assign_attrs({"task": task, **numbers})
    save_dataset(data, step.output.analysis)
