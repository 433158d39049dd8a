"""Words that change other words: how much, what they do to word effects, where they lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .style import (
    BLACK,
    BLUE,
    GREY,
    KIND_NAMES,
    LIGHT,
    TWIN_NAMES,
    TWINS,
    VERMILION,
    kinds_of,
    look_of,
    say,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

#: Of the probe sentences, in their order: name, colour, marker, line style.
SENTENCES = (
    ("plain", BLACK, "o", ":"),
    ("negated", VERMILION, "v", "-"),
    ("intensified", BLUE, "^", "--"),
)

#: Letters of a word that is written beside a point.
LONGEST_WORD = 13

#: Letters that fit under the axis of a panel with sentences, over all of its width.
_LETTERS_ACROSS = 104


def shorten(word: str, letters: int = LONGEST_WORD) -> str:
    """A word as it is written in a panel, in so many letters at most.

    Examples
    --------
    >>> shorten("extremely"), shorten("incomprehensibility"), shorten("extremely", 5)
    ('extremely', 'incomprehens…', 'extr…')
    """
    return word if len(word) <= letters else f"{word[: letters - 1]}…"


def draw_sentences(axes: Axes, readouts: ArrayLike) -> Axes:
    """Readout after every word of a few sentences.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    readouts : array_like of shape (n_sentences, 1 + n_words)
        Logits; the first is that of the first state, NaN after a sentence's end.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    readouts = np.asarray(readouts, dtype=float)
    axes.axhline(0, color=LIGHT, linewidth=0.8, zorder=0)
    axes.set_ylabel("readout (logit)")
    for (name, colour, marker, line), values in zip(SENTENCES, readouts, strict=False):
        axes.plot(
            np.arange(len(values)), values, line, color=colour, marker=marker, markersize=4.5,
            label=name, clip_on=False, zorder=3,
        )  # fmt: skip
    axes.set_xlim(-0.4, readouts.shape[1] - 0.6)
    return axes


