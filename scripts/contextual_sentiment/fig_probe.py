"""Step contextual_sentiment_fig_probe: plain, negated and intensified sentences, word by word."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    gain_pairs_panel,
    join_numbers,
    letter_panel,
    make_figure,
    name_pair,
    publication_style,
    save_figure,
    sentences_panel,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

LAYOUT = "nG;lG"  # network, line attractor alone; gains beside both

with run_step(snakemake) as step, publication_style():
    figure = make_figure(height=6.4)
    numbers, letters = [], iter("abcdef")
    parts = figure.subfigures(2, 1, squeeze=False).flat
    for prefix, part in zip(("", "written"), parts, strict=True):
        trained = load_dataset(step.input[prefix or "trained"])
        panels = part.subplot_mosaic(LAYOUT, width_ratios=[3.1, 1])
        panels["n"].sharex(panels["l"])
        panels["n"].sharey(panels["l"])
        numbers += [
            sentences_panel(panels["l"], trained, linearised=True, prefix=prefix),
            sentences_panel(panels["n"], trained, prefix=prefix),
            gain_pairs_panel(panels["G"], trained, prefix=prefix),
        ]
        panels["n"].tick_params(labelbottom=False)
        low, high = panels["n"].get_ylim()
        panels["n"].set_ylim(low, high + 0.25 * (high - low))  # room for the legend
        panels["n"].legend(loc="upper left", ncols=3)
        letter_panel(panels["n"], next(letters), f"{name_pair(trained.attrs)}: whole network")
        letter_panel(panels["l"], next(letters), "its line attractor alone")
        letter_panel(panels["G"], next(letters), "filled: network\nhollow: line attractor")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Probe sentences"), step.output.data)
