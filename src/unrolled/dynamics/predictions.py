"""Free and linear runs: does the state settle, and does a linearisation foretell it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .maps import checked_map


@dataclass(frozen=True)
class Relaxation:
    """A free run, with the input held constant.

    Attributes
    ----------
    ratios : ndarray of shape (n, n_steps)
        |h_{t+1} - h_t| / |h_t| at each step; NaN where h_t is 0.
    states : ndarray of shape (n, d)
        Where the run ends.
    """

    ratios: np.ndarray
    states: np.ndarray


@dataclass(frozen=True)
class LinearMaps:
    """Linearisations of a step at some points, F(h, x) near (h*, x*).

    F(h, x) is about F(h*, x*) + J (h - h*) + J_inp (x - x*).

    Attributes
    ----------
    points : ndarray of shape (p, d)
        Points of expansion h*.
    images : ndarray of shape (p, d)
        F(h*, x*); equal to the points where these are exact fixed points.
    jacobians : ndarray of shape (p, d, d)
    input_jacobians : ndarray of shape (p, d, m)
    constant_input : ndarray of shape (m,)
        x*.

    Raises
    ------
    ValueError
        If the shapes do not belong together, or there are no points.
    """

    points: np.ndarray
    images: np.ndarray
    jacobians: np.ndarray
    input_jacobians: np.ndarray
    constant_input: np.ndarray

    def __post_init__(self) -> None:
        """Check the shapes."""
        n_points, width = self.points.shape
        expected = {
            "images": (n_points, width),
            "jacobians": (n_points, width, width),
            "input_jacobians": (n_points, width, len(self.constant_input)),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(
                    f"{name} have shape {getattr(self, name).shape}; points of shape "
                    f"{self.points.shape} and a constant input of "
                    f"{len(self.constant_input)} entries need {shape}."
                )
        if not n_points:
            raise ValueError("There are no points to linearise at; the search kept none.")

    @classmethod
    def of(cls, cell, points, constant_input) -> LinearMaps:
        """Linearisations of a cell's step at some states (p, d), for an input near another (m,)."""
        points = np.asarray(points, dtype=np.float64)
        return cls(
            points=points,
            images=cell.step(points, constant_input),
            jacobians=cell.jacobian_state(points, constant_input),
            input_jacobians=cell.jacobian_input(points, constant_input),
            constant_input=np.asarray(constant_input, dtype=np.float64),
        )

    def predict(self, states, inputs, which) -> np.ndarray:
        """Next states, each from the linearisation at the point ``which`` says.

        Parameters
        ----------
        states : array_like of shape (n, d)
            States before the step.
        inputs : array_like of shape (n, m)
            Inputs of the step.
        which : array_like of shape (n,) or int
            Index of the point to use, as `nearest_points` gives.

        Returns
        -------
        ndarray of shape (n, d)
        """
        states = np.asarray(states, dtype=np.float64)
        inputs = np.asarray(inputs, dtype=np.float64) - self.constant_input
        which = np.broadcast_to(np.asarray(which, dtype=np.intp), len(states))
        predicted = np.empty_like(states)
        # Steps that share a point make one matrix product, and no Jacobian is copied.
        order = np.argsort(which, kind="stable")
        used, firsts = np.unique(which[order], return_index=True)
        for point, rows in zip(used, np.split(order, firsts[1:]), strict=True):
            predicted[rows] = (
                self.images[point]
                + (states[rows] - self.points[point]) @ self.jacobians[point].T
                + inputs[rows] @ self.input_jacobians[point].T
            )
        return predicted


def step_ratios(states, lengths=None) -> np.ndarray:
    """Relative step lengths |h_{t+1} - h_t| / |h_t| along runs.

    Parameters
    ----------
    states : array_like of shape (n, n_time, d)
    lengths : array_like of shape (n,), int, optional
        States that each run really has; later ratios are NaN.

    Returns
    -------
    ndarray of shape (n, n_time - 1)
        NaN where h_t is 0.
    """
    states = np.asarray(states, dtype=np.float64)
    steps = np.linalg.norm(np.diff(states, axis=1), axis=2)
    ratios = _ratio(steps, np.linalg.norm(states[:, :-1], axis=2))
    if lengths is not None:
        beyond = np.arange(1, states.shape[1]) >= np.asarray(lengths)[:, None]
        ratios[beyond] = np.nan
    return ratios


