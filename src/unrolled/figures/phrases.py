"""Phrases of the toy language: paths, predictions, and the modes that carry a modifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .eigenmodes import draw_spectrum
from .style import BLACK, BLUE, GREY, LIGHT, ORANGE, POSITION_COLOURS, VERMILION, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

#: Of a phrase, by the modifier that it begins with: colour, line style.
MODIFIERS: Mapping[str, tuple[str, str]] = {
    "": (GREY, "-"),
    "very": (BLUE, "-"),
    "not": (ORANGE, "-"),
}


def modifier_of(phrase: str) -> str:
    """The first word of a phrase that has a modifier; nothing for a bare word.

    Examples
    --------
    >>> modifier_of("not nnn good"), modifier_of("good")
    ('not', '')
    """
    first, *rest = phrase.split()
    return first if rest else ""


def draw_paths(
    axes: Any, points: ArrayLike, readouts: ArrayLike, paths: ArrayLike, names: Sequence[str]
) -> Any:
    """Slow points by their readout and the paths of phrases, in three principal components.

    Parameters
    ----------
    axes : mpl_toolkits.mplot3d.axes3d.Axes3D
        The panel.
    points : array_like of shape (n_points, 3)
    readouts : array_like of shape (n_points,)
    paths : array_like of shape (n_paths, n_steps, 3)
        Mean states; the first is that before the phrase.
    names : sequence of str
        Phrases.

    Returns
    -------
    mpl_toolkits.mplot3d.axes3d.Axes3D
        The same axes.
    """
    points, paths = np.asarray(points, dtype=float), np.asarray(paths, dtype=float)
    axes.set(xlabel="PC 1", ylabel="PC 2", zlabel="PC 3")
    axes.tick_params(labelsize=6, pad=0)
    if len(points):
        shown = axes.scatter(
            *points.T, c=readouts, cmap=POSITION_COLOURS, s=6, linewidths=0, depthshade=False
        )
        bar = axes.figure.colorbar(shown, ax=axes, shrink=0.55, pad=0.12)
        bar.set_label("readout of slow points", fontsize=7)
    for path, name in zip(paths, names, strict=True):
        colour, _ = MODIFIERS.get(modifier_of(name), (BLACK, "-"))
        dashed = "--" if name.endswith("bad") else "-"
        axes.plot(*path.T, dashed, color=colour, linewidth=1.4, label=name)
        axes.plot(*path[-1:].T, "^" if dashed == "-" else "v", color=colour, markersize=4.5,
                  markeredgecolor=BLACK, markeredgewidth=0.4)  # fmt: skip
    axes.legend(loc="upper left", bbox_to_anchor=(-0.08, 1.0), fontsize=7)
    axes.view_init(elev=22, azim=-60)
    return axes


def draw_bars(axes: Axes, names: Sequence[str], values: ArrayLike, *, ylabel: str) -> Axes:
    """A bar for each of some names.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    names : sequence of str
    values : array_like of shape (n_names,)
    ylabel : str

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    values = np.asarray(values, dtype=float)
    colours = [MODIFIERS.get(str(name).split()[0], (GREY, ""))[0] for name in names]
    axes.bar(range(len(values)), values, color=colours, width=0.6)
    for place, value in enumerate(values):
        axes.annotate(f"{value:.2f}", (place, value), ha="center", va="bottom", fontsize=7)
    axes.set_xticks(range(len(values)), [str(name) for name in names])
    axes.set_ylabel(ylabel)
    return axes


