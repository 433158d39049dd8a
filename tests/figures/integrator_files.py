"""Files of a population for the tests: ideal oscillators and integrators, planted clusters."""

from __future__ import annotations

import numpy as np
import xarray as xr
from population_files import _who, make_comparison, make_errors

from unrolled.dynamics import kept_distances, measure_clusters
from unrolled.files import measured_dataset
from unrolled.populations import stack_networks

CUES, STEPS, EXAMPLES, LEVELS, MODES = 5, 30, 3, 6, 4
FREQUENCIES = np.linspace(0.15, 0.6, CUES)
PROBES = np.linspace(-0.2, 0.2, 5)
TWINS = (("trained", 0), ("trained", 1), ("untrained", 0))


def make_oscillators(
    cell: str = "gru",
    nonlinearity: str = "tanh",
    *,
    points: bool = True,
    finite: bool = True,
    error: float = 0.002,
    modes: int = MODES,
) -> xr.Dataset:
    """A chunk of two trained networks, which turn as fast as they are asked to, and a twin.

    Parameters
    ----------
    points : bool
        Without, no cue has a fixed point.
    finite : bool
        Without, the states of trained networks are not.
    error : float
        Of trained networks.
    """
    steps = np.arange(STEPS)
    waves = np.sin(FREQUENCIES[:, None] * steps)
    cycles = np.stack(
        [waves, np.cos(FREQUENCIES[:, None] * steps), np.ones(STEPS) * FREQUENCIES[:, None]], -1
    )
    curve = np.outer(FREQUENCIES, [0.0, 0.0, 1.0])
    measured = []
    for twin, member in TWINS:
        trained = twin == "trained"
        there = 1.0 if points and trained else np.nan
        turn = FREQUENCIES if trained else 0.1 * FREQUENCIES
        real, imaginary = (1.05 * part(turn) for part in (np.cos, np.sin))
        fast = np.full((CUES, modes - 2), 0.3)
        measured.append(
            {
                **_who(cell, nonlinearity, twin, member, error if trained else 0.5),
                "trajectory": (
                    ("trial", "time", "pc"), cycles if finite or not trained else cycles * np.nan,
                    "state units", "states",
                ),
                "pc_share": ("pc", [0.4, 0.3, 0.2], "1", "share of variance"),
                "example_output": (
                    ("example", "time", "output"), 0.9 * waves[:EXAMPLES, :, None], "target units",
                    "output",
                ),
                "cue_pc": (("cue", "pc"), there * curve, "state units", "fixed points"),
                "cue_eigenvalue_real": (
                    ("cue", "mode"),
                    there * np.column_stack([real, real, fast]), "1", "real part",
                ),
                "cue_eigenvalue_imaginary": (
                    ("cue", "mode"),
                    there * np.column_stack([imaginary, -imaginary, 0 * fast]), "1", "imaginary",
                ),
                "cue_commanded": ("cue", FREQUENCIES, "rad/step", "commanded"),
                "cue_linear_frequency": ("cue", there * turn if trained else turn, "rad/step", "l"),
            }
        )  # fmt: skip
    cues = np.repeat((np.arange(CUES) / CUES + 0.25)[:, None, None], STEPS, axis=1)
    shared = {
        "trial_input": (("trial", "time", "input"), cues, "input units", "input"),
        "example_target": (
            ("example", "time", "output"), waves[:EXAMPLES, :, None], "target units", "target",
        ),
    }  # fmt: skip
    return stack_networks(measured, {"task": "sine"}).assign(measured_dataset(shared, {}))


