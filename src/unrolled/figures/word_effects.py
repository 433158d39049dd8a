"""What words do to the state: input effects, projections, and the vectors of one mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke

from .eigenmodes import position_colour
from .state_space import NO_POINTS, frame_states
from .style import BLACK, GREY, LIGHT, ORANGE, SKY, TWIN_NAMES, TWINS, VALENCES, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

#: Order of the classes in the arrays.
CLASSES = ("negative", "neutral", "positive")


def draw_word_effects(
    axes: Axes, effects: ArrayLike, classes: ArrayLike, *, left: ArrayLike, legend: bool = True
) -> Axes:
    """Step that each word makes the state take at one point, with class means and ℓ₁.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; the point lies at its origin.
    effects : array_like of shape (n_words, >= 2)
        J_inp x on the principal components of the states; NaN where there is no point.
    classes : array_like of shape (n_words,)
        0 negative, 1 neutral, 2 positive.
    left : array_like of shape (>= 2,)
        Left eigenvector of the integration mode on the same components: only its direction counts.
    legend : bool, default True
        Name the classes.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; both have the same scale.
    """
    effects = np.asarray(effects, dtype=float)[:, :2]
    classes = np.asarray(classes)
    axes.set(xlabel="PC 1 (state units)", ylabel="PC 2 (state units)")
    finite = np.isfinite(effects).all(axis=1)
    if not finite.any():
        return say(axes, NO_POINTS)
    # Square limits around the point, so that directions are seen as they are.
    reach = 1.08 * max(float(np.quantile(np.abs(effects[finite]), 0.997)), 1e-12)
    _draw_direction(axes, np.asarray(left, dtype=float)[:2], reach)
    for number, name in enumerate(CLASSES):
        chosen = effects[finite & (classes == number)]
        if len(chosen) == 0:
            continue
        colour, marker, _ = VALENCES[name]
        axes.scatter(
            chosen[:, 0], chosen[:, 1], s=7, marker=marker, color=colour, alpha=0.45, linewidths=0,
            label=name,
        )  # fmt: skip
        _draw_mean(axes, chosen.mean(axis=0), reach, colour, marker)
    axes.plot(0, 0, "+", color=BLACK, markersize=6, zorder=6)
    axes.locator_params(nbins=4, steps=[1, 2, 5, 10])
    # A panel that is not square shows more of one direction instead of stretching it.
    axes.set_xlim(-reach, reach, auto=True)
    axes.set_ylim(-reach, reach, auto=True)
    axes.set_aspect("equal", adjustable="datalim")
    if legend:
        axes.legend(loc="upper left", markerscale=1.8, handletextpad=0.4, handlelength=1.0)
    return axes


def _draw_direction(axes: Axes, vector: ArrayLike, reach: float) -> None:
    """Line through the origin along a vector, over the whole panel."""
    vector = np.asarray(vector, dtype=float)
    length = float(np.linalg.norm(vector))
    if np.isfinite(length) and length > 0:
        tip = 3 * reach * vector / length
        axes.plot([-tip[0], tip[0]], [-tip[1], tip[1]], color=SKY, linewidth=2.0, zorder=1,
                  label="ℓ₁")  # fmt: skip


def _draw_mean(axes: Axes, mean: ArrayLike, reach: float, colour: str, marker: str) -> None:
    """A class mean: arrow from the point, or the class's marker where it is too short for one."""
    tip = np.asarray(mean, dtype=float)
    if float(np.linalg.norm(tip)) < 0.12 * reach:
        axes.plot(
            tip[0], tip[1], marker, color=colour, markeredgecolor=BLACK, markersize=6, zorder=6
        )
        return
    arrow = axes.annotate(
        "", xy=(tip[0], tip[1]), xytext=(0, 0), zorder=5,
        arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "shrinkA": 0,
                    "shrinkB": 0, "mutation_scale": 9},
    )  # fmt: skip
    if arrow.arrow_patch is not None:  # a black rim, so that it stands out of its words
        arrow.arrow_patch.set_path_effects([withStroke(linewidth=3.0, foreground=BLACK)])