def relaxation(step: Callable, starts, n_steps: int) -> Relaxation:
    """Let the state run freely and measure how it slows down.

    Parameters
    ----------
    step : callable
        One time step with the input held constant, ``(n, d) -> (n, d)``.
    starts : array_like of shape (n, d)
    n_steps : int

    Returns
    -------
    Relaxation

    Raises
    ------
    ValueError
        If the starts or the step cannot be used (see `find_fixed_points`), or ``n_steps``
        is below 1.
    """
    if n_steps < 1:
        raise ValueError(f"n_steps is {n_steps}; it has to be 1 or more.")
    state_map, states = checked_map(step, starts, differentiated=False)
    ratios = np.empty((len(states), n_steps))
    for time in range(n_steps):
        following = state_map(states)
        ratios[:, time] = _ratio(
            np.linalg.norm(following - states, axis=1), np.linalg.norm(states, axis=1)
        )
        states = following
    return Relaxation(ratios, states)


def nearest_points(states, points, *, chunk: int = 8192) -> np.ndarray:
    """Index of the point nearest to each state, shape (n,); the first of equals.

    Parameters
    ----------
    states : array_like of shape (n, d)
    points : array_like of shape (p, d)
    chunk : int
        States compared at once, to bound memory.

    Raises
    ------
    ValueError
        If there are no points.
    """
    points = np.asarray(points, dtype=np.float64)
    if not len(points):
        raise ValueError("There are no points to choose the nearest from.")
    # Squared distances by products; taken about the points' mean, they lose few digits.
    centre = points.mean(axis=0)
    points = points - centre
    half_squares = 0.5 * np.sum(points**2, axis=1)
    states = np.asarray(states, dtype=np.float64)
    nearest = np.empty(len(states), dtype=np.intp)
    for first in range(0, len(states), chunk):
        part = slice(first, first + chunk)
        nearest[part] = (half_squares - (states[part] - centre) @ points.T).argmin(axis=1)
    return nearest


def one_step_errors(maps: LinearMaps, states, inputs, following, *, which=None) -> np.ndarray:
    """Relative error of linear one-step predictions from the true states.

    Parameters
    ----------
    maps : LinearMaps
    states : array_like of shape (n, d)
        True states before each step.
    inputs : array_like of shape (n, m)
        Inputs of the steps.
    following : array_like of shape (n, d)
        True states after them.
    which : int or array_like of shape (n,), optional
        Point to use; the nearest to each state without it. One number, such as the index
        of the central point, is the control.

    Returns
    -------
    ndarray of shape (n,)
        |h_true - h_linear| / |h_true|; NaN where the true state is 0.
    """
    if which is None:
        which = nearest_points(states, maps.points)
    following = np.asarray(following, dtype=np.float64)
    misses = np.linalg.norm(following - maps.predict(states, inputs, which), axis=1)
    return _ratio(misses, np.linalg.norm(following, axis=1))


def open_loop_states(
    maps: LinearMaps, which: int, *, tokens, lengths, embedding, initial_state
) -> np.ndarray:
    """Run one linearisation over whole documents; give the states after their last words.

    Parameters
    ----------
    maps : LinearMaps
    which : int
        Index of the point whose linearisation is iterated.
    tokens : array_like of shape (n, n_time), int
        Words of the documents, padded at the end with any valid number.
    lengths : array_like of shape (n,), int
        Words that each document really has.
    embedding : array_like of shape (vocabulary, m)
        Input that stands for each word.
    initial_state : array_like of shape (d,)
        State before the first word.

    Returns
    -------
    ndarray of shape (n, d)

    Raises
    ------
    ValueError
        If the lengths do not fit the tokens.
    """
    tokens = np.asarray(tokens)
    lengths = np.asarray(lengths, dtype=np.intp)
    if lengths.shape != tokens.shape[:1] or (lengths > tokens.shape[1]).any():
        raise ValueError(
            f"lengths (shape {lengths.shape}, up to {lengths.max(initial=0)}) do not fit tokens "
            f"of shape {tokens.shape}."
        )
    # Every word's push is computed once, not once for each time it is read.
    pushes = (np.asarray(embedding, dtype=np.float64) - maps.constant_input) @ (
        maps.input_jacobians[which].T
    )
    pushes += maps.images[which]
    point, transposed = maps.points[which], maps.jacobians[which].T
    order = np.argsort(-lengths, kind="stable")
    tokens, falling = tokens[order], lengths[order]
    states = np.tile(np.asarray(initial_state, dtype=np.float64), (len(tokens), 1))
    for time in range(int(falling[0]) if len(falling) else 0):
        reading = int(np.searchsorted(-falling, -time))  # documents longer than time come first
        states[:reading] = (states[:reading] - point) @ transposed + pushes[tokens[:reading, time]]
    final = np.empty_like(states)
    final[order] = states
    return final


def _ratio(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """Divide; NaN where the denominator is 0."""
    safe = np.where(denominators > 0, denominators, 1.0)
    return np.where(denominators > 0, numerators / safe, np.nan)
