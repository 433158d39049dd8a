"""Jacobians and their modes at many states of a GRU: eigenvalues, right and left eigenvectors.

All in float64. PyTorch differentiates by `torch.func.vmap(jacrev)`, NumPy is given the
package's analytic Jacobian and shows what the eigendecomposition alone leaves to gain; the
package also orders the modes, fixes their phases and measures their condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unrolled.dynamics import linearise
from unrolled.networks import Autonomous
from unrolled.record.determinism import generator

from .memory_task import BITS, visited_states
from .networks import SEED, Spec, memory_networks
from .peers import linearise_by_torch
from .rounds import FASTER, Bench, Row, ratios, rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Linearisation"
THREADS = 1

OURS = "Unrolled"
POINTS = 500
# Points that are measured at each size; times are scaled to 500.
MEASURED = {64: 500, 128: 200, 256: 40, 512: 8}


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    specs = [Spec("gru", units) for units in MEASURED]
    networks = bench.prepare(
        "training networks to remember three bits",
        lambda: memory_networks(specs, workers=bench.cores),
    )
    rows = []
    for spec in specs:
        network = networks[spec]
        rng = generator(SEED, "linearisation", str(spec.units))
        states = visited_states(network, trials=16, rng=rng)
        states = states[rng.permutation(len(states))[: MEASURED[spec.units]]]
        step = network.cell.autonomous(inputs=np.zeros(BITS))
        linearise_by_torch(step, states[:2])  # its first call sets up its threads
        rows += compare(bench, spec, step, states)
    return rows


def compare(bench: Bench, spec: Spec, step: Autonomous, states: np.ndarray) -> list[Row]:
    """Time of 500 points for each variant."""
    case = f"{spec.title}, {POINTS} points"
    timed = bench.compare(
        case,
        {
            OURS: lambda: linearise(step, states),
            "PyTorch, vmap(jacrev)": lambda: linearise_by_torch(step, states),
            "NumPy, the same Jacobian": lambda: linearise_by_numpy(step, states),
        },
    )
    scale = POINTS / len(states)
    note = "" if scale == 1 else f"{len(states)} points measured, scaled"
    rows = []
    about: dict[str, str | int] = {"cell": spec.cell, "units": spec.units, "points": POINTS}
    for variant, measured in timed.items():
        numbers = {("time", "s"): tuple(scale * value for value in measured.seconds)}
        if variant != OURS:
            numbers[FASTER] = ratios(measured.seconds, timed[OURS].seconds)
        rows += rows_of(case, variant, numbers, notes={"time": note}, about=about)
    return rows


def linearise_by_numpy(step: Autonomous, states: np.ndarray) -> tuple[np.ndarray, ...]:
    """Jacobians, eigenvalues, right and left eigenvectors as NumPy gives them."""
    jacobians = step.jacobian(states)
    values, right = np.linalg.eig(jacobians)
    return jacobians, values, right, np.linalg.inv(right)


def draw(axes: Axes, rows: list[Row]) -> None:
    """Time of one point against the units."""
    from unrolled.figures.style import BLACK, BLUE, VERMILION

    variants = dict.fromkeys(row.variant for row in rows)
    for variant, colour in zip(variants, (BLUE, VERMILION, BLACK), strict=True):
        chosen = [row for row in rows if (row.variant, row.quantity) == (variant, "time")]
        axes.plot(
            [row.about["units"] for row in chosen],
            [1e3 * row.median / POINTS for row in chosen],
            color=colour, marker="o", markersize=3, label=variant,
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="units", ylabel="time per point (ms)")
    axes.set_xticks(list(MEASURED), [str(units) for units in MEASURED])
    axes.minorticks_off()
    axes.legend()
