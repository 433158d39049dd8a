"""Networks that integrate in context: approximate line attractors and the modes that integrate.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figure 3.
.. [2] Mante, Sussillo, Shenoy and Newsome, "Context-dependent computation by recurrent dynamics
   in prefrontal cortex", Nature 503, 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .modes import Modes, linearise
from .oscillators import curve_numbers
from .searches import find_slow_points
from .task_states import PCS, Measured, TaskStates

SLOW_MODULUS = 0.9  # above which an eigenvalue counts as one that integrates
CLOSE = 0.1  # share of the full response by which that of fewer modes may differ


def measure_integrator(
    read: TaskStates,
    rng: np.random.Generator,
    *,
    contexts: Sequence[np.ndarray],
    starts: int,
    levels: int,
    speed: float,
    unique_within: float,
    farthest: float,
    delay: int,
) -> Measured:
    """Slow points in each context, their modes, and what each mode adds to a response.

    Parameters
    ----------
    read : TaskStates
        Trials of all contexts.
    rng : numpy.random.Generator
    contexts : sequence of ndarray of shape (m,)
        Inputs with silent streams; context s asks for stream s, input s.
    starts : int
        Of each context's search.
    levels : int
        Bins of the readout, of equal numbers of points, from each of which one is taken.
    speed : float
        Longest step of a slow point, as a share of the median step along trials.
    unique_within, farthest : float
        In radii of the states.
    delay : int
        Steps after a unit input at which the response is read out.
    """
    each = [
        _measure_context(
            read, rng, number, context, starts=starts, levels=levels, speed=speed,
            unique_within=unique_within, farthest=farthest, delay=delay,
        )
        for number, context in enumerate(contexts)
    ]  # fmt: skip
    texts = {
        "level_pc": (("level", "pc"), "state units", "slow points, one for each readout level"),
        "level_output": ("level", "target units", "what they say"),
        "level_speed": ("level", "squared state units", "speed q"),
        "level_graph": (("level", "other_level"), "1", "whether two points are neighbours"),
        "mode_modulus": ("mode", "1", "moduli of the eigenvalues, sorted, mean over points"),
        "response": (
            ("when", "stream", "modes_kept"), "target units",
            "linear response to a unit input, now and after the delay, with so many modes",
        ),
        "first_eigenvalue": ((), "1", "median over points of the largest modulus"),
        "time_constant": ((), "steps", "its time constant"),
        "n_slow_modes": ((), "1", "moduli above 0.9, median over points"),
        "modes_needed": ((), "1", "modes that give the response to 10 %"),
        "full_response": ((), "target units", "response with all modes after the delay"),
        "selection_ratio": ((), "1", "response to the ignored over that to the chosen stream"),
        "point_pc1_share": ((), "1", "variance of the points on one axis"),
        "order_correlation": ((), "1", "rank correlation of that axis and the readout"),
        "path_share": ((), "1", "edges of the path that the graph has"),
        "n_slow_points": ((), "1", "slow points found"),
    }  # fmt: skip
    measured: dict[str, tuple[Any, Any, str, str]] = {}
    for name, (dims, unit, text) in texts.items():
        own = (dims,) if isinstance(dims, str) else dims
        values = np.stack([np.asarray(one[name]) for one in each])
        measured[f"context_{name}"] = (("context", *own), values, unit, text)
    return measured


def _measure_context(
    read: TaskStates,
    rng: np.random.Generator,
    number: int,
    context: np.ndarray,
    *,
    starts: int,
    levels: int,
    speed: float,
    unique_within: float,
    farthest: float,
    delay: int,
) -> dict[str, Any]:
    """One context's numbers; NaN where there are no slow points."""
    network = read.network
    step = network.cell.autonomous(inputs=context)
    asked = read.inputs[:, 0, number + len(context) // 2] > 0
    visited = read.states[asked].reshape(-1, read.states.shape[-1])
    begin = visited[np.sort(rng.choice(len(visited), min(starts, len(visited)), replace=False))]
    usual = np.median(np.linalg.norm(np.diff(read.states, axis=1), axis=2))
    found = find_slow_points(step, begin, max_speed=float(speed * usual))
    points = found.only(read.near(found.states, farthest))
    chosen = level_points(points.states, network.read(points.states)[:, 0], levels)
    # As many rows as levels, also where points are too few: NaN for those that lack.
    states = np.full((levels, read.states.shape[-1]), np.nan)
    speeds = np.full(levels, np.nan)
    states[: len(chosen)], speeds[: len(chosen)] = points.states[chosen], points.speeds[chosen]
    there = states[: len(chosen)]
    curve = curve_numbers(states)
    size = states.shape[1]
    numbers = {
        "level_pc": read.components.project(states, PCS),
        "level_output": network.read(states)[:, 0],
        "level_speed": speeds,
        "level_graph": curve["graph"],
        "point_pc1_share": curve["pc1_share"],
        "order_correlation": curve["order"],
        "path_share": curve["path"],
        "n_slow_points": float(len(points)),
    }
    if not len(there):
        lost = {key: np.nan for key in (
            "first_eigenvalue", "time_constant", "n_slow_modes", "modes_needed", "full_response",
            "selection_ratio",
        )}  # fmt: skip
        nothing = np.full((2, 2, size), np.nan)
        return numbers | lost | {"mode_modulus": np.full(size, np.nan), "response": nothing}
    modes = linearise(step, there)
    moduli = np.sort(np.abs(modes.eigenvalues), axis=1)[:, ::-1]
    by_input = network.cell.jacobian_input(there, context)
    readout = network.readout_of_state[:, 0]
    response = np.array(
        [
            [modal_response(modes, by_input[:, :, stream], readout, when) for stream in (0, 1)]
            for when in (0, delay)
        ]
    )
    chosen_stream, other = response[1, number], response[1, 1 - number]
    first = float(np.median(moduli[:, 0]))
    with np.errstate(divide="ignore", invalid="ignore"):
        constants = np.abs(1 / np.log(moduli[:, 0]))
        ratio = abs(other[-1] / chosen_stream[-1])
    return numbers | {
        "mode_modulus": moduli.mean(axis=0),
        "response": response,
        "first_eigenvalue": first,
        "time_constant": float(np.median(constants)),
        "n_slow_modes": float(np.median((moduli > SLOW_MODULUS).sum(axis=1))),
        "modes_needed": modes_needed(chosen_stream),
        "full_response": chosen_stream[-1],
        "selection_ratio": ratio,
    }


def level_points(states: np.ndarray, readouts: np.ndarray, levels: int) -> np.ndarray:
    """Points that stand for the levels of a readout, in rising order.

    Bins hold equal numbers of points; each is represented by its medoid, the point with the
    smallest sum of distances to the others of its bin.

    Parameters
    ----------
    states : ndarray of shape (n, d)
    readouts : ndarray of shape (n,)
    levels : int

    Returns
    -------
    ndarray of int
        ``levels`` indices, or one for each point where there are fewer points.
    """
    from scipy.spatial.distance import cdist

    order = np.argsort(readouts, kind="stable")
    medoids = [
        part[cdist(states[part], states[part]).sum(axis=1).argmin()]
        for part in np.array_split(order, min(levels, len(order)) or 1)
        if len(part)
    ]
    chosen = np.array(medoids, dtype=np.intp)
    return chosen[np.argsort(readouts[chosen], kind="stable")]


def modal_response(
    modes: Modes, directions: np.ndarray, readout: np.ndarray, steps: int
) -> np.ndarray:
    """Linear response of a readout to a unit input, with the K largest modes kept (figure 3f).

    ``w . sum_{k <= K} r_k lam_k^n (l_k . b)``, mean over the points of expansion. A complex pair
    counts as one step of two modes: with K at its first half, none of it is kept.

    Parameters
    ----------
    modes : Modes
        At p points, d modes each.
    directions : ndarray of shape (p, d)
        Derivative of the next state by the input, b.
    readout : ndarray of shape (d,)
        w.
    steps : int
        Steps n after the input.

    Returns
    -------
    ndarray of shape (d,)
        For K = 1, ..., d.
    """
    read = np.einsum("i,pik->pk", readout, modes.right)
    entered = np.einsum("pki,pi->pk", modes.left, directions)
    each = (read * modes.eigenvalues**steps * entered).real
    # The first half of a pair waits for the second; pairs of one modulus lie inside each other.
    for row, values in enumerate(modes.eigenvalues):
        for one in np.flatnonzero(values.imag < 0):
            two = np.abs(values - values[one].conj()).argmin()
            each[row, two] += each[row, one]
            each[row, one] = 0.0
    return np.cumsum(each, axis=1).mean(axis=0)


def modes_needed(response: np.ndarray) -> float:
    """Least K from which on the response differs from the full one by at most a tenth of it."""
    far = np.abs(response - response[-1]) > CLOSE * abs(response[-1])
    return float(np.flatnonzero(far)[-1] + 2 if far.any() else 1)
