"""Step universality_tab1: fixed points, saddles and edges of memories, counted."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    ROW_HEIGHT,
    count_memories,
    draw_memory_counts,
    make_figure,
    publication_style,
    save_figure,
)
from unrolled.files import load_dataset, save_table
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

FRACTIONS = ("saddles", "edges", "corners")

with run_step(snakemake) as step, publication_style():
    rows = count_memories(load_dataset(step.input.compared))
    figure = make_figure(height=0.62 * ROW_HEIGHT * (len(rows) + 3.5))
    draw_memory_counts(figure.subplots(), rows)
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    lines = [
        {"name": row.name, "networks": row.networks, "kept": row.kept}
        | {f"index_{index}": f"{mean:.6g}" for index, mean in enumerate(row.points)}
        | {f"{name}_right": getattr(row, name)[0] for name in FRACTIONS}
        | {f"{name}_all": getattr(row, name)[1] for name in FRACTIONS}
        for row in rows
    ]
    save_table(lines, step.output.data, list(lines[0]))
