"""Step contextual_sentiment_s14: the effect of modifiers as modes are taken out."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    draw_chance,
    draw_removal,
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

READ = {"very": "very · bad", "not": "not · a a bad"}
PARTS = ("dimensions", "effect")

with run_step(snakemake) as step, publication_style():
    toy = load_dataset(step.input.toy)
    figure = make_figure(height=2.7)
    panels = figure.subplots(1, 3)
    names = []
    for axes, (modifier, words), letter in zip(panels, READ.items(), "ab", strict=False):
        own, other = ([f"{prefix}{modifier}_{part}" for part in PARTS] for prefix in ("", "noise_"))
        dimensions, effects = (toy[name].values for name in own)
        draw_removal(
            axes,
            dimensions,
            effects,
            float(toy[f"{modifier}_bare"]),
            variant=[toy[name].values for name in other],
        )
        letter_panel(axes, letter, words)
        names += [*own, *other, f"{modifier}_bare", f"{modifier}_chance"]
    draw_chance(
        panels[2],
        {modifier: toy[f"{modifier}_chance"].values for modifier in READ},
        {modifier: float(toy.attrs[f"{modifier}_carried"]) for modifier in READ},
    )
    letter_panel(panels[2], "c", "three modes")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers([take_numbers(toy, names)], title="Figure S14"), step.output.data)
