"""How a network of the toy language processes phrases: predictions, modes, and modes taken out.

References
----------
.. [1] Maheswaranathan and Sussillo, "How recurrent networks implement contextual processing in
   sentiment analysis", ICML 2020, section 4 and supplementary figures 11 to 14.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .mode_removal import (
    carried_share,
    mode_groups,
    principal_angles,
    random_carried_shares,
    removal_course,
)
from .portraits import PCS, Measured, Portrait
from .predictions import nearest_points
from .sensitivities import word_effects

FEW = 3  # modes (real dimensions) that a modifier's effect is to go with
REMOVED = 11  # groups of modes taken out in the figure
DRAWS = 100  # random sets of modes to compare with


@dataclass(frozen=True)
class Phrases:
    """Phrases that a network has read, each in several reviews.

    Attributes
    ----------
    names : list of str
        Such as "very good"; the last word is the one that the phrase is about.
    states : ndarray of shape (n_phrases, copies, T, d)
    words : ndarray of shape (n_phrases,), int
        Vocabulary ids of the last words.
    places : ndarray of shape (n_phrases,), int
        Where they stand.
    modifier_place : int
    values : ndarray of shape (n_phrases,)
        What the words count.
    """

    names: list[str]
    states: np.ndarray
    words: np.ndarray
    places: np.ndarray
    modifier_place: int
    values: np.ndarray

    def mean_states(self, name: str) -> np.ndarray:
        """Mean state over the copies of a phrase, (T, d)."""
        return self.states[self.names.index(name)].mean(axis=0)


def read_phrases(network: Any, probes: Any) -> Phrases:
    """States of a network over probe reviews (`unrolled.tasks.ToyProbes`)."""
    tokens = probes.tokens
    states = network.states(tokens.reshape(-1, tokens.shape[2]))
    rows = np.arange(len(tokens))
    return Phrases(
        names=list(probes.phrases),
        states=states.reshape(*tokens.shape, -1),
        words=tokens[rows, 0, probes.places],
        places=probes.places,
        modifier_place=probes.modifier_place,
        values=probes.values,
    )


def resting_point(portrait: Portrait) -> np.ndarray:
    """The slow point whose readout is nearest to 0, (d,).

    Raises
    ------
    ValueError
        If there are no slow points.
    """
    states = portrait.points.states
    if not len(states):
        raise ValueError(
            "the network has no slow points, and so none to rest at. Raise "
            "contextual_sentiment.toy.starts or contextual_sentiment.dynamics.speed in the "
            "settings, or train it for longer."
        )
    return states[np.abs(portrait.network.logits(states)).argmin()]


def measure_predictions(portrait: Portrait, phrases: Phrases) -> Measured:
    """What the input Jacobian before a word foretells of its effect (analysis 1)."""
    network, reference = portrait.network, portrait.reference_input
    rows = np.arange(len(phrases.names))
    before = phrases.states[rows, :, phrases.places - 1]
    after = phrases.states[rows, :, phrases.places]
    linear = np.array(
        [
            word_effects(network, states, reference, [word]).mean()
            for states, word in zip(before, phrases.words, strict=True)
        ]
    )
    at_rest = word_effects(network, resting_point(portrait)[None], reference, phrases.words)[0]
    change = (network.logits(after) - network.logits(before)).mean(axis=1)
    return {
        "phrase": ("phrase_number", np.array(phrases.names), "1", "phrase"),
        "phrase_value": ("phrase_number", phrases.values, "1", "true value of its last word"),
        "linear_effect": (
            "phrase_number", linear, "1",
            "effect that the input Jacobian before the word foretells",
        ),
        "resting_effect": (
            "phrase_number", at_rest, "1", "effect that the input Jacobian at rest foretells",
        ),
        "true_change": ("phrase_number", change, "1", "change of the readout"),
    }  # fmt: skip


def measure_resting_spectrum(portrait: Portrait, without: Portrait) -> Measured:
    """Slowest eigenvalues near a readout of 0, with the mean noise word and with no input."""

    def spectrum(one: Portrait) -> np.ndarray:
        logits = np.abs(one.network.logits(one.points.states))
        return one.modes.eigenvalues[logits.argmin()] if len(logits) else np.full(PCS, np.nan)

    usual, zero = spectrum(portrait), spectrum(without)
    return {
        "rest_eigenvalue_real": ("mode", usual.real, "1", "real part of the eigenvalues at rest"),
        "rest_eigenvalue_imag": ("mode", usual.imag, "1", "imaginary part"),
        "zero_input_eigenvalue_real": (
            "zero_input_mode", zero.real, "1", "real part of the eigenvalues at rest, input 0",
        ),
        "zero_input_eigenvalue_imag": ("zero_input_mode", zero.imag, "1", "imaginary part"),
    }  # fmt: skip


def measure_step_lengths(portrait: Portrait, phrases: Phrases) -> Measured:
    """How far from slow the states after modifiers are."""
    place = phrases.modifier_place
    states = np.stack(
        [
            phrases.mean_states("good")[place],
            phrases.mean_states("very good")[place],
            phrases.mean_states("not good")[place],
            phrases.mean_states("not nnn good")[place + 3],
        ]
    )
    steps = np.linalg.norm(portrait.step(states) - states, axis=1)
    names = np.array(["noise", "very", "not", "not nnn"])
    return {
        "step_after": ("after", names, "1", "words before"),
        "step_length": ("after", steps, "state units", "|F(h) - h| with the mean noise word"),
    }


def measure_modes(
    portrait: Portrait,
    phrases: Phrases,
    suffixes: Mapping[str, Sequence[int]],
    rng: np.random.Generator,
    *,
    prefix: str = "",
) -> tuple[Measured, dict[str, float]]:
    """Which modes carry each modifier, and what is left without them (analysis 7).

    ``suffixes`` are the words (ids) read after each modifier, the last of which it changes;
    names of what is measured begin with ``prefix``.
    """
    measured: Measured = {}
    numbers: dict[str, float] = {}
    slow = portrait.points.states
    for modifier, suffix in suffixes.items():
        state = phrases.mean_states(f"{modifier} good")[phrases.modifier_place]
        point = int(nearest_points(state[None], slow)[0])
        deflection = state - slow[point]
        left = portrait.modes.left[point]
        groups = mode_groups(portrait.modes.eigenvalues[point])
        effect = readout_after(portrait.network, slow[point], suffix)
        course = removal_course(effect, deflection, left, groups)
        chance = random_carried_shares(
            effect, deflection, left, groups, dimensions=FEW, draws=DRAWS, rng=rng
        )
        name = f"{prefix}{modifier}"
        numbers[f"{name}_carried"] = carried_share(course, FEW)
        numbers[f"{name}_carried_random"] = float(np.median(chance))
        measured |= _described(name, portrait, point, deflection, groups, course, chance)
    return measured, numbers


def _described(name, portrait, point, deflection, groups, course, chance) -> Measured:
    values = portrait.modes.eigenvalues[point]
    mode, group = f"{name}_mode", f"{name}_group"
    first = groups[course["order"][0]]
    shown = min(REMOVED, len(course["effects"]))
    return {
        f"{name}_eigenvalue_real": (mode, values.real, "1", "real part"),
        f"{name}_eigenvalue_imag": (mode, values.imag, "1", "imaginary part"),
        f"{name}_angle": (
            mode, principal_angles(portrait.modes.left[point], deflection), "degrees",
            "angle between the deflection and what the mode reads",
        ),
        f"{name}_highlighted": (
            mode, np.isin(np.arange(len(values)), first), "1", "whether it carries most",
        ),
        f"{name}_effect": (
            group, course["effects"][:shown], "1", "readout after the words without so many groups",
        ),
        f"{name}_dimensions": (
            group, course["dimensions"][:shown], "1", "modes taken out",
        ),
        f"{name}_bare": ((), course["bare"], "1", "readout after the words from the point itself"),
        f"{name}_chance": (
            "draw", chance, "1", "share of the effect that goes with random modes",
        ),
    }  # fmt: skip


def readout_after(
    network: Any, point: np.ndarray, words: Sequence[int]
) -> Callable[[np.ndarray], np.ndarray]:
    """What the readout moves by while some words are read from deflected states.

    Returns a function of deflections (n, d) from the point, to (n,).
    """

    def moved(deflections: np.ndarray) -> np.ndarray:
        states = point + deflections
        for word in words:
            states = network.cell.step(states, network.embedding[word])
        return network.logits(states) - network.logits(point)

    return moved


def measure_paths(portrait: Portrait, phrases: Phrases, names: Sequence[str]) -> Measured:
    """Slow points and mean paths of some phrases in the principal components of the states."""
    pcs, network = portrait.components, portrait.network
    first = phrases.modifier_place - 1
    paths = np.stack([phrases.mean_states(name)[first : first + 7] for name in names])
    return {
        "point_pc": (
            ("point", "pc"), pcs.project(portrait.points.states, PCS), "state units", "slow points",
        ),
        "point_logit": (
            "point", network.logits(portrait.points.states), "1", "readout of the slow points",
        ),
        "path_name": ("path", np.array(names), "1", "phrase"),
        "path_pc": (
            ("path", "path_step", "pc"), pcs.project(paths, PCS), "state units",
            "mean states while reading a phrase",
        ),
        "readout_pc": (
            "pc", pcs.project_direction(network.readout, PCS) / np.linalg.norm(network.readout),
            "1", "readout direction on the components",
        ),
    }  # fmt: skip
