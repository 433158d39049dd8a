"""Step universality_figS3: what clusters depend on: components, sizes and penalties."""

from typing import TYPE_CHECKING

from unrolled.dynamics import QUANTITIES, clusters_by_setting
from unrolled.figures import (
    draw_sensitivity,
    explain_curves,
    letter_panel,
    make_figure,
    publication_style,
    save_figure,
    top_of,
)
from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

DISTANCES = ("geometry", "topology")
SETTINGS = {
    "variance": "variance kept (share)",
    "units": "hidden units",
    "penalty": "L2 penalty",
}
NAMES = dict(
    zip(
        QUANTITIES,
        ("accuracy, cell", "accuracy, nonlinearity", "individuality ratio"),
        strict=True,
    )
)

with run_step(snakemake) as step, publication_style():
    found = {}
    for path in step.input.comparisons:
        data = load_dataset(path)
        found[data.attrs["task"]] = clusters_by_setting(data, step.params.settings["neighbours"])
    figure = make_figure(height=6.4)
    panels = figure.subplots(len(NAMES), len(SETTINGS), squeeze=False)
    measured = {
        setting: (setting, next(iter(found.values()))[setting]["values"], "1", name)
        for setting, name in SETTINGS.items()
    }
    for row, (quantity, name), letter in zip(panels, NAMES.items(), "abc", strict=True):
        curves = {
            setting: {
                (task, distance): own[setting][f"{distance}_{quantity}"]
                for task, own in found.items()
                for distance in DISTANCES
            }
            for setting in SETTINGS
        }
        top = (
            1.0
            if "accuracy" in quantity
            else top_of(*(each for own in curves.values() for each in own.values()))
        )
        for axes, (setting, own) in zip(row, curves.items(), strict=True):
            labels = [f"{value:g}" for value in measured[setting][1]]
            draw_sensitivity(axes, labels, own, top=top)
            measured |= {
                f"{task}_{distance}_{quantity}_by_{setting}": (setting, curve, "1", name)
                for (task, distance), curve in own.items()
            }
        row[0].set_ylabel(name)
        letter_panel(row[0], letter)
    for axes, name in zip(panels[-1], SETTINGS.values(), strict=True):
        axes.set_xlabel(name)
    explain_curves(figure, list(found))
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    save_dataset(measured_dataset(measured, {"title": "Figure S3"}), step.output.data)
