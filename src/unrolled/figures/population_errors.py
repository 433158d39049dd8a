"""How well the networks of a population do what they were taught, network by network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from .numbers import take_numbers
from .population_maps import networks_of
from .style import BLACK, GREY, LIGHT, NETWORK_NAMES, NETWORKS, say

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from matplotlib.legend import Legend
    from numpy.typing import ArrayLike

_WIDTH = 0.34  # of a strip of networks; strips of one cell stand 0.45 apart
_APART = 0.45
_TOP = 0.97  # of the panel's height: where errors stand that are no numbers, or far off
_FAR = 1e4  # times the threshold: a network that diverges would press all others into one line


def draw_error_strips(
    axes: Axes,
    errors: ArrayLike,
    cells: ArrayLike,
    nonlinearities: ArrayLike,
    *,
    kept: ArrayLike,
    threshold: float,
    training: ArrayLike | None = None,
    untrained: ArrayLike | None = None,
) -> Axes:
    """Errors of single networks, side by side in strips by cell and nonlinearity.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; errors on a logarithmic scale. Those that are not finite, or above ten thousand
        times the threshold, stand at its top.
    errors : array_like of shape (n_networks,)
        On held-out trials; filled for the first nonlinearity, hollow for the others.
    cells, nonlinearities : array_like of shape (n_networks,), str
    kept : array_like of shape (n_networks,), bool
        The others get a cross.
    threshold : float
        From which on a network is excluded: a dashed line.
    training : array_like of shape (n_networks,), optional
        Errors in training: short lines.
    untrained : array_like of shape (n_networks,), optional
        True for untrained twins, whose errors are small grey crosses.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    errors, cells = np.asarray(errors, dtype=float), np.asarray(cells).astype(str)
    nonlinearities, kept = np.asarray(nonlinearities).astype(str), np.asarray(kept, dtype=bool)
    twins = np.zeros(len(errors), dtype=bool) if untrained is None else np.asarray(untrained)
    axes.set_ylabel("error (squared target units)")
    names, kinds = networks_of(cells), networks_of(nonlinearities)
    if not np.isfinite(errors).any():
        return say(axes, "no network has\na finite error")
    errors = np.where(errors > _FAR * threshold, np.inf, errors)
    axes.set_yscale("log")
    axes.axhline(threshold, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    for place, cell in enumerate(names):
        colour, marker, _ = NETWORKS[cell]
        for number, kind in enumerate(kinds):
            centre = place + _APART * (number - (len(kinds) - 1) / 2)
            strip = (cells == cell) & (nonlinearities == kind)
            own, controls = np.flatnonzero(strip & ~twins), np.flatnonzero(strip & twins)
            across = centre + _spread(len(own))
            face = "white" if number else colour
            _mark(axes, across, errors[own], marker, colour, face, layer=3)
            out = ~kept[own]
            _mark(axes, across[out], errors[own][out], "x", BLACK, BLACK, layer=4)
            if training is not None:
                _mark(axes, across, np.asarray(training)[own], "_", BLACK, BLACK, layer=5)
            beside = centre + _spread(len(controls))
            _mark(axes, beside, errors[controls], "+", GREY, GREY, layer=2)
    for edge in np.arange(1, len(names)) - 0.5:
        axes.axvline(edge, color=LIGHT, linewidth=0.5, zorder=0)
    axes.set_xticks(range(len(names)), [NETWORK_NAMES[name] for name in names])
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.5, len(names) - 0.5)
    return axes


def explain_strips(figure: FigureBase, nonlinearities: Sequence[str]) -> Legend:
    """Legend of the marks, below a figure's panels.

    Parameters
    ----------
    figure : matplotlib.figure.FigureBase
    nonlinearities : sequence of str
        In the order of the strips.

    Returns
    -------
    matplotlib.legend.Legend
    """
    kinds = [
        Line2D([], [], color=BLACK, marker="o", linestyle="", markersize=4,
               markerfacecolor="white" if number else BLACK, label=NETWORK_NAMES[kind])
        for number, kind in enumerate(nonlinearities)
    ]  # fmt: skip
    others = [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=5, label=name)
        for marker, colour, name in (
            ("_", BLACK, "error in training"),
            ("x", BLACK, "excluded"),
            ("+", GREY, "untrained (control)"),
        )
    ]
    line = Line2D([], [], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), label="limit")
    return figure.legend(
        handles=[*kinds, *others, line], loc="outside lower center", ncols=6, columnspacing=1.4,
        handletextpad=0.3,
    )  # fmt: skip


def errors_on_trials_panel(axes: Axes, compared: xr.Dataset, solved: float) -> xr.Dataset:
    """Errors of all networks of a task on held-out trials and in training.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    compared : xarray.Dataset
        What rule ``universality_comparison`` wrote.
    solved : float
        Error below which a task is solved, in squared target units.

    Returns
    -------
    xarray.Dataset
        The numbers drawn; their names begin with the task's.
    """
    return _strips_panel(axes, compared, "error", solved, training="training_error")


def errors_on_holds_panel(axes: Axes, compared: xr.Dataset, solved: float) -> xr.Dataset:
    """The same of memories on trials with rare pulses; nothing was trained on these."""
    return _strips_panel(axes, compared, "hold_error", solved)


def unexplained_error(compared: xr.Dataset, share: float) -> float:
    """Mean squared error that leaves a share of the targets' variance unexplained.

    Examples
    --------
    >>> import xarray as xr
    >>> one = {"error": ("network", [0.25]), "r_squared": ("network", [0.5])}
    >>> unexplained_error(xr.Dataset(one), 0.1)
    0.05
    """
    # All networks read the same trials, so that any tells the variance.
    unexplained = 1 - compared.r_squared.values
    return share * float(np.nanmedian(compared.error.values / unexplained))


def _strips_panel(
    axes: Axes, compared: xr.Dataset, name: str, solved: float, *, training: str | None = None
) -> xr.Dataset:
    """Trained networks and untrained twins; those that were taught less are left out."""
    shown = compared.isel(network=np.flatnonzero(compared.twin.values != "dead"))
    draw_error_strips(
        axes, shown[name], shown.cell, shown.nonlinearity, kept=shown.kept.values > 0,
        threshold=solved, training=None if training is None else shown[training].values,
        untrained=shown.twin.values == "untrained",
    )  # fmt: skip
    names = [name, "cell", "nonlinearity", "twin", "kept"] + ([training] if training else [])
    return take_numbers(shown, names, prefix=str(compared.attrs["task"]))


def _spread(n: int) -> np.ndarray:
    """Places of n networks across a strip, about 0."""
    return np.linspace(-0.5, 0.5, n) * _WIDTH if n > 1 else np.zeros(n)


def _mark(
    axes: Axes, across: np.ndarray, errors: np.ndarray, marker: str, colour: str, face: str, *,
    layer: int,
) -> None:  # fmt: skip
    """Marks at errors; at the top of the panel those that are not finite."""
    finite = np.isfinite(errors)
    look: dict[str, Any] = {
        "color": colour, "marker": marker, "linestyle": "", "markerfacecolor": face,
        "markersize": 6.0 if marker == "x" else 4.0, "markeredgewidth": 0.8, "zorder": layer,
    }  # fmt: skip
    axes.plot(across[finite], errors[finite], **look)
    if marker != "_" and not finite.all():
        rim = np.full((~finite).sum(), _TOP)
        axes.plot(across[~finite], rim, transform=axes.get_xaxis_transform(), **look)
