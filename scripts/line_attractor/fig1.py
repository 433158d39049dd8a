"""Step line_attractor_fig1: what the units do while a positive and a negative document is read."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    activations_panel,
    draw_shade_bar,
    join_numbers,
    letter_panel,
    make_figure,
    publication_style,
    save_figure,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

LONGEST = 150  # tokens, as in the paper

with run_step(snakemake) as step, publication_style():
    trained = load_dataset(step.input.analysis)
    figure = make_figure(height=2.4)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    labels = trained.example_label.values
    numbers = [
        activations_panel(axes, trained, example, longest=LONGEST)
        # The positive document on the left, as in the paper.
        for axes, example in zip(panels, labels.argsort()[::-1], strict=True)
    ]
    panels[1].set_ylabel("")
    draw_shade_bar(panels[1])
    letter_panel(panels[0], "a", "positive document")
    letter_panel(panels[1], "b", "negative document")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 1"), step.output.data)
