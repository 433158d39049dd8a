"""Words that change what the words after them do, found and measured in a trained classifier.

A modifier kicks the state off the line to a place where the input Jacobian is another one. Each
function measures one side of it and returns ``name -> (dims, values, units, long_name)``. A
network is anything with the attributes of `unrolled.networks.Network`.

References
----------
.. [1] Maheswaranathan and Sussillo, "How recurrent networks implement contextual processing in
   sentiment analysis", ICML 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .portraits import Measured, Portrait
from .predictions import nearest_points, relaxation
from .sensitivities import slope, true_word_effects, word_effects
from .subspaces import Subspace, span, without_direction

SHOWN_AXES = 3  # of the modifier subspace, that figures draw
SHOWN_MODES = 10
_SPREAD = 0.8  # of the line, that the points of comparison cover
_BLOCK = 256  # words whose Jacobians are held at once


@dataclass(frozen=True)
class Line:
    """Where words are compared: some slow points along the line.

    Attributes
    ----------
    portrait : Portrait
    points : ndarray of shape (p, d)
        From one end to the other.
    direction : ndarray of shape (d,)
        Unit vector along the line; the readout's where there are too few points for one.
    """

    portrait: Portrait
    points: np.ndarray
    direction: np.ndarray

    @property
    def middle(self) -> int:
        """Number of the point whose readout is nearest to 0."""
        return int(np.abs(self.portrait.network.logits(self.points)).argmin())


def choose_points(portrait: Portrait, n: int) -> Line:
    """Slow points spread along the line; where there are none, the state at rest.

    Parameters
    ----------
    portrait : Portrait
    n : int
        Most points; a single one is that in the middle.

    Returns
    -------
    Line
    """
    network, coordinate = portrait.network, portrait.coordinate
    direction = portrait.direction
    if not np.isfinite(direction).all():
        direction = network.readout / np.linalg.norm(network.readout)
    if not len(portrait.points):
        rest = relaxation(portrait.step, portrait.components.mean[None], 200).states
        return Line(portrait, rest, direction)
    places = np.linspace(-_SPREAD, _SPREAD, n) if n > 1 else np.zeros(1)
    chosen = np.unique(np.abs(coordinate[:, None] - places).argmin(axis=0))
    chosen = chosen[np.argsort(coordinate[chosen], kind="stable")]
    return Line(portrait, portrait.points.states[chosen], direction)


def states_after(network: Any, states: np.ndarray, words) -> np.ndarray:
    """States (n_words, n, d) that each word leads to from each of some states (n, d)."""
    return np.stack([network.cell.step(states, network.embedding[word]) for word in words])


def jacobian_changes(line: Line, words) -> tuple[np.ndarray, np.ndarray]:
    """How far each word takes the state to another input Jacobian (analysis 2).

    Parameters
    ----------
    line : Line
    words : array_like of shape (n_words,), int

    Returns
    -------
    changes : ndarray of shape (n_words,)
        |J_inp(F(h*, x_w)) - J_inp(h*)| in the Frobenius norm, mean over the points.
    beside : ndarray of shape (n_words,)
        The same against the slow point nearest to F(h*, x_w): what is left once the state's
        move along the line is taken out.
    """
    portrait = line.portrait
    cell, reference = portrait.network.cell, portrait.reference_input
    slow = portrait.points.states if len(portrait.points) else line.points
    before = cell.jacobian_input(line.points, reference)
    at_slow = cell.jacobian_input(slow, reference)
    changes, beside = np.empty((2, len(words)))
    for first in range(0, len(words), _BLOCK):
        rows = slice(first, first + _BLOCK)
        after = states_after(portrait.network, line.points, words[rows])
        flat = after.reshape(-1, after.shape[-1])
        nearest = nearest_points(flat, slow).reshape(after.shape[:2])
        for number, states in enumerate(after):
            there = cell.jacobian_input(states, reference)
            changes[first + number] = _lengths(there - before).mean()
            beside[first + number] = _lengths(there - at_slow[nearest[number]]).mean()
    return changes, beside


def _lengths(matrices: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("nij,nij->n", matrices, matrices))


def matched_words(words: np.ndarray, candidates: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """For each word, a candidate that is as frequent: controls that differ in nothing else.

    Parameters
    ----------
    words, candidates : ndarray of int
    counts : ndarray of shape (vocabulary,)

    Returns
    -------
    ndarray of int
        As many as words, or as candidates if those are fewer; none twice.
    """
    left = list(candidates)
    found = []
    for word in words:
        if not left:
            break
        gaps = np.abs(np.log1p(counts[left]) - np.log1p(counts[word]))
        found.append(left.pop(int(gaps.argmin())))
    return np.array(found, dtype=int)


def measure_changes(line: Line, contexts: np.ndarray, valence_words: np.ndarray) -> Measured:
    """What every word does to the input Jacobian, and to the effect of words (analyses 1-3)."""
    portrait = line.portrait
    network, reference = portrait.network, portrait.reference_input
    plain = word_effects(network, line.points, reference, valence_words)
    true = true_word_effects(network, line.points, reference, valence_words)
    shape = len(contexts), len(line.points)
    slopes, true_slopes, agreement = np.empty((3, *shape))
    for number, after in enumerate(_each_state_after(network, line.points, contexts)):
        linear = word_effects(network, after, reference, valence_words)
        exact = true_word_effects(network, after, reference, valence_words)
        slopes[number] = slope(linear, plain)
        true_slopes[number] = slope(exact, true)
        agreement[number] = _correlations(linear, exact)
    changes, beside = jacobian_changes(line, contexts)
    return {
        "context_id": ("context", contexts, "1", "vocabulary id"),
        "jacobian_change": (
            "context", changes, "state units per input unit", "change of the input Jacobian",
        ),
        "jacobian_change_beside": (
            "context", beside, "state units per input unit",
            "change of the input Jacobian against the nearest slow point",
        ),
        "linear_slope": (
            ("context", "reference_point"), slopes, "1",
            "slope of linear word effects after the context word on those without it",
        ),
        "true_slope": (
            ("context", "reference_point"), true_slopes, "1",
            "slope of true word effects after the context word on those without it",
        ),
        "linear_agreement": (
            ("context", "reference_point"), agreement, "1",
            "correlation of linear and true word effects after the context word",
        ),
        "reference_logit": (
            "reference_point", network.logits(line.points), "logit", "readout of the points",
        ),
        "effect_word": ("effect_word_number", valence_words, "1", "vocabulary id"),
        "plain_effect": (
            ("reference_point", "effect_word_number"), plain, "logit",
            "linear effect of a word on the readout",
        ),
    }  # fmt: skip


def _each_state_after(network, points, contexts):
    """One context's states (p, d) after another, made a block at a time."""
    for first in range(0, len(contexts), _BLOCK):
        yield from states_after(network, points, contexts[first : first + _BLOCK])


