"""How clusters of networks stand against permuted labels, and on which settings they depend.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .clusters import has_both_pairs, ratio_permutation_test
from .comparisons import DISTANCES, Kinds, cluster_numbers, kinds_of

if TYPE_CHECKING:
    import xarray as xr

QUANTITIES = ("cell_accuracy", "nonlinearity_accuracy", "individuality")
SETTINGS = ("variance", "units", "penalty")


def kept_distances(
    data: xr.Dataset, variance: int | None = None
) -> tuple[dict[str, np.ndarray], Kinds]:
    """Distances between the networks that are compared, and what these are.

    Parameters
    ----------
    data : xarray.Dataset
        What rule ``universality_comparison`` wrote.
    variance : int, optional
        Which of the numbers of components; by default the one that is judged.

    Returns
    -------
    distances : dict of str to ndarray of shape (n, n)
        ``geometry`` and ``topology``.
    kinds : Kinds
        Of those n networks.
    """
    kept = np.flatnonzero(data.kept.values > 0)
    chosen = data.sizes["variance"] // 2 if variance is None else variance
    square = np.ix_(kept, kept)
    matrices = (data.geometry.values[chosen], data.topology.values)
    distances = {name: each[square] for name, each in zip(DISTANCES, matrices, strict=True)}
    return distances, kinds_of(data).only(kept)


def measure_ratios(
    distances: Mapping[str, np.ndarray],
    kinds: Kinds,
    rng: np.random.Generator,
    permutations: int,
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """How far apart networks of different labels are, with nulls (section 6.5 of the plan).

    Parameters
    ----------
    distances : mapping of str to ndarray of shape (n, n)
        By name.
    kinds : Kinds
    rng : numpy.random.Generator
    permutations : int

    Returns
    -------
    numbers : dict of str to float
        ``<distance>_<label>_ratio`` and ``<distance>_<label>_ratio_p``; none of labels that do
        not differ, or without both sorts of pairs.
    nulls : dict of str to ndarray
        ``null_<distance>_<label>_ratio``: ratios with permuted labels.
    """
    found: dict[str, float] = {}
    nulls: dict[str, np.ndarray] = {}
    for label in kinds.labels:
        own, beside = getattr(kinds, label), kinds.beside(label)
        if not has_both_pairs(own, beside):
            continue
        for name, each in distances.items():
            ratio, p_value, null = ratio_permutation_test(each, own, beside, rng, permutations)
            found |= {f"{name}_{label}_ratio": ratio, f"{name}_{label}_ratio_p": p_value}
            nulls[f"null_{name}_{label}_ratio"] = null
    return found, nulls


def clusters_by_setting(data: xr.Dataset, k: int) -> dict[str, dict[str, np.ndarray]]:
    """Accuracies and ratios for each number of components, each size and each penalty.

    Parameters
    ----------
    data : xarray.Dataset
        What rule ``universality_comparison`` wrote.
    k : int
        Neighbours that vote on a label.

    Returns
    -------
    dict
        Of each of `SETTINGS`, each its own array: ``values`` of the setting, and
        ``<distance>_<quantity>`` for each of them, for the distances and `QUANTITIES`. NaN where
        no more networks than neighbours are kept, or no two that would have to be compared.
    """
    geometries = [kept_distances(data, which) for which in range(data.sizes["variance"])]
    found = {"variance": _table(data.variance.values, geometries, k)}
    distances, kinds = kept_distances(data)
    for setting in ("units", "penalty"):
        values = np.unique(data[setting].values)
        own = data[setting].values[data.kept.values > 0]
        parts = []
        for value in values:
            which = np.flatnonzero(own == value)
            square = np.ix_(which, which)
            part = {name: each[square] for name, each in distances.items()}
            parts.append((part, kinds.only(which)))
        found[setting] = _table(values, parts, k)
    return found


def _table(
    values: np.ndarray, parts: list[tuple[dict[str, np.ndarray], Kinds]], k: int
) -> dict[str, np.ndarray]:
    table = {"values": values}
    for distance in DISTANCES:
        rows = [
            cluster_numbers(distance, each[distance], kinds, k) if len(kinds.cell) > k else {}
            for each, kinds in parts
        ]
        for quantity in QUANTITIES:
            name = f"{distance}_{quantity}"
            table[name] = np.array([row.get(name, np.nan) for row in rows])
    return table