def make_integrators(
    cell: str = "gru",
    nonlinearity: str = "tanh",
    *,
    points: bool = True,
    finite: bool = True,
    error: float = 0.002,
    modes: int = MODES,
    needed: int = 1,
) -> xr.Dataset:
    """A chunk of two trained networks that integrate along a line, and an untrained twin.

    Parameters
    ----------
    points, finite, error
        As for `make_oscillators`.
    modes : int
    needed : int
        Modes with which the response to a unit input, then 1, is there.
    """
    paths = PROBES[:, None, None] * np.arange(STEPS)[:, None] * np.array([1.0, 0.0, 0.0])
    line = np.outer(np.linspace(-1, 1, LEVELS), [1.0, 0.0, 0.0])
    measured = []
    for twin, member in TWINS:
        trained = twin == "trained"
        there = 1.0 if points and trained else np.nan
        # context, when, stream, modes kept: each context asks for the stream of its number
        response = np.zeros((2, 2, 2, modes))
        response[[0, 1], :, [0, 1], needed - 1 :] = 1.0 if trained else 0.1
        moduli = np.append(1.0 if trained else 0.6, np.linspace(0.5, 0.2, modes - 1))
        measured.append(
            {
                **_who(cell, nonlinearity, twin, member, error if trained else 0.5),
                "trajectory": (
                    ("trial", "time", "pc"), paths if finite or not trained else paths * np.nan,
                    "state units", "states",
                ),
                "pc_share": ("pc", [0.8, 0.1, 0.1], "1", "share of variance"),
                "example_output": (
                    ("example", "time", "output"), np.ones((EXAMPLES, STEPS, 1)), "target units",
                    "output",
                ),
                "context_level_pc": (
                    ("context", "level", "pc"), there * np.stack([line, line]), "state units", "p",
                ),
                "context_mode_modulus": (
                    ("context", "mode"), (there if trained else 1.0) * np.stack([moduli, moduli]),
                    "1", "moduli",
                ),
                "context_response": (
                    ("context", "when", "stream", "modes_kept"), there * response, "target units",
                    "response",
                ),
            }
        )  # fmt: skip
    rng = np.random.default_rng(0)
    context = np.zeros((EXAMPLES, STEPS, 2))
    context[:, :, 1] = 1.0
    inputs = np.concatenate([rng.standard_normal((EXAMPLES, STEPS, 2)), context], axis=2)
    probes = np.zeros((len(PROBES), STEPS, 4))
    probes[..., 0], probes[..., 2] = PROBES[:, None], 1.0
    shared = {
        "trial_input": (("trial", "time", "input"), probes, "input units", "input"),
        "example_input": (("example", "time", "input"), inputs, "input units", "input"),
        "example_target": (
            ("example", "time", "output"), inputs[..., 1:2].cumsum(axis=1), "target units", "t",
        ),
    }  # fmt: skip
    return stack_networks(measured, {"task": "integration"}).assign(measured_dataset(shared, {}))


def make_clusters(
    task: str, cells: tuple[str, ...], nonlinearities: tuple[str, ...], *, kept: bool = True
) -> xr.Dataset:
    """A comparison in which cells lie 2 apart and seeds 1 by geometry, and nothing by topology.

    The number of components does not matter, half of the networks are larger.
    """
    parts = [make_errors(task, cells, nonlinearities), make_errors(task, cells, nonlinearities)]
    parts[1]["units"] = 2 * parts[1].units
    data = make_comparison(parts, task=task, kept=kept)
    cell, number = data.cell.values, data.sizes["network"]
    apart = np.where(cell[:, None] == cell, 1.0, 2.0) * (1 - np.eye(number))
    data["geometry"] = data.geometry.copy(data=np.stack([apart] * 3))
    data["topology"] = data.topology.copy(data=np.zeros((number, number)))
    chosen = np.flatnonzero(data.kept.values > 0)
    if not len(chosen):
        return data
    square = np.ix_(chosen, chosen)
    _, kinds = kept_distances(data)
    numbers, nulls = measure_clusters(
        {"geometry": apart[square], "topology": 0 * apart[square]}, kinds,
        np.random.default_rng(0), neighbours=1, permutations=50,
    )  # fmt: skip
    found = {name: ("permutation", null, "1", name) for name, null in nulls.items()}
    return data.assign(measured_dataset(found, {})).assign_attrs(numbers)
