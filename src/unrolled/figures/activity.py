"""What single units do while a document is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from .style import VALENCE_COLOURS, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike


def draw_activations(
    axes: Axes, activations: ArrayLike, *, shades: ArrayLike, longest: int = 150
) -> Axes:
    """One trace for each unit over the first tokens of a document.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    activations : array_like of shape (n_tokens, n_units)
        Rows after the document's end are NaN.
    shades : array_like of shape (n_units,)
        Colour of each unit, from -1 (vermilion) over 0 (grey) to 1 (blue).
    longest : int, default 150
        Tokens shown at most.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    values = np.asarray(activations, dtype=float)
    shades = np.asarray(shades, dtype=float)
    values = values[np.isfinite(values).all(axis=1)][:longest]
    axes.set(xlabel="token", ylabel="activation")
    if len(values) == 0:
        return say(axes, "the document has no tokens")
    tokens = np.arange(1, len(values) + 1)
    order = np.argsort(np.abs(shades), kind="stable")  # the telling units on top
    lines = [np.column_stack([tokens, values[:, unit]]) for unit in order]
    colours = VALENCE_COLOURS((shades[order] + 1) / 2)
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=0.6, alpha=0.8))
    axes.margins(x=0.0, y=0.04)
    axes.autoscale_view()  # over all panels that share an axis
    return axes


def draw_shade_bar(axes: Axes) -> None:
    """Colour bar of `draw_activations`, to the right of a panel.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The rightmost panel.
    """
    shades = ScalarMappable(Normalize(-1, 1), VALENCE_COLOURS)
    bar = axes.figure.colorbar(shades, ax=axes, ticks=[-1, 0, 1], aspect=25, pad=0.02)
    bar.set_ticklabels(["negative", "same", "positive"])
    bar.set_label("unit ends higher in", labelpad=-8)
