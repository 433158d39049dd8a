"""All networks of a task compared with each other, by their geometry and by their topology.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .clusters import (
    accuracy_difference_interval,
    cluster_accuracy,
    has_both_pairs,
    individuality_ratio,
    label_permutation_test,
    neighbour_votes,
    rank_separation,
    scaling_map,
)
from .similarity import components_for, svcca_distances
from .task_states import Measured
from .topology import MemoryGraph, graph_distances, hamming_distances

if TYPE_CHECKING:
    import xarray as xr

LABELS = ("cell", "nonlinearity")
DISTANCES = ("geometry", "topology")


# Largest error of a network that has solved its task, on its trials and, for a memory, on trials
# with rare pulses; an integrator's is a share of the variance.
SOLVED = {"memory": 0.02, "sine": 0.02, "integration": 0.05}


@dataclass(frozen=True)
class Kinds:
    """What each of n networks is.

    Attributes
    ----------
    cell, nonlinearity : str ndarrays of shape (n,)
    rest : str ndarray of shape (n,)
        All else that is no seed: units and penalty.
    """

    cell: np.ndarray
    nonlinearity: np.ndarray
    rest: np.ndarray

    def only(self, which: np.ndarray) -> Kinds:
        """Some of the networks."""
        return Kinds(self.cell[which], self.nonlinearity[which], self.rest[which])

    @property
    def labels(self) -> list[str]:
        """What differs between some of these networks and not between all others."""
        values = {label: len(np.unique(getattr(self, label))) for label in LABELS}
        return [label for label, n in values.items() if 1 < n < len(self.cell)]

    def beside(self, label: str) -> np.ndarray:
        """What is held fixed when ``label`` is compared, (n,)."""
        other = self.nonlinearity if label == "cell" else self.cell
        return np.array([f"{one} {two}" for one, two in zip(other, self.rest, strict=True)])


def compare_networks(
    data: xr.Dataset,
    rng: np.random.Generator,
    *,
    task: str,
    variances: Sequence[float],
    neighbours: int,
    permutations: int,
) -> tuple[Measured, dict[str, float]]:
    """The networks of a task compared with each other.

    A network is kept for the comparison if it was trained on the task, has solved it, and its
    states have as many components as are compared.

    Parameters
    ----------
    data : xarray.Dataset
        What was measured of each, as `unrolled.populations` describes it.
    rng : numpy.random.Generator
    task : {"memory", "sine", "integration"}
    variances : sequence of float
        Shares of variance that decide the number of components; the middle one is judged.
    neighbours : int
        That vote on a network's label.
    permutations : int
        For nulls, also the number of resamples for intervals.

    Returns
    -------
    measured : mapping
        Name -> (dims, values, units, long_name): distances, maps, who is kept, nulls.
    numbers : dict of str to float
        Accuracies, p-values, ratios and correlations; none where fewer than two networks of
        two cells are kept.
    """
    kinds = kinds_of(data)
    solved = has_solved(data, task)
    candidates = (data.twin.values == "trained") & solved
    shares = data.basis_shares.values[candidates if candidates.any() else slice(None)]
    components = [common_components(shares, variance) for variance in variances]
    judged = len(variances) // 2
    geometries = [geometry_distances(data.basis.values, each) for each in components]
    topologies = topology_distances(data)
    kept = candidates & np.isfinite(np.diagonal(geometries[-1]))
    square, own = np.ix_(kept, kept), kinds.only(kept)
    maps = [np.full((len(kept), 2), np.nan) for _ in DISTANCES]
    numbers: dict[str, float] = {}
    nulls: dict[str, np.ndarray] = {}
    if len(np.unique(own.cell)) > 1 and kept.sum() > max(neighbours, 2):
        compared = {
            "geometry": geometries[judged][square],
            "topology": topologies["topology"][square],
        }
        for full, part in zip(maps, aligned_maps(list(compared.values())), strict=True):
            full[kept] = part
        numbers, nulls = measure_clusters(
            compared, own, rng, neighbours=neighbours, permutations=permutations
        )
        reported = {
            f"geometry{100 * variance:.0f}": distances
            for variance, distances in zip(variances, geometries, strict=True)
        }
        reported["whole_state"] = geometry_distances(data.state_basis.values, components[judged])
        reported |= {name: each for name, each in topologies.items() if name != "topology"}
        for name, distances in reported.items():
            numbers |= cluster_numbers(name, distances[square], own, neighbours)
        numbers["function_correlation"] = function_correlation(
            compared["geometry"], data.error.values[kept]
        )
        numbers["geometry_spread"] = spread(compared["geometry"])
    return {
        "solved": ("network", solved.astype(np.int8), "1", "1: has solved its task"),
        "kept": ("network", kept.astype(np.int8), "1", "1: compared with others"),
        "variance": ("variance", list(variances), "1", "share of variance"),
        "components": ("variance", components, "1", "components for that share"),
        "geometry": (
            ("variance", "network", "other"), np.stack(geometries), "1",
            "1 - mean canonical correlation",
        ),
        "topology": (("network", "other"), topologies["topology"], "1", "distance of graphs"),
        "geometry_map": (("network", "axis"), maps[0], "1", "map by geometry"),
        "topology_map": (("network", "axis"), maps[1], "1", "map by topology"),
        **{
            name: ("permutation", values, "1", "accuracy with permuted labels")
            for name, values in nulls.items()
        },
    }, numbers  # fmt: skip


def kinds_of(data: xr.Dataset) -> Kinds:
    """What each network of a dataset is."""
    sizes = zip(data.units.values, data.penalty.values, strict=True)
    rest = np.array([f"{units} {penalty:g}" for units, penalty in sizes])
    return Kinds(data.cell.values, data.nonlinearity.values, rest)


def has_solved(data: xr.Dataset, task: str) -> np.ndarray:
    """Which networks do what they were asked to do, (n,)."""
    if task == "integration":
        return 1 - data.r_squared.values < SOLVED[task]
    errors = data.error.values
    if task == "memory":
        errors = np.maximum(errors, data.hold_error.values)
    return errors < SOLVED[task]


def common_components(shares: np.ndarray, variance: float) -> int:
    """Components compared: the median over networks of what reaches a share of variance.

    Parameters
    ----------
    shares : ndarray of shape (n, components)
        Variance shares of each network's components.
    variance : float

    Returns
    -------
    int
        Two at least.
    """
    needed = [components_for(own, min(variance, own.sum())) for own in shares]
    return max(int(np.median(needed)), 2)


def geometry_distances(bases: np.ndarray, components: int) -> np.ndarray:
    """SVCCA distances (n, n); NaN for networks without so many components.

    Parameters
    ----------
    bases : ndarray of shape (n, P, k)
    components : int
    """
    there = np.isfinite(bases[:, :, :components]).all(axis=(1, 2))
    distances = np.full((len(bases),) * 2, np.nan)
    if there.sum() > 1:
        # Stored in single precision, they are no longer orthonormal in double.
        sound = np.linalg.qr(bases[there, :, :components].astype(np.float64))[0]
        distances[np.ix_(there, there)] = svcca_distances(sound, components)
    return distances


def topology_distances(data: xr.Dataset) -> dict[str, np.ndarray]:
    """Distances (n, n) between the graphs of networks' fixed points.

    Parameters
    ----------
    data : xarray.Dataset
        Of one task, as `unrolled.populations` describes it.

    Returns
    -------
    dict
        ``topology``; of a memory also ``all_codes``, which counts all codes.
    """
    if "graph_edges" in data:
        graphs = [
            MemoryGraph(*(data[f"graph_{name}"].values[number] for name in GRAPH))
            for number in range(data.sizes["network"])
        ]
        return {
            "topology": graph_distances(graphs),
            "all_codes": graph_distances(graphs, undecided_at_most=data.sizes["output"]),
        }
    if "cue_graph" in data:
        return {"topology": hamming_distances(data.cue_graph.values > 0)}
    # Contexts are alike by symmetry; a network's distance is the mean over them.
    graphs = data.context_level_graph.values > 0
    return {"topology": np.mean([hamming_distances(one) for one in graphs.swapaxes(0, 1)], axis=0)}


GRAPH = ("edges", "present", "index_matches")


def measure_clusters(
    distances: Mapping[str, np.ndarray],
    kinds: Kinds,
    rng: np.random.Generator,
    *,
    neighbours: int,
    permutations: int,
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """What distances say of cells and nonlinearities, with nulls (section 6.5 of the plan).

    Parameters
    ----------
    distances : mapping of str to ndarray of shape (n, n)
        ``geometry`` and ``topology``.
    kinds : Kinds
    rng : numpy.random.Generator
    neighbours : int
        That vote on a label.
    permutations : int
        Also the number of resamples for intervals.

    Returns
    -------
    numbers : dict of str to float
    nulls : dict of str to ndarray
        ``null_<distance>_<label>``: accuracies with permuted labels.
    """
    found: dict[str, float] = {}
    nulls: dict[str, np.ndarray] = {}
    for label in kinds.labels:
        own, votes = getattr(kinds, label), {}
        for name in DISTANCES:
            accuracy, p_value, null = label_permutation_test(
                distances[name], own, kinds.beside(label), rng, permutations, neighbours
            )
            votes[name] = neighbour_votes(distances[name], own, neighbours)
            found[f"{name}_{label}_accuracy"] = accuracy
            found[f"{name}_{label}_p"] = p_value
            found[f"{name}_{label}_null"] = float(np.quantile(null, 0.95))
            found[f"{name}_{label}_separation"] = rank_separation(distances[name], own)
            nulls[f"null_{name}_{label}"] = null
        gap, low, high = accuracy_difference_interval(
            votes["geometry"], votes["topology"], rng, permutations
        )
        found |= {
            f"{label}_accuracy_gap": gap,
            f"{label}_accuracy_gap_low": low,
            f"{label}_accuracy_gap_high": high,
        }
    for name in DISTANCES:
        found[f"{name}_individuality"] = _individuality(distances[name], kinds)
    return found, nulls


def cluster_numbers(name: str, distances: np.ndarray, kinds: Kinds, k: int) -> dict[str, float]:
    """The same without nulls, for distances that are reported beside the judged ones."""
    found = {
        f"{name}_{label}_accuracy": cluster_accuracy(distances, getattr(kinds, label), k)
        for label in kinds.labels
    }
    return found | {f"{name}_individuality": _individuality(distances, kinds)}


def _individuality(distances: np.ndarray, kinds: Kinds) -> float:
    """The individuality ratio; NaN where too few networks are kept to have both sorts of pairs."""
    beside = kinds.beside("cell")
    if not has_both_pairs(kinds.cell, beside):
        return float("nan")
    return individuality_ratio(distances, kinds.cell, beside)


def function_correlation(distances: np.ndarray, errors: np.ndarray) -> float:
    """Rank correlation of distances and differences of log errors, over pairs (section 6.8).

    Parameters
    ----------
    distances : ndarray of shape (n, n)
    errors : ndarray of shape (n,)
        Mean squared errors.
    """
    from scipy.stats import spearmanr

    pairs = np.triu_indices(len(errors), 1)
    gaps = np.abs(np.subtract.outer(np.log(errors), np.log(errors)))
    return float(spearmanr(distances[pairs], gaps[pairs]).statistic)


def spread(distances: np.ndarray) -> float:
    """Range of the distances between different networks."""
    return float(np.ptp(distances[np.triu_indices(len(distances), 1)]))


def aligned_maps(distances: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Maps (n, 2) of the same networks by several distances, each turned towards the first."""
    from scipy.linalg import orthogonal_procrustes

    maps = [scaling_map(each) for each in distances]
    turned = [maps[0]]
    for one in maps[1:]:
        turned.append(one @ orthogonal_procrustes(one, maps[0])[0])
    return turned
