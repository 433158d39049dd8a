"""Step universality_figS2: labels told from neighbours, against permuted labels."""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.dynamics import kept_distances, measure_ratios
from unrolled.figures import (
    draw_against_null,
    explain_distances,
    letter_panel,
    make_figure,
    publication_style,
    save_figure,
)
from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

DISTANCES = ("geometry", "topology")
PERCENTILES = (0.05, 0.5, 0.95)  # of the permutations
# Of a label: what its neighbours foretell, and how far apart networks that differ in it are.
PANELS = {
    "a": ("cell", "accuracy", "accuracy (share of networks)"),
    "b": ("nonlinearity", "accuracy", "accuracy (share of networks)"),
    "c": ("cell", "ratio", "individuality ratio"),
    "d": ("nonlinearity", "ratio", "individuality ratio"),
}

with run_step(snakemake) as step, publication_style():
    permutations, found = step.params.settings["permutations"], {}
    for path in step.input.comparisons:
        data = load_dataset(path)
        task = data.attrs["task"]
        rng = step.generator("universality", task, "ratios")
        numbers, nulls = measure_ratios(*kept_distances(data), rng, permutations)
        accuracies = {str(name): data[name].values for name in data if "null_" in str(name)}
        found[task] = data.attrs | numbers | accuracies | nulls
    figure = make_figure(height=4.8)
    panels = figure.subplot_mosaic("ab;cd")
    measured: dict[str, tuple] = {}
    for letter, (label, quantity, ylabel) in PANELS.items():
        values, boxes = {}, {}
        for distance in DISTANCES:
            name = f"{distance}_{label}_{quantity}"
            # Permutations of accuracies are named without the quantity.
            null = f"null_{name.removesuffix('_accuracy')}"
            values[distance] = [own.get(name, np.nan) for own in found.values()]
            # A ratio may be infinite, between which and another there is nothing.
            boxes[distance] = [
                np.quantile(own.get(null, [np.nan]), PERCENTILES, method="lower")
                for own in found.values()
            ]
            measured[name] = ("task", values[distance], "1", f"{quantity} of the {label}")
            measured[null] = (
                ("task", "percentile"), boxes[distance], "1",
                f"{quantity} with permuted labels: 5th, 50th and 95th percentile",
            )  # fmt: skip
        draw_against_null(panels[letter], list(found), values, boxes, ylabel=ylabel)
        letter_panel(panels[letter], letter, label)
    explain_distances(figure)
    measured["task"] = ("task", np.array(list(found)), "1", "task")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(measured_dataset(measured, {"title": "Figure S2"}), step.output.data)
