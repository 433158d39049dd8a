"""Files of a population for the tests: memories that are ideal cubes, and their comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr

from unrolled.dynamics import all_codes, code_index, ideal_memory_graph
from unrolled.files import measured_dataset
from unrolled.populations import join_networks, stack_networks

BITS, STEPS, EXAMPLES = 3, 12, 4
CODES = all_codes(BITS)
INDEX = (CODES == 0).sum(axis=1)


def make_memories(
    cell: str = "gru",
    nonlinearity: str = "tanh",
    *,
    networks: int = 2,
    dead: bool = True,
    points: bool = True,
    finite: bool = True,
    error: float = 0.002,
    seed: int = 0,
) -> xr.Dataset:
    """A chunk of memories with their twins; the trained ones have all points of the cube.

    Parameters
    ----------
    networks : int
        Trained ones; there is also an untrained one, with a single stable point.
    dead : bool
        Add one that was taught two bits of three, with a point for each corner of a square.
    points : bool
        Without, trained networks have no fixed points.
    finite : bool
        Without, the states of trained networks are not.
    error : float
        Of trained networks.
    """
    rng = np.random.default_rng(seed)
    inputs = rng.integers(-1, 2, (EXAMPLES, STEPS, BITS)).astype(float)
    targets = np.where(rng.random((EXAMPLES, STEPS, BITS)) < 0.5, -1.0, 1.0)
    everything = np.arange(len(CODES)) if points else np.array([], dtype=int)
    square = np.flatnonzero((CODES[:, 0] == 0) & (CODES[:, 1:] != 0).all(axis=1))
    who = [("trained", member, everything) for member in range(networks)]
    who += [("untrained", 0, np.array([code_index(np.ones((1, BITS)))[0]]))]
    who += [("dead", 0, square)] if dead else []
    measured = [
        {
            **_who(cell, nonlinearity, twin, member, error if twin == "trained" else 1.0),
            "hold_error": ((), error if twin == "trained" else 1.0, "squared target units", "h"),
            "trajectory": (
                ("trial", "time", "pc"),
                targets + 0.1 * seed if finite or twin != "trained" else targets * np.nan,
                "state units", "states",
            ),
            "pc_share": ("pc", [0.4, 0.3, 0.2], "1", "share of variance"),
            "example_output": (("example", "time", "output"), 0.9 * targets, "1", "output"),
            **_points(own, rng),
        }
        for twin, member, own in who
    ]  # fmt: skip
    shared = {
        "example_input": (("example", "time", "input"), inputs, "input units", "input"),
        "example_target": (("example", "time", "output"), targets, "target units", "target"),
    }
    return stack_networks(measured, {"task": "memory"}).assign(measured_dataset(shared, {}))


def make_errors(
    task: str, cells: Sequence[str], nonlinearities: Sequence[str], *, error: float = 0.001
) -> xr.Dataset:
    """Two trained networks of each kind with an untrained twin, of a task without graphs."""
    measured = [
        _who(cell, kind, twin, member, error * (1 + member) if twin == "trained" else 0.5)
        for cell in cells
        for kind in nonlinearities
        for twin, member in (("trained", 0), ("trained", 1), ("untrained", 0))
    ]
    return stack_networks(measured, {"task": task})


def make_comparison(
    parts: Iterable[xr.Dataset], *, task: str = "memory", kept: Sequence[bool] | bool = True
) -> xr.Dataset:
    """The comparison of a task's networks, with random distances and maps.

    Parameters
    ----------
    kept : bool or sequence of bool
        Of the trained networks, those that are compared.
    """
    data = join_networks(list(parts))
    data = data.drop_vars([name for name, values in data.items() if "time" in values.dims])
    rng = np.random.default_rng(0)
    is_kept = np.zeros(data.sizes["network"], dtype=np.int8)
    is_kept[data.twin.values == "trained"] = kept
    there = is_kept > 0
    maps = {
        name: np.where(there[:, None], rng.standard_normal((len(there), 2)), np.nan)
        for name in ("geometry", "topology")
    }
    near = np.abs(np.subtract.outer(rng.random(len(there)), rng.random(len(there)).sum()))
    distances = near[:, None] * near[None] * (1 - np.eye(len(there)))
    found = measured_dataset(
        {
            "solved": ("network", is_kept, "1", "1: has solved its task"),
            "kept": ("network", is_kept, "1", "1: compared with others"),
            "variance": ("variance", [0.9, 0.95, 0.99], "1", "share of variance"),
            "geometry": (
                ("variance", "network", "other"), distances * np.array([1, 2, 3])[:, None, None],
                "1", "1 - mean canonical correlation",
            ),
            "topology": (("network", "other"), distances, "1", "distance of graphs"),
            **{
                f"{name}_map": (("network", "axis"), places, "1", f"map by {name}")
                for name, places in maps.items()
            },
        },
        {},
    )  # fmt: skip
    return data.merge(found).assign_attrs(task=task)


def _who(cell: str, nonlinearity: str, twin: str, member: int, error: float) -> dict[str, tuple]:
    return {
        "cell": ((), cell, "1", "architecture"),
        "nonlinearity": ((), nonlinearity, "1", "nonlinearity"),
        "units": ((), 16, "1", "hidden units"),
        "penalty": ((), 1e-5, "1", "penalty"),
        "member": ((), member, "1", "number of the network"),
        "twin": ((), twin, "1", "trained, untrained or dead"),
        "error": ((), error, "squared target units", "mean squared error"),
        "r_squared": ((), 1 - 2 * error, "1", "variance explained"),
        "training_error": (
            (), np.nan if twin == "untrained" else 0.9 * error, "squared target units", "training",
        ),
    }  # fmt: skip


def _points(own: np.ndarray, rng: np.random.Generator) -> dict[str, tuple]:
    """Some points of the cube, as many unstable directions as undecided bits, and its edges."""
    codes, ideal = CODES[own], ideal_memory_graph(BITS)
    departures = [
        (source, end)
        for source in np.flatnonzero(INDEX[own] == 1)
        for end in np.flatnonzero(INDEX[own] == 0)
        if np.abs(codes[source] - codes[end]).sum() == 1
    ]
    sources, ends = np.array(departures, dtype=int).reshape(-1, 2).T
    present = np.isin(np.arange(len(CODES)), own)
    saddles, edges = int((INDEX[own] > 0).sum()), int((INDEX[own] == 1).sum())
    corners = own.size == len(CODES)
    return {
        "point_pc": (
            ("point", "pc"), codes + 0.02 * rng.standard_normal(codes.shape), "state units", "pc",
        ),
        "point_code": (("point", "output"), codes, "1", "bits"),
        "point_index": ("point", INDEX[own], "1", "unstable directions"),
        "departure_source": ("departure", sources, "1", "from"),
        "departure_end": ("departure", ends, "1", "to"),
        "departure_agreed": ("departure", np.ones(len(ends), dtype=np.int8), "1", "agreed"),
        "graph_edges": (
            ("code", "end_code"), ideal.edges * present[:, None], "1", "share of departures",
        ),
        "graph_index_matches": ("code", present.astype(float), "1", "index matches"),
        "n_saddles": ((), saddles, "1", "saddles"),
        "n_saddles_matching": ((), saddles, "1", "saddles that match"),
        "n_edges": ((), edges, "1", "saddles of index 1"),
        "n_edges_right": ((), edges, "1", "that join neighbours"),
        "all_corners": ((), float(corners), "1", "whether all corners are there"),
    }  # fmt: skip
