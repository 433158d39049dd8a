"""Many networks at once: distances between them, and maps in which these are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from .numbers import take_numbers
from .style import GREY, NETWORK_NAMES, NETWORKS, say

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from matplotlib.legend import Legend
    from numpy.typing import ArrayLike

#: Of the map's half side: networks that are nearer to each other share a spot.
_ONE_SPOT = 0.01

#: Share of the networks from which on a shared spot is worth a word.
_PILE = 0.2

NO_NETWORKS = "no network has\nsolved the task"


def networks_of(labels: Iterable[str]) -> list[str]:
    """The cells or nonlinearities that occur, in the order of `NETWORKS`.

    Examples
    --------
    >>> networks_of(["gru", "vanilla", "gru"])
    ['vanilla', 'gru']
    """
    found = {str(label) for label in labels}
    return [label for label in NETWORKS if label in found]


def draw_map(
    axes: Axes, places: ArrayLike, labels: ArrayLike, *, reach: float | None = None
) -> Axes:
    """Networks in a plane in which distances between them are kept, coloured by a label.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    places : array_like of shape (n_networks, 2)
        In units of the distance; networks that were not compared are NaN and left out.
    labels : array_like of shape (n_networks,), str
        Cells or nonlinearities, as in `NETWORKS`.
    reach : float, optional
        Half of the side of the square that is shown, so that maps can have one scale; by
        default all networks fit in.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; both have the same scale.
    """
    places, labels = np.asarray(places, dtype=float), np.asarray(labels).astype(str)
    there = np.isfinite(places).all(axis=1)
    axes.set(xlabel="MDS 1", ylabel="MDS 2")
    if not there.any():
        return say(axes, NO_NETWORKS)
    size = float(np.clip(600 / there.sum(), 5, 26))
    for label in networks_of(labels[there]):
        colour, marker, _ = NETWORKS[label]
        own = places[there & (labels == label)]
        axes.scatter(
            own[:, 0], own[:, 1], s=size, color=colour, marker=marker, edgecolors="white",
            linewidths=0.3, alpha=0.9, label=NETWORK_NAMES[label],
        )  # fmt: skip
    side = reach_of(places) if reach is None else reach
    axes.set(xlim=(-side, side), ylim=(-side, side))
    axes.set_aspect("equal")
    tick = _round_down(0.75 * side)
    axes.set(xticks=[-tick, 0, tick], yticks=[-tick, 0, tick])
    _count_pile(axes, places[there], side)
    return axes


def _round_down(value: float) -> float:
    """The next smaller number of one digit."""
    unit = 10.0 ** np.floor(np.log10(value))
    return float(np.floor(value / unit) * unit)


def _count_pile(axes: Axes, places: np.ndarray, side: float) -> None:
    """How many networks lie in the spot that most share, where a marker hides those below it."""
    from scipy.cluster.hierarchy import fclusterdata

    if len(places) < 2:
        return
    spots = fclusterdata(places, _ONE_SPOT * side, criterion="distance", method="complete")
    counts = np.bincount(spots)
    if counts.max() > _PILE * len(places):
        axes.text(
            0.99, 0.01, f"{counts.max()} of {len(places)} in one spot", transform=axes.transAxes,
            ha="right", va="bottom", fontsize=6, color=GREY,
        )  # fmt: skip


def reach_of(*maps: ArrayLike) -> float:
    """Half of the side of a square, about the origin, that holds all networks of some maps.

    Parameters
    ----------
    *maps : array_like of shape (n_networks, 2)
        NaN for networks that were not compared.

    Returns
    -------
    float
        Above 0, whatever the maps hold.

    Examples
    --------
    >>> round(reach_of([[0.0, -1.0], [0.5, 0.2]]), 2)
    1.15
    """
    largest = max(float(np.nan_to_num(np.abs(np.asarray(one))).max(initial=0.0)) for one in maps)
    # All networks in one place are still a map; its scale is nobody's.
    return 1.15 * largest if largest > 1e-9 else 1.0


def explain_networks(figure: FigureBase, labels: Iterable[str]) -> Legend:
    """Legend of cells or nonlinearities, below what a figure, or a part of one, shows.

    Parameters
    ----------
    figure : matplotlib.figure.FigureBase
    labels : iterable of str
        Of all networks, in any order.

    Returns
    -------
    matplotlib.legend.Legend
    """
    handles = [
        Line2D([], [], linestyle="", color=NETWORKS[label][0], marker=NETWORKS[label][1],
               markersize=4, label=NETWORK_NAMES[label])
        for label in networks_of(labels)
    ]  # fmt: skip
    return figure.legend(
        handles=handles, loc="outside lower center", ncols=len(handles), handletextpad=0.1,
        columnspacing=1.2,
    )  # fmt: skip


def draw_distance_matrix(
    axes: Axes,
    distances: ArrayLike,
    cells: ArrayLike,
    nonlinearities: ArrayLike,
    *,
    label: str,
    highest: float | None = None,
) -> Axes:
    """Distances between all pairs of networks, in the order of cells, then nonlinearities.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; lines part the cells.
    distances : array_like of shape (n_networks, n_networks)
        Not finite for networks that were not compared, which are left out.
    cells, nonlinearities : array_like of shape (n_networks,), str
    label : str
        What the shades say.
    highest : float, optional
        Distance of the darkest shade; by default the largest.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with a bar of the shades beside them.
    """
    distances = np.asarray(distances, dtype=float)
    cells, nonlinearities = (np.asarray(x).astype(str) for x in (cells, nonlinearities))
    there = np.isfinite(np.diagonal(distances))
    if not there.any():
        return say(axes, NO_NETWORKS)
    places = list(NETWORKS)
    ranks = [[places.index(label) for label in labels] for labels in (nonlinearities, cells)]
    order = np.lexsort(ranks)
    order = order[there[order]]
    image = axes.imshow(
        distances[np.ix_(order, order)], cmap="viridis", vmin=0.0, vmax=highest, aspect="equal"
    )
    names = networks_of(cells[order])
    counts = np.array([(cells[order] == name).sum() for name in names])
    first = np.cumsum(counts) - counts
    middles = first + (counts - 1) / 2
    cells_here = [NETWORK_NAMES[name] for name in names]
    axes.set_yticks(middles, cells_here)
    # Cells with few networks have little room: slanted names do not meet.
    axes.set_xticks(middles, cells_here, rotation=40, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)
    for edge in first[first > 0]:
        axes.axhline(edge - 0.5, color="white", linewidth=0.8)
        axes.axvline(edge - 0.5, color="white", linewidth=0.8)
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.7, pad=0.03)
    bar.set_label(label)
    bar.outline.set_visible(False)  # type: ignore[operator]
    return axes


def map_panels(
    by_cell: Axes,
    by_nonlinearity: Axes,
    compared: xr.Dataset,
    distance: str,
    *,
    reach: float | None = None,
) -> xr.Dataset:
    """The same map twice, coloured by cell and by nonlinearity.

    Parameters
    ----------
    by_cell, by_nonlinearity : matplotlib.axes.Axes
        The panels.
    compared : xarray.Dataset
        What rule ``universality_comparison`` wrote.
    distance : str
        ``geometry`` or ``topology``.
    reach : float, optional
        See `draw_map`.

    Returns
    -------
    xarray.Dataset
        The numbers drawn.
    """
    names = [f"{distance}_map", "cell", "nonlinearity"]
    draw_map(by_cell, compared[names[0]], compared.cell, reach=reach)
    draw_map(by_nonlinearity, compared[names[0]], compared.nonlinearity, reach=reach)
    by_nonlinearity.set_ylabel("")
    return take_numbers(compared, names)
