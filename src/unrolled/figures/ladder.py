"""Accuracies of a ladder of baselines and what each recovers of a network, as a typeset table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .style import BLACK, GREY, LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FIRST_COLUMN = 0.37  # share of the width where the columns of numbers begin
_RIGHT, _SHARE = 0.16, 0.64  # of a column's width: where its two numbers stand
_PAPER = "more than 90 % recovered"


@dataclass(frozen=True)
class LadderColumn:
    """One set of documents.

    Parameters
    ----------
    name : str
    accuracy : mapping of str to float
        By rung, 0 to 1.
    share : mapping of str to (float, float, float)
        Recovered share of the network's advance and its interval; NaN where it has none.
    network : float
        Accuracy of the network.
    equal : mapping of str to float
        Accuracy of some rungs, fitted to all documents that the network has read.
    """

    name: str
    accuracy: Mapping[str, float]
    share: Mapping[str, tuple[float, float, float]]
    network: float
    equal: Mapping[str, float]


def draw_ladder_table(
    axes: Axes, columns: Sequence[LadderColumn], titles: Mapping[str, str], *,
    controls: Collection[str],
) -> Axes:  # fmt: skip
    """Test accuracy in per cent and recovered share with its interval, a row for each rung.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its axes are hidden.
    columns : sequence of LadderColumn
    titles : mapping of str to str
        What each rung is, in the order of the rows.
    controls : collection of str
        Rungs that are set apart.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    rungs = [rung for rung in titles if rung not in controls]
    apart = [rung for rung in titles if rung in controls]
    equal = list(columns[0].equal)
    n_rows = len(titles) + len(equal) + 2
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(n_rows + 0.3, -1.1))
    width = (1 - _FIRST_COLUMN) / len(columns)
    for number, column in enumerate(columns):
        left = _FIRST_COLUMN + width * number
        axes.text(left + width / 2, -0.78, column.name, ha="center", va="center", weight="bold")
        axes.text(left + _RIGHT * width, -0.28, "test (%)", ha="center", va="center", fontsize=7)
        axes.text(left + _SHARE * width, -0.28, "recovered share", ha="center", va="center",
                  fontsize=7)  # fmt: skip
    _rule(axes, 0.0, 0.7)
    height = 0.5
    for rung in rungs:
        _draw_row(axes, height, rung, titles[rung], columns, width)
        height += 1
    _rule(axes, height - 0.5, 0.4)
    for rung in apart:
        _draw_row(axes, height, rung, f"{titles[rung]} (control)", columns, width)
        height += 1
    _rule(axes, height - 0.5, 0.4)
    for rung in equal:
        _label(axes, height, rung, "fitted to all that the network read")
        for number, column in enumerate(columns):
            _number(axes, _FIRST_COLUMN + width * (number + _RIGHT), height, column.equal[rung])
        height += 1
    _label(axes, height, "GRU", "the network")
    for number, column in enumerate(columns):
        left = _FIRST_COLUMN + width * number
        _number(axes, left + _RIGHT * width, height, column.network)
        ahead = column.network > column.accuracy["B0"]
        axes.text(left + _SHARE * width, height, "1" if ahead else "–", ha="center", va="center",
                  color=BLACK if ahead else LIGHT)  # fmt: skip
    _rule(axes, height + 0.5, 1.0)
    axes.text(0.0, height + 1.0, f"Paper (Yelp): modifiers, beginning and end, {_PAPER}", ha="left",
              va="center", style="italic", color=GREY)  # fmt: skip
    return axes


def _rule(axes: Axes, height: float, width: float) -> None:
    axes.plot([0, 1], [height, height], color=BLACK, linewidth=width, clip_on=False)


def _label(axes: Axes, height: float, rung: str, title: str) -> None:
    axes.text(0.0, height, rung, ha="left", va="center", weight="bold")
    axes.text(0.055, height, title, ha="left", va="center", fontsize=7)


def _number(axes: Axes, place: float, height: float, accuracy: float) -> None:
    axes.text(place, height, f"{100 * accuracy:.1f}", ha="center", va="center")


def _draw_row(
    axes: Axes, height: float, rung: str, title: str, columns: Sequence[LadderColumn], width: float
) -> None:
    """Accuracy, and where there is something to recover its share with an interval."""
    _label(axes, height, rung, title)
    for number, column in enumerate(columns):
        left = _FIRST_COLUMN + width * number
        _number(axes, left + _RIGHT * width, height, column.accuracy[rung])
        share, low, high = column.share[rung]
        if np.isfinite([share, low, high]).all() and rung != "B0":
            words = f"{share:.2f} ({low:.2f} to {high:.2f})".replace("-", "−")
            axes.text(left + _SHARE * width, height, words, ha="center", va="center", fontsize=7)
        else:
            axes.text(left + _SHARE * width, height, "–", ha="center", va="center", color=LIGHT)
