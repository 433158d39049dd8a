"""Whether distances between networks tell their cells and nonlinearities, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from .population_maps import NO_NETWORKS
from .style import BLACK, GREY, LIGHT, ORANGE, PURPLE, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from matplotlib.legend import Legend
    from numpy.typing import ArrayLike

#: Of a distance: face of the marker (none: hollow), line style.
DISTANCES: Mapping[str, tuple[str, Any]] = {"geometry": (BLACK, "-"), "topology": ("white", "--")}

#: Of a task: colour, marker.
TASKS: Mapping[str, tuple[str, str]] = {
    "memory": (BLACK, "o"),
    "sine": (PURPLE, "s"),
    "integration": (ORANGE, "^"),
}


def draw_against_null(
    axes: Axes,
    tasks: Sequence[str],
    found: Mapping[str, ArrayLike],
    nulls: Mapping[str, ArrayLike],
    *,
    ylabel: str,
) -> Axes:
    """A number of each task by each distance, and where it lies with permuted labels.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    tasks : sequence of str
        A group each.
    found : mapping of str to array_like of shape (n_tasks,)
        By distance; infinite values stand at the upper rim, NaN are left out.
    nulls : mapping of str to array_like of shape (n_tasks, 3)
        By distance: lower end and median and upper end of a grey box; NaN where there is none.
    ylabel : str
        The number.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, from 0.
    """
    values = {name: np.asarray(numbers, dtype=float) for name, numbers in found.items()}
    boxes = {name: np.asarray(null, dtype=float) for name, null in nulls.items()}
    axes.set_ylabel(ylabel)
    if not any(np.isfinite(each).any() for each in values.values()):
        return say(axes, NO_NETWORKS)
    top = top_of(*values.values(), *boxes.values())
    width = 0.8 / len(values)
    for column, name in enumerate(values):
        face, _ = DISTANCES[name]
        places = np.arange(len(tasks)) + width * (column - (len(values) - 1) / 2)
        low, median, high = np.minimum(boxes[name], top).T
        axes.bar(places, high - low, 0.8 * width, bottom=low, color=LIGHT, linewidth=0, zorder=1)
        axes.hlines(median, places - 0.4 * width, places + 0.4 * width, color=GREY, zorder=2)
        finite = np.where(np.isfinite(values[name]), values[name], np.nan)
        axes.plot(
            places, finite, "o", color=BLACK, markerfacecolor=face, markersize=5.5, zorder=4,
            label=name,
        )  # fmt: skip
        _mark_infinite(axes, places, values[name], top, BLACK, "o", face)
    axes.set_xticks(range(len(tasks)), list(tasks))
    axes.set(xlim=(-0.6, len(tasks) - 0.4), ylim=(0, top))
    return axes


def explain_distances(figure: FigureBase) -> Legend:
    """Legend of the distances and of the permutations, below what a figure shows.

    Parameters
    ----------
    figure : matplotlib.figure.FigureBase

    Returns
    -------
    matplotlib.legend.Legend
    """
    handles: list[Any] = [
        Line2D([], [], linestyle="", marker="o", color=BLACK, markerfacecolor=face, label=name,
               markersize=5.5)
        for name, (face, _) in DISTANCES.items()
    ]  # fmt: skip
    handles.append(Patch(facecolor=LIGHT, label="permuted labels, 5th to 95th percentile"))
    return figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def top_of(*numbers: ArrayLike) -> float:
    """Upper end of a panel, from 0, that leaves room above all finite numbers.

    Parameters
    ----------
    *numbers : array_like
        Not below 0; NaN and infinite ones do not count.

    Returns
    -------
    float
        Above 0.

    Examples
    --------
    >>> top_of([1.0, float("inf")], [2.0])
    2.3
    """
    heights = np.concatenate([np.ravel(np.asarray(each, dtype=float)) for each in numbers])
    return 1.15 * float(heights[np.isfinite(heights)].max(initial=0.0)) or 1.0


def explain_curves(figure: FigureBase, tasks: Sequence[str]) -> Legend:
    """Legend of the curves of `draw_sensitivity`, below what a figure shows.

    Parameters
    ----------
    figure : matplotlib.figure.FigureBase
    tasks : sequence of str

    Returns
    -------
    matplotlib.legend.Legend
    """
    handles: list[Any] = [
        Line2D([], [], color=TASKS[task][0], marker=TASKS[task][1], markersize=4.5, label=task)
        for task in tasks
    ]
    handles += [
        Line2D([], [], color=GREY, linestyle=line, marker="o", label=name, markersize=4.5,
               markerfacecolor=GREY if face == BLACK else face)
        for name, (face, line) in DISTANCES.items()
    ]  # fmt: skip
    return figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def draw_sensitivity(
    axes: Axes,
    settings: Sequence[str],
    curves: Mapping[tuple[str, str], ArrayLike],
    *,
    top: float,
) -> Axes:
    """A number of each task and distance against a setting of the networks or the analysis.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    settings : sequence of str
        Values of the setting, in their order; a single one is named in the panel.
    curves : mapping of (str, str) to array_like of shape (n_settings,)
        By task and distance; NaN where too few networks are kept, infinite values stand at the
        upper rim.
    top : float
        Of the panel, above 0; see `top_of`.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, from 0.
    """
    values = {key: np.asarray(numbers, dtype=float) for key, numbers in curves.items()}
    if not any(np.isfinite(each).any() for each in values.values()):
        return say(axes, NO_NETWORKS)
    for number, ((task, distance), each) in enumerate(values.items()):
        (colour, marker), (face, line) = TASKS[task], DISTANCES[distance]
        places = np.arange(len(settings)) + 0.05 * (number - (len(values) - 1) / 2)
        filled = colour if face == BLACK else "white"
        finite = np.where(np.isfinite(each), each, np.nan)
        axes.plot(
            places, finite, linestyle=line, color=colour, marker=marker, markersize=4.5,
            markerfacecolor=filled, linewidth=0.9, label=f"{task}, {distance}",
        )  # fmt: skip
        _mark_infinite(axes, places, each, top, colour, marker, filled)
    axes.set_xticks(range(len(settings)), list(settings))
    axes.set(xlim=(-0.4, len(settings) - 0.6), ylim=(0, top))
    if len(settings) == 1:
        axes.text(0.98, 0.02, "one value only", transform=axes.transAxes, ha="right",
                  va="bottom", color=GREY, fontsize=6)  # fmt: skip
    return axes


def _mark_infinite(
    axes: Axes, places: np.ndarray, values: np.ndarray, top: float, colour: str, marker: str,
    face: str,
) -> None:  # fmt: skip
    """Markers at the rim, with a sign, for values that are infinite."""
    for place in places[np.isposinf(values)]:
        axes.plot(place, top, marker, color=colour, markerfacecolor=face, markersize=5,
                  clip_on=False, zorder=4)  # fmt: skip
        axes.annotate(
            "∞", (place, top), xytext=(5, 0), textcoords="offset points", va="center",
            annotation_clip=False,
        )  # fmt: skip
