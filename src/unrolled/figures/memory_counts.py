"""Fixed points, saddles and edges of many memories, counted and typeset as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from .population_maps import networks_of
from .style import BLACK, LIGHT, NETWORK_NAMES

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

#: Where the columns stand: names, networks, points by index (from, to), and the three shares.
_NETWORKS, _POINTS, _SHARES = 0.30, (0.39, 0.57), (0.665, 0.81, 0.945)

#: Networks that were not asked for three bits, or not taught: twin, how it is called.
_CONTROLS = (("untrained", "untrained"), ("dead", "taught two bits of three"))

_FRACTIONS = ("saddles\nmatching", "edges as\nin the cube", "networks with\nall corners")


@dataclass(frozen=True)
class MemoryCounts:
    """Networks of one kind.

    Parameters
    ----------
    name : str
    kept, networks : int
        Networks that are counted, of how many.
    points : tuple of float
        Fixed points of each index, mean over the networks; NaN without any. The last are those
        of that index and higher ones.
    saddles, edges, corners : (int, int)
        Saddles with as many unstable directions as undecided bits; saddles of index 1 that lead
        to two corners which differ in one bit; networks whose stable points are exactly the
        corners. Each with the number of all.
    control : bool, default False
    """

    name: str
    kept: int
    networks: int
    points: tuple[float, ...]
    saddles: tuple[int, int]
    edges: tuple[int, int]
    corners: tuple[int, int]
    control: bool = False


def count_memories(compared: xr.Dataset) -> list[MemoryCounts]:
    """Rows of the table: each cell and nonlinearity, all of them, and controls.

    Parameters
    ----------
    compared : xarray.Dataset
        What rule ``universality_comparison`` wrote about memories.

    Returns
    -------
    list of MemoryCounts
        Controls are counted whether or not they solve the task.
    """
    twin, kept = compared.twin.values, compared.kept.values > 0
    cells, nonlinearities = compared.cell.values, compared.nonlinearity.values
    trained = twin == "trained"
    rows = [
        _count(compared, f"{NETWORK_NAMES[cell]}, {NETWORK_NAMES[nonlinearity]}", kept & own, own)
        for cell in networks_of(cells)
        for nonlinearity in networks_of(nonlinearities)
        for own in [trained & (cells == cell) & (nonlinearities == nonlinearity)]
    ]
    rows.append(_count(compared, "all", kept, trained))
    for control, name in _CONTROLS:
        own = twin == control
        if own.any():
            rows.append(_count(compared, name, own, own, control=True))
    return rows


def draw_memory_counts(axes: Axes, rows: Sequence[MemoryCounts]) -> Axes:
    """What was counted, below what the ideal cube has.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its axes are hidden.
    rows : sequence of MemoryCounts

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    bits = len(rows[0].points) - 1
    places = np.linspace(*_POINTS, bits + 1)
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(len(rows) + 1.2, -2.1))
    _write(axes, _NETWORKS, -0.7, "networks\nkept", size=7)
    _write(axes, sum(_POINTS) / 2, -1.35, "fixed points of a network\nby unstable directions",
           size=7)  # fmt: skip
    for index, place in enumerate(places):
        _write(axes, place, -0.35, f"{index}" if index < bits else f"{index}+", size=7)
    for name, place in zip(_FRACTIONS, _SHARES, strict=True):
        _write(axes, place, -0.7, name, size=7)
    _rule(axes, -2.0, 1.0)
    _rule(axes, 0.0, 0.7)
    axes.axhspan(0.0, 1.0, color="#f3f3f3", zorder=0, linewidth=0)
    axes.text(0.0, 0.5, "ideal cube", ha="left", va="center", style="italic")
    for index, place in enumerate(places):
        ideal = comb(bits, index) * 2 ** (bits - index)
        _write(axes, place, 0.5, str(ideal), style="italic")
    for place in _SHARES:
        _write(axes, place, 0.5, "all", style="italic")
    for number, row in enumerate(rows):
        if row.control != rows[number - 1].control or row.name == "all":
            _rule(axes, number + 1.0, 0.4)
        _write_row(axes, number + 1.5, row, places)
    _rule(axes, len(rows) + 1.0, 1.0)
    return axes


def _count(
    compared: xr.Dataset, name: str, counted: np.ndarray, of: np.ndarray, *, control: bool = False
) -> MemoryCounts:
    """One row; ``counted`` and ``of`` say which networks."""
    bits = compared.sizes["output"]
    total = {
        key: int(compared[key].values[counted].sum())
        for key in ("n_saddles", "n_saddles_matching", "n_edges", "n_edges_right", "all_corners")
    }
    own = np.isin(compared.point_network.values, np.flatnonzero(counted))
    found = np.bincount(np.minimum(compared.point_index.values[own], bits), minlength=bits + 1)
    networks = int(counted.sum())
    return MemoryCounts(
        name=name,
        kept=networks,
        networks=int(of.sum()),
        points=tuple(found / networks if networks else np.full(bits + 1, np.nan)),
        saddles=(total["n_saddles_matching"], total["n_saddles"]),
        edges=(total["n_edges_right"], total["n_edges"]),
        corners=(total["all_corners"], networks),
        control=control,
    )


def _write_row(axes: Axes, height: float, row: MemoryCounts, places: np.ndarray) -> None:
    """Means to one digit where they are no whole numbers; a dash where nothing was counted."""
    weight = "bold" if row.name == "all" else "normal"
    axes.text(0.0, height, row.name + (" (control)" if row.control else ""), ha="left",
              va="center", weight=weight)  # fmt: skip
    of = "" if row.control else f" of {row.networks}"  # controls are all counted
    _write(axes, _NETWORKS, height, f"{row.kept}{of}")
    for place, mean in zip(places, row.points, strict=True):
        _write(axes, place, height, f"{mean:.3g}" if mean == round(mean, 0) else f"{mean:.1f}")
    for place, (part, whole) in zip(_SHARES, (row.saddles, row.edges, row.corners), strict=True):
        _write(axes, place, height, f"{part} of {whole}" if whole else "–", size=7)


def _write(
    axes: Axes, place: float, height: float, words: str, *, size: float = 8, style: str = "normal"
) -> None:
    known = words not in ("–", "nan")
    axes.text(place, height, words if known else "–", ha="center", va="center", fontsize=size,
              style=style, color=BLACK if known else LIGHT)  # fmt: skip


def _rule(axes: Axes, height: float, width: float) -> None:
    axes.plot([0, 1], [height, height], color=BLACK, linewidth=width, clip_on=False)
