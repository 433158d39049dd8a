"""The modes of the linearised dynamics: spectra and time constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from .state_space import NO_POINTS
from .style import BLACK, BLUE, GREY, LIGHT, ORANGE, POSITION_COLOURS, VERMILION, say, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

#: Tokens; a longer time constant is drawn as a triangle at this height.
LONGEST_SHOWN = 1e4

_MODES = ((BLUE, "o"), (ORANGE, "s"), (GREY, "^"))


def position_colour(position: float) -> str:
    """Colour of a place along a manifold, -1 to 1, as the panels use it."""
    import matplotlib as mpl

    if not np.isfinite(position):
        return BLACK
    return to_hex(mpl.colormaps[POSITION_COLOURS]((position + 1) / 2))


def draw_spectrum(
    axes: Axes, real: ArrayLike, imaginary: ArrayLike, *, slow_mode: int, colour: str = BLACK
) -> Axes:
    """Eigenvalues in the complex plane with the unit circle.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    real, imaginary : array_like of shape (n_modes,)
        Parts of the eigenvalues; not finite ones are left out.
    slow_mode : int
        Which of them is the integration mode; negative: none.
    colour : str
        Of the others.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; its limits hold the circle and every eigenvalue.
    """
    real, imaginary = (np.asarray(values, dtype=float) for values in (real, imaginary))
    finite = np.isfinite(real) & np.isfinite(imaginary)
    axes.set_aspect("equal")
    axes.set(xlabel="real part", ylabel="imaginary part")
    if not finite.any():
        return say(axes, "no eigenvalues")
    axes.add_patch(Circle((0, 0), 1.0, fill=False, edgecolor=GREY, linewidth=0.8))
    axes.axhline(0, color=LIGHT, linewidth=0.6, zorder=0)
    axes.axvline(0, color=LIGHT, linewidth=0.6, zorder=0)
    axes.scatter(
        real[finite], imaginary[finite], s=11, color=colour, linewidths=0.3, edgecolors="black"
    )
    if 0 <= slow_mode < len(real) and finite[slow_mode]:
        axes.scatter(
            real[slow_mode], imaginary[slow_mode], s=52, facecolors="none",
            edgecolors=VERMILION, linewidths=1.3, label="integration mode",
        )  # fmt: skip
    reach = 1.12 * max(1.0, np.abs(real[finite]).max(), np.abs(imaginary[finite]).max())
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    axes.locator_params(nbins=4, steps=[1, 2, 5, 10])
    return axes


def draw_time_constants_along(
    axes: Axes,
    position: ArrayLike,
    time_constants: ArrayLike,
    *,
    slow_time_constant: ArrayLike | None = None,
    longest_document: float | None = None,
) -> Axes:
    """Time constants of the three slowest modes against the position along the curve.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    position : array_like of shape (n_points,)
        -1 to 1.
    time_constants : array_like of shape (n_points, n_modes)
        Tokens; slowest mode first.
    slow_time_constant : array_like of shape (n_points,), optional
        Of the integration mode; drawn where it is not the slowest mode.
    longest_document : float, optional
        Tokens, as a line to compare with.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    position = np.asarray(position, dtype=float)
    values = np.asarray(time_constants, dtype=float)
    axes.set(xlabel="position θ along the curve", ylabel="time constant (tokens)")
    if len(position) == 0:
        return say(axes, NO_POINTS)
    axes.set_yscale("log")
    for mode, (colour, marker) in enumerate(_MODES[: values.shape[1]]):
        # The slowest on top: where two modes are a pair, their points coincide.
        _scatter_capped(
            axes,
            position,
            values[:, mode],
            colour,
            marker,
            f"mode {mode + 1}",
            zorder=2 - mode / 10,
        )
    if slow_time_constant is not None:
        slow = np.asarray(slow_time_constant, dtype=float)
        other = ~np.isclose(slow, values[:, 0])
        if other.any():
            axes.scatter(
                position[other], np.minimum(slow[other], LONGEST_SHOWN), s=16, marker="o",
                facecolors="none", edgecolors=VERMILION, linewidths=0.8, zorder=4,
                label="integration mode",
            )  # fmt: skip
    if longest_document is not None and longest_document > 0:
        axes.axhline(
            longest_document,
            color=LIGHT,
            linewidth=1.2,
            zorder=0,
            label="longest document",
        )
    axes.set_xlim(-1.07, 1.07)
    low, high = axes.get_ylim()
    # Room above the points for the legend, which otherwise covers the slowest mode.
    axes.set_ylim(low, min(high, 1.4 * LONGEST_SHOWN) * (high / low) ** 0.36)
    axes.legend(loc="upper center", ncols=3, columnspacing=0.6, handletextpad=0.2, markerscale=1.5)
    return axes


def _scatter_capped(
    axes: Axes, x: ArrayLike, y: ArrayLike, colour: str, marker: str, label: str, *, zorder: float
) -> None:
    """Points; those above the cap as upward triangles at the cap."""
    x, y = np.asarray(x), np.asarray(y)
    shown = np.isfinite(y) & (y > 0)
    capped = (shown & (y > LONGEST_SHOWN)) | np.isposinf(y)
    inside = shown & ~capped
    axes.scatter(
        x[inside], y[inside], s=7, color=colour, marker=marker, linewidths=0, label=label,
        zorder=zorder,
    )  # fmt: skip
    if capped.any():
        axes.scatter(
            x[capped], np.full(int(capped.sum()), LONGEST_SHOWN), s=16, marker=6, color=colour
        )


def draw_all_time_constants(axes: Axes, time_constants: ArrayLike, positions: ArrayLike) -> Axes:
    """Time constants of all modes at a few points, slowest first.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    time_constants : array_like of shape (n_points, n_modes)
        Tokens.
    positions : array_like of shape (n_points,)
        -1 to 1: gives each point its colour and its entry in the legend.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    values = np.asarray(time_constants, dtype=float)
    axes.set(xlabel="mode (by modulus)", ylabel="time constant (tokens)")
    if len(values) == 0:
        return say(axes, NO_POINTS)
    axes.set_yscale("log")
    looks = (("-", 5.0), ("--", 3.4), (":", 1.8))  # the smaller on top, so that all three show
    for row, position, (line, size) in zip(values, np.asarray(positions), looks, strict=False):
        # A mode that forgets within a hundredth of a token is nowhere near the story.
        shown = np.where(np.isfinite(row) & (row > 1e-2), np.minimum(row, LONGEST_SHOWN), np.nan)
        axes.plot(
            np.arange(1, len(row) + 1), shown, line, color=position_colour(position),
            marker="o", markersize=size, linewidth=0.9, label=f"θ = {signed(position)}",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.legend(loc="upper right")
    return axes
