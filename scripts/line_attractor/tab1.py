"""Step line_attractor_tab1: test accuracy of every model on every corpus, beside the paper's."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    ROW_HEIGHT,
    arrange_accuracies,
    draw_accuracy_table,
    make_figure,
    publication_style,
    save_figure,
)
from unrolled.files import load_table, save_table
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

COLUMNS = ["documents", "source", "model", "accuracy_percent", "low_percent", "high_percent"]

with run_step(snakemake) as step, publication_style():
    groups, models = arrange_accuracies(
        load_table(step.input.table), load_table(step.input.published)
    )
    rows = [row for group in groups for row in group]
    figure = make_figure(height=ROW_HEIGHT * (len(rows) + 1.6))
    draw_accuracy_table(figure.subplots(), groups, models, baseline="bag_of_words")
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    lines = [
        {
            "documents": row.name,
            "source": "paper" if row.published else "here",
            "model": model,
            "accuracy_percent": f"{value:.4g}",
            "low_percent": f"{row.ranges.get(model, (value, value))[0]:.4g}",
            "high_percent": f"{row.ranges.get(model, (value, value))[1]:.4g}",
        }
        for row in rows
        for model, value in row.values.items()
    ]
    save_table(lines, step.output.data, COLUMNS)
