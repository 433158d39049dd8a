"""Everything that is measured about the modifiers of one network.

References
----------
.. [1] Maheswaranathan and Sussillo, "How recurrent networks implement contextual processing in
   sentiment analysis", ICML 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .interventions import measure_insertions, measure_removal
from .modifiers import (
    Line,
    measure_shown_effects,
    measure_subspace,
    modifier_subspace,
    states_after,
)
from .portraits import PCS, Measured
from .positions import measure_positions

CARRIED = 0.9  # share of the deflections that the subspace's dimension is counted for


def measure_places(line: Line, modifiers: np.ndarray) -> Measured:
    """Slow points, modifier states and the first state in the plane of the states."""
    portrait = line.portrait
    pcs, network = portrait.components, portrait.network
    after = states_after(network, line.points, modifiers)
    return {
        "point_pc": (("point", "pc"), pcs.project(portrait.points.states, PCS), "state units",
                     "slow points"),
        "point_logit": ("point", network.logits(portrait.points.states), "logit", "readout"),
        "after_pc": (("modifier", "reference_point", "pc"), pcs.project(after, PCS), "state units",
                     "states after modifiers"),
        "reference_pc": (("reference_point", "pc"), pcs.project(line.points, PCS), "state units",
                         "points of comparison"),
        "initial_pc": ("pc", pcs.project(network.initial_state, PCS), "state units",
                       "first state"),
    }  # fmt: skip


def measure_modifiers(
    line: Line,
    *,
    modifiers: np.ndarray,
    controls: np.ndarray,
    valence_words: np.ndarray,
    inserted_words: np.ndarray,
    backgrounds: np.ndarray,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> Measured:
    """Everything about some modifiers of a trained network (analyses 3-6, 8-10).

    Parameters
    ----------
    line : Line
    modifiers, controls : ndarray of int
        Vocabulary ids of the words taken as modifiers, and of words to compare them with.
    valence_words, inserted_words : ndarray of int
        Words whose linear effects, and whose effects in whole documents, are compared.
    backgrounds : ndarray of shape (n, T), int
        Neutral documents.
    settings : mapping
        lags, later, subspace, random_subspaces; see config.yaml.
    rng : numpy.random.Generator

    Returns
    -------
    Measured

    Raises
    ------
    ValueError
        If there are no modifiers, or no controls.
    """
    if not len(modifiers) or not len(controls):
        raise ValueError(
            f"there are {len(modifiers)} modifiers and {len(controls)} controls; at least one of "
            "each is needed. Lower modifiers, so that words are left to compare with, or "
            "word_count under contextual_sentiment.dynamics in the settings."
        )
    both = np.concatenate([modifiers, controls])
    subspace, off_shares = modifier_subspace(line, modifiers)
    n_axes = subspace.n_for(CARRIED)
    of_controls, _ = modifier_subspace(line, controls)
    return {
        "control_subspace_share": (
            "control_axis", of_controls.shares, "1",
            "share of the control words' off-line deflections on each axis of their own",
        ),
        "modifier_id": ("modifier", modifiers, "1", "vocabulary id"),
        **measure_shown_effects(line, both, valence_words),
        **measure_subspace(line, subspace, off_shares, both, settings["lags"] + 2),
        **measure_insertions(line, backgrounds, both, inserted_words, settings["lags"]),
        **measure_removal(
            line, subspace, backgrounds, both, inserted_words,
            n_axes=settings["subspace"], n_random=settings["random_subspaces"], rng=rng,
        ),
        **measure_positions(
            line, subspace, backgrounds, both, valence_words, inserted_words,
            later=settings["later"], n_axes=n_axes,
        ),
        **measure_places(line, modifiers),
    }  # fmt: skip
