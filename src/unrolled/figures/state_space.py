"""Where a network's state goes: dimension, density, trajectories, manifolds of slow points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from .style import (
    BLACK,
    GREEN,
    GREY,
    LIGHT,
    POSITION_COLOURS,
    TWIN_NAMES,
    TWINS,
    VALENCES,
    VERMILION,
    say,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

NO_POINTS = "no slow points\nwere found"


def draw_variance_curves(axes: Axes, shares: Mapping[str, ArrayLike]) -> Axes:
    """Cumulative share of the states' variance against the number of principal components.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    shares : mapping of str to array_like of shape (n_components,)
        Share of variance on each component, for ``trained``, ``untrained``, ``shuffled``.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    longest = 1
    axes.axhline(90.0, color=LIGHT, linewidth=0.8, zorder=0)
    for twin, values in shares.items():
        cumulative = 100.0 * np.cumsum(np.asarray(values, dtype=float))
        colour, line = TWINS[twin]
        numbers = np.arange(1, len(cumulative) + 1)
        axes.plot(numbers, cumulative, line, color=colour, label=TWIN_NAMES[twin])
        axes.plot(numbers[:3], cumulative[:3], "o", color=colour, markersize=2.5)
        longest = max(longest, len(cumulative))
    axes.set_xscale("log")
    axes.set_xlim(0.9, longest * 1.05)
    axes.set_ylim(0.0, 103.0)
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500) if tick <= longest]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set(xlabel="principal components", ylabel="states' variance (%)")
    axes.legend(loc="lower right")
    return axes


