"""What a word counts near the beginning and the end of a document, and what makes it so.

References
----------
.. [1] Maheswaranathan and Sussillo, "How recurrent networks implement contextual processing in
   sentiment analysis", ICML 2020.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .insertions import position_effects
from .interventions import accuracy
from .modifiers import SHOWN_AXES, Line, cosines, deflections_off
from .portraits import Measured
from .predictions import nearest_points
from .sensitivities import slope, word_effects
from .subspaces import Subspace, share_inside, without_direction

SETTLED = 25  # reference inputs after which a document counts as having begun long ago


def measure_positions(
    line: Line,
    subspace: Subspace,
    backgrounds: np.ndarray,
    shown: np.ndarray,
    valence_words: np.ndarray,
    inserted_words: np.ndarray,
    *,
    later: int,
    n_axes: int,
) -> Measured:
    """What a word counts at the beginning and at the end of a document (analyses 9, 10)."""
    portrait = line.portrait
    network, reference = portrait.network, portrait.reference_input
    slow = portrait.points.states if len(portrait.points) else line.points
    first = network.initial_state
    nearest = slow[nearest_points(first[None], slow)[0]]
    off = without_direction(first - nearest, line.direction)
    reset = replace(network, initial_state=nearest)

    begins = _begin_slopes(network, reference, valence_words, later)
    ends = np.stack(
        [
            word_effects(network, line.points, reference, valence_words, later=delay)
            for delay in range(later + 1)
        ]
    )
    places = list(range(backgrounds.shape[1]))
    middle = len(places) // 2
    at_places = position_effects(network, backgrounds, inserted_words, places)
    at_places_reset = position_effects(reset, backgrounds, inserted_words, places)
    return {
        "initial_distance": (
            (), np.linalg.norm(first - nearest), "state units", "from the first state to the line",
        ),
        "initial_share": (
            (), share_inside(off, subspace.axes[:n_axes]), "1",
            "share of the first state's off-line part inside the modifier subspace",
        ),
        "initial_chance": (
            (), n_axes / network.state_size, "1", "the same of a random direction, on average",
        ),
        "initial_alignment": (
            "followed", cosines(deflections_off(line, shown).mean(axis=1), off), "1",
            "cosine of the first state's off-line part and a word's mean off-line deflection",
        ),
        "initial_projection": (
            "shown_axis", subspace.axes[:SHOWN_AXES] @ (first - nearest), "state units",
            "first state on the axes of the modifier subspace",
        ),
        "begin_slope": (
            "position", begins[0], "1",
            "lasting effect of words at a position against one reached long ago",
        ),
        "begin_slope_immediate": (
            "position", begins[1], "1", "the same of immediate effects",
        ),
        "begin_slope_reset": (
            "position", _begin_slopes(reset, reference, valence_words, later)[0], "1",
            "lasting effects where documents begin on the line",
        ),
        "end_slope": (
            "delay", slope(ends.reshape(later + 1, -1), ends[-1].ravel()), "1",
            "effect of words so many words later against its lasting part, over all points",
        ),
        "end_slope_by_point": (
            ("delay", "reference_point"), slope(ends, ends[-1]), "1",
            "the same at each point",
        ),
        "place_slope": (
            "place", slope(at_places, at_places[middle]), "1",
            "effect of an inserted word by its place against that at the middle",
        ),
        "place_slope_reset": (
            "place", slope(at_places_reset, at_places_reset[middle]), "1",
            "the same where documents begin on the line",
        ),
        "reset_accuracy": (
            (), accuracy(reset, portrait.reading), "1", "accuracy where documents begin on the "
            "line",
        ),
    }  # fmt: skip


def _begin_slopes(network, reference, valence_words, later) -> np.ndarray:
    """Slopes (2, SETTLED) of lasting and immediate effects along a document of reference inputs."""
    run = [network.initial_state[None]]
    for _ in range(SETTLED):
        run.append(network.cell.step(run[-1], reference))
    states = np.concatenate(run)
    effects = [
        word_effects(network, states, reference, valence_words, later=delay) for delay in (later, 0)
    ]
    return np.stack([slope(one[:-1], one[-1]) for one in effects])
