"""Step line_attractor_fig6: the same mechanism in other cells and on other documents."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    class_projections_panel,
    explain_above,
    join_numbers,
    letter_panel,
    make_figure,
    name_pair,
    overlap_panel,
    publication_style,
    right_vectors_panel,
    save_figure,
    take_numbers,
    word_effects_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

MIDDLE = 1  # which of the highlighted points: low, middle, high

with run_step(snakemake) as step, publication_style():
    pairs = [
        {"trained": load_dataset(trained), "untrained": load_dataset(untrained)}
        for trained, untrained in zip(step.input.trained, step.input.untrained, strict=True)
    ]
    figure = make_figure(height=7.8)
    panels = figure.subplots(4, len(pairs), squeeze=False, height_ratios=[1.2, 1, 1, 1])
    numbers = []
    for column, twins in enumerate(pairs):
        trained, axes = twins["trained"], panels[:, column]
        drawn = [
            word_effects_panel(axes[0], trained, MIDDLE, legend=False),
            class_projections_panel(axes[1], twins, legend=False),
            right_vectors_panel(axes[2], trained),
            overlap_panel(axes[3], twins, legend=False),
        ]
        prefix = f"{trained.attrs['corpus']}_{trained.attrs['cell']}"
        both = join_numbers(drawn)
        numbers.append(take_numbers(both, list(map(str, both.variables)), prefix=prefix))
    for row, letter in enumerate("abcd"):
        letter_panel(explain_above(panels[row, 0]), letter)
        for panel in panels[row, 1:]:
            panel.set_ylabel("")
    for axes, twins in zip(panels[0], pairs, strict=True):
        axes.set_title(name_pair(twins["trained"].attrs), pad=18, fontweight="bold")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 6"), step.output.data)
