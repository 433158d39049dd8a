"""How much of what a network says its slow points can hold, beside its twins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .style import BLACK, GREY, LIGHT, TWINS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike


_SHORT = {"trained": "trained", "untrained": "untrained", "shuffled": "shuffled labels"}


@dataclass(frozen=True)
class Coverage:
    """What one strip needs.

    Parameters
    ----------
    state_logits : array_like of shape (n_states,)
        Logits of the visited states.
    point_logits : array_like of shape (n_points,)
        Logits of the slow points.
    alignment : float
        |cosine| of the manifold's direction and the readout; NaN without a manifold.
    """

    state_logits: ArrayLike
    point_logits: ArrayLike
    alignment: float


def draw_coverage(axes: Axes, networks: Mapping[str, Coverage]) -> Axes:
    """One strip for each network: the slow points' logits inside the range of the states'.

    The grey bar is the range from the 2nd to the 98th percentile of the visited states' logits,
    stretched to 0–100 % for each network; every slow point is a tick in it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    networks : mapping of str to Coverage
        For ``trained`` and its twins; the first on top.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    for row, (twin, network) in enumerate(networks.items()):
        points = _place(network)
        axes.barh(row, 100, height=0.56, color=LIGHT, linewidth=0, zorder=0)
        if len(points):
            axes.vlines(
                np.clip(points, -12, 112), row - 0.28, row + 0.28, color=TWINS[twin][0],
                linewidth=0.7, alpha=0.7,
            )  # fmt: skip
            words = f"{np.ptp(points):.0f} % covered"
            if np.isfinite(network.alignment):
                words += f", |cos(m, w)| = {network.alignment:.2f}"
        else:
            words = "no slow points were found"
        axes.text(0, row - 0.36, f"{_SHORT[twin]}: {words}", fontsize=7, va="bottom",
                  color=BLACK if len(points) else GREY)  # fmt: skip
    axes.set(xlim=(-14, 114), ylim=(len(networks) - 0.5, -0.95), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("place in the range of the states' logits (%)")
    return axes


def _place(network: Coverage) -> np.ndarray:
    """Slow points' logits in per cent of the states' 2–98 % range."""
    states = np.asarray(network.state_logits, dtype=float)
    points = np.asarray(network.point_logits, dtype=float)
    points = points[np.isfinite(points)]
    states = states[np.isfinite(states)]
    if len(states) == 0 or len(points) == 0:
        return np.empty(0)
    low, high = np.quantile(states, [0.02, 0.98])
    return 100 * (points - low) / max(high - low, 1e-12)
