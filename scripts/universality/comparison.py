"""Step universality_comparison: the networks of a task compared with each other.

A network is kept for the comparison if it was trained on the task, has solved it, and its states
have as many components as are compared. The others keep their numbers.
"""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.dynamics import (
    Kinds,
    aligned_maps,
    cluster_numbers,
    common_components,
    function_correlation,
    geometry_distances,
    measure_clusters,
    spread,
    topology_distances,
)
from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.populations import join_networks
from unrolled.record import run_step

if TYPE_CHECKING:
    import xarray as xr
    from snakemake.iocontainers import snakemake

# Largest error of a network that has solved its task, on its trials and, for a memory, on trials
# with rare pulses; an integrator's is a share of the variance.
SOLVED = {"memory": 0.02, "sine": 0.02, "integration": 0.05}
# What every network brings along, for metrics and figures.
KEPT_DIMS = ("network", "code", "end_code", "output", "cue", "other_cue", "context", "mode",
             "when", "stream", "modes_kept", "level", "other_level")  # fmt: skip


def has_solved(data: "xr.Dataset", task: str) -> np.ndarray:
    """Which networks do what they were asked to do, (n,)."""
    if task == "integration":
        return 1 - data.r_squared.values < SOLVED[task]
    errors = data.error.values
    if task == "memory":
        errors = np.maximum(errors, data.hold_error.values)
    return errors < SOLVED[task]


def spread_out(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Values of some networks in an array of all, NaN for the others."""
    full = np.full((len(where), *values.shape[1:]), np.nan)
    full[where] = values
    return full


with run_step(snakemake) as step:
    task, settings = step.wildcards.task, step.params.settings
    parts = [load_dataset(path) for path in step.input.analyses]
    data = join_networks(parts)
    sizes = zip(data.units.values, data.penalty.values, strict=True)
    kinds = Kinds(
        data.cell.values,
        data.nonlinearity.values,
        np.array([f"{units} {penalty:g}" for units, penalty in sizes]),
    )
    trained, solved = data.twin.values == "trained", has_solved(data, task)
    candidates = trained & solved
    variances = settings["variances"]
    components = [
        common_components(data.basis_shares.values[candidates], variance) for variance in variances
    ]
    judged = len(variances) // 2
    geometries = [geometry_distances(data.basis.values, each) for each in components]
    whole = geometry_distances(data.state_basis.values, components[judged])
    topologies = topology_distances(data)
    enough = np.isfinite(np.diagonal(geometries[-1]))
    kept = np.flatnonzero(candidates & enough)
    step.log.info(
        "%s: %d of %d trained networks have solved the task, %d are compared, by %s components",
        task, candidates.sum(), trained.sum(), len(kept), components,
    )  # fmt: skip
    square, own = np.ix_(kept, kept), kinds.only(kept)
    compared = {"geometry": geometries[judged][square], "topology": topologies["topology"][square]}
    rng = step.generator("universality", task, "comparison")
    found = measure_clusters(
        compared, own, rng,
        neighbours=settings["neighbours"], permutations=settings["permutations"],
    )  # fmt: skip
    for variance, distances in zip(variances, geometries, strict=True):
        name = f"geometry{100 * variance:.0f}"
        found |= cluster_numbers(name, distances[square], own, settings["neighbours"])
    others = {"whole_state": whole, **topologies}
    del others["topology"]  # is judged, above
    for name, distances in others.items():
        found |= cluster_numbers(name, distances[square], own, settings["neighbours"])
    found["function_correlation"] = function_correlation(
        compared["geometry"], data.error.values[kept]
    )
    found["geometry_spread"] = spread(compared["geometry"])
    maps = aligned_maps([compared["geometry"], compared["topology"]])
    is_kept = np.zeros(len(trained), dtype=np.int8)
    is_kept[kept] = 1
    measured: dict[str, tuple] = {
        str(name): (values.dims, values.values, values.attrs["units"], values.attrs["long_name"])
        for name, values in data.items()
        if set(values.dims) <= set(KEPT_DIMS) and "basis" not in str(name)
    }
    measured |= {
        "solved": ("network", solved.astype(np.int8), "1", "1: has solved its task"),
        "kept": ("network", is_kept, "1", "1: compared with others"),
        "geometry": (
            ("variance", "network", "other"), np.stack(geometries), "1",
            "1 - mean canonical correlation, by so many components",
        ),
        "components": ("variance", components, "1", "components compared"),
        "topology": (
            ("network", "other"), topologies["topology"], "1", "distance of the graphs",
        ),
        "geometry_map": (
            ("network", "axis"), spread_out(maps[0], is_kept > 0), "1", "map by geometry",
        ),
        "topology_map": (
            ("network", "axis"), spread_out(maps[1], is_kept > 0), "1", "map by topology",
        ),
        **{
            name: ("permutation", values, "1", "accuracy with permuted labels")
            for name, values in found.items()
            if name.startswith("null_")
        },
    }  # fmt: skip
    for name in ("point_index", "point_code", "point_network"):
        if name in data:
            values = data[name]
            measured[name] = (values.dims, values.values, values.attrs["units"], name)
    numbers = {name: float(v) for name, v in found.items() if not name.startswith("null_")}
    save_dataset(measured_dataset(measured, {"task": task, **numbers}), step.output.analysis)