def _correlations(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each row with its counterpart; NaN where one does not vary."""
    # The mean of equal numbers is not always that number: what is left of them is rounding.
    vary = (left != left[:, :1]).any(axis=1) & (right != right[:, :1]).any(axis=1)
    left = left - left.mean(axis=1, keepdims=True)
    right = right - right.mean(axis=1, keepdims=True)
    squares = np.where(vary, (left**2).sum(axis=1) * (right**2).sum(axis=1), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (left * right).sum(axis=1) / np.sqrt(squares)


def measure_shown_effects(line: Line, shown: np.ndarray, valence_words: np.ndarray) -> Measured:
    """Effects of words after each shown context word, at the middle point of the line."""
    portrait = line.portrait
    network, reference = portrait.network, portrait.reference_input
    point = line.points[line.middle][None]
    after = states_after(network, point, shown)[:, 0]
    dims = ("shown_context", "effect_word_number")
    return {
        "shown_id": ("shown_context", shown, "1", "vocabulary id"),
        "shown_linear_effect": (
            dims, word_effects(network, after, reference, valence_words), "logit",
            "linear effect of a word after the context word",
        ),
        "shown_true_effect": (
            dims, true_word_effects(network, after, reference, valence_words), "logit",
            "true effect of a word after the context word",
        ),
        "middle_effect": (
            "effect_word_number", word_effects(network, point, reference, valence_words)[0],
            "logit", "linear effect of a word without context",
        ),
    }  # fmt: skip


def modifier_subspace(line: Line, modifiers: np.ndarray) -> tuple[Subspace, np.ndarray]:
    """Where modifiers take the state off the line (analysis 5).

    Parameters
    ----------
    line : Line
    modifiers : ndarray of shape (n,), int

    Returns
    -------
    subspace : Subspace
        Of the deflections F(h*, x_m) - F(h*, x*), their part along the line taken out.
    off_shares : ndarray of shape (n, p)
        Share of each deflection's squared length that lies off the line.
    """
    deflections = _deflections(line, modifiers)
    off = without_direction(deflections, line.direction)
    shares = (off**2).sum(axis=-1) / (deflections**2).sum(axis=-1)
    return span(off.reshape(-1, off.shape[-1])), shares


def _deflections(line: Line, words: np.ndarray) -> np.ndarray:
    """F(h*, x_w) - F(h*, x*) of each word at each point, (n_words, p, d)."""
    portrait = line.portrait
    rest = portrait.network.cell.step(line.points, portrait.reference_input)
    return states_after(portrait.network, line.points, words) - rest


def deflections_off(line: Line, words: np.ndarray) -> np.ndarray:
    """The part of the deflections that is not along the line, (n_words, p, d)."""
    return without_direction(_deflections(line, words), line.direction)


def cosines(vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Cosine of each vector (n, d) and a direction (d,), with its sign."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(direction)
    with np.errstate(invalid="ignore", divide="ignore"):
        return vectors @ direction / lengths


def measure_subspace(
    line: Line, subspace: Subspace, off_shares: np.ndarray, shown: np.ndarray, n_steps: int
) -> Measured:
    """The modifier subspace, and the way in and out of it (analyses 5, 6).

    ``shown`` are the words whose deflections are followed for ``n_steps`` reference inputs.
    """
    portrait = line.portrait
    network, reference = portrait.network, portrait.reference_input
    axes = subspace.axes[:SHOWN_AXES]
    after = states_after(network, line.points, shown)
    rest = network.cell.step(line.points, reference)
    course = np.full((*after.shape[:2], n_steps, len(axes) + 1), np.nan)
    along = np.concatenate([axes, line.direction[None]])
    for time in range(n_steps):
        course[:, :, time] = (after - rest) @ along.T
        after, rest = network.cell.step(after, reference), network.cell.step(rest, reference)
    modes = portrait.modes
    return {
        "subspace_share": (
            "axis", subspace.shares, "1", "share of the off-line deflections on each axis",
        ),
        "subspace_axes": (("shown_axis", "unit"), axes, "1", "axes of the modifier subspace"),
        "off_share": (
            ("modifier", "reference_point"), off_shares, "1",
            "share of a modifier's deflection that lies off the line",
        ),
        "subspace_readout": (
            "shown_axis", np.abs(axes @ network.readout) / np.linalg.norm(network.readout), "1",
            "cosine of an axis and the readout",
        ),
        "followed_id": ("followed", shown, "1", "vocabulary id"),
        "deflection": (
            ("followed", "reference_point", "step", "shown_axis_or_line"), course, "state units",
            "deflection on the axes of the subspace and along the line",
        ),
        "mode_time_constant": (
            "mode_rank", modes.time_constants[_middle_point(line), :SHOWN_MODES]
            if len(modes) else np.full(SHOWN_MODES, np.nan), "tokens",
            "time constants of the slowest modes at the middle of the line",
        ),
    }  # fmt: skip


def _middle_point(line: Line) -> int:
    """Index among all slow points of the one whose readout is nearest to 0."""
    network, points = line.portrait.network, line.portrait.points.states
    return int(np.abs(network.logits(points)).argmin())
