"""Step contextual_sentiment_fig_modsub: where modifiers take the state, and the way back."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    deflection_lengths_panel,
    deflection_paths_panel,
    initial_alignment_panel,
    join_numbers,
    letter_panel,
    make_figure,
    off_shares_panel,
    publication_style,
    save_figure,
    subspace_shares_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

MODES = (1, 9)  # by modulus; 0 is the one along the line

with run_step(snakemake) as step, publication_style():
    networks = {
        f"rank{number}": load_dataset(path) for number, path in enumerate(step.input.trained)
    }
    cells = {data.attrs["cell"]: data for data in map(load_dataset, step.input.cells)}
    written = load_dataset(step.input.written)
    trained = networks["rank0"]
    figure = make_figure(height=5.4)
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.15, 1], squeeze=False).flat
    panels = upper.subplot_mosaic("ab", width_ratios=[1, 1.6])
    panels |= lower.subplot_mosaic("cde", width_ratios=[1.3, 1, 1])
    numbers = [
        subspace_shares_panel(panels["a"], {"headline": trained, **cells, "written": written}),
        deflection_paths_panel(panels["b"], trained),
        deflection_lengths_panel(panels["c"], trained, MODES),
        off_shares_panel(panels["d"], trained, written),
        initial_alignment_panel(panels["e"], networks),
    ]
    panels["a"].legend(loc="lower right")
    panels["b"].legend(loc="lower left")
    for letter, axes in panels.items():
        letter_panel(axes, letter)
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="The modifier subspace"), step.output.data)