def draw_vectors_along(
    axes: Axes, points: ArrayLike, at: Sequence[int], vectors: ArrayLike, positions: ArrayLike,
    *, around: ArrayLike | None = None,
) -> Axes:  # fmt: skip
    """Slow points in grey and, at some of them, the direction of a vector.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    points : array_like of shape (n_points, >= 2)
        Slow points on PC1 and PC2.
    at : sequence of int
        Points that get a vector; negative: no such point.
    vectors : array_like of shape (len(at), >= 2)
        Unit vectors on the same components.
    positions : array_like of shape (n_points,)
        Position along the curve, for the colours.
    around : array_like of shape (n_states, >= 2), optional
        Visited states: the panel is at least as wide as these.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    points = np.asarray(points, dtype=float)[:, :2]
    positions = np.asarray(positions, dtype=float)
    axes.set(xlabel="PC 1 (state units)", ylabel="PC 2 (state units)")
    if len(points) == 0:
        return say(axes, NO_POINTS)
    axes.scatter(points[:, 0], points[:, 1], s=8, color=LIGHT, linewidths=0, zorder=1)
    frame_states(axes, around)
    extent = float(np.hypot(*np.ptp(axes.dataLim.get_points(), axis=0))) or 1.0
    for index, vector in zip(at, np.asarray(vectors, dtype=float)[:, :2], strict=True):
        if not 0 <= index < len(points):
            continue
        colour = position_colour(positions[index])
        if np.isfinite(vector).all():
            half = 0.14 * extent * vector
            ends = points[index] + np.array([-half, half])
            axes.plot(ends[:, 0], ends[:, 1], color=BLACK, linewidth=3.2, zorder=3)
            axes.plot(ends[:, 0], ends[:, 1], color=colour, linewidth=1.8, zorder=3)
        axes.plot(*points[index], "o", color=colour, markeredgecolor="black", markersize=5.5,
                  zorder=4)  # fmt: skip
    return axes


def draw_class_projections(
    axes: Axes,
    projections: ArrayLike,
    *,
    untrained: ArrayLike | None = None,
    legend: bool = True,
) -> Axes:
    """Histogram over slow points of the mean input projection of each class of words.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    projections : array_like of shape (n_points, 3)
        Mean of ℓ₁ᵀJ_inp x over negative, neutral and positive words.
    untrained : array_like of shape (n_points, 3), optional
        The same of the untrained twin: outlines only.
    legend : bool, default True
        Name the classes.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    values = np.asarray(projections, dtype=float).reshape(-1, 3)
    values = values[np.isfinite(values).all(axis=1)]
    axes.set(
        xlabel="mean input projection\n" + r"$\ell_1^\top J_\mathrm{inp}\,x$ (state units)",
        ylabel="slow points (%)",
    )
    if len(values) == 0:
        return say(axes, NO_POINTS)
    control = np.empty((0, 3))
    if untrained is not None:
        control = np.asarray(untrained, dtype=float).reshape(-1, 3)
        control = control[np.isfinite(control).all(axis=1)]
    reach = 1.05 * float(np.abs(np.concatenate([values, control])).max()) or 1.0
    edges = np.linspace(-reach, reach, 61)
    axes.axvline(0, color=LIGHT, linewidth=0.8, zorder=0)
    for number, name in enumerate(CLASSES):
        colour, _, line = VALENCES[name]
        _histogram(axes, values[:, number], edges, colour=colour, label=name, filled=True)
        if len(control):
            _histogram(axes, control[:, number], edges, colour=colour, label=None, line=line)
    if len(control):
        axes.plot([], [], color=GREY, linewidth=1.0, label="untrained")
    _raise_ceiling(axes)
    if legend:
        axes.legend(loc="upper center", ncols=2, columnspacing=0.8, handlelength=1.0)
    return axes