def write_sentences(axes: Axes, sentences: Sequence[str]) -> Axes:
    """The words of some sentences under the axis, each below the readout that it leads to.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel, as `draw_sentences` left it.
    sentences : sequence of str
        Words separated by spaces.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; a tick for every word.
    """
    split = [sentence.split() for sentence in sentences]
    longest = max(map(len, split), default=0)
    letters = max(_LETTERS_ACROSS // (longest + 1), 2)
    size = min(6.5, 65 / (longest + 1))  # as small as it takes for the columns to fit
    axes.set_xticks(range(longest + 1), [""] * (longest + 1))
    for line, ((name, colour, *_), words) in enumerate(zip(SENTENCES, split, strict=False)):
        written = [name, *(shorten(word, letters) for word in words)]
        for place, word in enumerate(written):
            axes.annotate(
                word, (place, 0), xytext=(0, -5 - 8.5 * line), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="top", fontsize=size, color=colour,
                style="italic" if place == 0 else "normal", annotation_clip=False,
            )  # fmt: skip
    return axes


def draw_gain_pairs(axes: Axes, kinds: ArrayLike, network: ArrayLike, straight: ArrayLike) -> Axes:
    """Gain of each context word in the network (filled) and in its linearisation (hollow).

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    kinds : array_like of shape (n_words,), str
        Kind of each context word.
    network, straight : array_like of shape (n_words,)
        Factor on the effect of the next word.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, with a tick for every kind.
    """
    axes.axhline(1, color=LIGHT, linewidth=0.8, zorder=0)
    axes.axhline(0, color=LIGHT, linewidth=0.8, linestyle=":", zorder=0)
    draw_strips(axes, kinds, network, shift=-0.2)
    draw_strips(axes, kinds, straight, shift=0.2, filled=False)
    axes.set_ylabel("gain on the next word")
    return axes


def draw_strips(
    axes: Axes, kinds: ArrayLike, values: ArrayLike, *, shift: float = 0.0, filled: bool = True,
    width: float = 0.24,
) -> None:  # fmt: skip
    """Values side by side within the column of their kind, and the columns' names."""
    kinds, values = np.asarray(kinds), np.asarray(values, dtype=float)
    names = kinds_of(kinds)
    for column, kind in enumerate(names):
        chosen = values[kinds == kind].ravel()
        colour, marker, _ = look_of(kind)
        spread = width * side_by_side(len(chosen))
        axes.scatter(
            column + shift + spread, chosen, s=12, marker=marker,
            facecolors=colour if filled else "white", edgecolors=colour, linewidths=0.7, zorder=3,
        )  # fmt: skip
    name_kinds(axes, names)


def side_by_side(number: int) -> np.ndarray:
    """Places between -0.5 and 0.5, the same every time, neighbours far apart."""
    return (np.arange(number) * 0.618034 + 0.5) % 1 - 0.5


def name_kinds(axes: Axes, names: Sequence[str]) -> None:
    """A tick with its name for every column; where columns are many, names take turns in height."""
    labels = [KIND_NAMES.get(name, name).replace(" (", "\n(") for name in names]
    if len(names) > 3:
        single = [place for place, label in enumerate(labels) if "\n" not in label]
        for place in single[::2]:
            labels[place] = f"\n{labels[place]}"
    axes.set_xticks(range(len(names)), labels, fontsize=6.5)
    axes.set_xlim(-0.6, max(len(names), 1) - 0.4)


def draw_ranking(
    axes: Axes, kinds: ArrayLike, changes: ArrayLike, *, plain: ArrayLike | None = None,
    twins: Mapping[str, ArrayLike] | None = None,
) -> Axes:  # fmt: skip
    """Words by how far they take the state to another input Jacobian, the farthest first.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    kinds : array_like of shape (n_words,), str
    changes : array_like of shape (n_words,)
        Change against the nearest slow point, in state units per input unit.
    plain : array_like of shape (n_words,), optional
        Change against the point that the state came from; a light tick above or below the word.
    twins : dict of str to array_like of shape (n_words,), optional
        The same change in the twins, each in its own order: lines.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, ranks on a logarithmic scale: what stands out is at the left.
    """
    kinds, changes = np.asarray(kinds), np.asarray(changes, dtype=float)
    axes.set(xlabel="rank among all words", ylabel="change of input Jacobian\n(state / input unit)")
    order = _falling(changes)
    if not len(order):
        return say(axes, "no words")
    rank = np.empty(len(changes))
    rank[order] = np.arange(1, len(order) + 1)
    if plain is not None:
        axes.scatter(
            rank[order], np.asarray(plain, dtype=float)[order], s=14, marker="_", color=GREY,
            linewidths=0.5, alpha=0.7, zorder=1, label="against where the state was",
        )  # fmt: skip
    for kind in kinds_of(kinds[order]):
        colour, marker, _ = look_of(kind)
        chosen = order[kinds[order] == kind]
        axes.scatter(
            rank[chosen], changes[chosen], s=15, marker=marker, color=colour, zorder=3,
            edgecolors=BLACK, linewidths=0.25, label=KIND_NAMES.get(kind, kind),
        )  # fmt: skip
    for twin, values in (twins or {}).items():
        colour, line = TWINS[twin]
        values = np.asarray(values, dtype=float)
        values = values[_falling(values)]
        axes.plot(
            np.arange(1, len(values) + 1), values, line, color=colour, linewidth=1.0, zorder=1,
            label=TWIN_NAMES[twin],
        )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(0.85, 1.2 * len(changes))
    axes.set_ylim(bottom=0)
    return axes


def _falling(values: np.ndarray) -> np.ndarray:
    """Indices of the finite values, the largest first."""
    order = np.argsort(-values, kind="stable")
    return order[np.isfinite(values[order])]


def name_ranked(
    axes: Axes, words: ArrayLike, changes: ArrayLike, marked: Sequence[str], *, top: int
) -> list[str]:
    """Names in a ranking: the first words, and some that are looked for wherever they stand.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        A panel of `draw_ranking`.
    words : array_like of shape (n_words,), str
    changes : array_like of shape (n_words,)
        As in the ranking.
    marked : sequence of str
        Words to mark.
    top : int
        How many of the first words are named.

    Returns
    -------
    list of str
        The words that were looked for and are not ranked.
    """
    words, changes = np.asarray(words), np.asarray(changes, dtype=float)
    order = _falling(changes)
    first = [shorten(str(words[index])) for index in order[:top]]
    for number, (word, index) in enumerate(zip(first, order, strict=False), start=1):
        axes.annotate(
            word, (number, changes[index]), xytext=(0, 6), textcoords="offset points",
            rotation=90, ha="center", va="bottom", fontsize=6.5, zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8},
        )  # fmt: skip
    rank_of = {str(words[index]): number for number, index in enumerate(order, start=1)}
    found = sorted((rank_of[word], word) for word in marked if word in rank_of)
    for place, (number, word) in enumerate(found):
        # At the foot of the panel, at two heights in turn, so that neighbours do not touch.
        axes.annotate(
            shorten(word), (number, changes[order[number - 1]]), ha="center", va="bottom",
            xytext=(number, 0.015 + 0.065 * (place % 2)), textcoords=axes.get_xaxis_transform(),
            fontsize=6.5, color=VERMILION, zorder=4,
            arrowprops={"arrowstyle": "-", "color": VERMILION, "linewidth": 0.6, "shrinkA": 0,
                        "shrinkB": 2},
        )  # fmt: skip
        axes.plot(number, changes[order[number - 1]], "o", color=VERMILION, markersize=4, zorder=4)
    return [word for word in marked if word not in rank_of]


