"""A trained classifier seen as a line attractor: what one network's states, slow points, modes
and words look like, as named arrays.

Each function measures one side of it and returns ``name -> (dims, values, units, long_name)``.
A network is anything with the attributes of `unrolled.networks.Network`.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Reverse engineering recurrent
   networks for sentiment classification reveals line attractor dynamics", NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .linear_readings import measure_prediction, open_loop_accuracy
from .manifolds import inside_range, principal_components, variance_share
from .modes import Modes, linearise
from .portraits import PCS, Measured, Portrait, Reading, mean_input, median_step, portray
from .predictions import relaxation, step_ratios
from .projections import (
    input_effects,
    input_projections,
    null_overlap,
    overlap,
    readout_contributions,
)
from .searches import find_fixed_points
from .starting import sample_starts

SHOWN_STATES = 20_000
VARIANT = 5  # times fewer starts where the reference input is zero
DELAY = 10  # tokens after which a word's remaining effect is compared between modes


def measure_states(portrait: Portrait, rng: np.random.Generator) -> Measured:
    """Dimension, density and readout of the visited states (analyses 1, 2)."""
    network, reading, pcs = portrait.network, portrait.reading, portrait.components
    visited = reading.visited()
    shown = np.sort(rng.permutation(len(visited))[:SHOWN_STATES])
    labels = np.broadcast_to(reading.labels[:, None], reading.tokens.shape)[reading.inside]
    ratios = step_ratios(reading.states, reading.lengths)
    unit = "state units"
    return {
        "explained_variance": ("component", pcs.shares, "1", "share of the states' variance"),
        "state_mean": ("unit", pcs.mean, unit, "mean visited state"),
        "pc_axes": (("pc", "unit"), pcs.axes[:PCS], "1", "principal axes of the states"),
        "states": (("sample", "pc"), pcs.project(visited[shown], PCS), unit, "visited states"),
        "state_label": ("sample", labels[shown], "1", "label of the state's document"),
        "state_logit": ("sample", network.logits(visited[shown]), "logit", "readout of the states"),
        "initial_state": (
            "pc", pcs.project(network.initial_state[None], PCS)[0], unit, "first state",
        ),
        "logit_mean": ((), network.logits(pcs.mean), "logit", "readout of the mean state"),
        "readout": ("unit", network.readout, "logit per state unit", "readout vector"),
        "readout_pc": (
            "pc", pcs.project_direction(network.readout, PCS), "logit per state unit",
            "readout vector on the principal axes",
        ),
        "document_step": (
            "document_sample", ratios[np.isfinite(ratios)][:SHOWN_STATES], "1",
            "relative step length along documents",
        ),
    }  # fmt: skip


def measure_examples(portrait: Portrait) -> Measured:
    """The longest document of each class that is labelled rightly, word by word."""
    network, reading, pcs = portrait.network, portrait.reading, portrait.components
    last = reading.states[np.arange(len(reading.lengths)), reading.lengths - 1]
    right = (network.logits(last) >= 0) == (reading.labels > 0)
    chosen = []
    for label in (1, 0):
        of_class = reading.labels == label
        rank = np.where(of_class, reading.lengths + 1000 * (right & of_class), -1)
        chosen.append(int(rank.argmax()))
    lengths = reading.lengths[chosen]
    states = reading.states[chosen, : lengths.max()].copy()
    states[np.arange(lengths.max())[None] >= lengths[:, None]] = np.nan
    return {
        "example_states": (
            ("example", "token", "pc"), (states - pcs.mean) @ pcs.axes[:PCS].T, "state units",
            "states while reading",
        ),
        "example_activations": (
            ("example", "token", "activation"), states[..., : network.cell.units], "activation",
            "hidden state of each unit",
        ),
        "example_label": ("example", reading.labels[chosen], "1", "label of the document"),
        "example_length": ("example", lengths, "tokens", "length of the document"),
    }  # fmt: skip


def measure_relaxation(portrait: Portrait, n_steps: int, rng: np.random.Generator) -> Measured:
    """How fast the state comes to rest when no more words come (analysis 3)."""
    visited = portrait.reading.visited()
    chosen = visited[rng.choice(len(visited), min(300, len(visited)), replace=False)]
    ratios = relaxation(portrait.step, chosen, n_steps).ratios
    return {
        "relaxation": (("start", "free_step"), ratios, "1", "relative step length without words")
    }


def measure_points(portrait: Portrait) -> Measured:
    """Where the slow points lie, and the modes of their linearisations (analyses 4, 5, 7)."""
    points, pcs, modes = portrait.points, portrait.components, portrait.modes
    size, n = portrait.network.state_size, len(points)
    some = n > 2
    nothing = np.full(size, np.nan)
    own = principal_components(points.states).shares if some else nothing
    unit = "state units"
    return {
        "point_states": (("point", "unit"), points.states, unit, "slow points"),
        "point_speed": ("point", points.speeds, "squared state units", "speed q"),
        "point_logit": (
            "point", portrait.network.logits(points.states), "logit", "readout of the points",
        ),
        "point_coordinate": ("point", portrait.coordinate, "1", "position along the line"),
        "point_pc": (
            ("point", "pc"), (points.states - pcs.mean) @ pcs.axes[:PCS].T, unit, "slow points",
        ),
        "point_variance": ("component", own, "1", "share of variance on the points' own axes"),
        "point_state_variance": (
            "component", variance_share(points.states, pcs.axes) if some else nothing, "1",
            "share of the points' variance on the states' axes",
        ),
        "manifold_direction": ("unit", portrait.direction, "1", "first axis of the points"),
        "manifold_pc": ("pc", pcs.axes[:PCS] @ portrait.direction, "1", "first axis of the points"),
        "manifold_position": (
            "point", (points.states - points.states.mean(axis=0)) @ portrait.direction if some
            else np.full(n, np.nan), unit, "position along the points' first axis",
        ),
        "eigenvalues_real": (("point", "mode"), modes.eigenvalues.real, "1", "real part"),
        "eigenvalues_imag": (("point", "mode"), modes.eigenvalues.imag, "1", "imaginary part"),
        "time_constant": (("point", "mode"), modes.time_constants, "tokens", "time constant"),
        "slow_mode": ("point", modes.slow_mode, "1", "index of the integration mode"),
        "slow_time_constant": (
            "point", modes.slow_time_constants, "tokens", "time constant of the integration mode",
        ),
        "highlighted": ("highlight", portrait.highlighted(), "1", "index of the shown points"),
    }  # fmt: skip


def second_mode(modes: Modes) -> np.ndarray:
    """Index, for each point, of the slowest mode beside the integration mode and its conjugate."""
    rows = np.arange(len(modes))
    slow = modes.eigenvalues[rows, modes.slow_mode][:, None]
    same = (modes.eigenvalues == slow) | (modes.eigenvalues == slow.conj())
    return (~same | (modes.slow_mode < 0)[:, None]).argmax(axis=1)


def measure_words(
    portrait: Portrait, words: np.ndarray, classes: np.ndarray, weights: np.ndarray
) -> Measured:
    """What words do at the slow points (analyses 8, 9).

    ``words`` are ids, ``classes`` 0 negative, 1 neutral, 2 positive, ``weights`` what their
    pushes are compared with.
    """
    network, modes, pcs = portrait.network, portrait.modes, portrait.components
    states, n = portrait.points.states, len(portrait.points)
    inputs = network.embedding[words] - portrait.reference_input
    jacobians = network.cell.jacobian_input(states, portrait.reference_input)
    rows = np.arange(n)
    second = second_mode(modes)
    projection = input_projections(modes.slow_left, jacobians, inputs)
    other = input_projections(modes.left[rows, second].real, jacobians, inputs)
    later = np.abs(
        readout_contributions(
            modes, network.readout, jacobians, inputs, delay=DELAY,
            which=np.stack([np.maximum(modes.slow_mode, 0), second], axis=1),
        )
    )  # fmt: skip
    shown = portrait.highlighted()
    effects = np.full((3, len(words), PCS), np.nan)
    left, right = np.full((3, PCS), np.nan), np.full((3, PCS), np.nan)
    if n:
        effects = input_effects(jacobians[shown], inputs) @ pcs.axes[:PCS].T
        left = modes.slow_left[shown] @ pcs.axes[:PCS].T
        right = modes.slow_right[shown] @ pcs.axes[:PCS].T
    unit = "state units"

    def average(values: np.ndarray) -> np.ndarray:
        return values.mean(axis=0) if n else np.full(len(words), np.nan)

    return {
        "class_projection": (
            ("point", "word_class"),
            np.stack([projection[:, classes == one].mean(axis=1) for one in range(3)], axis=1),
            unit, "mean push along the integration mode",
        ),
        "word_projection": ("word", average(projection), unit, "mean push of a word"),
        "word_projection_second": (
            "word", average(other), unit, "mean push of a word along the second mode",
        ),
        "later_effect": (
            ("which_mode", "word"),
            later.mean(axis=0) if n else np.full((2, len(words)), np.nan), "logit",
            f"effect on the readout {DELAY} tokens later through the integration and second mode",
        ),
        "word_weight": ("word", weights, "1", "bag-of-words coefficient or true valence"),
        "word_class_of": ("word", classes, "1", "0 negative, 1 neutral, 2 positive"),
        "word_id": ("word", words, "1", "vocabulary id"),
        "word_effect": (("highlight", "word", "pc"), effects, unit, "instantaneous effect"),
        "left_pc": (("highlight", "pc"), left, "1", "left eigenvector of the integration mode"),
        "right_pc": (("highlight", "pc"), right, "1", "right eigenvector of the integration mode"),
    }  # fmt: skip


def measure_overlap(portrait: Portrait, n: int, rng: np.random.Generator) -> Measured:
    """How the integration mode lies to the line, against random directions (analysis 10)."""
    return {
        "overlap": (
            "point", overlap(portrait.modes.slow_right, portrait.direction), "1",
            "cosine of integration mode and line",
        ),
        "null_overlap": (
            "null", null_overlap(portrait.network.state_size, n, rng), "1",
            "cosine of random directions and line",
        ),
    }  # fmt: skip


def measure_fixed_points(portrait: Portrait, starts: int, rng: np.random.Generator) -> Measured:
    """Exact fixed points within the readout range, and in how many directions they repel."""
    network, pcs = portrait.network, portrait.components
    visited = portrait.reading.visited()
    found = find_fixed_points(portrait.step, sample_starts(visited, starts, rng))
    keep = inside_range(network.logits(found.states), network.logits(visited))
    states = found.states[keep]
    return {
        "fixed_states": (("fixed_point", "unit"), states, "state units", "exact fixed points"),
        "fixed_speed": ("fixed_point", found.speeds[keep], "squared state units", "speed q"),
        "fixed_logit": ("fixed_point", network.logits(states), "logit", "readout"),
        "fixed_pc": (
            ("fixed_point", "pc"), (states - pcs.mean) @ pcs.axes[:PCS].T, "state units",
            "exact fixed points",
        ),
        "fixed_unstable": (
            "fixed_point", linearise(portrait.step, states).n_unstable, "1",
            "directions in which the point repels",
        ),
        "fixed_converged": (
            (), found.report.n_converged / found.report.n_starts, "1",
            "share of the starts that reached an exact fixed point",
        ),
    }  # fmt: skip


def median_time_constant(portrait: Portrait) -> float:
    """Median time constant of the integration mode over the slow points, in tokens."""
    times = portrait.modes.slow_time_constants
    return float(np.median(times)) if len(times) else float("nan")


def median_overlap(portrait: Portrait) -> float:
    """Median cosine between integration mode and line over the slow points."""
    if len(portrait.points) < 3:
        return float("nan")
    return float(np.median(overlap(portrait.modes.slow_right, portrait.direction)))


def measure_network(
    network: Any,
    reading: Reading,
    *,
    counts: np.ndarray,
    words: tuple[np.ndarray, np.ndarray, np.ndarray],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> tuple[Measured, dict[str, float]]:
    """Everything that is measured of one network.

    Parameters
    ----------
    network : Network
    reading : Reading
        Of documents it was not trained on.
    counts : ndarray of shape (vocabulary,)
        How often each word occurs, for the reference input.
    words : tuple of ndarrays of shape (n_words,)
        Ids, classes and weights, see `measure_words`.
    settings : mapping
        starts, settling, ridge, iterations, speed, neighbours, relaxation, exact_starts,
        null_vectors; see config.yaml.
    rng : numpy.random.Generator

    Returns
    -------
    measured : dict
        Arrays for the analysis file.
    numbers : dict of str to float
        Its attributes.
    """
    search = {
        key: settings[key]
        for key in ("starts", "settling", "ridge", "iterations", "speed", "neighbours")
    }
    reference = mean_input(network, counts)
    portrait = portray(network, reading, reference, rng=rng, **search)
    # The paper's other choice of a reference input, shown as a variant: fewer points will do.
    fewer = search | {"starts": max(search["starts"] // VARIANT, 20)}
    without = portray(network, reading, np.zeros_like(reference), rng=rng, **fewer)
    measured = {
        **measure_states(portrait, rng),
        **measure_examples(portrait),
        **measure_relaxation(portrait, settings["relaxation"], rng),
        **measure_points(portrait),
        **measure_words(portrait, *words),
        **measure_overlap(portrait, settings["null_vectors"], rng),
        **measure_fixed_points(portrait, settings["exact_starts"], rng),
        **measure_prediction(portrait, rng),
    }
    open_loop, full = open_loop_accuracy(portrait)
    norms = np.linalg.norm(network.embedding[np.asarray(counts) > 0], axis=1)
    return measured, {
        "open_loop_accuracy": open_loop,
        "accuracy_on_open_loop_documents": full,
        "longest_document": int(reading.lengths.max()),
        "median_document_step": median_step(reading),
        "input_mean_ratio": float(np.linalg.norm(reference) / norms.mean()),
        "zero_input_time_constant": median_time_constant(without),
        "zero_input_overlap": median_overlap(without),
    }
