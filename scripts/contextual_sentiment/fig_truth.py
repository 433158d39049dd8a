"""Step contextual_sentiment_fig_truth: what is recovered of the generated language's truth."""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.figures import (
    draw_found_gains,
    draw_profiles,
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
    network, ladder = load_dataset(step.input.trained), load_dataset(step.input.ladder)
    true, fitted = ladder.true_gain.values, ladder.fitted_gain.values
    # The ladder has the network's modifiers in the network's order.
    measured = network.gain.values.T[: len(true), : true.shape[1]]
    true, fitted = true[:, : measured.shape[1]], fitted[:, : measured.shape[1]]
    figure = make_figure(height=4.9)
    panels = figure.subplot_mosaic("abc;def")
    draw_found_gains(panels["a"], true, {"network": measured, "bag of words": fitted})
    kinds = network.inserted_kind.values[: len(true)]
    for letter, kind in zip("bcde", ("not4", "not2", "very1", "very3"), strict=True):
        own = kinds == kind
        draw_profiles(
            panels[letter],
            {
                "truth": true[own][:1],
                "network": measured[own],
                "bag of words": fitted[own],
            },
            xlabel="words after the modifier",
            ylabel="gain",
        )
        lags = np.arange(true.shape[1])
        panels[letter].set_xticks(lags, lags + 1)
        letter_panel(panels[letter], letter, kind)
    weights = ladder.true_place_weight.values
    draw_profiles(
        panels["f"],
        {
            "truth": [weights],
            "network": [network.place_slope.values],
            "bag of words": [ladder.place_weight.values],
        },
        xlabel="place in the document (words)",
        ylabel="weight against the middle",
    )
    letter_panel(panels["a"], "a", "all modifiers and lags")
    letter_panel(panels["f"], "f", "places")
    panels["f"].legend(loc="upper center")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    numbers = [
        take_numbers(
            ladder,
            ["true_gain", "fitted_gain", "modifier_word", "place_weight", "true_place_weight"],
            prefix="ladder",
        ),
        take_numbers(network, ["gain", "place_slope", "inserted_word", "inserted_kind"]),
    ]
    save_dataset(join_numbers(numbers, title="Recovered truth"), step.output.data)
