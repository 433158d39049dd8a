"""Networks that produce sine waves on command: cycles, and the fixed points they turn around.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figure 2.
.. [2] Sussillo and Barak, "Opening the black box", Neural Computation 25, 2013.
"""

from __future__ import annotations

import numpy as np

from .manifolds import principal_components
from .modes import linearise
from .searches import find_fixed_points
from .starting import sample_starts
from .task_states import PCS, Measured, TaskStates
from .topology import neighbour_graph, path_share

LAST = 3  # trial lengths at the end of a roll-out, on which waves are measured
PUSH = 0.2  # of the states' radius: how far a state is pushed off its cycle
TOLERANCE = 1e-12  # q of a fixed point


def measure_oscillator(
    read: TaskStates,
    rng: np.random.Generator,
    *,
    frequencies: np.ndarray,
    roll_out: int,
    starts: int,
    noise: float,
    unique_within: float,
    farthest: float,
) -> Measured:
    """Waves produced for long, and the linearised dynamics around which they turn.

    Parameters
    ----------
    read : TaskStates
        One trial for each cue, its input constant.
    rng : numpy.random.Generator
    frequencies : ndarray of shape (M,)
        Commanded, rad/step.
    roll_out : int
        How many trial lengths to produce.
    starts : int
        Of all searches together.
    noise : float
        Of the noisy starts, in standard deviations of the states.
    unique_within, farthest : float
        In radii of the states.
    """
    network, steps = read.network, read.inputs.shape[1]
    cues = read.inputs[:, 0]
    states = network.states(np.repeat(cues[:, None], roll_out * steps, axis=1))
    last = states[:, -min(LAST, roll_out) * steps :]
    points, eigenvalues = _points_and_eigenvalues(
        read, last, rng, starts=max(starts // len(cues), 16), noise=noise,
        unique_within=unique_within, farthest=farthest,
    )  # fmt: skip
    linear, growth = leading_rotation(eigenvalues)
    waves = wave_numbers(network.read(last)[..., 0])
    pushed = _pushed(read, cues, states[:, -1], last.shape[1], rng)
    again = wave_numbers(network.read(pushed)[..., 0])
    away = _distance_to_cycle(pushed[:, -1], last) / read.radius
    curve = curve_numbers(points)
    unit = "rad/step"
    return {
        "cue_pc": (
            ("cue", "pc"), read.components.project(points, PCS), "state units",
            "fixed point of each cue on the first principal components",
        ),
        "cue_graph": (
            ("cue", "other_cue"), curve["graph"], "1", "whether two fixed points are neighbours",
        ),
        "cue_eigenvalue_real": (
            ("cue", "mode"), eigenvalues.real, "1", "eigenvalues at the fixed point, real part",
        ),
        "cue_eigenvalue_imaginary": (
            ("cue", "mode"), eigenvalues.imag, "1", "eigenvalues at the fixed point, imaginary",
        ),
        "cue_commanded": ("cue", frequencies, unit, "frequency that the cue asks for"),
        "cue_linear_frequency": ("cue", linear, unit, "angle of the leading complex pair"),
        "cue_growth": ("cue", growth, "1", "modulus of the leading complex pair"),
        "cue_frequency": ("cue", waves[0], unit, "frequency of the wave that is produced"),
        "cue_amplitude": ("cue", waves[1], "target units", "its amplitude"),
        "cue_pushed_frequency": ("cue", again[0], unit, "frequency after a push"),
        "cue_return": ("cue", away, "radii", "distance to the cycle long after a push"),
        "point_pc1_share": ((), curve["pc1_share"], "1", "variance of the points on one axis"),
        "order_correlation": ((), curve["order"], "1", "rank correlation of that axis and cue"),
        "path_share": ((), curve["path"], "1", "edges of the path that the graph has"),
        "linear_correlation": ((), _correlation(linear, frequencies), "1", "linear and commanded"),
        "linear_slope": ((), _slope(linear, frequencies), "1", "linear over commanded frequency"),
        "linear_correlation_permuted": (
            (), _permuted_correlation(linear, frequencies, rng), "1",
            "median absolute correlation with cues in random order",
        ),
        "frequency_error": (
            (), _median(np.abs(waves[0] / frequencies - 1)), "1", "median relative error",
        ),
        "amplitude": ((), _median(waves[1]), "target units", "median amplitude"),
        "pushed_frequency_error": (
            (), _median(np.abs(again[0] / frequencies - 1)), "1", "median error after a push",
        ),
        "return_distance": ((), _median(away), "radii", "median distance after a push"),
        "n_points": ((), float(np.isfinite(points[:, 0]).sum()), "1", "cues with a fixed point"),
    }  # fmt: skip


def leading_rotation(eigenvalues: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angle (rad/step) and modulus of the complex pair of the largest modulus.

    Parameters
    ----------
    eigenvalues : complex ndarray of shape (n, d)
        NaN where there is no point.

    Returns
    -------
    angles, moduli : ndarrays of shape (n,)
        NaN where all eigenvalues are real.
    """
    moduli = np.where(eigenvalues.imag > 0, np.abs(eigenvalues), -np.inf)
    chosen = eigenvalues[np.arange(len(eigenvalues)), moduli.argmax(axis=1)]
    complex_ = moduli.max(axis=1) > 0
    return (
        np.where(complex_, np.angle(chosen), np.nan),
        np.where(complex_, np.abs(chosen), np.nan),
    )


def wave_numbers(waves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequency and amplitude of waves.

    Parameters
    ----------
    waves : ndarray of shape (n, T)

    Returns
    -------
    frequencies : ndarray of shape (n,)
        rad/step, from the mean time between rises through the mean; NaN for fewer than two.
    amplitudes : ndarray of shape (n,)
        Half of the range.
    """
    frequencies = np.full(len(waves), np.nan)
    for row, wave in enumerate(waves):
        level = wave - 0.5 * (wave.min() + wave.max())
        rises = np.flatnonzero((level[:-1] < 0) & (level[1:] >= 0))
        if len(rises) > 1:
            # Between two steps the wave is nearly straight.
            times = rises - level[rises] / (level[rises + 1] - level[rises])
            frequencies[row] = 2 * np.pi * (len(times) - 1) / (times[-1] - times[0])
    return frequencies, 0.5 * np.ptp(waves, axis=1)


def curve_numbers(points: np.ndarray) -> dict:
    """Whether points in a given order lie along a curve.

    Parameters
    ----------
    points : ndarray of shape (M, d)
        NaN where there is none.

    Returns
    -------
    dict
        ``graph`` (M, M) of nearest neighbours, ``path``, the share of its path's edges,
        ``pc1_share``, and ``order``, the absolute rank correlation of the first axis and the order.
    """
    from scipy.stats import spearmanr

    there = np.isfinite(points).all(axis=1)
    graph = neighbour_graph(points, 2) if there.sum() > 2 else np.zeros((len(points),) * 2, bool)
    numbers = {"graph": graph.astype(np.int8), "path": path_share(graph)}
    if there.sum() < 3 or np.ptp(points[there], axis=0).max() == 0:
        return numbers | {"pc1_share": np.nan, "order": np.nan}
    components = principal_components(points[there])
    first = components.project(points[there], 1)[:, 0]
    order = abs(spearmanr(first, np.flatnonzero(there)).statistic)
    return numbers | {"pc1_share": components.shares[0], "order": order}


def _points_and_eigenvalues(
    read: TaskStates,
    last: np.ndarray,
    rng: np.random.Generator,
    *,
    starts: int,
    noise: float,
    unique_within: float,
    farthest: float,
) -> tuple[np.ndarray, np.ndarray]:
    """For each cue the fixed point nearest to the mean of its cycle, and its eigenvalues."""
    cell, size = read.network.cell, read.states.shape[-1]
    points = np.full((len(last), size), np.nan)
    eigenvalues = np.full((len(last), size), np.nan + 0j)
    for cue, cycle in enumerate(last):
        step = cell.autonomous(inputs=read.inputs[cue, 0])
        middle = cycle.mean(axis=0)
        begin = np.concatenate([middle[None], sample_starts(cycle, starts, rng, noise=noise)])
        found = find_fixed_points(
            step, begin, tolerance=TOLERANCE, unique_within=unique_within * read.radius
        ).states
        found = found[read.near(found, farthest)]
        if len(found):
            nearest = np.linalg.norm(found - middle, axis=1).argmin()
            points[cue] = found[nearest]
            eigenvalues[cue] = linearise(step, points[[cue]]).eigenvalues[0]
    return points, eigenvalues


def _pushed(
    read: TaskStates, cues: np.ndarray, states: np.ndarray, steps: int, rng: np.random.Generator
) -> np.ndarray:
    """States (M, steps, d) after a push in a random direction."""
    cell = read.network.cell
    directions = rng.standard_normal(states.shape)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    current = states + PUSH * read.radius * directions
    after = np.empty((len(states), steps, states.shape[1]))
    for time in range(steps):
        current = cell.step(current, cues)
        after[:, time] = current
    return after


def _distance_to_cycle(states: np.ndarray, cycles: np.ndarray) -> np.ndarray:
    """Distance of each state (M, d) to the polygon through the states (M, T, d) of its cycle."""
    begin, side = cycles[:, :-1], np.diff(cycles, axis=1)
    along = np.einsum("mtd,mtd->mt", states[:, None] - begin, side)
    share = np.clip(along / np.maximum(np.einsum("mtd,mtd->mt", side, side), 1e-300), 0, 1)
    gaps = states[:, None] - begin - share[..., None] * side
    return np.linalg.norm(gaps, axis=2).min(axis=1)


def _both(values: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    there = np.isfinite(values)
    return values[there], others[there]


def _correlation(linear: np.ndarray, frequencies: np.ndarray) -> float:
    own, asked = _both(linear, frequencies)
    if len(own) < 3 or np.ptp(own) == 0:
        return np.nan
    return float(np.corrcoef(own, asked)[0, 1])


def _slope(linear: np.ndarray, frequencies: np.ndarray) -> float:
    own, asked = _both(linear, frequencies)
    return float(np.polyfit(asked, own, 1)[0]) if len(own) > 2 else np.nan


def _permuted_correlation(
    linear: np.ndarray, frequencies: np.ndarray, rng: np.random.Generator, times: int = 200
) -> float:
    drawn = [_correlation(linear, rng.permutation(frequencies)) for _ in range(times)]
    return float(np.median(np.abs(drawn)))


def _median(values: np.ndarray) -> float:
    """Median error, where a wave that is lost has an infinite one."""
    return float(np.median(np.nan_to_num(values, nan=np.inf)))
