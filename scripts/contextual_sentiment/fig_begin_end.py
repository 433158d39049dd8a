"""Step contextual_sentiment_fig_begin_end: what a word counts near the beginning and the end."""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.figures import (
    draw_profiles,
    initial_alignment_panel,
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

SLOPES = (
    "begin_slope", "begin_slope_immediate", "begin_slope_reset", "end_slope", "place_slope",
    "place_slope_reset",
)  # fmt: skip

with run_step(snakemake) as step, publication_style():
    networks = [load_dataset(path) for path in step.input.trained]
    controls = [load_dataset(path) for path in step.input.controls]
    ladder = load_dataset(step.input.ladder)
    begin, end, places = (
        ladder[f"true_{name}_weight"].values for name in ("begin", "end", "place")
    )

    def profiles(name: str, truth: np.ndarray, **others: str) -> dict[str, list[np.ndarray]]:
        """The truth, what the networks say, the control, and other numbers of the networks."""
        found = {
            "truth": [truth],
            "network": [one[name].values for one in networks],
            "control": [one[name].values for one in controls],
        }
        for source, other in others.items():
            found[source.replace("_", " ")] = [one[other].values for one in networks]
        return found

    later = networks[0].sizes["delay"] - 1
    figure = make_figure(height=4.8)
    panels = figure.subplot_mosaic("ab;cd")
    draw_profiles(
        panels["a"],
        profiles(
            "begin_slope", begin, begun_on_the_line="begin_slope_reset",
            immediate_effect="begin_slope_immediate",
        ),
        xlabel="words before", ylabel="lasting effect against later on",
    )  # fmt: skip
    draw_profiles(
        panels["b"], profiles("end_slope", end[: later + 1]),
        xlabel="words since", ylabel=f"effect against {later} words later",
    )  # fmt: skip
    draw_profiles(
        panels["c"],
        profiles("place_slope", places, begun_on_the_line="place_slope_reset"),
        xlabel="place in the document (words)", ylabel="effect against the middle",
    )  # fmt: skip
    ranked = {f"network{rank}": one for rank, one in enumerate(networks)}
    alignments = initial_alignment_panel(panels["d"], ranked)
    titles = {"a": "beginning", "b": "end", "c": "inserted words", "d": "first state"}
    for letter, title in titles.items():
        letter_panel(panels[letter], letter, title)
    panels["a"].legend(loc="upper right")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    numbers = [
        take_numbers(ladder, ["true_begin_weight", "true_end_weight", "true_place_weight"]),
        alignments,
    ]
    for prefix, several in (("network", networks), ("control", controls)):
        for rank, one in enumerate(several):
            numbers.append(take_numbers(one, list(SLOPES), prefix=f"{prefix}{rank}"))
    save_dataset(join_numbers(numbers, title="Beginning and end"), step.output.data)
