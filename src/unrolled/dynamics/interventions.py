"""What a network does with words left in and out, linearised, or kept out of a subspace.

References
----------
.. [1] Maheswaranathan and Sussillo, "How recurrent networks implement contextual processing in
   sentiment analysis", ICML 2020.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .insertions import NOTHING, insertion_effects
from .modifiers import Line
from .portraits import Measured, Reading
from .predictions import LinearMaps
from .sensitivities import slope
from .stand_ins import KeptOut, Linearised
from .subspaces import Subspace, random_axes


def linearised(line: Line) -> Any:
    """The network with its step linearised at the middle of the line: a line attractor alone."""
    network, point = line.portrait.network, line.points[line.middle][None]
    maps = LinearMaps.of(network.cell, point, line.portrait.reference_input)
    return replace(network, cell=Linearised(network.cell, maps))


def measure_sentences(line: Line, sentences: Sequence[Sequence[int]]) -> Measured:
    """Readout after every word of some sentences, also in a line attractor alone.

    Sentences (ids) may differ in length; they begin with the first state.
    """
    readouts = np.full((2, len(sentences), max(map(len, sentences)) + 1), np.nan)
    for row, network in enumerate((line.portrait.network, linearised(line))):
        for number, sentence in enumerate(sentences):
            state = network.initial_state[None]
            readouts[row, number, 0] = network.logits(state)[0]
            for place, word in enumerate(sentence, start=1):
                state = network.cell.step(state, network.embedding[word])
                readouts[row, number, place] = network.logits(state)[0]
    dims, name = ("sentence", "token"), "readout after so many words of a sentence"
    return {
        "sentence_logit": (dims, readouts[0], "logit", name),
        "sentence_logit_linearised": (dims, readouts[1], "logit", f"{name}, linearised"),
    }


def measure_insertions(
    line: Line, backgrounds: np.ndarray, contexts: np.ndarray, valence_words: np.ndarray, lags: int
) -> Measured:
    """Gains of context words on the words behind them, nothing linearised (analyses 4, 6)."""
    network = line.portrait.network
    effects = _inserted(network, backgrounds, contexts, valence_words, range(1, lags + 1))
    straight = _inserted(linearised(line), backgrounds, contexts, valence_words, [1])[0]
    return {
        "inserted_id": ("inserted", contexts, "1", "vocabulary id"),
        "gain": (
            ("lag", "inserted"), slope(effects[:, 1:], effects[:, :1]), "1",
            "factor on the effects of words so many words later",
        ),
        "inserted_effect": (
            "inserted_word_number", effects[0, 0], "logit", "effect of a word without context",
        ),
        "linearised_gain": (
            "inserted", slope(straight[1:], straight[:1]), "1",
            "the same in the system linearised at one point",
        ),
    }  # fmt: skip


def _inserted(
    network: Any,
    backgrounds: np.ndarray,
    contexts: np.ndarray,
    valence_words: np.ndarray,
    lags: Iterable[int],
) -> np.ndarray:
    """Effects (n_lags, 1 + n_contexts, n_words); the first context is none."""
    return insertion_effects(
        network,
        backgrounds,
        place=backgrounds.shape[1] // 3,
        contexts=[NOTHING, *contexts],
        words=valence_words,
        lags=list(lags),
    )


def measure_removal(
    line: Line,
    subspace: Subspace,
    backgrounds: np.ndarray,
    contexts: np.ndarray,
    valence_words: np.ndarray,
    *,
    n_axes: int,
    n_random: int,
    rng: np.random.Generator,
) -> Measured:
    """The network kept out of the modifier subspace, and out of random ones (analysis 8)."""
    portrait = line.portrait
    network, reading = portrait.network, portrait.reading
    slow = portrait.points.states if len(portrait.points) else line.points

    def kept_out(axes: np.ndarray) -> tuple[np.ndarray, float, float]:
        """Gains at lag 1, size of plain word effects against the whole network's, accuracy."""
        other = replace(network, cell=KeptOut(network.cell, slow, axes))
        effects = _inserted(other, backgrounds, contexts, valence_words, [1])[0]
        size = float(slope(effects[0], whole[0]))
        return slope(effects[1:], effects[:1]), size, accuracy(other, reading)

    whole = _inserted(network, backgrounds, contexts, valence_words, [1])[0]
    axes = subspace.axes[:n_axes]
    gains, size, right = kept_out(axes)
    # As many as were removed: few deflections span fewer axes than are asked for.
    others = [kept_out(random_axes(len(axes), line.direction, rng)) for _ in range(n_random)]
    return {
        "removed_gain": (
            "inserted", gains, "1", "factor at lag 1 without the modifier subspace",
        ),
        "removed_effect_ratio": (
            (), size, "1", "plain word effects without the subspace against those with it",
        ),
        "removed_accuracy": ((), right, "1", "accuracy without the modifier subspace"),
        "random_gain": (
            ("random_subspace", "inserted"), np.stack([one[0] for one in others]), "1",
            "factor at lag 1 without a random subspace",
        ),
        "random_effect_ratio": (
            "random_subspace", np.array([one[1] for one in others]), "1",
            "plain word effects without a random subspace against those with it",
        ),
        "random_accuracy": (
            "random_subspace", np.array([one[2] for one in others]), "1",
            "accuracy without a random subspace",
        ),
        "kept_accuracy": ((), accuracy(network, reading), "1", "accuracy on the same documents"),
    }  # fmt: skip


def accuracy(network: Any, reading: Reading) -> float:
    """Share of documents that a network labels rightly."""
    documents = [row[:n] for row, n in zip(reading.tokens, reading.lengths, strict=True)]
    logits = network.final_logits(documents)
    return float(np.mean((logits >= 0) == (reading.labels > 0)))
