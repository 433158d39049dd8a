"""Cells that stand in for a network's own, to see what it does without something.

``replace(network, cell=...)`` gives a network that reads documents with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .predictions import LinearMaps, nearest_points


@dataclass(frozen=True)
class StandIn:
    """What a stand-in shares with the cell behind it.

    Parameters
    ----------
    cell : Cell
    """

    cell: Any

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked of a cell."""
        return getattr(self.cell, name)


@dataclass(frozen=True)
class KeptOut(StandIn):
    """A cell whose state is kept out of a subspace around the nearest of some points.

    After each step h becomes n + (I - Q Q^T)(h - n) with n the point nearest to h.

    Parameters
    ----------
    cell : Cell
    points : ndarray of shape (p, d)
        Slow points.
    axes : ndarray of shape (k, d)
        Orthonormal axes Q, in rows.
    """

    points: np.ndarray
    axes: np.ndarray

    def step(self, states, inputs) -> np.ndarray:
        """Next states, brought back; see `Cell.step`."""
        return self.advance(self.parameters, states, self.drive(self.parameters, inputs))[0]

    def advance(self, parameters, states, drive) -> tuple[np.ndarray, tuple]:
        """Next states, those of the cell brought back; see `Cell.advance`."""
        following, trace = self.cell.advance(parameters, states, drive)
        rows = following.reshape(-1, following.shape[-1])
        off = rows - self.points[nearest_points(rows, self.points)]
        return (rows - (off @ self.axes.T) @ self.axes).reshape(following.shape), trace


@dataclass(frozen=True)
class Linearised(StandIn):
    """A cell replaced by its linearisation at one point, wherever the state is.

    Words move its state as they would at that point, so no word can change what another does.

    Parameters
    ----------
    cell : Cell
    maps : LinearMaps
        With the point first.
    """

    maps: LinearMaps

    def step(self, states, inputs) -> np.ndarray:
        """Next states (..., d); see `Cell.step`."""
        states, inputs = np.asarray(states, dtype=np.float64), np.asarray(inputs)
        leading = np.broadcast_shapes(states.shape[:-1], inputs.shape[:-1])
        rows = np.broadcast_to(states, (*leading, states.shape[-1])).reshape(-1, states.shape[-1])
        inputs = np.broadcast_to(inputs, (*leading, inputs.shape[-1])).reshape(len(rows), -1)
        return self.maps.predict(rows, inputs, 0).reshape(*leading, -1)
