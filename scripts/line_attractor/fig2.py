"""Step line_attractor_fig2: the states are low dimensional and linger along a curve."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    coverage_panel,
    density_panel,
    join_numbers,
    letter_panel,
    make_figure,
    publication_style,
    save_figure,
    slow_points_panel,
    variance_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step, publication_style():
    twins = {twin: load_dataset(step.input[twin]) for twin in ("trained", "untrained", "shuffled")}
    trained = twins["trained"]
    figure = make_figure(height=5.4)
    panels = figure.subplot_mosaic("ab;cd")
    numbers = [
        variance_panel(panels["a"], twins),
        density_panel(panels["b"], trained),
        slow_points_panel(panels["c"], trained, inset=(0.66, 0.68, 0.32, 0.3)),
        coverage_panel(panels["d"], twins),
    ]
    letter_panel(panels["a"], "a", "dimension of the states")
    letter_panel(panels["b"], "b", "visited states")
    letter_panel(panels["c"], "c", "slow points")
    letter_panel(panels["d"], "d", "range of the slow points")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 2"), step.output.data)
