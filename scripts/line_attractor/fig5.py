"""Step line_attractor_fig5: linearised dynamics foretell the next state."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    errors_panel,
    join_numbers,
    letter_panel,
    make_figure,
    prediction_panel,
    publication_style,
    save_figure,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step, publication_style():
    trained = load_dataset(step.input.trained)
    figure = make_figure(height=3.0)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    numbers = [prediction_panel(left, trained), errors_panel(right, trained)]
    letter_panel(left, "a")
    letter_panel(right, "b")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 5"), step.output.data)
