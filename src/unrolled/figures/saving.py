"""Saving a figure so that the same numbers give the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .style import publication_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Dots per inch of the PNG.
RESOLUTION = 200


def save_figure(figure: Figure, *, pdf: str | Path, png: str | Path, record: str) -> None:
    """Write a figure as PDF and as PNG; the same figure gives the same bytes every time.

    No clock time and no random id goes into either file; fonts are embedded as outlines that stay
    text. The number of the record that knows the figure's origin stands in the metadata of both:
    ``Keywords`` in the PDF, ``Record`` in the PNG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made by `unrolled.figures.make_figure`.
    pdf, png : str or pathlib.Path
        Files to write; the folders exist.
    record : str
        Content id of the step's record.

    Raises
    ------
    ValueError
        If `record` is empty: a figure nobody can trace is not saved.
    """
    if not record:
        raise ValueError(
            f"{pdf} was to be saved without a record id. Pass record=step.record_id, or any "
            "text that says where the figure comes from."
        )
    with publication_style():
        # The layout is settled once, so that both files show exactly the same arrangement.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        figure.savefig(
            Path(png),
            format="png",
            dpi=RESOLUTION,
            metadata={"Software": "Unrolled (matplotlib)", "Record": record},
        )
        figure.savefig(
            Path(pdf),
            format="pdf",
            dpi=RESOLUTION,
            metadata={
                "Creator": "Unrolled",
                "Producer": "matplotlib",
                "Keywords": f"record {record}",
                "CreationDate": None,
            },
        )