def draw_effects_after(
    axes: Axes, plain: ArrayLike, after: Sequence[Mapping[str, ArrayLike]]
) -> Axes:
    """Effects of words after a context word against their effects without it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    plain : array_like of shape (n_words,)
        Linear effects without context, in logits.
    after : sequence of dict
        For each context word ``word``, ``kind``, its ``linear`` effects (filled) and ``true``
        one-step effects (hollow), each of shape (n_words,), and the ``slope`` of the linear ones.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    plain = np.asarray(plain, dtype=float)
    axes.set(xlabel="word effect alone (logit)", ylabel="effect after the context (logit)")
    if not np.isfinite(plain).any():
        return say(axes, "no word effects")
    axes.axhline(0, color=LIGHT, linewidth=0.8, zorder=0)
    axes.axvline(0, color=LIGHT, linewidth=0.8, zorder=0)
    ends = np.array([np.nanmin(plain), np.nanmax(plain)])
    axes.plot(ends, ends, "-", color=BLACK, linewidth=0.8, zorder=1, label="— (alone)")
    axes.plot([], [], "o", color=BLACK, markersize=3, markerfacecolor="none", label="true effect")
    for context in after:
        colour, marker, line = look_of(str(context["kind"]))
        linear = np.asarray(context["linear"], dtype=float)
        slope = float(context["slope"])  # type: ignore[arg-type]  # a number
        axes.scatter(
            plain, context["true"], s=13, marker=marker, facecolors="none", edgecolors=colour,
            linewidths=0.7, zorder=2,
        )  # fmt: skip
        axes.scatter(plain, linear, s=7, marker=marker, color=colour, linewidths=0, zorder=3)
        name = shorten(str(context["word"]))
        if np.isfinite(slope):
            name = f"{name}: {slope:.2f}".replace("-", "−")
        fit = np.nanmean(linear) + slope * (ends - np.nanmean(plain))
        axes.plot(
            ends, fit, line, color=colour, linewidth=1.1, zorder=2,
            label=name,
        )  # fmt: skip
    return axes


def draw_slopes(axes: Axes, kinds: ArrayLike, slopes: ArrayLike) -> Axes:
    """Factor on word effects after every context word, by its kind.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    kinds : array_like of shape (n_words,), str
    slopes : array_like of shape (n_words, n_points)
        At each point of comparison.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; dashed lines where words are flipped, left alone and doubled.
    """
    kinds, slopes = np.asarray(kinds), np.asarray(slopes, dtype=float)
    axes.set_ylabel("slope of word effects after it")
    if not np.isfinite(slopes).any():
        return say(axes, "no slopes")
    for height in (-1, 1, 2):
        axes.axhline(height, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    names = kinds_of(kinds)
    for column, kind in enumerate(names):
        chosen = slopes[kinds == kind].ravel()
        chosen = chosen[np.isfinite(chosen)]
        colour, marker, _ = look_of(kind)
        axes.scatter(
            column + 0.55 * side_by_side(len(chosen)), chosen, s=5, marker=marker, color=colour,
            linewidths=0, alpha=0.8, zorder=2,
        )  # fmt: skip
        if len(chosen):
            middle = float(np.median(chosen))
            axes.plot(
                [column - 0.36, column + 0.36], [middle, middle], color=BLACK, linewidth=1.4,
                zorder=4, solid_capstyle="butt",
            )  # fmt: skip
    name_kinds(axes, names)
    return axes


def draw_slopes_against_change(
    axes: Axes, words: ArrayLike, changes: ArrayLike, slopes: ArrayLike, marked: Iterable[str]
) -> Axes:
    """Factor on word effects after every word, against its change of the input Jacobian.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    words : array_like of shape (n_words,), str
    changes, slopes : array_like of shape (n_words,)
    marked : iterable of str
        Words to mark, where they occur.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; the dashed line is where words are left alone.
    """
    words = np.asarray(words)
    changes, slopes = (np.asarray(values, dtype=float) for values in (changes, slopes))
    axes.set(
        xlabel="change of input Jacobian\n(state / input unit)",
        ylabel="slope of word effects after it",
    )
    if not np.isfinite(changes + slopes).any():
        return say(axes, "no slopes")
    axes.axhline(1, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.scatter(changes, slopes, s=6, color=GREY, alpha=0.6, linewidths=0, zorder=2)
    chosen = np.isin(words, list(marked))
    axes.plot(changes[chosen], slopes[chosen], "o", color=VERMILION, markersize=4, zorder=3)
    return axes
