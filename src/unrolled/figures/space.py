"""Panels in space: the states of networks in their first three principal components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from .population_maps import networks_of
from .style import BLACK, GRADED_COLOURS, GREY, LIGHT, NETWORK_NAMES, grade

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import FigureBase
    from numpy.typing import ArrayLike, NDArray

_NO_STATES = "its states are\nnot finite"


def draw_graded_paths(
    axes: Any, paths: ArrayLike, grades: ArrayLike, points: ArrayLike, *, nothing: str
) -> Any:
    """States during trials that differ by one number, and the points around which they move.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.axes3d.Axes3D
        The panel.
    paths : array_like of shape (n_trials, n_steps, 3)
        State units; the last state of each is marked.
    grades : array_like of shape (n_trials,)
        The number, from blue for the lowest to orange for the highest.
    points : array_like of shape (n_points, 3)
        In their order, joined by a line; NaN where there is none.
    nothing : str
        What to say where there are no points.

    Returns
    -------
    mpl_toolkits.mplot3d.axes3d.Axes3D
        The same axes; all three have the same scale.
    """
    paths, points = np.asarray(paths, dtype=float), np.asarray(points, dtype=float)
    line = points[np.isfinite(points).all(axis=1)]
    frame_space(axes, np.concatenate([paths.reshape(-1, 3), line]))
    if not np.isfinite(paths).any():
        return say_in_space(axes, _NO_STATES)
    for path, colour in zip(paths, grade(grades), strict=True):
        axes.plot(*path.T, "-", color=colour, linewidth=0.6, alpha=0.9, zorder=2)
        axes.plot(*path[-1:].T, "o", color=colour, markersize=2.0, markeredgewidth=0, zorder=3)
    if len(line):
        axes.plot(*line.T, "-o", color=BLACK, linewidth=0.8, markersize=1.8, markeredgewidth=0,
                  zorder=5)  # fmt: skip
    else:
        axes.text2D(0.5, 0.0, nothing.replace("\n", " "), transform=axes.transAxes, ha="center",
                    color=GREY, fontsize=6)  # fmt: skip
    return axes


def explain_grades(panels: Sequence[Any], grades: ArrayLike, label: str) -> Any:
    """Bar of the shades of `draw_graded_paths`, to the right of the panels.

    Parameters
    ----------
    panels : sequence of mpl_toolkits.mplot3d.axes3d.Axes3D
        That share it.
    grades : array_like of shape (n_trials,)
    label : str
        What the number is, with its unit.

    Returns
    -------
    matplotlib.colorbar.Colorbar
    """
    grades = np.asarray(grades, dtype=float)
    shades = ScalarMappable(Normalize(grades.min(), grades.max()), GRADED_COLOURS)
    bar = panels[0].figure.colorbar(shades, ax=list(panels), shrink=0.7, aspect=30, pad=0.02)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return bar


def is_kept(compared: xr.Dataset, network: xr.Dataset) -> bool:
    """Whether a network is among those that are compared."""
    same = compared.twin.values == "trained"
    for name in ("cell", "nonlinearity", "units", "penalty", "member"):
        same &= compared[name].values == network[name].values
    return bool((compared.kept.values[same] > 0).any())


def space_panels(figure: FigureBase, networks: Sequence[xr.Dataset], compared: xr.Dataset) -> list:
    """Panels in space, one for each network: a column for each cell, a row for each nonlinearity.

    Parameters
    ----------
    figure : matplotlib.figure.FigureBase
        The panels fill it.
    networks : sequence of xarray.Dataset
        Every combination of some cells and some nonlinearities.
    compared : xarray.Dataset
        Says which networks are kept; the others' panels say that they are excluded.

    Returns
    -------
    list of mpl_toolkits.mplot3d.axes3d.Axes3D
        In the order of the networks.
    """
    cells = networks_of(str(network.cell.values) for network in networks)
    rows = networks_of(str(network.nonlinearity.values) for network in networks)
    grid = figure.subplots(
        len(rows), len(cells), squeeze=False, subplot_kw={"projection": "3d"}
    )  # fmt: skip
    for axes, cell in zip(grid[0], cells, strict=True):
        axes.set_title(NETWORK_NAMES[cell])
    for axes, nonlinearity in zip(grid[:, 0], rows, strict=True):
        axes.text2D(-0.1, 0.5, NETWORK_NAMES[nonlinearity], transform=axes.transAxes, rotation=90,
                    ha="center", va="center")  # fmt: skip
    for name in ("x", "y", "z"):
        getattr(grid[-1, 0], f"set_{name}label")(
            f"PC {'xyz'.index(name) + 1}", labelpad=-14, fontsize=6
        )
    panels = []
    for network in networks:
        row = rows.index(str(network.nonlinearity.values))
        panels.append(grid[row, cells.index(str(network.cell.values))])
        if not is_kept(compared, network):
            panels[-1].text2D(
                0.5, 0.97, "(excluded)", transform=panels[-1].transAxes, ha="center", color=GREY,
                fontsize=7, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip
    return panels


def kind_of(network: xr.Dataset) -> str:
    """A network's cell and nonlinearity, for names of what is drawn of it."""
    return f"{network.cell.values}_{network.nonlinearity.values}"


def frame_space(axes: Any, points: NDArray[np.float64]) -> None:
    """One scale for three axes, about the middle of the points; no ticks."""
    points = points[np.isfinite(points).all(axis=1)]
    if len(points):
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        reach = 1.05 * max(float(np.abs(points - middle).max()), 1e-9)
        for name, centre in zip("xyz", middle, strict=True):
            axes.set(**{f"{name}lim": (centre - reach, centre + reach)})
    axes.set(xticks=[], yticks=[], zticks=[])
    axes.set_box_aspect((1, 1, 1), zoom=1.25)
    axes.view_init(elev=22, azim=-60)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.set_facecolor("white")
        axis.pane.set_edgecolor(LIGHT)
        axis.line.set_color(GREY)


def say_in_space(axes: Any, text: str) -> Any:
    """`say`, for a panel with three axes."""
    axes.text2D(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)
    return axes
