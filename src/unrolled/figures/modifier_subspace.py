"""The subspace into which modifiers take the state: its size, the way back, life without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .modifiers import draw_strips, name_kinds, shorten, side_by_side
from .style import BLACK, GREEN, GREY, KIND_NAMES, LIGHT, PURPLE, kinds_of, look_of, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

_CURVES = ((BLACK, "-", "o"), (PURPLE, "--", "s"), (GREEN, "-.", "^"), (GREY, ":", "D"))

#: State units; shorter deflections are not told from rounding.
_SHORTEST = 1e-3


def draw_subspace_shares(
    axes: Axes, shares: Mapping[str, ArrayLike], *, threshold: float = 90.0, shown: int = 8
) -> Axes:
    """Cumulative share of the modifiers' deflections off the line, by number of dimensions.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    shares : dict of str to array_like of shape (n_axes,)
        Share of each axis (0 to 1) for each network, by its name in the legend.
    threshold : float, default 90
        Per cent, as a thin line.
    shown : int, default 8
        Dimensions shown.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.axhline(threshold, color=LIGHT, linewidth=0.8, zorder=0)
    lowest = 100.0
    for number, (name, values) in enumerate(shares.items()):
        colour, line, marker = _CURVES[number % len(_CURVES)]
        cumulative = 100 * np.cumsum(np.asarray(values, dtype=float))[:shown]
        face = colour if number < len(_CURVES) else "white"
        axes.plot(
            np.arange(1, len(cumulative) + 1), cumulative, line, color=colour, marker=marker,
            markersize=3.2, linewidth=1.0, markerfacecolor=face, label=name,
        )  # fmt: skip
        if np.isfinite(cumulative).any():
            lowest = min(lowest, float(np.nanmin(cumulative)))
    axes.set(
        xlabel="dimensions", ylabel="deflection off the line\ncarried (%)", xlim=(0.7, shown + 0.3),
        ylim=(min(lowest, 80.0) - 8, 102), xticks=range(1, shown + 1),
    )  # fmt: skip
    return axes


def draw_deflection_paths(
    axes: Axes, kinds: ArrayLike, paths: ArrayLike, *, initial: ArrayLike | None = None
) -> Axes:
    """Where words take the state in the modifier subspace, and how it comes back.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; the origin is the state without the word.
    kinds : array_like of shape (n_words,), str
    paths : array_like of shape (n_words, n_steps, >= 2)
        Deflection on the axes of the subspace, first right after the word and then after
        reference inputs, in state units.
    initial : array_like of shape (>= 2,), optional
        First state of a document, against the nearest slow point: a star.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; both have the same scale.
    """
    kinds, paths = np.asarray(kinds), np.asarray(paths, dtype=float)
    axes.set(xlabel="axis 1 of the modifier subspace (state units)", ylabel="axis 2 (state units)")
    if not np.isfinite(paths).any():
        return say(axes, "no deflections")
    names = kinds_of(kinds)
    for kind in names:
        colour, marker, _ = look_of(kind)
        for path in paths[kinds == kind]:
            axes.plot(path[:, 0], path[:, 1], "-", color=colour, linewidth=0.8, zorder=2)
            axes.plot(path[1:, 0], path[1:, 1], ".", color=colour, markersize=2.5, zorder=2)
            axes.plot(
                path[0, 0], path[0, 1], marker, color=colour, markeredgecolor=BLACK,
                markeredgewidth=0.4, markersize=5, zorder=4,
            )  # fmt: skip
        axes.plot([], [], marker, color=colour, markersize=4.5, label=KIND_NAMES.get(kind, kind))
    axes.plot(0, 0, "+", color=BLACK, markersize=7, zorder=5)
    if initial is not None and np.isfinite(np.asarray(initial, dtype=float)[:2]).all():
        axes.plot(
            *np.asarray(initial, dtype=float)[:2], "*", color="white", markeredgecolor=BLACK,
            markersize=9, zorder=6, label="first state",
        )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.locator_params(nbins=5, steps=[1, 2, 5, 10])
    return axes


