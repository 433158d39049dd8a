"""Step line_attractor_figA_pair: eight panels for one cell on one set of documents."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    class_projections_panel,
    density_panel,
    join_numbers,
    letter_panel,
    make_figure,
    name_pair,
    overlap_panel,
    publication_style,
    right_vectors_panel,
    save_figure,
    slow_points_panel,
    time_constants_panel,
    variance_panel,
    word_effects_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

MIDDLE = 1  # which of the highlighted points: low, middle, high

with run_step(snakemake) as step, publication_style():
    twins = {twin: load_dataset(step.input[twin]) for twin in ("trained", "untrained", "shuffled")}
    trained = twins["trained"]
    both = {twin: twins[twin] for twin in ("trained", "untrained")}
    figure = make_figure(height=8.6)
    panels = figure.subplot_mosaic("ab;cd;ef;gh")
    numbers = [
        variance_panel(panels["a"], twins),
        density_panel(panels["b"], trained, paths=False),
        slow_points_panel(panels["c"], trained),
        time_constants_panel(panels["d"], trained),
        word_effects_panel(panels["e"], trained, MIDDLE),
        class_projections_panel(panels["f"], both),
        right_vectors_panel(panels["g"], trained),
        overlap_panel(panels["h"], both),
    ]
    for letter, axes in panels.items():
        letter_panel(axes, letter)
    figure.suptitle(name_pair(trained.attrs), fontsize=9.0, fontweight="bold")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    title = f"Figure A: {name_pair(trained.attrs)}"
    save_dataset(join_numbers(numbers, title=title), step.output.data)
