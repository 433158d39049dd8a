"""Step universality_figS1: how well every network does its task, and which are excluded."""

from typing import TYPE_CHECKING

from unrolled.dynamics import SOLVED
from unrolled.figures import (
    errors_on_holds_panel,
    errors_on_trials_panel,
    explain_strips,
    join_numbers,
    letter_panel,
    make_figure,
    networks_of,
    publication_style,
    save_figure,
    unexplained_error,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step, publication_style():
    datasets = [load_dataset(path) for path in step.input.comparisons]
    tasks = {data.attrs["task"]: data for data in datasets}
    # An integrator's limit is a share of the variance.
    solved = SOLVED | {
        "integration": unexplained_error(tasks["integration"], SOLVED["integration"])
    }
    figure = make_figure(height=5.0)
    panels = figure.subplot_mosaic("ab;cd")
    numbers = [
        errors_on_trials_panel(panels[letter], tasks[task], solved[task])
        for letter, task in (("a", "memory"), ("c", "sine"), ("d", "integration"))
    ]
    numbers.append(errors_on_holds_panel(panels["b"], tasks["memory"], solved["memory"]))
    letter_panel(panels["a"], "a", "memory")
    letter_panel(panels["b"], "b", "memory, rare pulses")
    letter_panel(panels["c"], "c", "sine waves")
    letter_panel(panels["d"], "d", "integration")
    explain_strips(figure, networks_of(tasks["memory"].nonlinearity.values))
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure S1"), step.output.data)
