"""Networks trained to remember three bits, in NumPy, with the package's own cells.

The task has become the standard test of fixed-point finders [1]_: pulses of either sign
come on three channels, and the network holds the sign of the last pulse of each. A network
that has learned it has, at zero input, 27 fixed points: an attractor for each of the eight
memories and saddles between them.

References
----------
.. [1] Sussillo and Barak, "Opening the black box: low-dimensional dynamics in
   high-dimensional recurrent neural networks", Neural Computation 25, 2013.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from unrolled.networks import Cell, make_cell

BITS = 3
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class MemoryNetwork:
    """A trained network: its cell, its linear readout and the loss that it reached.

    Parameters
    ----------
    cell : Cell
    readout : ndarray of shape (N, bits)
    readout_bias : ndarray of shape (bits,)
    loss : float
        Mean squared error on trials that it was not trained on.
    """

    cell: Cell
    readout: np.ndarray
    readout_bias: np.ndarray
    loss: float


@dataclass(frozen=True)
class Lesson:
    """How long and how fast to train.

    Parameters
    ----------
    steps : int
        Most steps of Adam.
    rate : float
        Its learning rate at the start; a half cosine brings it to a hundredth.
    trials, times : int
        Trials of one step, and steps of time in a trial.
    clip : float
        Largest norm of the gradient.
    """

    steps: int
    rate: float
    trials: int = 64
    times: int = 64
    clip: float = 1.0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        share = 0.5 * (1 + np.cos(np.pi * step / self.steps))
        return self.rate * (0.01 + 0.99 * share)


def memory_trials(
    trials: int, times: int, rng: np.random.Generator, *, pulse: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Pulses and the bits that they leave.

    Parameters
    ----------
    trials, times : int
    rng : numpy.random.Generator
    pulse : float
        Chance of a pulse on each channel at each time; at the first time all channels
        have one.

    Returns
    -------
    inputs, targets : float32 ndarrays of shape (times, trials, 3)
        Inputs are -1, 0 or 1; targets -1 or 1.
    """
    shape = (times, trials, BITS)
    present = rng.random(shape) < pulse
    present[0] = True
    signs = np.where(rng.random(shape) < 0.5, np.float32(-1), np.float32(1))
    clock = np.arange(times)[:, None, None]
    last = np.maximum.accumulate(np.where(present, clock, 0), axis=0)
    return np.where(present, signs, np.float32(0)), np.take_along_axis(signs, last, axis=0)


def train_memory(
    name: str, *, units: int, lesson: Lesson, rng: np.random.Generator
) -> MemoryNetwork:
    """Train one network in float32, in which its weights also end.

    Parameters
    ----------
    name : str
        Kind of cell.
    units : int
    lesson : Lesson
    rng : numpy.random.Generator
        Weights, trials and test trials.
    """
    cell = make_cell(name, units=units, inputs=BITS, rng=rng)
    values = {f"cell.{key}": value for key, value in cell.parameters.items()}
    values["readout"] = rng.standard_normal((units, BITS)) / np.sqrt(units)
    values["readout_bias"] = np.zeros(BITS)
    values = {key: value.astype(np.float32) for key, value in values.items()}
    optimiser = Adam(values)
    for step in range(lesson.steps):
        inputs, targets = memory_trials(lesson.trials, lesson.times, rng)
        _, gradients = loss_and_gradients(cell, values, inputs, targets)
        optimiser.update(values, gradients, rate=lesson.rate_at(step), clip=lesson.clip)
    inputs, targets = memory_trials(256, lesson.times, rng)
    loss, _ = loss_and_gradients(cell, values, inputs, targets)
    parameters = {key[5:]: value for key, value in values.items() if key.startswith("cell.")}
    return MemoryNetwork(
        replace(cell, parameters=parameters), values["readout"], values["readout_bias"], float(loss)
    )


def loss_and_gradients(
    cell: Cell, values: Mapping[str, np.ndarray], inputs: np.ndarray, targets: np.ndarray
) -> tuple[float, Arrays]:
    """Mean squared error of the readout at all times, and its gradient through time.

    Parameters
    ----------
    cell : Cell
        Its kind; the weights are those in ``values``.
    values : mapping of str to ndarray
        ``cell.<name>``, ``readout`` and ``readout_bias``.
    inputs, targets : ndarrays of shape (times, trials, 3)

    Returns
    -------
    loss : float
    gradients : dict of str to ndarray
    """
    weights = {key[5:]: value for key, value in values.items() if key.startswith("cell.")}
    drive = cell.drive(weights, inputs)
    before = np.zeros((*inputs.shape[:2], cell.state_size), drive.dtype)
    after, traces = np.empty_like(before), []
    for time in range(len(inputs)):
        after[time], trace = cell.advance(weights, before[time], drive[time])
        traces.append(trace)
        if time + 1 < len(inputs):
            before[time + 1] = after[time]
    errors = after @ values["readout"] + values["readout_bias"] - targets
    slopes = errors * (2 / errors.size)
    drives = np.empty_like(drive)
    adjoint = np.zeros_like(before[0])
    for time in reversed(range(len(inputs))):
        adjoint = adjoint + slopes[time] @ values["readout"].T
        adjoint, drives[time] = cell.adjoint(weights, adjoint, before[time], traces[time])
    trace = tuple(_rows(np.stack(parts)) for parts in zip(*traces, strict=True))
    gradients = cell.recurrent_gradients(_rows(before), trace, _rows(drives))
    gradients["input"] = _rows(inputs).T @ _rows(drives)
    gradients["bias"] = _rows(drives).sum(axis=0)
    gradients = {f"cell.{key}": value for key, value in gradients.items()}
    gradients["readout"] = _rows(after).T @ _rows(slopes)
    gradients["readout_bias"] = _rows(slopes).sum(axis=0)
    return float(np.mean(errors**2)), gradients


def visited_states(
    network: MemoryNetwork, *, trials: int, rng: np.random.Generator, times: int = 64
) -> np.ndarray:
    """States that the network passes through, float64, (times * trials, d)."""
    inputs, _ = memory_trials(trials, times, rng)
    state = np.zeros((trials, network.cell.state_size))
    states = np.empty((times, *state.shape))
    for time, pulses in enumerate(inputs):
        states[time] = state = network.cell.step(state, pulses.astype(np.float64))
    return _rows(states)


class Adam:
    """Adam on a clipped gradient; see `unrolled.training.stepper` for the package's own."""

    def __init__(self, values: Mapping[str, np.ndarray]) -> None:
        self._means = {key: np.zeros_like(value) for key, value in values.items()}
        self._squares = {key: np.zeros_like(value) for key, value in values.items()}
        self._step = 0

    def update(
        self, values: Arrays, gradients: Mapping[str, np.ndarray], *, rate: float, clip: float
    ) -> None:
        """Move the values in place by one step."""
        self._step += 1
        norm = np.sqrt(sum(float(np.sum(value**2)) for value in gradients.values()))
        scale = np.float32(clip / max(norm, clip))
        rate = rate * float(np.sqrt(1 - 0.999**self._step)) / (1 - 0.9**self._step)
        for key, gradient in gradients.items():
            gradient = scale * gradient
            mean, square = self._means[key], self._squares[key]
            mean += np.float32(0.1) * (gradient - mean)
            square += np.float32(0.001) * (gradient**2 - square)
            values[key] -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(1e-8))


def _rows(values: np.ndarray) -> np.ndarray:
    """Times and trials as rows."""
    return values.reshape(-1, values.shape[-1])