def draw_stems(
    axes: Axes, names: Sequence[str], true: ArrayLike, linear: ArrayLike, at_rest: ArrayLike,
    values: ArrayLike,
) -> Axes:  # fmt: skip
    """True and foretold change of the readout for each phrase.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    names : sequence of str
        Phrases.
    true, linear, at_rest, values : array_like of shape (n_phrases,)
        Change of the readout, what the Jacobian before the word foretells, what that at rest
        does, and what the word counts.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    place = np.arange(len(names))
    colours = [MODIFIERS.get(modifier_of(name), (BLACK, ""))[0] for name in names]
    axes.axhline(0, color=LIGHT, linewidth=0.8, zorder=0)
    axes.vlines(place - 0.14, 0, np.asarray(true), color=colours, linewidth=1.2)
    axes.scatter(place - 0.14, true, s=22, color=colours, edgecolors=BLACK, linewidths=0.4,
                 label="true change", zorder=3)  # fmt: skip
    axes.scatter(place + 0.14, linear, s=24, marker="s", facecolors="none", edgecolors=BLACK,
                 linewidths=1.0, label="foretold before the word", zorder=3)  # fmt: skip
    axes.scatter(place + 0.14, at_rest, s=20, marker="x", color=VERMILION, linewidths=1.0,
                 label="foretold at rest (control)", zorder=2)  # fmt: skip
    axes.hlines(values, place - 0.4, place + 0.4, color=GREY, linewidth=0.8, linestyle=":",
                label="what the word counts")  # fmt: skip
    axes.set_xticks(place, names, rotation=55, ha="right", rotation_mode="anchor")
    axes.set_ylabel("change of the readout")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))
    axes.legend(loc="upper center", ncols=2, columnspacing=1.0, handletextpad=0.4)
    return axes


def draw_agreement(axes: Axes, true: ArrayLike, predictions: Mapping[str, ArrayLike]) -> Axes:
    """Foretold against true changes, with the line on which they are equal.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    true : array_like of shape (n,)
    predictions : mapping of str to array_like of shape (n,)
        By the name in the legend; the first is the one that counts.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with equal scales.
    """
    reach = 1.1 * max(float(np.nanmax(np.abs(one))) for one in (true, *predictions.values()))
    axes.plot([-reach, reach], [-reach, reach], color=LIGHT, linewidth=0.8, zorder=0)
    looks = [("s", BLACK), ("x", VERMILION)]
    for (name, values), (marker, colour) in zip(predictions.items(), looks, strict=False):
        axes.scatter(true, values, s=16, marker=marker, color=colour, linewidths=0.8, label=name)
    axes.set(xlabel="true change", ylabel="foretold change", aspect="equal")
    axes.legend(loc="lower right", handletextpad=0.2)
    return axes


def draw_mode_spectrum(
    axes: Axes, real: ArrayLike, imaginary: ArrayLike, marked: ArrayLike
) -> Axes:
    """Eigenvalues at a point, those marked that carry a modifier most.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    real, imaginary : array_like of shape (n_modes,)
    marked : array_like of shape (n_modes,), bool

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    draw_spectrum(axes, real, imaginary, slow_mode=-1, colour=LIGHT)
    chosen = np.asarray(marked).astype(bool)
    axes.scatter(np.asarray(real)[chosen], np.asarray(imaginary)[chosen], s=30, color=VERMILION,
                 edgecolors=BLACK, linewidths=0.5, zorder=4, label="carries most")  # fmt: skip
    return axes


def draw_angles(axes: Axes, angles: ArrayLike, marked: ArrayLike) -> Axes:
    """Angle between a deflection and what each mode reads, the slowest mode first.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    angles : array_like of shape (n_modes,)
        Degrees.
    marked : array_like of shape (n_modes,), bool

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    angles, chosen = np.asarray(angles, dtype=float), np.asarray(marked).astype(bool)
    modes = np.arange(1, len(angles) + 1)
    axes.axhline(90, color=LIGHT, linewidth=0.8, zorder=0)
    axes.scatter(modes[~chosen], angles[~chosen], s=10, color=GREY, linewidths=0)
    axes.scatter(modes[chosen], angles[chosen], s=28, color=VERMILION, edgecolors=BLACK,
                 linewidths=0.5, zorder=3, label="carries most")  # fmt: skip
    axes.set(xlabel="mode, slowest first", ylabel="angle (degrees)", ylim=(30, 94))
    return axes


def draw_removal(
    axes: Axes, dimensions: ArrayLike, effects: ArrayLike, bare: float, *,
    variant: Sequence[ArrayLike] | None = None,
) -> Axes:  # fmt: skip
    """What the readout moves by as modes are taken out of a deflection.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    dimensions, effects : array_like of shape (n,)
        Modes taken out and the readout's move without them.
    bare : float
        The move where there is no deflection at all.
    variant : sequence of two array_like, optional
        The same with the other reference input.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.axhline(bare, color=GREY, linewidth=0.9, linestyle="--", label="bare word")
    if variant is not None:
        axes.plot(*variant, "s:", color=LIGHT, markersize=3.5, markeredgecolor=GREY,
                  label="mean noise word as input")  # fmt: skip
    axes.plot(dimensions, effects, "o-", color=BLACK, markersize=4, label="no input, as the paper")
    axes.set(xlabel="modes taken out", ylabel="move of the readout")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))
    axes.legend(loc="upper right")
    return axes


def draw_chance(axes: Axes, shares: Mapping[str, ArrayLike], found: Mapping[str, float]) -> Axes:
    """Share of a modifier's effect that goes with few modes: found, and picked at random.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    shares : mapping of str to array_like of shape (n_draws,)
        By modifier.
    found : mapping of str to float

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    if not shares:
        return say(axes, "nothing was taken out")
    axes.axhline(0, color=LIGHT, linewidth=0.8, zorder=0)
    for place, (name, values) in enumerate(shares.items()):
        values = np.asarray(values, dtype=float)
        spread = np.linspace(-0.22, 0.22, len(values))
        axes.scatter(place + spread, values, s=6, color=GREY, linewidths=0, alpha=0.7,
                     label="three modes at random" if place == 0 else None)  # fmt: skip
        axes.plot(place, found[name], "D", color=VERMILION, markeredgecolor=BLACK, markersize=5.5,
                  label="three that carry most" if place == 0 else None, zorder=4)  # fmt: skip
    axes.set_xticks(range(len(shares)), list(shares))
    axes.set(ylabel="share of the effect that goes", xlim=(-0.5, len(shares) - 0.5))
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.28 * (high - low))
    axes.legend(loc="upper center", handletextpad=0.2)
    return axes
