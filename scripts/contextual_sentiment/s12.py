"""Step contextual_sentiment_s12: what the input Jacobian foretells of sixteen phrases."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    draw_agreement,
    draw_stems,
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

with run_step(snakemake) as step, publication_style():
    toy = load_dataset(step.input.toy)
    true, linear, rest = (
        toy[name].values for name in ("true_change", "linear_effect", "resting_effect")
    )
    figure = make_figure(height=3.2)
    stems, agreement = figure.subplots(1, 2, width_ratios=[2.3, 1])
    draw_stems(stems, list(toy.phrase.values), true, linear, rest, toy.phrase_value.values)
    draw_agreement(agreement, true, {"before the word": linear, "at rest": rest})
    letter_panel(stems, "a")
    letter_panel(agreement, "b")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    names = ["phrase", "phrase_value", "true_change", "linear_effect", "resting_effect"]
    save_dataset(join_numbers([take_numbers(toy, names)], title="Figure S12"), step.output.data)
