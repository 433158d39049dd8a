"""Step contextual_sentiment_fig_modjac: words that change the input Jacobian, and its use."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    effects_after_panel,
    join_numbers,
    letter_panel,
    make_figure,
    name_pair,
    publication_style,
    ranking_panel,
    save_figure,
    slopes_against_change_panel,
    slopes_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

TWINS = ("trained", "untrained", "shuffled")
CONTEXTS = ("not4", "very1", "dummy")  # whose words' effects are shown one by one
MARKED = ("not", "don't", "never", "very", "extremely")
NAMED = 7

with run_step(snakemake) as step, publication_style():
    networks = {twin: load_dataset(step.input[twin]) for twin in TWINS}
    written = {twin: load_dataset(step.input[f"written_{twin}"]) for twin in TWINS}
    trained = networks["trained"]
    figure = make_figure(height=6.0)
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.15, 1], squeeze=False).flat
    panels = upper.subplot_mosaic("abc", width_ratios=[1.2, 1, 1.3])
    panels |= lower.subplot_mosaic("de", width_ratios=[1.6, 1])
    numbers = [
        ranking_panel(panels["a"], networks),
        effects_after_panel(panels["b"], trained, CONTEXTS),
        slopes_panel(panels["c"], trained),
        ranking_panel(panels["d"], written, marked=MARKED, top=NAMED, prefix="written"),
        slopes_against_change_panel(panels["e"], written["trained"], MARKED, prefix="written"),
    ]
    handles, names = panels["a"].get_legend_handles_labels()
    upper.legend(handles, names, loc="outside lower center", ncols=5)
    panels["b"].legend(loc="upper left", fontsize=6.5)
    panels["d"].legend(loc="upper right")
    titles = {"a": name_pair(trained.attrs), "d": name_pair(written["trained"].attrs)}
    for letter, axes in panels.items():
        letter_panel(axes, letter, titles.get(letter, ""))
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Changes of the input Jacobian"), step.output.data)
