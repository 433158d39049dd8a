"""Step contextual_sentiment_tab_bow: bags of words that know context, beside the network."""

from typing import TYPE_CHECKING

from unrolled.figures import (
    ROW_HEIGHT,
    LadderColumn,
    draw_ladder_table,
    make_figure,
    publication_style,
    save_figure,
)
from unrolled.files import load_dataset, save_table
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

COLUMNS = ["corpus", "rung", "title", "accuracy_percent", "share", "share_low", "share_high"]

with run_step(snakemake) as step, publication_style():
    ladders = [load_dataset(path) for path in step.input.ladders]
    columns = [
        LadderColumn(
            name=str(data.attrs["corpus"]),
            accuracy=dict(zip(data.rung.values, data.test_accuracy.values, strict=True)),
            share={
                rung: (share, low, high)
                for rung, share, low, high in zip(
                    data.rung.values,
                    data.share.values,
                    data.share_low.values,
                    data.share_high.values,
                    strict=True,
                )
            },
            network=float(data.attrs["network_accuracy"]),
            equal={rung: float(data.attrs[f"{rung}_accuracy_equal_data"]) for rung in ("B0", "B4")},
        )
        for data in ladders
    ]
    titles = dict(zip(ladders[0].rung.values, ladders[0].rung_title.values, strict=True))
    figure = make_figure(height=0.62 * ROW_HEIGHT * (len(titles) + 6))
    draw_ladder_table(figure.subplots(), columns, titles, controls=("X0", "X1"))
    save_figure(figure, pdf=step.output.pdf, png=step.output.png, record=step.record_id)
    lines = []
    for column in columns:
        for rung, accuracy in column.accuracy.items():
            numbers = dict(zip(COLUMNS[4:], column.share[rung], strict=True))
            lines.append(
                {"corpus": column.name, "rung": rung, "title": titles[rung]}
                | {"accuracy_percent": f"{100 * accuracy:.4g}"}
                | {key: f"{value:.4g}" for key, value in numbers.items()}
            )
        lines.append(
            {"corpus": column.name, "rung": "GRU", "title": "network"}
            | {"accuracy_percent": f"{100 * column.network:.4g}"}
            | dict.fromkeys(COLUMNS[4:], "")
        )
    save_table(lines, step.output.data, COLUMNS)
