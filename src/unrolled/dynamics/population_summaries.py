"""A population of networks in numbers: the quantities that claims are about.

Every number of trained networks has one of untrained networks, of permuted labels or of a random
order beside it that it could lose to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from .clusters import separation_auc

if TYPE_CHECKING:
    import xarray as xr

GAP = 0.15  # by which geometry has to tell cells apart better than topology does
VALID_AUC = 0.9  # topology tells less only if it can tell trained networks from others
CORRELATION, SLOPES = 0.95, (0.8, 1.25)  # of linear on commanded frequency
FREQUENCY_ERROR, AMPLITUDES, RETURN = 0.05, (0.7, 1.3), 0.05
EIGENVALUES = (0.97, 1.03)  # of a line attractor's integrating mode
SHUFFLES = 1000


def summarise_population(
    data: xr.Dataset, rng: np.random.Generator, *, steps: int
) -> dict[str, float]:
    """Numbers of all networks of one task.

    Parameters
    ----------
    data : xarray.Dataset
        What rule ``universality_comparison`` wrote.
    rng : numpy.random.Generator
        For the nulls.
    steps : int
        Steps of a trial in training.
    """
    own = {"memory": _memory, "sine": _sine, "integration": _integration}[data.attrs["task"]]
    twins = {
        "": data.kept.values > 0,
        "_untrained": data.twin.values == "untrained",
    }
    numbers = {name: float(v) for name, v in data.attrs.items() if isinstance(v, int | float)}
    numbers |= _training(data)
    for suffix, which in twins.items():
        found = own(data, which, rng, steps)
        numbers |= {f"{name}{suffix}": float(value) for name, value in found.items()}
    return numbers


def summarise_tasks(numbers: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Numbers over all tasks: in how many of them topology tells cells apart less.

    Parameters
    ----------
    numbers : mapping of str to mapping
        Of each task, from `summarise_population`.

    Returns
    -------
    dict
        Both counts are 0 where the topology of memories cannot tell trained networks from
        untrained ones and from those with a dead channel: then it tells nothing at all.
    """
    # One that is not known is no evidence that topology sees.
    valid = all(
        numbers["memory"][f"topology_auc_{twin}"] >= VALID_AUC for twin in ("untrained", "dead")
    )
    return {
        "tasks_with_gap": float(
            valid * sum(each.get("cell_accuracy_gap", 0.0) >= GAP for each in numbers.values())
        ),
        "tasks_less_individual": float(
            valid
            * sum(
                each["topology_individuality"] < each["geometry_individuality"]
                for each in numbers.values()
                if "topology_individuality" in each
            )
        ),
    }


def _training(data: xr.Dataset) -> dict[str, float]:
    """How well the tasks are solved, overall and by cell."""
    from scipy.stats import kruskal

    twin, solved, cells = data.twin.values, data.solved.values > 0, data.cell.values
    trained, untrained = twin == "trained", twin == "untrained"
    errors = data.error.values
    groups = [errors[trained & (cells == cell)] for cell in dict.fromkeys(cells)]
    numbers = {
        "networks": trained.sum(),
        "kept": (data.kept.values > 0).sum(),
        "diverged": (data.diverged.values[trained] > 0).sum(),
        "solved_share": solved[trained].mean(),
        "solved_share_untrained": solved[untrained].mean(),
        "error": np.median(errors[trained]),
        "error_untrained": np.median(errors[untrained]),
        "error_cell_p": kruskal(*groups).pvalue,
        **{
            f"{cell}_error": np.median(own)
            for cell, own in zip(dict.fromkeys(cells), groups, strict=True)
        },
    }
    distances = data.topology.values
    kept = data.kept.values > 0
    same = distances[np.ix_(kept, kept)][np.triu_indices(kept.sum(), 1)]
    for name in ("untrained", "dead"):
        which = twin == name
        if which.any():
            different = distances[np.ix_(kept, which)].ravel()
            numbers[f"topology_auc_{name}"] = separation_auc(same, different)
    return {name: float(value) for name, value in numbers.items()}


