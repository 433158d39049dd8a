"""How well the linearised dynamics foretell the next state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from .style import BLACK, GREY, SKY, VERMILION, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray


def draw_prediction(
    axes: Axes, true: ArrayLike, predicted: ArrayLike, *, zoom: int = 8, longest: int = 60
) -> Axes:
    """One document's path in PC1-PC2 and where one linear step ends instead, with a zoom.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    true, predicted : array_like of shape (n_tokens, >= 2)
        State after each token, and its prediction from the true state before; NaN after the end.
    zoom : int, default 8
        Tokens in the inset, from the middle of the document; no inset for shorter documents.
    longest : int, default 60
        Tokens shown at most: a longer path covers itself.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    path = np.asarray(true, dtype=float)[:, :2]
    alive = np.isfinite(path).all(axis=1)
    path, foretold = path[alive], np.asarray(predicted, dtype=float)[alive, :2]
    path, foretold = path[:longest], foretold[:longest]
    axes.set(xlabel="PC 1 (state units)", ylabel="PC 2 (state units)")
    if len(path) < 2 or not np.isfinite(foretold).any():
        return say(axes, "no linear prediction\n(no slow points, or too short a document)")
    _draw_pair(axes, path, foretold)
    axes.margins(0.08)
    low, high = axes.get_ylim()
    # The inset lives in a strip of its own above the path.
    axes.set_ylim(low, high + (0.75 if len(path) > zoom else 0.2) * (high - low))
    axes.legend(loc="upper left")
    if len(path) > zoom:
        _draw_zoom(axes, path, foretold, zoom)
    return axes


def _draw_pair(axes: Axes, true: NDArray, predicted: NDArray) -> None:
    axes.plot(
        true[:, 0], true[:, 1], "-o", color=BLACK, markersize=2.4, linewidth=0.9,
        label="network",
    )  # fmt: skip
    axes.plot(
        predicted[:, 0], predicted[:, 1], "--s", color=VERMILION, markersize=2.4, linewidth=0.9,
        markerfacecolor="none", markeredgewidth=0.6, label="one linear step",
    )  # fmt: skip


def _draw_zoom(axes: Axes, true: NDArray, predicted: NDArray, zoom: int) -> None:
    first = (len(true) - zoom) // 2
    part = slice(first, first + zoom)
    inset = axes.inset_axes((0.52, 0.58, 0.46, 0.4))
    _draw_pair(inset, true[part], predicted[part])
    inset.margins(0.12)
    inset.set(xticks=[], yticks=[])
    for spine in inset.spines.values():
        spine.set(visible=True, color=GREY)
    frame = axes.indicate_inset_zoom(inset, edgecolor=GREY, linewidth=0.9, alpha=1.0)
    for connector in frame.connectors or ():  # they would cross the path
        connector.set_visible(False)


def draw_errors(axes: Axes, errors: Mapping[str, ArrayLike]) -> Axes:
    """Histograms of relative one-step errors on a log axis, with their medians.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    errors : mapping of str to array_like of shape (n_steps,)
        The first is drawn filled, the second (a control) as an outline.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.set(xlabel="relative error of one linear step (%)", ylabel="steps (%)")
    values = {name: 100 * np.asarray(these, dtype=float) for name, these in errors.items()}
    values = {name: these[np.isfinite(these) & (these > 0)] for name, these in values.items()}
    values = {name: these for name, these in values.items() if len(these)}
    if not values:
        return say(axes, "no linear prediction\n(no slow points)")
    everything = np.concatenate(list(values.values()))
    low, high = np.quantile(everything, [0.001, 0.999])
    low, high = (low * 0.9, high * 1.1) if low < high else (low / 3, high * 3)
    edges = np.geomspace(low, high, 51)
    looks = ((SKY, "-", True), (BLACK, "--", False))
    for (name, these), (colour, line, filled) in zip(values.items(), looks, strict=False):
        shares = 100 * np.histogram(np.clip(these, low, high), edges)[0] / len(these)
        median = float(np.median(these))
        label = f"{name}: median {median:.2g} %"
        axes.stairs(shares, edges, fill=filled, color=colour, linestyle=line, label=label,
                    alpha=0.8 if filled else 1.0, linewidth=1.0)  # fmt: skip
        axes.plot([median], [0], "^", color=colour, markeredgecolor="black", markersize=7,
                  clip_on=False, zorder=5)  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(0, axes.get_ylim()[1] * 1.3)
    axes.legend(loc="upper left")
    return axes
