"""Gains of modifiers over the words after them, and weights of the places of a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .style import (
    BLACK,
    BLUE,
    GREY,
    KIND_NAMES,
    LIGHT,
    ORANGE,
    PURPLE,
    VERMILION,
    kinds_of,
    look_of,
    say,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

#: Of who says what a gain or a weight is: colour, marker, line style.
SOURCES: Mapping[str, tuple[str, str, str]] = {
    "truth": (GREY, "", "-"),
    "network": (BLACK, "o", "-"),
    "bag of words": (ORANGE, "s", "--"),
    "control": (BLUE, "^", ":"),
    "begun on the line": (VERMILION, "v", "--"),
    "immediate effect": (PURPLE, "D", ":"),
}


def draw_gain_courses(
    axes: Axes, kinds: Sequence[ArrayLike], gains: Sequence[ArrayLike], *,
    truth: Mapping[str, ArrayLike] | None = None,
) -> Axes:  # fmt: skip
    """Gain against words since the modifier, by kind; a bar spans several networks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    kinds : sequence of array_like of shape (n_words,), str
        For each network, of its own words: networks need not have the same.
    gains : sequence of array_like of shape (n_lags, n_words)
        For each network; a kind's median and bar are of the networks that have it.
    truth : mapping of str to array_like of shape (n,), optional
        True gains by kind, drawn as a step each. One that has come back to 1 stays there; one
        that is cut short before is drawn as far as it is known.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    pairs = [
        (np.asarray(own).astype(str), np.asarray(one))
        for own, one in zip(kinds, gains, strict=True)
    ]
    axes.axhline(1, color=LIGHT, linewidth=0.8, zorder=0)
    lags = np.arange(1, len(pairs[0][1]) + 1)
    for kind in kinds_of(np.concatenate([own for own, _ in pairs])):
        colour, marker, line = look_of(kind)
        means = np.stack([one[:, own == kind].mean(axis=1) for own, one in pairs if kind in own])
        middle = np.median(means, axis=0)
        axes.plot(lags, middle, line, marker=marker, color=colour, markersize=4.5,
                  label=KIND_NAMES.get(kind, kind))  # fmt: skip
        axes.vlines(lags, means.min(axis=0), means.max(axis=0), color=colour, linewidth=1.0)
        for profile in [] if truth is None or kind not in truth else [truth[kind]]:
            steps = np.full(len(lags), 1.0 if np.asarray(profile)[-1] == 1 else np.nan)
            steps[: len(np.asarray(profile))] = np.asarray(profile)[: len(lags)]
            axes.step(lags, steps, where="mid", color=colour, linewidth=0.7, linestyle=(0, (1, 2)))
    axes.set(xlabel="words after the modifier", ylabel="gain")
    axes.set_xticks(lags)
    return axes


def draw_words_by_gain(
    axes: Axes, words: Sequence[str], gains: ArrayLike, *, most: int = 12
) -> Axes:
    """Gains of single words over the words after them: those farthest from 1.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    words : sequence of str
    gains : array_like of shape (n_lags, n_words)
    most : int
        Words to show.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    gains = np.asarray(gains, dtype=float)
    if not gains.size:
        return say(axes, "no words were taken\nas modifiers")
    order = np.argsort(-np.abs(gains[0] - 1), kind="stable")[:most][::-1]
    place = np.arange(len(order))
    axes.axvline(1, color=LIGHT, linewidth=0.8, zorder=0)
    for lag, (marker, shade) in zip(
        (0, 1, 3), (("o", BLACK), ("s", GREY), ("D", LIGHT)), strict=True
    ):
        if lag < len(gains):
            axes.plot(gains[lag, order], place, marker, color=shade, markersize=4,
                      markeredgecolor=BLACK, markeredgewidth=0.3, label=f"{lag + 1}")  # fmt: skip
    axes.set_yticks(place, [str(words[index])[:14] for index in order])
    axes.set_xlabel("gain")
    axes.legend(title="words after", loc="lower right", title_fontsize=7, handletextpad=0.1)
    return axes


def draw_profiles(
    axes: Axes, profiles: Mapping[str, Sequence[ArrayLike]], *, xlabel: str, ylabel: str
) -> Axes:
    """Weights by place or delay, said by several sources; a line for each network.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    profiles : mapping of str to sequence of array_like
        By source, a key of ``SOURCES``.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.axhline(1, color=LIGHT, linewidth=0.8, zorder=0)
    for source, several in profiles.items():
        colour, marker, line = SOURCES[source]
        for number, values in enumerate(several):
            values = np.asarray(values, dtype=float)
            axes.plot(
                np.arange(len(values)), values, line, marker=marker, color=colour, markersize=3,
                linewidth=3.0 if source == "truth" else 0.9,
                alpha=0.5 if source == "truth" else 1.0,
                zorder=1 if source == "truth" else 2, label=source if number == 0 else None,
            )  # fmt: skip
    axes.set(xlabel=xlabel, ylabel=ylabel)
    return axes


def draw_found_gains(axes: Axes, true: ArrayLike, found: Mapping[str, ArrayLike]) -> Axes:
    """Gains that were found against the true ones, slightly apart where these are equal.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    true : array_like of shape (n_words, n_lags)
    found : mapping of str to array_like of shape (n_words, n_lags)
        By source, a key of ``SOURCES``.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    true = np.asarray(true, dtype=float)
    reach = [float(true.min()) - 0.4, float(true.max()) + 0.4]
    axes.plot(reach, reach, color=LIGHT, linewidth=0.8, zorder=0)
    for side, (source, values) in zip((-1, 1), found.items(), strict=False):
        colour, marker, _ = SOURCES[source]
        spread = np.linspace(0.03, 0.13, true.size).reshape(true.shape)
        axes.plot((true + side * spread).ravel(), np.ravel(values), marker, color=colour,
                  markersize=3.5, linestyle="", alpha=0.8, label=source)  # fmt: skip
    axes.set(xlabel="true gain", ylabel="gain found")
    axes.legend(loc="upper left", handletextpad=0.1)
    return axes
