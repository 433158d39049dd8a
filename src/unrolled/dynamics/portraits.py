"""A network reading documents, the slow points it lingers at, and its modes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .manifolds import (
    PrincipalComponents,
    inside_range,
    manifold_coordinate,
    manifold_direction,
    principal_components,
)
from .modes import Modes, linearise
from .points import FixedPoints
from .searches import find_slow_points

PCS = 3  # principal components that figures draw
# What is measured: name -> (dims, values, units, long_name).
Measured = dict[str, tuple[Any, Any, str, str]]


@dataclass(frozen=True)
class Reading:
    """A network reading documents.

    Attributes
    ----------
    tokens : int ndarray of shape (n, T)
        Padded documents.
    lengths, labels : int ndarray of shape (n,)
    states : ndarray of shape (n, T, d)
        ``h_1`` to ``h_T``; without meaning after a document's end.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    states: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        """Whether a place lies within its document, (n, T)."""
        return np.arange(self.tokens.shape[1])[None] < self.lengths[:, None]

    def visited(self) -> np.ndarray:
        """All states within documents, (samples, d)."""
        return self.states[self.inside]

    def steps(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """State before, word and state after of every step but the first of a document."""
        inside = self.inside[:, 1:]
        return self.states[:, :-1][inside], self.tokens[:, 1:][inside], self.states[:, 1:][inside]


def read_documents(network: Any, tokens: np.ndarray, lengths, labels) -> Reading:
    """States of a network over padded documents (n, T)."""
    return Reading(tokens, np.asarray(lengths), np.asarray(labels), network.states(tokens))


def mean_input(network: Any, counts) -> np.ndarray:
    """Mean word vector, weighted by how often each word occurs, (m,): the reference input x*."""
    counts = np.asarray(counts, dtype=np.float64)
    return counts @ network.embedding / counts.sum()


@dataclass(frozen=True)
class Portrait:
    """One network with what all measurements share.

    Attributes
    ----------
    network : Network
    reading : Reading
    reference_input : ndarray of shape (m,)
    components : PrincipalComponents
        Of the visited states.
    points : FixedPoints
        Slow points within the readout range of the states.
    coordinate : ndarray of shape (n_points,)
        Position along the line, -1 to 1.
    direction : ndarray of shape (d,)
        First axis of the points; NaN for fewer than two points.
    modes : Modes
        Of the points.
    """

    network: Any
    reading: Reading
    reference_input: np.ndarray
    components: PrincipalComponents
    points: FixedPoints
    coordinate: np.ndarray
    direction: np.ndarray
    modes: Modes

    @property
    def step(self):
        """The map with the reference input held."""
        return self.network.cell.autonomous(inputs=self.reference_input)

    def highlighted(self) -> np.ndarray:
        """Indices of the points nearest to three quarters down, the middle, and up the line."""
        if not len(self.points):
            return np.full(3, -1)
        places = np.array([-0.75, 0.0, 0.75])
        return np.abs(self.coordinate[:, None] - places).argmin(axis=0)


def median_step(reading: Reading) -> float:
    """Median |h_{t+1} - h_t| along documents, in units of the state."""
    before, _, after = reading.steps()
    return float(np.median(np.linalg.norm(after - before, axis=1)))


def slow_points(
    network: Any,
    reading: Reading,
    reference_input: np.ndarray,
    *,
    starts: int,
    settling: int,
    ridge: float,
    iterations: int,
    speed: float,
    rng: np.random.Generator,
) -> FixedPoints:
    """Slow points from visited states, kept where slow and within the states' readout range.

    ``speed`` is the longest step of a slow point as a share of the median step along documents.
    """
    visited = reading.visited()
    chosen = visited[rng.choice(len(visited), min(starts, len(visited)), replace=False)]
    found = find_slow_points(
        network.cell.autonomous(inputs=reference_input),
        chosen,
        settling=settling,
        ridge=ridge,
        iterations=iterations,
        max_speed=speed * median_step(reading),
    )
    return found.only(inside_range(network.logits(found.states), network.logits(visited)))


def portray(
    network: Any,
    reading: Reading,
    reference_input: np.ndarray,
    *,
    neighbours: int,
    rng: np.random.Generator,
    **search: Any,
) -> Portrait:
    """Find and linearise the slow points of a network; ``search`` goes to `slow_points`."""
    points = slow_points(network, reading, reference_input, rng=rng, **search)
    many = len(points) > 2
    return Portrait(
        network=network,
        reading=reading,
        reference_input=reference_input,
        components=principal_components(reading.visited()),
        points=points,
        coordinate=(
            manifold_coordinate(points.states, network.logits(points.states), neighbours=neighbours)
            if many
            else np.zeros(len(points))
        ),
        direction=(
            manifold_direction(points.states, reference=network.readout)
            if many
            else np.full(network.state_size, np.nan)
        ),
        modes=linearise(
            network.cell.autonomous(inputs=reference_input),
            points.states,
            reference=network.readout,
        ),
    )
