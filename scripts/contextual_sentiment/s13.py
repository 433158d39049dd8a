"""Step contextual_sentiment_s13: which modes read the deflection of each modifier."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    draw_angles,
    join_numbers,
    letter_panel,
    make_figure,
    publication_style,
    save_figure,
    take_numbers,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

ROWS = {"": "no input", "noise_": "mean noise word"}

with run_step(snakemake) as step, publication_style():
    toy = load_dataset(step.input.toy)
    figure = make_figure(height=4.2)
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    names = []
    for row, (prefix, reference) in zip(panels, ROWS.items(), strict=True):
        for axes, modifier in zip(row, ("very", "not"), strict=True):
            own = [f"{prefix}{modifier}_{part}" for part in ("angle", "highlighted")]
            draw_angles(axes, *(toy[name].values for name in own))
            axes.set_title(f"{modifier}, {reference}")
            axes.label_outer()
            names += own
    for letter, axes in zip("abcd", panels.flat, strict=True):
        letter_panel(axes, letter)
    panels[0, 0].legend(loc="lower right", handletextpad=0.2)
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers([take_numbers(toy, names)], title="Figure S13"), step.output.data)
