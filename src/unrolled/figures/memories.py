"""Networks that remember bits: their trials, their states, their fixed points and the graph."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from .numbers import take_numbers
from .population_maps import NO_NETWORKS, draw_distance_matrix
from .space import frame_space, kind_of, say_in_space
from .style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LIGHT,
    NETWORKS,
    ORANGE,
    VERMILION,
    say,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from matplotlib.legend import Legend
    from numpy.typing import ArrayLike, NDArray

#: Of a fixed point by its index, the number of unstable directions: colour, marker. The last
#: stands for all higher ones.
INDICES = ((BLACK, "o"), (VERMILION, "^"), (GREEN, "s"), (BLUE, "D"), (ORANGE, "P"))

#: Across the paper for one step along each bit: the cube seen from a corner's side.
_ACROSS = np.array([[1.0, 0.0], [0.42, 0.34], [0.0, 1.0]])

_CHANNEL = 3.0  # distance of two channels; pulses are 1 high
_NO_POINTS = "no fixed points\nwere found"
_NO_STATES = "its states are\nnot finite"


def draw_bits(axes: Axes, inputs: ArrayLike, targets: ArrayLike, outputs: ArrayLike) -> Axes:
    """Pulses, the bits to remember and what a network says, channel above channel.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    inputs, targets, outputs : array_like of shape (n_steps, n_bits)
        Of one trial; -1 to 1.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; the first channel is on top.
    """
    inputs, targets, outputs = (np.asarray(x, dtype=float) for x in (inputs, targets, outputs))
    bits = inputs.shape[1]
    steps, heights = np.arange(1, len(inputs) + 1), -_CHANNEL * np.arange(bits)
    for channel, height in enumerate(heights):
        axes.axhline(height, color=LIGHT, linewidth=0.5, zorder=0)
        for values, name, colour, width, line, layer in (
            (inputs, "input", BLACK, 0.9, "-", 2),
            (targets, "target", VERMILION, 1.1, "--", 3),
            (outputs, "output", LIGHT, 3.0, "-", 1),
        ):
            axes.step(
                steps, height + values[:, channel], line, color=colour, linewidth=width,
                where="mid", zorder=layer, label=None if channel else name,
            )  # fmt: skip
    axes.set(xlabel="step", ylabel="bit (each from −1 to +1)", ylim=(heights[-1] - 1.4, 2.5))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_yticks(heights, [str(1 + number) for number in range(bits)])
    axes.legend(loc="upper center", ncols=3, columnspacing=0.9, handletextpad=0.4)
    return axes


def draw_state_paths(axes: Any, paths: ArrayLike, *, colour: str) -> Any:
    """States during some trials, in three principal components.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.axes3d.Axes3D
        The panel.
    paths : array_like of shape (n_trials, n_steps, 3)
        State units.
    colour : str

    Returns
    -------
    mpl_toolkits.mplot3d.axes3d.Axes3D
        The same axes; all three have the same scale.
    """
    paths = np.asarray(paths, dtype=float)
    frame_space(axes, paths.reshape(-1, 3))
    if not np.isfinite(paths).any():
        return say_in_space(axes, _NO_STATES)
    for path in paths:
        axes.plot(*path.T, "-", color=colour, linewidth=0.5, alpha=0.8)
        axes.plot(*path.T, ".", color=colour, markersize=1.6, markeredgewidth=0, alpha=0.8)
    return axes


def draw_fixed_points(
    axes: Any, places: ArrayLike, index: ArrayLike, sources: ArrayLike, ends: ArrayLike
) -> Any:
    """Fixed points by the number of their unstable directions, and the ways between them.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.axes3d.Axes3D
        The panel.
    places : array_like of shape (n_points, 3)
        On the principal components, in state units.
    index : array_like of shape (n_points,), int
        Unstable directions, the look of a point.
    sources, ends : array_like of shape (n_departures,), int
        Points that the state departs from and arrives at; below 0: it arrives nowhere, and is
        not drawn. Lines that start at a point with one unstable direction are dark.

    Returns
    -------
    mpl_toolkits.mplot3d.axes3d.Axes3D
        The same axes; all three have the same scale.
    """
    places, index = np.asarray(places, dtype=float).reshape(-1, 3), np.asarray(index)
    frame_space(axes, places)
    if not len(places):
        return say_in_space(axes, _NO_POINTS)
    for source, end in zip(np.asarray(sources), np.asarray(ends), strict=True):
        if end >= 0:
            edge = index[source] == 1
            axes.plot(
                *places[[source, end]].T, color=GREY if edge else LIGHT,
                linewidth=0.8 if edge else 0.4, zorder=2 if edge else 1,
            )  # fmt: skip
    for (colour, marker), chosen in _by_index(index):
        axes.scatter(
            *places[chosen].T, s=11, color=colour, marker=marker, linewidths=0, depthshade=False,
            zorder=5,
        )  # fmt: skip
    return axes


def draw_mean_graph(axes: Axes, edges: ArrayLike, matches: ArrayLike) -> Axes:
    """The graph of fixed points, as many networks have it on average, drawn as the ideal cube.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; its axes are hidden.
    edges : array_like of shape (n_networks, n_codes, n_codes + 1)
        Share of the departures from points of a code that end at points of another; the last
        column is for those that end nowhere.
    matches : array_like of shape (n_networks, n_codes)
        Share of a code's points with as many unstable directions as undecided bits; 0 where
        there is no point. A marker's area is its mean, in a ring of area 1.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; a line's width is the mean share of its departures.
    """
    edges, matches = np.asarray(edges, dtype=float), np.asarray(matches, dtype=float)
    axes.set_axis_off()
    bits = round(np.log(matches.shape[1]) / np.log(3))
    if bits > len(_ACROSS):
        return say(axes, f"a graph of {bits} bits\nis not drawn")
    if not len(matches):
        return say(axes, NO_NETWORKS)
    codes = np.array(list(product((-1, 0, 1), repeat=bits)))
    places, undecided = codes @ _ACROSS[:bits], (codes == 0).sum(axis=1)
    shares = edges.mean(axis=0)
    for source, end in np.argwhere(shares[:, : len(codes)] > 0):
        edge = undecided[source] == 1
        axes.plot(
            *places[[source, end]].T, color=BLACK if edge else GREY,
            linewidth=3.0 * shares[source, end], alpha=0.9 if edge else 0.45,
            solid_capstyle="butt", zorder=2 if edge else 1,
        )  # fmt: skip
    area, there = 42.0, matches.mean(axis=0)
    for (colour, marker), chosen in _by_index(undecided):
        x, y = places[chosen].T
        axes.scatter(x, y, s=area, color="white", marker=marker, edgecolors=colour,
                     linewidths=0.6, zorder=3)  # fmt: skip
        axes.scatter(x, y, s=area * there[chosen], color=colour, marker=marker, linewidths=0,
                     zorder=4)  # fmt: skip
    axes.set_aspect("equal")
    axes.margins(0.08)
    return axes


def explain_indices(figure: FigureBase) -> Legend:
    """Legend of the fixed points' looks, below what a figure, or a part of one, shows.

    Parameters
    ----------
    figure : matplotlib.figure.FigureBase

    Returns
    -------
    matplotlib.legend.Legend
    """
    names = [*map(str, range(len(INDICES) - 1)), f"{len(INDICES) - 1} or more"]
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4, label=name)
        for (colour, marker), name in zip(INDICES, names, strict=True)
    ]
    return figure.legend(
        handles=[Line2D([], [], linestyle="", label="unstable directions:"), *handles],
        loc="outside lower center", ncols=1 + len(handles), handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip


def bits_panel(axes: Axes, network: xr.Dataset, trial: int) -> xr.Dataset:
    """One trial: what the network is told, should say, and says."""
    draw_bits(
        axes,
        network.example_input.values[trial],
        network.example_target.values[trial],
        network.example_output.values[trial],
    )
    names = ["example_input", "example_target", "example_output"]
    return take_numbers(network.isel(example=trial), names)


def state_paths_panel(axes: Any, network: xr.Dataset) -> xr.Dataset:
    """The states of one network, in the colour of its cell."""
    colour, _, _ = NETWORKS[str(network.cell.values)]
    draw_state_paths(axes, network.trajectory.values, colour=colour)
    return take_numbers(network, ["trajectory", "pc_share"], prefix=kind_of(network))


def fixed_points_panel(axes: Any, network: xr.Dataset) -> xr.Dataset:
    """The fixed points of one network and where the state goes from its saddles.

    A departure whose end depends on how far from the saddle it started is not drawn.
    """
    agreed = network.departure_agreed.values > 0
    draw_fixed_points(
        axes,
        network.point_pc.values,
        network.point_index.values,
        network.departure_source.values,
        np.where(agreed, network.departure_end.values, -1),
    )
    names = ["point_pc", "point_index", "point_code"]
    names += ["departure_source", "departure_end", "departure_agreed"]
    return take_numbers(network, names, prefix=kind_of(network))


def mean_graph_panel(axes: Axes, compared: xr.Dataset) -> xr.Dataset:
    """The graph of all networks that are compared, on average."""
    kept = np.flatnonzero(compared.kept.values > 0)
    edges, matches = compared.graph_edges.values[kept], compared.graph_index_matches.values[kept]
    draw_mean_graph(axes, edges, matches)
    return take_numbers(compared, ["graph_edges", "graph_index_matches", "kept"])


def geometry_panel(axes: Axes, compared: xr.Dataset) -> xr.Dataset:
    """Distances by geometry of all pairs of networks that are compared."""
    kept = np.flatnonzero(compared.kept.values > 0)
    judged = compared.geometry.isel(variance=compared.sizes["variance"] // 2, drop=True)
    draw_distance_matrix(
        axes, judged.values[np.ix_(kept, kept)], compared.cell.values[kept],
        compared.nonlinearity.values[kept], label="SVCCA distance",
    )  # fmt: skip
    return take_numbers(compared.assign(geometry=judged), ["geometry", "cell", "nonlinearity"])


def _by_index(index: ArrayLike) -> list[tuple[tuple[str, str], NDArray[np.bool_]]]:
    """Look and members of the points of each index that has any."""
    shown = np.minimum(np.asarray(index, dtype=int), len(INDICES) - 1)
    return [(INDICES[one], shown == one) for one in np.unique(shown)]