def draw_overlap(
    axes: Axes, overlap: ArrayLike, null: ArrayLike, *, untrained: ArrayLike | None = None,
    legend: bool = True,
) -> Axes:  # fmt: skip
    """Histogram over slow points of |r₁·m|, with random directions to compare.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    overlap : array_like of shape (n_points,)
        |cosine| of the integration mode's right eigenvector and the manifold's direction.
    null : array_like of shape (n_random,)
        The same of random unit vectors.
    untrained : array_like of shape (n_points,), optional
        The same of the untrained twin.
    legend : bool, default True
        Name the three.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    found, random = np.asarray(overlap, dtype=float), np.asarray(null, dtype=float)
    known, random = found[np.isfinite(found)], random[np.isfinite(random)]
    axes.set(xlabel=r"overlap $|r_1 \cdot m|$", ylabel="share (%)", xlim=(0, 1.02))
    if len(known) == 0:
        why = "too few slow points\nfor a direction of the curve" if len(found) else NO_POINTS
        return say(axes, why)
    edges = np.linspace(0, 1, 41)
    if len(random):
        _histogram(axes, random, edges, colour=GREY, label="random vectors", filled=True)
    _histogram(axes, known, edges, colour=SKY, label="trained", filled=True)
    if untrained is not None and np.isfinite(np.asarray(untrained, dtype=float)).any():
        control = np.asarray(untrained, dtype=float)
        _histogram(
            axes, control[np.isfinite(control)], edges, colour=ORANGE, label="untrained", line="--"
        )
    _raise_ceiling(axes)
    if legend:
        axes.legend(loc="upper center", ncols=2, columnspacing=0.8, handlelength=1.0)
    return axes


def draw_word_weights(axes: Axes, weights: ArrayLike, projections: Mapping[str, ArrayLike]) -> Axes:
    """Input projection of each word against its weight in a bag of words.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    weights : array_like of shape (n_words,)
        Coefficient, or true valence.
    projections : mapping of str to array_like of shape (n_words,)
        Mean of ℓ₁ᵀJ_inp x over the slow points, for ``trained`` and its twins.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    weights = np.asarray(weights, dtype=float)
    axes.set(
        xlabel="bag-of-words weight or true valence",
        ylabel=r"mean $\ell_1^\top J_\mathrm{inp}\,x$ (state units)",
    )
    markers = {"trained": "o", "untrained": "x", "shuffled": "+"}
    drawn = False
    for twin in reversed(list(projections)):
        values = np.asarray(projections[twin], dtype=float)
        finite = np.isfinite(values) & np.isfinite(weights)
        if finite.sum() < 2:
            continue
        drawn = True
        axes.scatter(
            weights[finite], values[finite], s=9, marker=markers[twin], color=TWINS[twin][0],
            linewidths=0.6 if twin != "trained" else 0, alpha=0.6,
            label=f"{TWIN_NAMES[twin]}, r = {_correlation(weights[finite], values[finite])}",
        )  # fmt: skip
    if not drawn:
        return say(axes, NO_POINTS)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.22 * (high - low))
    axes.legend(loc="upper left", handletextpad=0.1, markerscale=1.5, reverse=True)
    return axes


def _correlation(x: ArrayLike, y: ArrayLike) -> str:
    """Pearson's, in two digits; a dash where one side does not vary."""
    if np.ptp(np.asarray(x)) == 0 or np.ptp(np.asarray(y)) == 0:
        return "–"
    return f"{np.corrcoef(np.asarray(x), np.asarray(y))[0, 1]:.2f}".replace("-", "−")


def _histogram(
    axes: Axes, values: ArrayLike, edges: ArrayLike, *, colour: str, label: str | None,
    filled: bool = False, line: str = "-",
) -> None:  # fmt: skip
    """Shares in per cent; filled, or as an outline."""
    values = np.asarray(values)
    counts, _ = np.histogram(np.clip(values, np.min(edges), np.max(edges)), edges)
    shares = 100.0 * counts / max(len(values), 1)
    if filled:
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.75, label=label)
    else:
        axes.stairs(shares, edges, color=colour, linewidth=1.0, linestyle=line, label=label)


def _raise_ceiling(axes: Axes) -> None:
    """Room for a legend above the tallest bar."""
    axes.set_ylim(0, axes.get_ylim()[1] * 1.32)
