"""What a word in a neutral document does to the verdict, with and without words before it.

Nothing is linearised here: documents are read with the word and without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

NOTHING = -1  # in place of a word: the background's own


def insertion_effects(
    network: Any, backgrounds, *, place: int, contexts: Sequence[int], words, lags: Sequence[int]
) -> np.ndarray:
    """Change of the final logit by a word, some words after a context word.

    Parameters
    ----------
    network : Network
    backgrounds : array_like of shape (n, T), int
        Neutral documents.
    place : int
        Where the context word stands; the word stands ``lag`` further on.
    contexts : sequence of int
        Context words; `NOTHING` leaves the background's own word.
    words : array_like of shape (n_words,), int
    lags : sequence of int
        From 1 on, in any order.

    Returns
    -------
    ndarray of shape (n_lags, n_contexts, n_words)
        Logit with the word less that with the background's own, mean over backgrounds.

    Raises
    ------
    ValueError
        If the place or a lag leads out of the backgrounds, or there are no lags.
    """
    backgrounds, words, asked = np.asarray(backgrounds), np.asarray(words), np.asarray(lags)
    length = backgrounds.shape[1]
    if not asked.size or place < 0 or asked.min() < 1 or place + asked.max() >= length:
        raise ValueError(
            f"lags {asked.tolist()} after place {place} do not fit into documents of {length} "
            "words; the place must be 0 or more and there must be lags, each from 1 to "
            f"{length - 1 - place}. Take smaller lags or longer documents."
        )
    states = _read(network, network.initial_state[None], backgrounds[:, :place])
    table = np.empty((len(lags), len(contexts), len(words)))
    for row, context in enumerate(contexts):
        column = backgrounds[:, place] if context == NOTHING else np.full(len(states), context)
        current = network.cell.step(states, network.embedding[column])
        for lag in range(1, asked.max() + 1):
            own = network.embedding[backgrounds[:, place + lag]]
            if lag in asked:
                table[asked == lag, row] = _branch(
                    network, current, own, words, backgrounds[:, place + lag + 1 :]
                )
            current = network.cell.step(current, own)
    return table


def position_effects(network: Any, backgrounds, words, places: Sequence[int]) -> np.ndarray:
    """Change of the final logit by a word at each of some places of neutral documents.

    Parameters
    ----------
    network : Network
    backgrounds : array_like of shape (n, T), int
    words : array_like of shape (n_words,), int
    places : sequence of int
        From 0 on, in any order.

    Returns
    -------
    ndarray of shape (n_places, n_words)
        Mean over backgrounds.

    Raises
    ------
    ValueError
        If a place lies outside the backgrounds, or there are no places.
    """
    backgrounds, words, asked = np.asarray(backgrounds), np.asarray(words), np.asarray(places)
    length = backgrounds.shape[1]
    if not asked.size or asked.min() < 0 or asked.max() >= length:
        raise ValueError(
            f"places {asked.tolist()} do not fit into documents of {length} words; there must be "
            f"places, each from 0 to {length - 1}."
        )
    effects = np.empty((len(places), len(words)))
    current = np.broadcast_to(network.initial_state, (len(backgrounds), network.state_size))
    for place in range(asked.max() + 1):
        own = network.embedding[backgrounds[:, place]]
        if place in asked:
            effects[asked == place] = _branch(
                network, current, own, words, backgrounds[:, place + 1 :]
            )
        current = network.cell.step(current, own)
    return effects


def _branch(network, states, own, words, rest) -> np.ndarray:
    """Mean change of the final logit if each word is read instead of the background's own."""
    inputs = np.concatenate(
        [np.broadcast_to(network.embedding[words][:, None], (len(words), *own.shape)), own[None]]
    )
    after = network.cell.step(np.broadcast_to(states, (*inputs.shape[:2], states.shape[1])), inputs)
    logits = network.logits(_read(network, after, rest))
    return (logits[:-1] - logits[-1]).mean(axis=1)


def _read(network, states, tokens) -> np.ndarray:
    """States (..., n, d) after reading documents (n, T)."""
    for time in range(tokens.shape[1]):
        states = network.cell.step(states, network.embedding[tokens[:, time]])
    return np.broadcast_to(states, (*states.shape[:-2], len(tokens), states.shape[-1]))
