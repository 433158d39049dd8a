"""The measured rows as a table for programs, a figure and one self-contained page."""

from __future__ import annotations

import base64
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2

from unrolled.figures import letter_panel, make_figure, publication_style, save_figure
from unrolled.files import save_table

from .group import GROUPS
from .rounds import Row

COLUMNS = (
    "group", "case", "variant", "quantity", "unit", "median", "low", "high", "rounds", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Cases that were measured alike: a line for each variant, a column for each quantity."""

    columns: list[str]
    cases: dict[str, dict[str, dict[str, Row]]]


def write_pages(measured: Mapping[str, Any], folder: Path) -> None:
    """Write ``bench.csv``, ``bench.png``, ``bench.pdf`` and ``index.html``.

    Parameters
    ----------
    measured : mapping
        Name of a group -> its ``machine`` and ``rows``, as `benchmarks.group` writes them.
    folder : pathlib.Path
        Where ``bench.json`` lies.
    """
    rows = {
        name: [row_from(entry) for entry in measured[name]["rows"]]
        for name in GROUPS
        if name in measured
    }
    save_table(csv_lines(rows), folder / "bench.csv", COLUMNS)
    drawn = draw_panels(rows, folder)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html").render(
        groups=[
            {
                "title": module_of(name).TITLE,
                "about": (module_of(name).__doc__ or "").strip(),
                "machine": measured[name]["machine"],
                "tables": tables_of(entries),
            }
            for name, entries in rows.items()
        ],
        figure=base64.b64encode((folder / "bench.png").read_bytes()).decode() if drawn else "",
        shown=shown,
    )
    (folder / "index.html").write_text(page, encoding="utf-8")


def row_from(record: Mapping[str, Any]) -> Row:
    """A row as it was before it was written."""
    keys = ("case", "variant", "quantity", "unit", "note", "about")
    return Row(values=tuple(record["values"]), **{key: record[key] for key in keys})


def csv_lines(rows: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
    """One line for each row."""
    return [
        {
            "group": name,
            "rounds": len(row.values),
            **{key: getattr(row, key) for key in COLUMNS if key not in ("group", "rounds")},
        }
        for name, entries in rows.items()
        for row in entries
    ]


def tables_of(rows: Sequence[Row]) -> list[Table]:
    """Rows laid out in tables, in the order in which they came."""
    cases: dict[str, dict[str, dict[str, Row]]] = {}
    for row in rows:
        cases.setdefault(row.case, {}).setdefault(row.variant, {})[row.quantity] = row
    tables: dict[frozenset[str], Table] = {}
    for case, variants in cases.items():
        columns = list(dict.fromkeys(name for cells in variants.values() for name in cells))
        table = tables.setdefault(frozenset(columns), Table(columns, {}))
        table.cases[case] = variants
    return list(tables.values())


def shown(row: Row) -> str:
    """The median, and the range where rounds differ.

    Examples
    --------
    >>> shown(Row(case="", variant="", quantity="", unit="s", values=(2.0, 1.0, 4.0)))
    '2 s (1–4)'
    """
    unit = "" if row.unit in ("1", "points") else {"times": " ×"}.get(row.unit, f" {row.unit}")
    text = f"{digits(row.median)}{unit}"
    if row.low == row.high:
        return text
    return f"{text} ({digits(row.low)}–{digits(row.high)})"


def digits(value: float) -> str:
    """Three significant digits, without an exponent where that is readable."""
    if value == round(value) and abs(value) < 1e6:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"


def draw_panels(rows: Mapping[str, Sequence[Row]], folder: Path) -> bool:
    """One panel for each group that draws; whether there was any."""
    drawing = [name for name in rows if hasattr(module_of(name), "draw")]
    if not drawing:
        return False
    columns = min(2, len(drawing))
    lines = -(-len(drawing) // columns)
    with publication_style():
        figure = make_figure(height=2.7 * lines)
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, name, letter in zip(panels, drawing, "abcdefgh", strict=False):
            module_of(name).draw(letter_panel(axes, letter, module_of(name).TITLE), rows[name])
        for axes in panels[len(drawing) :]:
            axes.set_axis_off()
        save_figure(figure, pdf=folder / "bench.pdf", png=folder / "bench.png", record="benchmark")
    return True


def module_of(name: str) -> ModuleType:
    """The module of a group."""
    return importlib.import_module(GROUPS[name])