def _memory(data, which, rng, steps) -> dict[str, float]:
    """Corners, saddles and edges."""
    total = {
        name: float(data[name].values[which].sum())
        for name in ("n_saddles", "n_saddles_matching", "n_edges", "n_edges_right")
    }
    owners = np.flatnonzero(which)
    index, bits = data.point_index.values, data.sizes["output"]
    saddles = np.isin(data.point_network.values, owners) & (index > 0)
    index, zeros = index[saddles], (data.point_code.values[saddles] == 0).sum(axis=1)
    null = [np.mean(rng.permutation(index) == zeros) for _ in range(SHUFFLES)] if len(index) else []
    corners = 2**bits
    return {
        "corners_share": data.all_corners.values[which].mean(),
        "points": np.median(data.n_points.values[which]),
        "stable_points": np.median(data.n_stable.values[which]),
        "index_share": _share(total["n_saddles_matching"], total["n_saddles"]),
        "index_share_null": np.quantile(null, 0.95) if null else np.nan,
        "edges_share": _share(total["n_edges_right"], total["n_edges"]),
        # Of all pairs of corners those that differ in one bit.
        "edges_share_null": bits * corners / 2 / comb(corners, 2),
        "edges": total["n_edges"],
    }


def _sine(data, which, rng, steps) -> dict[str, float]:
    """Linearised frequencies, cycles and the curve of fixed points."""
    value = _values(data, which)
    linear = (value("linear_correlation") > CORRELATION) & _within(value("linear_slope"), SLOPES)
    linear &= np.isfinite(data.cue_linear_frequency.values[which]).all(axis=1)
    cycles = (value("frequency_error") < FREQUENCY_ERROR) & _within(value("amplitude"), AMPLITUDES)
    returns = (value("pushed_frequency_error") < FREQUENCY_ERROR) & (
        value("return_distance") < RETURN
    )
    return {
        "linear_share": linear.mean(),
        **{
            f"{one}_linear_share": linear[data.nonlinearity.values[which] == one].mean()
            for one in np.unique(data.nonlinearity.values)
        },
        "linear_correlation": _median(value("linear_correlation")),
        "linear_slope": _median(value("linear_slope")),
        "linear_correlation_permuted": _median(value("linear_correlation_permuted")),
        "growth": _median(data.cue_growth.values[which]),
        "cycle_share": (cycles & returns).mean(),
        "frequency_error": np.median(value("frequency_error")),
        "amplitude": np.median(value("amplitude")),
        "return_distance": np.median(value("return_distance")),
        **_curve(value, data.cue_graph.values[which]),
    }


def _integration(data, which, rng, steps) -> dict[str, float]:
    """Line attractors, modes and context; each network's number is its median over contexts."""
    from scipy.stats import mannwhitneyu

    value = _values(data, which, "context_")

    def middle(name):
        return np.median(value(name), axis=1)

    lines = _within(value("first_eigenvalue"), EIGENVALUES) & (value("time_constant") >= steps)
    cells = data.cell.values[which]
    vanilla, needed = cells == "vanilla", middle("modes_needed")
    numbers = {
        "line_share": lines.all(axis=1).mean(),
        "first_eigenvalue": _median(middle("first_eigenvalue")),
        "time_constant": _median(middle("time_constant")),
        "full_response": _median(middle("full_response")),
        "selection_ratio": _median(np.max(value("selection_ratio"), axis=1)),
        **_curve(lambda name: np.min(value(name), axis=1), data.context_level_graph.values[which]),
    }
    for name in ("modes_needed", "n_slow_modes"):
        own = middle(name)
        numbers |= {f"{cell}_{name}": _median(own[cells == cell]) for cell in dict.fromkeys(cells)}
        numbers[f"gated_{name}"] = _median(own[~vanilla])
        sound = np.isfinite(own)
        if (sound & vanilla).any() and (sound & ~vanilla).any():
            test = mannwhitneyu(own[sound & vanilla], own[sound & ~vanilla], alternative="less")
            numbers[f"{name}_p"] = test.pvalue
    numbers["modes_needed_known"] = np.isfinite(needed).mean()
    return numbers


def _curve(value: Callable[[str], np.ndarray], graphs: np.ndarray) -> dict[str, float]:
    """Order and neighbourhood of points along a curve; null: the points in random order."""
    size = graphs.shape[-1]
    return {
        "order_correlation": _median(value("order_correlation")),
        "path_share": _median(value("path_share")),
        "path_share_null": graphs.sum(axis=(-2, -1)).mean() / (size * (size - 1)),
        "curve_pc1_share": _median(value("point_pc1_share")),
    }


def _values(data, which, prefix: str = "") -> Callable[[str], np.ndarray]:
    """Numbers of some networks, by name."""
    return lambda name: data[f"{prefix}{name}"].values[which]


def _within(values: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    return (values >= bounds[0]) & (values <= bounds[1])


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _median(values: np.ndarray) -> float:
    """Median over networks that have the number; NaN where none has."""
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else float("nan")
