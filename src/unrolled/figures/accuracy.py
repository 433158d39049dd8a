"""Accuracies of several models on several sets of documents, as a typeset table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .style import BLACK, BLUE, GREY, LIGHT, MODEL_NAMES, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a table's row; a figure needs one for each row, the header and the note.
ROW_HEIGHT = 0.34

#: Share of the width where the columns of numbers begin.
_FIRST_COLUMN = 0.22


@dataclass(frozen=True)
class AccuracyRow:
    """One line of the table.

    Parameters
    ----------
    name : str
        What documents.
    values : dict of str to float
        Accuracy in per cent, by model.
    ranges : dict of str to (float, float), optional
        Lowest and highest over several networks, in per cent.
    networks : dict of str to int, optional
        How many networks each value stands for.
    published : bool, default False
        From the paper, not from here.
    """

    name: str
    values: dict[str, float]
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    networks: dict[str, int] = field(default_factory=dict)
    published: bool = False


def draw_accuracy_table(
    axes: Axes, groups: Sequence[Sequence[AccuracyRow]], models: Sequence[str], *, baseline: str
) -> Axes:
    """Accuracies in per cent; under each its range and how far it is from the baseline.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its axes are hidden.
    groups : sequence of sequence of AccuracyRow
        Rows that belong together; a rule is drawn between groups.
    models : sequence of str
        Columns.
    baseline : str
        Model whose value the others of a row are compared with.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    n_rows = sum(len(group) for group in groups)
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(n_rows + 0.45, -0.85))
    width = (1 - _FIRST_COLUMN) / max(len(models), 1)
    centres = [_FIRST_COLUMN + width * (column + 0.5) for column in range(len(models))]
    for model, centre in zip(models, centres, strict=True):
        axes.text(centre, -0.32, MODEL_NAMES.get(model, model), ha="center", va="center",
                  weight="bold")  # fmt: skip
    axes.text(0.0, -0.32, "Documents", ha="left", va="center", weight="bold")
    _rule(axes, -0.8, 1.0)
    _rule(axes, 0.0, 0.7)
    line = 0
    for group in groups:
        for row in group:
            _draw_row(axes, row, line + 0.5, models, centres, baseline)
            line += 1
        _rule(axes, line, 1.0 if line == n_rows else 0.4)
    return axes


def _rule(axes: Axes, height: float, width: float) -> None:
    axes.plot([0, 1], [height, height], color=BLACK, linewidth=width, clip_on=False)


def _draw_row(
    axes: Axes, row: AccuracyRow, height: float, models: Sequence[str],
    centres: Sequence[float], baseline: str,
) -> None:  # fmt: skip
    """One line: big numbers, small ones below them."""
    style = "italic" if row.published else "normal"
    if row.published:
        axes.axhspan(height - 0.5, height + 0.5, color="#f3f3f3", zorder=0, linewidth=0)
    axes.text(0.0 if row.published else 0.015, height, row.name, ha="left", va="center",
              style=style)  # fmt: skip
    for model, centre in zip(models, centres, strict=True):
        value = row.values.get(model)
        if value is None:
            axes.text(centre, height, "–", ha="center", va="center", color=LIGHT)
            continue
        digits = 2 if row.published else 1
        axes.text(centre, height - 0.17, f"{value:.{digits}f}", ha="center", va="center",
                  style=style)  # fmt: skip
        _draw_small(axes, row, model, centre, height + 0.24, baseline)


def _draw_small(
    axes: Axes, row: AccuracyRow, model: str, centre: float, height: float, baseline: str
) -> None:
    """Difference from the baseline (coloured by sign) and, where several networks, their range."""
    parts: list[tuple[str, str]] = []
    reference = row.values.get(baseline)
    if model != baseline and reference is not None:
        gap = round(row.values[model] - reference, 1)
        words = "±0.0" if gap == 0 else f"{gap:+.1f}".replace("-", "−")
        parts.append((words, GREY if gap == 0 else BLUE if gap > 0 else VERMILION))
    if row.networks.get(model, 1) > 1 and model in row.ranges:
        low, high = row.ranges[model]
        parts.append((f"{low:.1f}–{high:.1f}", GREY))
    offsets = [0.0] if len(parts) == 1 else [-0.038, 0.019]
    for (text, colour), offset in zip(parts, offsets, strict=False):
        axes.text(centre + offset, height, text, ha="center", va="center", fontsize=6,
                  color=colour)  # fmt: skip


def arrange_accuracies(
    ours: Sequence[Mapping[str, str]], published: Sequence[Mapping[str, str]]
) -> tuple[list[list[AccuracyRow]], list[str]]:
    """Rows of the table: under each of the paper's data sets, the corpora here that stand for it.

    Parameters
    ----------
    ours : sequence of dict
        Fields ``corpus, model, accuracy, low, high, networks``; accuracies between 0 and 1.
    published : sequence of dict
        Fields ``documents, stands_in, model, accuracy_percent``; ``stands_in`` lists names of
        corpora, separated by spaces.

    Returns
    -------
    groups : list of list of AccuracyRow
        The paper's row comes first in its group; corpora that stand for nothing form the last.
    models : list of str
        Columns: the known ones in their usual order, then any others.

    Raises
    ------
    ValueError
        If an accuracy is not between 0 and 1.
    """
    mine: dict[str, AccuracyRow] = {}
    for line in ours:
        accuracy, low, high = (float(line[key]) for key in ("accuracy", "low", "high"))
        if not 0 <= accuracy <= 1:
            raise ValueError(
                f"the accuracy of {line['model']} on {line['corpus']} is {accuracy}; table1.csv "
                "holds shares between 0 and 1. Look at scripts/line_attractor/table1.py."
            )
        row = mine.setdefault(line["corpus"], AccuracyRow(line["corpus"], {}))
        row.values[line["model"]] = 100 * accuracy
        row.ranges[line["model"]] = (100 * low, 100 * high)
        row.networks[line["model"]] = int(float(line["networks"]))
    theirs: dict[str, AccuracyRow] = {}
    stands_in: dict[str, list[str]] = {}
    for line in published:
        name = f"{line['documents']} (paper)"
        row = theirs.setdefault(name, AccuracyRow(name, {}, published=True))
        row.values[line["model"]] = float(line["accuracy_percent"])
        stands_in[name] = line["stands_in"].split()
    groups = [
        [theirs[name], *(mine.pop(corpus) for corpus in corpora if corpus in mine)]
        for name, corpora in stands_in.items()
    ]
    groups += [list(mine.values())] if mine else []
    found = {model for group in groups for row in group for model in row.values}
    return groups, [m for m in MODEL_NAMES if m in found] + sorted(found - set(MODEL_NAMES))
