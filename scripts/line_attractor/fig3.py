"""Step line_attractor_fig3: one slow mode along the whole curve."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    all_time_constants_panel,
    highlights_panel,
    join_numbers,
    letter_panel,
    make_figure,
    publication_style,
    save_figure,
    spectrum_panel,
    time_constants_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step, publication_style():
    trained = load_dataset(step.input.trained)
    figure = make_figure(height=4.6)
    upper, lower = list(figure.subfigures(2, 1, height_ratios=[1, 1.05], squeeze=False).flat)
    panels = upper.subplot_mosaic("abcd", width_ratios=[1.15, 1, 1, 1])
    spectra = [panels[letter] for letter in "bcd"]
    numbers = [highlights_panel(panels["a"], trained)]
    for highlight, axes in enumerate(spectra):
        numbers.append(spectrum_panel(axes, trained, highlight))
    panels["a"].set_box_aspect(1)
    for axes in spectra[1:]:
        axes.set_ylabel("")
    letter_panel(panels["a"], "a")
    letter_panel(panels["b"], "b")
    left, right = lower.subplots(1, 2)
    numbers.append(time_constants_panel(left, trained))
    numbers.append(all_time_constants_panel(right, trained))
    letter_panel(left, "c")
    letter_panel(right, "d")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 3"), step.output.data)
