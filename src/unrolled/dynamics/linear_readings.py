"""Documents read by linearisations: one step from the true states, and whole documents.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Reverse engineering recurrent
   networks for sentiment classification reveals line attractor dynamics", NeurIPS 2019.
"""

from __future__ import annotations

import numpy as np

from .portraits import PCS, Measured, Portrait
from .predictions import LinearMaps, nearest_points, one_step_errors, open_loop_states

LINEAR_STEPS = 10_000


def measure_prediction(portrait: Portrait, rng: np.random.Generator) -> Measured:
    """One-step predictions from the nearest and from the central point (analysis 11)."""
    network, reading, pcs = portrait.network, portrait.reading, portrait.components
    example = int(reading.lengths.argmax())
    length = int(reading.lengths[example])
    path = reading.states[example, :length]
    predicted = np.full_like(path, np.nan)
    errors = central = np.zeros(0)
    if len(portrait.points):
        maps = LinearMaps.of(network.cell, portrait.points.states, portrait.reference_input)
        before, words, after = reading.steps()
        chosen = np.sort(rng.permutation(len(words))[:LINEAR_STEPS])
        steps = before[chosen], network.embedding[words[chosen]], after[chosen]
        errors = one_step_errors(maps, *steps)
        central = one_step_errors(maps, *steps, which=int(central_point(portrait)))
        nearest = nearest_points(path[:-1], maps.points)
        inputs = network.embedding[reading.tokens[example, 1:length]]
        predicted[1:] = maps.predict(path[:-1], inputs, nearest)
    dims = ("linear_token", "pc")
    return {
        "step_error": ("step_sample", errors, "1", "relative error from the nearest point"),
        "step_error_central": ("step_sample", central, "1", "relative error from one point"),
        "linear_true": (
            dims, (path - pcs.mean) @ pcs.axes[:PCS].T, "state units", "states while reading",
        ),
        "linear_predicted": (
            dims, (predicted - pcs.mean) @ pcs.axes[:PCS].T, "state units",
            "states predicted from the true ones before",
        ),
    }  # fmt: skip


def central_point(portrait: Portrait) -> int:
    """Index of the slow point whose readout is nearest to 0."""
    return int(np.abs(portrait.network.logits(portrait.points.states)).argmin())


def open_loop_accuracy(portrait: Portrait) -> tuple[float, float]:
    """Accuracy of one linearisation run over whole documents, and of the network (analysis 12).

    The linearisation at the slow point whose readout is nearest to 0; NaN where there is none. A
    document whose linear run leaves the range of numbers is not labelled, and so not right.
    """
    network, reading = portrait.network, portrait.reading
    last = reading.states[np.arange(len(reading.lengths)), reading.lengths - 1]

    def accuracy(states: np.ndarray) -> float:
        with np.errstate(invalid="ignore"):
            logits = network.logits(states)
        right = (logits >= 0) == (reading.labels > 0)
        return float(np.mean(right & ~np.isnan(logits)))

    if not len(portrait.points):
        return float("nan"), accuracy(last)
    with np.errstate(over="ignore", invalid="ignore"):
        states = open_loop_states(
            LinearMaps.of(network.cell, portrait.points.states, portrait.reference_input),
            central_point(portrait),
            tokens=reading.tokens,
            lengths=reading.lengths,
            embedding=network.embedding,
            initial_state=network.initial_state,
        )
    return accuracy(states), accuracy(last)
