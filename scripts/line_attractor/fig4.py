"""Step line_attractor_fig4: words push the state along the curve by their valence."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    class_projections_panel,
    join_numbers,
    letter_panel,
    make_figure,
    overlap_panel,
    publication_style,
    right_vectors_panel,
    save_figure,
    word_effects_panel,
    word_weights_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step, publication_style():
    twins = {twin: load_dataset(step.input[twin]) for twin in ("trained", "untrained")}
    trained = twins["trained"]
    figure = make_figure(height=6.9)
    upper, lower = list(figure.subfigures(2, 1, height_ratios=[1, 1.75], squeeze=False).flat)
    words = upper.subplots(1, 3)
    numbers = [
        word_effects_panel(axes, trained, highlight, legend=False)
        for highlight, axes in enumerate(words)
    ]
    letter_panel(words[0], "a")
    for axes in words[1:]:
        axes.set_ylabel("")
    handles, names = words[0].get_legend_handles_labels()
    upper.legend(handles, names, loc="outside lower center", ncols=4, markerscale=1.8)
    panels = lower.subplot_mosaic("bc;de")
    numbers += [
        right_vectors_panel(panels["b"], trained),
        class_projections_panel(panels["c"], twins),
        overlap_panel(panels["d"], twins),
        word_weights_panel(panels["e"], twins),
    ]
    for letter, axes in panels.items():
        letter_panel(axes, letter)
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Figure 4"), step.output.data)
