"""Fixed points among the states that a network visits, their spectra and time constants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle

from .eigenmodes import LONGEST_SHOWN
from .style import BLUE, GREEN, GREY, LIGHT, ORANGE, VERMILION, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

#: Of a point without, with one, and with several unstable modes: name, colour, marker.
STABILITIES = (
    ("attractors", BLUE, "o"),
    ("saddles, 1 unstable mode", ORANGE, "^"),
    ("2 or more unstable modes", VERMILION, "s"),
)

#: Share of the visited states' range by which the portrait reaches beyond them.
_MARGIN = 0.25


def draw_phase_portrait(
    axes: Axes,
    paths: ArrayLike,
    points: ArrayLike,
    n_unstable: ArrayLike,
    *,
    slow: ArrayLike | None = None,
    unstable: ArrayLike | None = None,
) -> Axes:
    """Visited states, fixed points by stability, and slow points, in a plane.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    paths : array_like of shape (n_paths, T, 2)
        Visited states in the order of time, NaN where a path has ended; T = 1 for states
        without an order.
    points : array_like of shape (n_points, 2)
        Fixed points.
    n_unstable : array_like of shape (n_points,), int
        Unstable modes of each.
    slow : array_like of shape (n_slow, 2), optional
        Slow points.
    unstable : array_like of shape (n_lines, 2, 2), optional
        Both ends of a line through a saddle, along an unstable mode.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; their limits follow the visited states, and points outside are
        counted in words.
    """
    paths, points = np.asarray(paths, dtype=float), np.asarray(points, dtype=float)
    axes.set(xlabel="PC 1", ylabel="PC 2")
    if paths.shape[1] > 1:
        axes.add_collection(LineCollection(list(paths), colors=LIGHT, linewidths=0.5, zorder=1))
    else:
        axes.scatter(paths[:, 0, 0], paths[:, 0, 1], s=2, color=LIGHT, linewidths=0, zorder=1)
    if slow is not None:
        x, y = np.asarray(slow, dtype=float).T
        axes.scatter(
            x, y, s=7, color=GREEN, linewidths=0, zorder=2, label=f"slow points ({len(x)})"
        )
    if unstable is not None:
        lines = list(np.asarray(unstable, dtype=float))
        axes.add_collection(LineCollection(lines, colors=VERMILION, linewidths=1.0, zorder=3))
    for name, colour, marker, chosen in _by_stability(n_unstable):
        axes.scatter(
            points[chosen, 0], points[chosen, 1], s=34, color=colour, marker=marker,
            edgecolors="black", linewidths=0.6, zorder=4, label=f"{name} ({chosen.sum()})",
        )  # fmt: skip
    outside = _frame(axes, paths.reshape(-1, 2), points)
    if outside:
        axes.text(
            0.02, 0.02, f"{outside} fixed points lie outside", transform=axes.transAxes, color=GREY
        )
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(0.08, 1.0), ncols=2, columnspacing=1.0)
    return axes


def draw_spectra(axes: Axes, real: ArrayLike, imaginary: ArrayLike, n_unstable: ArrayLike) -> Axes:
    """Eigenvalues of all points in the complex plane with the unit circle, by stability.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    real, imaginary : array_like of shape (n_points, n_modes)
        Parts of the eigenvalues.
    n_unstable : array_like of shape (n_points,), int
        Unstable modes of each point.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    real, imaginary = np.asarray(real, dtype=float), np.asarray(imaginary, dtype=float)
    axes.set(xlabel="real part", ylabel="imaginary part")
    if not real.size:
        return say(axes, "no fixed points\nwere found")
    axes.set_aspect("equal")
    axes.add_patch(Circle((0, 0), 1.0, fill=False, edgecolor=GREY, linewidth=0.8))
    axes.axhline(0, color=LIGHT, linewidth=0.6, zorder=0)
    axes.axvline(0, color=LIGHT, linewidth=0.6, zorder=0)
    for _, colour, marker, chosen in _by_stability(n_unstable):
        axes.scatter(
            real[chosen].ravel(), imaginary[chosen].ravel(), s=7, color=colour, marker=marker,
            linewidths=0.0, alpha=0.8,
        )  # fmt: skip
    reach = 1.12 * max(1.0, np.abs(real).max(), np.abs(imaginary).max())
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    axes.locator_params(nbins=4, steps=[1, 2, 5, 10])
    return axes


def draw_mode_time_constants(axes: Axes, time_constants: ArrayLike, n_unstable: ArrayLike) -> Axes:
    """Time constants of the modes of each point, slowest or most unstable mode first.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    time_constants : array_like of shape (n_points, n_modes)
        Steps in which a mode decays or grows by e; those beyond `LONGEST_SHOWN` are drawn
        at that height.
    n_unstable : array_like of shape (n_points,), int
        Unstable modes of each point; those, the first ones, grow and are drawn filled.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    values, growing = np.asarray(time_constants, dtype=float), np.asarray(n_unstable)
    axes.set(xlabel="mode (by modulus)", ylabel="time constant (steps)")
    if not values.size:
        return say(axes, "no fixed points\nwere found")
    axes.set_yscale("log")
    modes = np.arange(1, values.shape[1] + 1)
    # A mode that forgets within a hundredth of a step is nowhere near the story.
    shown = np.where(values > 1e-2, np.minimum(values, LONGEST_SHOWN), np.nan)
    for _, colour, marker, chosen in _by_stability(n_unstable):
        for row, unstable in zip(shown[chosen], growing[chosen], strict=True):
            axes.plot(modes, row, color=colour, linewidth=0.5)
            for part, face in ((slice(unstable), colour), (slice(unstable, None), "white")):
                axes.plot(
                    modes[part], row[part], linestyle="none", marker=marker, markersize=3,
                    markerfacecolor=face, markeredgecolor=colour, markeredgewidth=0.7,
                )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    return axes


def _by_stability(
    n_unstable: ArrayLike,
) -> Iterator[tuple[str, str, str, NDArray[np.bool_]]]:
    """Name, colour, marker and members of each class of points that has any."""
    classes = np.minimum(np.asarray(n_unstable, dtype=int), len(STABILITIES) - 1)
    for number, look in enumerate(STABILITIES):
        chosen = classes == number
        if chosen.any():
            yield *look, chosen


def _frame(axes: Axes, visited: NDArray[np.float64], points: NDArray[np.float64]) -> int:
    """Set limits by the visited states; the number of points that lie outside them."""
    low, high = np.nanmin(visited, axis=0), np.nanmax(visited, axis=0)
    margin = _MARGIN * np.where(high > low, high - low, 1.0)
    low, high = low - margin, high + margin
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return int((~((points >= low) & (points <= high)).all(axis=1)).sum())
