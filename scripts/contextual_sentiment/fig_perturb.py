"""Step contextual_sentiment_fig_perturb: networks that are kept out of the modifier subspace."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    accuracies_without_panel,
    effect_ratios_panel,
    gain_changes_panel,
    gains_without_panel,
    join_numbers,
    letter_panel,
    make_figure,
    name_pair,
    publication_style,
    save_figure,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

NAMED = 4

with run_step(snakemake) as step, publication_style():
    networks = {
        f"rank{number}": load_dataset(path) for number, path in enumerate(step.input.trained)
    }
    written = load_dataset(step.input.written)
    # How well words are counted on the same documents: the first rung of each ladder.
    generated_words, written_words = (
        float(load_dataset(path).test_accuracy.values[0]) for path in step.input.ladders
    )
    networks = {
        name: data.assign_attrs(words_accuracy=generated_words) for name, data in networks.items()
    }
    written = written.assign_attrs(words_accuracy=written_words)
    columns = {
        "generated": networks,
        str(written.attrs["corpus"]): {"written": written},
    }
    figure = make_figure(height=4.9)
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.1, 1], squeeze=False).flat
    panels = upper.subplot_mosaic("ab", width_ratios=[2.2, 1])
    panels |= lower.subplot_mosaic("cd", width_ratios=[1, 1.8])
    numbers = [
        gains_without_panel(panels["a"], networks),
        accuracies_without_panel(panels["b"], columns),
        effect_ratios_panel(panels["c"], columns),
        gain_changes_panel(panels["d"], written, named=NAMED, prefix="written"),
    ]
    panels["a"].legend(loc="lower right")
    if panels["b"].get_legend_handles_labels()[0]:
        panels["b"].legend(loc="lower left", bbox_to_anchor=(0.0, 0.1))
    panels["d"].legend(loc="lower right", bbox_to_anchor=(1.0, 0.07))
    titles = {"a": name_pair(networks["rank0"].attrs), "d": name_pair(written.attrs)}
    for letter, axes in panels.items():
        letter_panel(axes, letter, titles.get(letter, ""))
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(join_numbers(numbers, title="Without the modifier subspace"), step.output.data)