def draw_deflection_lengths(
    axes: Axes, kinds: ArrayLike, lengths: ArrayLike, *, time_constants: ArrayLike = ()
) -> Axes:
    """Length of the deflection against steps since the word, mean over each kind.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; lengths on a logarithmic scale.
    kinds : array_like of shape (n_words,), str
    lengths : array_like of shape (n_words, n_points, n_steps)
        State units, after 0, 1, ... reference inputs.
    time_constants : array_like of shape (n_modes,), optional
        Tokens; for each a thin line that falls as such a mode does.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    kinds, lengths = np.asarray(kinds), np.asarray(lengths, dtype=float)
    axes.set(xlabel="words since (reference inputs)", ylabel="deflection (state units)")
    if not np.isfinite(lengths).any() or not np.nanmax(lengths) > 0:
        return say(axes, "no deflections")
    axes.set_yscale("log")
    steps = np.arange(lengths.shape[-1])
    longest = float(np.nanmax(np.nanmean(lengths, axis=(0, 1))))
    for kind in kinds_of(kinds):
        colour, marker, line = look_of(kind)
        course = np.nanmean(lengths[kinds == kind], axis=(0, 1))
        longest = max(longest, float(np.nanmax(course)))
        axes.plot(
            steps, np.maximum(course, _SHORTEST), line, color=colour, marker=marker,
            markersize=3.5, linewidth=1.1, label=KIND_NAMES.get(kind, kind), zorder=3,
        )  # fmt: skip
    top = 1.5 * longest
    for constant in np.asarray(time_constants, dtype=float):
        if np.isfinite(constant) and constant > 0:
            fall = top * np.exp(-steps / constant)
            axes.plot(steps, fall, "-", color=GREY, linewidth=0.6, zorder=1)
            axes.annotate(
                f"τ = {constant:.1f}", (steps[-1], fall[-1]), xytext=(2, 0), fontsize=6,
                textcoords="offset points", color=GREY, va="center", annotation_clip=False,
            )  # fmt: skip
    axes.set_ylim(top=2.2 * top)
    axes.set_xticks(steps)
    return axes


def draw_off_shares(axes: Axes, kinds: ArrayLike, shares: ArrayLike, *, chance: float) -> Axes:
    """Share of the squared deflection off the line, by kind.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    kinds : array_like of shape (n,), str
    shares : array_like of shape (n,)
        0 to 1.
    chance : float
        Of a random direction, 1 - 1/d: a dashed line.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, in per cent.
    """
    shares = 100 * np.asarray(shares, dtype=float)
    axes.set_ylabel("squared deflection\noff the line (%)")
    if not np.isfinite(shares).any():
        return say(axes, "no deflections")
    axes.axhline(100 * chance, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    draw_strips(axes, kinds, shares, width=0.6)
    axes.set_ylim(0, 105)
    return axes


def draw_alignments(
    axes: Axes, kinds: Sequence[ArrayLike], cosines: Sequence[ArrayLike], *, chance: float
) -> Axes:
    """Cosine of the first state and words' deflections, by kind, for a few networks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    kinds, cosines : sequence of array_like of shape (n_words,)
        For each network; the first is drawn filled, the others hollow and beside it.
    chance : float
        Standard deviation of the cosine of random directions, 1 / sqrt(d): a grey band.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.set_ylabel("cosine of first state\nand deflection")
    if not any(np.isfinite(np.asarray(values, dtype=float)).any() for values in cosines):
        return say(axes, "no deflections")
    axes.axhspan(-chance, chance, color=LIGHT, alpha=0.5, linewidth=0, zorder=0)
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    width = 0.8 / len(cosines)
    for number, (own, values) in enumerate(zip(kinds, cosines, strict=True)):
        shift = width * (number - (len(cosines) - 1) / 2)
        draw_strips(axes, own, values, shift=shift, filled=number == 0, width=0.5 * width)
    return axes


