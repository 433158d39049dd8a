"""How the published tools find fixed points and linearise, in PyTorch.

FixedPointFinder [1]_ and the code of the papers from Google Brain [2]_ minimise the mean of
q = |F(h) - h|^2 / 2 over all starts at once with Adam, in float32, and drop duplicates and
outliers afterwards. The settings here are those of [1]_, read from its code: a rate that
falls by a factor of 0.95 when the mean of q has not fallen for five iterations, a search
that ends when every q is below 1e-12 or no longer changes, and at most the 10,000
iterations of its example. All lines are ours.

References
----------
.. [1] Golub and Sussillo, "FixedPointFinder: a Tensorflow toolbox for identifying and
   characterizing fixed points in recurrent neural networks", JOSS 3, 2018.
.. [2] Maheswaranathan et al., "Reverse engineering recurrent networks for sentiment
   classification reveals line attractor dynamics", NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from unrolled.networks import Autonomous

Tensor = Any  # torch.Tensor; PyTorch is imported where it runs

RATES = (1.0, 0.1, 0.02)  # the tool's default first
TOLERANCE, LEAST_CHANGE, ITERATIONS = 1e-12, 1e-20, 10_000
DECAY, PATIENCE = 0.95, 5
UNIQUE_WITHIN, OUTLIER_SCALE = 1e-3, 10.0


@dataclass(frozen=True)
class Descent:
    """Where a joint descent ended: states (n, d) in float32, and the iterations it took."""

    states: np.ndarray
    iterations: int


def descend(
    step: Autonomous,
    starts: np.ndarray,
    *,
    rate: float,
    tolerance: float = TOLERANCE,
    iterations: int = ITERATIONS,
) -> Descent:
    """Minimise the mean of q over all starts with Adam.

    Parameters
    ----------
    step : Autonomous
        A GRU or a vanilla cell with its input held.
    starts : ndarray of shape (n, d)
    rate : float
        Adam's rate before it decays.
    tolerance : float
        Ends the search when every q is below it.
    iterations : int
        Most iterations.
    """
    import torch

    function = torch_step(step, torch.float32)
    states = torch.tensor(starts, dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam([states], lr=rate)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=DECAY, patience=PATIENCE)
    before = torch.full((len(starts),), torch.inf)
    for iteration in range(1, iterations + 1):  # noqa: B007 the number is the result
        speeds = 0.5 * (function(states) - states).square().sum(dim=1)
        mean = speeds.mean()
        optimiser.zero_grad()
        mean.backward()
        optimiser.step()
        speeds = speeds.detach()
        plateau.step(mean.item())
        still = (speeds - before).abs() < LEAST_CHANGE * optimiser.param_groups[0]["lr"]
        if bool(((speeds < tolerance) | still).all()):
            break
        before = speeds
    return Descent(states.detach().numpy(), iteration)


def torch_step(step: Autonomous, dtype: Any) -> Callable[[Tensor], Tensor]:
    """The step of a GRU or a vanilla cell with its input held, on tensors of any shape (..., d).

    Raises
    ------
    ValueError
        For any other cell.
    """
    functions = {"vanilla": _vanilla, "gru": _gru}
    cell = step.cell
    if cell.name not in functions:
        raise ValueError(f"The peers know {', '.join(functions)} cells, not {cell.name!r}.")
    import torch

    weights = {key: torch.tensor(value, dtype=dtype) for key, value in cell.parameters.items()}
    drive = torch.tensor(cell.drive(cell.parameters, step.inputs), dtype=dtype)
    return partial(functions[cell.name], weights, drive)


def _vanilla(weights: dict[str, Tensor], drive: Tensor, states: Tensor) -> Tensor:
    return (states @ weights["recurrent"] + drive).tanh()


def _gru(weights: dict[str, Tensor], drive: Tensor, states: Tensor) -> Tensor:
    units = states.shape[-1]
    gates = (states @ weights["recurrent"] + drive[: 2 * units]).sigmoid()
    update, reset = gates[..., :units], gates[..., units:]
    candidate = ((reset * states) @ weights["candidate"] + drive[2 * units :]).tanh()
    return candidate.lerp(states, update)


def linearise_by_torch(step: Autonomous, states: np.ndarray) -> tuple[Tensor, ...]:
    """Jacobians by `torch.func`, their eigenvalues, right and left eigenvectors, in float64."""
    import torch

    function = torch_step(step, torch.float64)
    jacobians = torch.func.vmap(torch.func.jacrev(function))(torch.tensor(states))
    values, right = torch.linalg.eig(jacobians)
    return jacobians, values, right, torch.linalg.inv(right)


def without_outliers(
    states: np.ndarray, starts: np.ndarray, *, scale: float = OUTLIER_SCALE
) -> np.ndarray:
    """Rows whose distance from the starts' centre is below ``scale`` times the starts' mean one."""
    centre = starts.mean(axis=0)
    usual = np.linalg.norm(starts - centre, axis=1).mean()
    return np.flatnonzero(np.linalg.norm(states - centre, axis=1) < scale * usual)


def without_duplicates(states: np.ndarray, *, within: float = UNIQUE_WITHIN) -> np.ndarray:
    """Rows that differ from every kept earlier one by ``within`` or more in some entry."""
    kept: list[int] = []
    for row, state in enumerate(states):
        if not kept or (np.abs(states[kept] - state).max(axis=1) >= within).all():
            kept.append(row)
    return np.array(kept, dtype=np.intp)


def check_same_step(step: Autonomous, states: np.ndarray, *, steps: int = 20) -> None:
    """Make sure that both sides search the same system.

    Raises
    ------
    ValueError
        If trajectories of the two steps part within ``steps`` steps.
    """
    import torch

    function = torch_step(step, torch.float64)
    ours, theirs = states, torch.tensor(states)
    for _ in range(steps):
        ours, theirs = step(ours), function(theirs)
    gap = float(np.abs(ours - theirs.numpy()).max())
    # Two roundings part slowly, also where a saddle drives them apart.
    if not gap < 1e-9:
        raise ValueError(
            f"The {step.cell.name} cell and its PyTorch twin part by {gap:.2g} within {steps} "
            "steps: what is compared would not be the same network."
        )
