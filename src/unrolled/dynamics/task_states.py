"""What a network that follows signals does on trials: its errors, its states, how they lie.

A network is anything with the attributes of `unrolled.networks.SequenceNetwork`. Functions named
``measure_*`` return ``name -> (dims, values, units, long_name)`` for one network; a table of
measurements of several networks puts the dimension ``network`` in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .manifolds import PrincipalComponents, principal_components
from .similarity import principal_basis

PCS = 3
Measured = Mapping[str, tuple[Any, Any, str, str]]


@dataclass(frozen=True)
class TaskStates:
    """States of a network over trials.

    Attributes
    ----------
    network : SequenceNetwork
    inputs : ndarray of shape (n, T, m)
    targets : ndarray of shape (n, T, k)
    states : ndarray of shape (n, T, d)
    components : PrincipalComponents
        Of all states.
    radius : float
        Root mean square distance of the states from their mean, R.
    """

    network: Any
    inputs: np.ndarray
    targets: np.ndarray
    states: np.ndarray
    components: PrincipalComponents
    radius: float

    @property
    def visited(self) -> np.ndarray:
        """All states, (n T, d)."""
        return self.states.reshape(-1, self.states.shape[-1])

    def near(self, points: np.ndarray, farthest: float) -> np.ndarray:
        """Which points (n, d) lie within so many radii of the mean state, (n,)."""
        return np.linalg.norm(points - self.components.mean, axis=-1) <= farthest * self.radius


def read_trials(network: Any, inputs: np.ndarray, targets: np.ndarray) -> TaskStates:
    """Run a network over trials.

    Parameters
    ----------
    network : SequenceNetwork
    inputs : ndarray of shape (n, T, m)
    targets : ndarray of shape (n, T, k)
    """
    states = network.states(inputs)
    components = principal_components(states.reshape(-1, states.shape[-1]))
    radius = float(np.sqrt(components.variances.sum()))
    return TaskStates(network, inputs, targets, states, components, radius)


def measure_identity(network: Any) -> Measured:
    """Who a network is, and whether its training failed; from what its metadata say.

    Parameters
    ----------
    network : SequenceNetwork
    """
    known = network.metadata
    texts = {
        "cell": "architecture",
        "nonlinearity": "nonlinearity of the candidate",
        "units": "hidden units",
        "penalty": "factor of the squared parameters in the loss",
        "member": "number of the network",
        "twin": "trained, untrained, or dead: trained with a dead channel",
    }
    return {
        **{key: ((), known[key], "1", text) for key, text in texts.items()},
        "diverged": (
            (), np.int8(known.get("diverged") is not None), "1", "1: its training failed",
        ),
        "training_error": (
            (), (known.get("losses") or [None])[-1] or np.nan, "squared target units",
            "mean squared error of the last steps of training",
        ),
    }  # fmt: skip


def measure_states(read: TaskStates, *, n_components: int) -> Measured:
    """Errors, and the bases by which networks are compared by SVCCA.

    Parameters
    ----------
    read : TaskStates
    n_components : int
        Left singular vectors kept; a network whose states have fewer fills up with NaN.
    """
    hidden = read.states[..., : read.network.cell.units]
    outputs = read.network.read(read.states)
    errors = np.mean((outputs - read.targets) ** 2, axis=(0, 1))
    variance = np.mean((read.targets - read.targets.mean(axis=(0, 1))) ** 2)
    measured: dict[str, tuple[Any, Any, str, str]] = {
        "error": ((), errors.mean(), "squared target units", "mean squared error"),
        "error_of_output": ("output", errors, "squared target units", "error of each output"),
        "r_squared": ((), 1 - errors.mean() / variance, "1", "variance explained"),
        "radius": ((), read.radius, "state units", "root mean square distance from the mean"),
    }
    for name, states, whose in (
        ("basis", hidden, "hidden units"),
        ("state_basis", read.states, "whole state"),
    ):
        basis, shares = padded_basis(states, n_components)
        measured[name] = (
            ("sample", "component"), basis.astype(np.float32), "1",
            f"left singular vectors of the centred {whose}",
        )  # fmt: skip
        measured[f"{name}_shares"] = (
            "component", shares, "1", f"share of variance of the {whose}",
        )  # fmt: skip
    return measured


def padded_basis(states: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Basis (P, n) and shares (n,), NaN where the states have no more components."""
    flat = states.reshape(-1, states.shape[-1])
    basis, shares = np.full((len(flat), n), np.nan), np.zeros(n)
    if np.isfinite(flat).all() and np.ptp(flat, axis=0).max() > 0:
        found, all_shares = principal_basis(flat, n)
        basis[:, : found.shape[1]] = found
        shares[: min(n, len(all_shares))] = all_shares[:n]
    return basis, shares


def measure_trajectories(read: TaskStates) -> Measured:
    """Trials as figures show them, in the axes of the states they are shown among."""
    return {
        "trajectory": (
            ("trial", "time", "pc"), read.components.project(read.states, PCS), "state units",
            "states on the first principal components",
        ),
        "pc_share": ("pc", read.components.shares[:PCS], "1", "share of variance"),
    }  # fmt: skip