def draw_gains_without(
    axes: Axes, kinds: Sequence[str], whole: ArrayLike, removed: ArrayLike, random: ArrayLike
) -> Axes:
    """Gain on the next word by kind: whole networks, without the subspace, without random ones.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    kinds : sequence of str
        Columns.
    whole, removed : array_like of shape (n_networks, n_kinds)
        Mean over the words of a kind; NaN where a network has none.
    random : array_like of shape (n_networks, n_random, n_kinds)
        The same without each random subspace.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; markers are medians over networks, bars reach over all of them.
    """
    columns = np.arange(len(kinds))
    axes.axhline(1, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.axhline(0, color=LIGHT, linewidth=0.8, linestyle=":", zorder=0)
    axes.set_ylabel("gain on the next word")
    for column, kind in zip(columns, kinds, strict=True):
        colour, marker, _ = look_of(kind)
        for values, shift, filled in ((whole, -0.27, True), (removed, 0.0, False)):
            _draw_range(
                axes, column + shift, np.asarray(values, dtype=float)[:, column], marker, colour,
                filled=filled,
            )  # fmt: skip
        ticks = np.asarray(random, dtype=float)[..., column].ravel()
        axes.scatter(
            np.full(len(ticks), column + 0.27), ticks, s=28, marker="_", color=colour,
            linewidths=0.8,
        )  # fmt: skip
    name_kinds(axes, kinds)
    explain_removal(axes)
    return axes


def _draw_range(
    axes: Axes, place: float, values: np.ndarray, marker: str, colour: str, *, filled: bool
) -> None:
    """Median of a few values as a marker and a bar over all of them."""
    values = values[np.isfinite(values)]
    if not len(values):
        return
    axes.plot([place, place], [values.min(), values.max()], "-", color=colour, linewidth=1.2)
    axes.plot(
        place, np.median(values), marker, color=colour, markersize=5.5,
        markerfacecolor=colour if filled else "white", zorder=3,
    )  # fmt: skip


def explain_removal(axes: Axes) -> Axes:
    """Entries of the legend for whole networks and those without a subspace."""
    looks = (
        ("whole network", "o", BLACK),
        ("modifier subspace removed", "o", "white"),
        ("random subspace removed", "_", BLACK),
    )
    for name, marker, face in looks:
        axes.plot([], [], marker, color=BLACK, markerfacecolor=face, markersize=5, label=name)
    return axes


def draw_gain_changes(
    axes: Axes, words: ArrayLike, whole: ArrayLike, removed: ArrayLike, found: int, *, named: int
) -> Axes:
    """Gain of each word without the subspace against its gain in the whole network.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    words : array_like of shape (n_words,), str
        Words taken as modifiers first, then those that they are compared with.
    whole, removed : array_like of shape (n_words,)
        Factor on the effect of the next word.
    found : int
        How many were taken as modifiers.
    named : int
        How many of them are named: those whose gain is farthest from 1.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; on the diagonal removal does nothing, on the dashed line it undoes the gain.
    """
    whole, removed = (np.asarray(values, dtype=float) for values in (whole, removed))
    axes.set(xlabel="gain in the whole network", ylabel="gain without the subspace")
    finite = np.isfinite(whole) & np.isfinite(removed)
    if not finite.any():
        return say(axes, "no gains")
    axes.axhline(1, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    both = np.concatenate([whole[finite], removed[finite], [1.0]])
    ends = [both.min(), both.max()]
    axes.plot(ends, ends, "-", color=LIGHT, linewidth=0.8, zorder=0)
    axes.scatter(
        whole[found:], removed[found:], s=13, marker="D", color=GREY, linewidths=0,
        label="words compared with", zorder=2,
    )  # fmt: skip
    axes.scatter(
        whole[:found], removed[:found], s=16, marker="o", color=BLACK, linewidths=0,
        label="words taken as modifiers", zorder=3,
    )  # fmt: skip
    distance = np.where(finite[:found], np.abs(whole[:found] - 1), -1.0)
    farthest = np.asarray(words)[np.argsort(-distance, kind="stable")[:named]]
    axes.text(
        0.98, 0.02, f"farthest from 1: {', '.join(shorten(str(word)) for word in farthest)}",
        transform=axes.transAxes, ha="right", va="bottom", fontsize=6, color=GREY,
    )  # fmt: skip
    return axes


def draw_accuracies_without(
    axes: Axes, names: Sequence[str], whole: Sequence[ArrayLike], removed: Sequence[ArrayLike],
    random: Sequence[ArrayLike], *, words_accuracy: Sequence[float] | None = None,
) -> Axes:  # fmt: skip
    """Accuracy of whole networks and of those kept out of a subspace.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    names : sequence of str
        Documents, a column each.
    whole, removed, random : sequence of array_like
        For each column, accuracies (0 to 1) of all its networks and random subspaces.
    words_accuracy : sequence of float, optional
        Of a bag of words on the same documents: a line across the column; NaN where unknown.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, in per cent.
    """
    groups = ((whole, "o", BLACK, -0.22), (removed, "o", "white", 0.0), (random, "_", BLACK, 0.22))
    for values, marker, face, shift in groups:
        for column, accuracies in enumerate(values):
            shown = 100 * np.asarray(accuracies, dtype=float).ravel()
            spread = 0.0 if marker == "_" else 0.12 * side_by_side(len(shown))
            axes.plot(
                np.full(len(shown), column + shift) + spread, shown, marker, color=BLACK,
                markerfacecolor=face, markersize=5, markeredgewidth=0.9, zorder=3,
            )  # fmt: skip
    for column, accuracy in enumerate(words_accuracy or ()):
        if np.isfinite(accuracy):
            axes.plot(
                [column - 0.4, column + 0.4], [100 * accuracy] * 2, "--", color=GREEN,
                linewidth=1.2, zorder=2, label="bag of words" if column == 0 else None,
            )  # fmt: skip
    axes.axhline(50, color=LIGHT, linewidth=0.8, zorder=0)
    axes.set_xticks(range(len(names)), list(names))
    axes.set(xlim=(-0.6, len(names) - 0.4), ylim=(46, 102), ylabel="accuracy (%)")
    return axes


def draw_effect_ratios(axes: Axes, names: Sequence[str], ratios: Sequence[ArrayLike]) -> Axes:
    """Plain word effects without the subspace, against those of the whole network.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; 1 means that words without context count as before.
    names : sequence of str
        Documents, a column each.
    ratios : sequence of array_like
        For each column, the ratio of each of its networks.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.axhline(1, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    for column, values in enumerate(ratios):
        values = np.asarray(values, dtype=float).ravel()
        places = column + 0.12 * (np.arange(len(values)) - (len(values) - 1) / 2)
        axes.plot(places, values, "o", color=BLACK, markerfacecolor="white", markersize=5)
    axes.set_xticks(range(len(names)), list(names))
    axes.set(xlim=(-0.6, len(names) - 0.4), ylabel="plain word effect,\nremoved / whole")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0), max(high, 1.25))
    return axes