def count_states(
    states: ArrayLike, labels: ArrayLike, *, bins: int | None = None
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Two-dimensional histogram of states, one for each label.

    Parameters
    ----------
    states : array_like of shape (n_states, >= 2)
        Only the first two columns are used.
    labels : array_like of shape (n_states,)
        0 or 1.
    bins : int, optional
        Along each side; by default 25 to 90, more for more states.

    Returns
    -------
    counts : ndarray of shape (2, bins, bins)
        ``counts[label, y, x]``.
    x_edges, y_edges : ndarray of shape (bins + 1,)
        Cover the middle 99.8 % of the states and a little more.
    """
    plane = np.asarray(states, dtype=float)[:, :2]
    labels = np.asarray(labels)
    bins = bins or int(np.clip(np.sqrt(len(plane)) / 1.5, 25, 90))
    low, high = np.quantile(plane, [0.001, 0.999], axis=0) if len(plane) else np.zeros((2, 2))
    margin = 0.06 * np.where(high > low, high - low, 1.0)
    x_edges, y_edges = (
        np.linspace(low[axis] - margin[axis], high[axis] + margin[axis], bins + 1)
        for axis in range(2)
    )
    counts = [
        np.histogram2d(plane[labels == label, 1], plane[labels == label, 0], [y_edges, x_edges])[0]
        for label in (0, 1)
    ]
    return np.asarray(counts, dtype=np.int32), x_edges, y_edges


def draw_state_density(
    axes: Axes, counts: ArrayLike, x_edges: ArrayLike, y_edges: ArrayLike, *, legend: bool = True
) -> Axes:
    """How often a region is visited (strength) and by documents of which label (hue).

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    counts : array_like of shape (2, n_y, n_x)
        Visits by documents labelled 0 and 1.
    x_edges, y_edges : array_like
        Borders of the bins.
    legend : bool, default True
        Name the two hues.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    negative, positive = np.asarray(counts, dtype=float)
    total = negative + positive
    # Shares of the label's own visits, so that an unequal number of documents shifts no hue.
    shares = [part / max(part.sum(), 1.0) for part in (negative, positive)]
    hue = shares[1] / np.maximum(shares[0] + shares[1], 1e-300)
    strength = np.log1p(total) / max(np.log1p(total.max()), 1e-12)
    colours = [np.array(to_rgb(VALENCES[name][0])) for name in ("negative", "positive")]
    mixed = (1 - hue)[..., None] * colours[0] + hue[..., None] * colours[1]
    opacity = np.where(total > 0, 0.12 + 0.78 * strength, 0.0)
    x_edges, y_edges = np.asarray(x_edges), np.asarray(y_edges)
    axes.imshow(
        1 - opacity[..., None] * (1 - mixed),
        origin="lower",
        extent=(x_edges[0], x_edges[-1], y_edges[0], y_edges[-1]),
        aspect="auto",
        interpolation="nearest",
        zorder=0,
    )
    if legend:
        for name in ("positive", "negative"):
            axes.plot([], [], "s", color=VALENCES[name][0], label=f"{name} documents")
    return _name_axes(axes)


def draw_trajectories(axes: Axes, trajectories: ArrayLike, labels: ArrayLike) -> Axes:
    """The states of single documents as lines in PC1-PC2, the last state marked.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    trajectories : array_like of shape (n_documents, n_tokens, >= 2)
        NaN after a document's end.
    labels : array_like of shape (n_documents,)
        0 or 1.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    for states, label in zip(np.asarray(trajectories), np.asarray(labels), strict=True):
        name = "positive" if label else "negative"
        colour, marker, line = VALENCES[name]
        states = states[np.isfinite(states).all(axis=1)]
        if len(states) == 0:
            continue
        axes.plot(states[:, 0], states[:, 1], color="white", linewidth=1.8, zorder=3)
        axes.plot(
            states[:, 0], states[:, 1], line, color=BLACK, linewidth=0.7, zorder=3,
            label=f"one {name} document",
        )  # fmt: skip
        axes.plot(
            *states[-1, :2], marker, color=colour, markeredgecolor="black", markersize=6, zorder=4
        )
    return axes


def draw_initial_state(axes: Axes, initial_state: ArrayLike) -> Axes:
    """The state before the first token, as a dot in PC1-PC2."""
    place = np.asarray(initial_state, dtype=float)
    axes.plot(
        place[0], place[1], "o", color="white", markeredgecolor="black", markeredgewidth=1.2,
        markersize=6, zorder=5, label="initial state",
    )  # fmt: skip
    return axes


def draw_readout(axes: Axes, readout: ArrayLike, *, logit_at_origin: float) -> Axes:
    """The readout's direction as an arrow and the line on which the logit is zero.

    Call it after the panel's limits are settled by what it shows.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; its limits stay as they are.
    readout : array_like of shape (>= 2,)
        Readout vector on the axes of the panel.
    logit_at_origin : float
        Logit where both coordinates are zero.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    vector = np.asarray(readout, dtype=float)[:2]
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0:
        return axes
    x_limits, y_limits = axes.get_xlim(), axes.get_ylim()
    unit = vector / length
    foot = -logit_at_origin / length * unit
    across = np.array([-unit[1], unit[0]])
    reach = 10 * (abs(x_limits[1] - x_limits[0]) + abs(y_limits[1] - y_limits[0]))
    ends = np.array([foot - reach * across, foot + reach * across])
    (line,) = axes.plot(ends[:, 0], ends[:, 1], "-.", color=GREEN, linewidth=1.1, label="logit = 0")
    # Where the panel is made taller for a legend, the line does not follow.
    corner, size = (x_limits[0], y_limits[0]), (np.ptp(x_limits), np.ptp(y_limits))
    line.set_clip_path(Rectangle(corner, *map(float, size), transform=axes.transData))
    span = 0.22 * min(abs(x_limits[1] - x_limits[0]) / max(abs(unit[0]), 0.3), 1e300)
    tip = unit * min(span, 0.4 * abs(y_limits[1] - y_limits[0]) / max(abs(unit[1]), 1e-9))
    axes.annotate(
        "", xy=(tip[0], tip[1]), xytext=(0, 0), zorder=6,
        arrowprops={"arrowstyle": "-|>", "color": GREEN, "linewidth": 1.8, "shrinkA": 0,
                    "shrinkB": 0},
    )  # fmt: skip
    axes.plot([], [], "-", color=GREEN, linewidth=1.8, label="readout")
    axes.set(xlim=x_limits, ylim=y_limits)
    return axes


def draw_slow_points(
    axes: Axes,
    points: ArrayLike,
    *,
    position: ArrayLike | None = None,
    fixed: ArrayLike | None = None,
    unstable: ArrayLike | None = None,
    around: ArrayLike | None = None,
) -> Axes:
    """Slow points in PC1-PC2, coloured by their position, with the exact fixed points.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    points : array_like of shape (n_points, >= 2)
        Slow points.
    position : array_like of shape (n_points,), optional
        Coordinate along the manifold, -1 to 1, with a colour bar; grey points without it.
    fixed : array_like of shape (n_fixed, >= 2), optional
        Exact fixed points: a filled square where stable, an open diamond where not. An empty array
        says that there are none; leave it out where none were looked for.
    unstable : array_like of shape (n_fixed,), optional
        Number of unstable directions of each.
    around : array_like of shape (n_states, >= 2), optional
        Visited states: the panel is at least as wide as these, see `frame_states`.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    points = np.asarray(points, dtype=float).reshape(-1, np.shape(points)[-1])
    _name_axes(axes)
    if len(points) == 0 and (fixed is None or len(np.asarray(fixed)) == 0):
        return say(axes, NO_POINTS)
    frame_states(axes, around)
    if position is None:
        axes.scatter(points[:, 0], points[:, 1], s=7, color=LIGHT, linewidths=0, zorder=1)
    else:
        shown = axes.scatter(
            points[:, 0], points[:, 1], c=np.asarray(position, dtype=float), s=9, linewidths=0,
            cmap=POSITION_COLOURS, vmin=-1, vmax=1, zorder=2,
        )  # fmt: skip
        bar = axes.figure.colorbar(shown, ax=axes, ticks=[-1, 0, 1], aspect=25, pad=0.02)
        bar.set_label("position θ along the curve", labelpad=1)
        bar.outline.set_visible(False)  # type: ignore[operator]
    if 0 < len(points) < 3:
        axes.text(0.5, 0.06, f"only {len(points)} slow point{'s' if len(points) > 1 else ''}",
                  transform=axes.transAxes, ha="center", color=GREY)  # fmt: skip
    if fixed is not None and unstable is not None:
        _draw_fixed_points(axes, np.asarray(fixed, dtype=float), np.asarray(unstable))
    return axes


def _draw_fixed_points(axes: Axes, fixed: NDArray[np.float64], unstable: NDArray) -> None:
    """Stable ones filled, the others open; the legend also says when there are none."""
    if len(fixed) == 0:
        axes.plot([], [], " ", label="no exact fixed point found")
    kinds = (
        ("stable", unstable == 0, "s", BLACK, 26),
        ("unstable", unstable > 0, "D", "white", 26),
    )
    for name, chosen, marker, face, size in kinds:
        if chosen.any():
            axes.scatter(
                fixed[chosen, 0], fixed[chosen, 1], s=size, marker=marker, facecolors=face,
                edgecolors=VERMILION, linewidths=1.2, zorder=5,
                label=f"{int(chosen.sum())} {name} fixed point{'s' if chosen.sum() > 1 else ''}",
            )  # fmt: skip


def frame_states(axes: Axes, around: ArrayLike | None) -> Axes:
    """Make a panel hold the range that the states visit, whatever else it draws.

    Otherwise slow points that all lie in one spot would fill the panel and look like a curve.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    around : array_like of shape (n_states, >= 2) or None
        Visited states; the range from their 2nd to their 98th percentile counts.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    if around is not None and len(np.asarray(around)):
        plane = np.asarray(around, dtype=float)[:, :2]
        axes.update_datalim(np.quantile(plane, [0.02, 0.98], axis=0))
        axes.autoscale_view()
    return axes


def draw_point_variance(
    axes: Axes, own: ArrayLike, on_states: ArrayLike, *, shown: int = 4
) -> Axes:
    """Small panel: share of the slow points' variance on their own and on the states' PCs.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        An inset.
    own, on_states : array_like of shape (n_components,)
        Shares, 0 to 1.
    shown : int, default 4
        Components shown.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    own, on_states = (100 * np.asarray(values, dtype=float)[:shown] for values in (own, on_states))
    axes.bar(np.arange(1, len(own) + 1), own, color=GREY, width=0.7, label="own PCs")
    axes.plot(
        np.arange(1, len(on_states) + 1), on_states, "o", color=BLACK, markersize=2.5,
        label="states' PCs",
    )  # fmt: skip
    axes.set(ylim=(0, 105), yticks=[0, 100], xticks=np.arange(1, shown + 1))
    axes.tick_params(labelsize=6, length=2, pad=1)
    axes.set_xlabel("PC of the points", fontsize=6, labelpad=0)
    axes.set_title("their variance (%)", fontsize=6, pad=2)
    axes.legend(fontsize=5.5, loc="center right", handlelength=0.8, borderaxespad=0.0)
    return axes


def _name_axes(axes: Axes) -> Axes:
    axes.set(xlabel="PC 1 (state units)", ylabel="PC 2 (state units)")
    return axes
