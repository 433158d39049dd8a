"""Networks that integrate one of two streams: trials, line attractors, modes and responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from .numbers import take_numbers
from .oscillations import draw_levels, draw_wave
from .population_maps import NO_NETWORKS, networks_of
from .space import draw_graded_paths, kind_of
from .style import BLACK, GREY, NETWORK_NAMES, NETWORKS, VERMILION, grade, legend_above, say

if TYPE_CHECKING:
    from typing import Any

    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_NO_POINTS = "no slow points\nwere found"
_PROBED = 0  # the context in which constant inputs are shown
_LATER = 1  # of a response: after the delay, not at once


def draw_inputs(axes: Axes, inputs: ArrayLike, chosen: int) -> Axes:
    """Two inputs over time, the one that counts in black.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    inputs : array_like of shape (n_steps, 2)
        Input units.
    chosen : int

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    inputs = np.asarray(inputs, dtype=float)
    steps = np.arange(1, len(inputs) + 1)
    for number, values in enumerate(inputs.T):
        name, colour, line = ("chosen", BLACK, "-") if number == chosen else ("other", GREY, ":")
        axes.plot(steps, values, line, color=colour, linewidth=1.1, label=name)
    axes.set(xlabel="step", xlim=(0, len(steps) + 1))
    return axes


def draw_modes(axes: Axes, moduli: Mapping[str, ArrayLike], untrained: ArrayLike) -> Axes:
    """Moduli of the eigenvalues, the largest first, by cell.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; a thin line marks 1.
    moduli : mapping of str to array_like of shape (n_networks, n_modes)
        Of each cell's networks; NaN beyond a network's modes. Lines are means over networks,
        bands standard errors.
    untrained : array_like of shape (n_networks, n_modes)
        The same of networks that were never trained.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.set(xlabel="mode (by modulus)", ylabel="modulus of the eigenvalue |λ|")
    if not _draw_courses(axes, moduli):
        return say(axes, _nothing(moduli))
    axes.axhline(1, color=GREY, linewidth=0.6, zorder=0)
    means, _ = mean_and_error(untrained)
    modes = np.arange(1, len(means) + 1)
    axes.plot(modes, means, linestyle=(0, (1, 2)), color=GREY, linewidth=1.0, label="untrained")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower left")
    return axes


def draw_responses(
    axes: Axes, chosen: Mapping[str, ArrayLike], ignored: Mapping[str, ArrayLike]
) -> Axes:
    """Linear response to a unit input with the K largest modes kept, by cell.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; a thin line marks the response of an ideal integrator, 1.
    chosen : mapping of str to array_like of shape (n_networks, n_modes)
        Of each cell's networks to the stream that counts, target units; NaN beyond a network's
        modes. Lines are means over networks, bands standard errors.
    ignored : mapping of str to array_like of shape (n_networks, n_modes)
        The same to the other stream: thin lines.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.set(xlabel="modes kept", ylabel="linear response to a unit input\n(target units)")
    if not _draw_courses(axes, chosen):
        return say(axes, _nothing(chosen))
    for height in (0, 1):
        axes.axhline(height, color=GREY, linewidth=0.6, zorder=0)
    for cell in networks_of(ignored):
        means, _ = mean_and_error(ignored[cell])
        axes.plot(
            np.arange(1, len(means) + 1), means, NETWORKS[cell][2], color=NETWORKS[cell][0],
            linewidth=0.6,
        )  # fmt: skip
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -0.2), max(high, 1.3))
    for height, name in ((1, "chosen"), (0, "ignored")):
        axes.annotate(
            f"{name} stream", (0.99, height), xycoords=axes.get_yaxis_transform(), xytext=(0, -3),
            textcoords="offset points", ha="right", va="top", color=GREY, fontsize=7,
        )  # fmt: skip
    return axes


def mean_and_error(values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard error of each column, without missing values.

    Parameters
    ----------
    values : array_like of shape (n, m)

    Returns
    -------
    means, errors : ndarrays of shape (m,)
        NaN where nothing is there; the error of a single value is 0.

    Examples
    --------
    >>> means, errors = mean_and_error([[1.0, np.nan], [3.0, 5.0]])
    >>> means.tolist(), errors.tolist()
    ([2.0, 5.0], [1.0, 0.0])
    """
    there = np.ma.masked_invalid(np.asarray(values, dtype=float))
    counts = there.count(axis=0)
    means = there.mean(axis=0)
    squares = ((there - means) ** 2).sum(axis=0)
    errors = np.ma.sqrt(squares / np.maximum(counts - 1, 1) / np.maximum(counts, 1))
    return np.ma.filled(means, np.nan), np.where(counts > 0, np.ma.filled(errors, 0.0), np.nan)


def trial_panels(panels: list[Axes], network: xr.Dataset, trial: int) -> xr.Dataset:
    """One trial: both streams, the context, and the integral that is asked for and said."""
    inputs = network.example_input.values[trial]
    chosen = int(inputs[0, 2:].argmax())
    streams, context, output = panels
    draw_inputs(streams, inputs[:, :2], chosen)
    streams.set_ylabel("streams (input units)")
    legend_above(streams)
    draw_inputs(context, inputs[:, 2:], chosen)
    context.set(ylabel="context (input units)", ylim=(-0.1, 1.1), yticks=[0, 1])
    draw_wave(
        output, network.example_target.values[trial, :, 0],
        network.example_output.values[trial, :, 0], colour=VERMILION,
    )  # fmt: skip
    output.set_ylabel("integral (target units)")
    legend_above(output)
    names = ["example_input", "example_target", "example_output"]
    return take_numbers(network.isel(example=trial), names)


def probes_panel(axes: Axes, network: xr.Dataset) -> xr.Dataset:
    """The constant inputs with which networks are probed."""
    inputs = network.trial_input.values[..., _PROBED]
    draw_levels(axes, inputs[:, 0], grade(inputs[:, 0]), steps=inputs.shape[1])
    axes.set_ylabel("probe (input units)")
    return take_numbers(network, ["trial_input"])


def attractor_panel(axes: Any, network: xr.Dataset) -> xr.Dataset:
    """States of one network under constant inputs, and its slow points in the same context."""
    draw_graded_paths(
        axes, network.trajectory.values, network.trial_input.values[:, 0, _PROBED],
        network.context_level_pc.values[_PROBED], nothing=_NO_POINTS,
    )  # fmt: skip
    names = ["trajectory", "context_level_pc", "pc_share"]
    return take_numbers(network, names, prefix=kind_of(network))


def modes_panel(axes: Axes, compared: xr.Dataset) -> xr.Dataset:
    """Moduli of the eigenvalues of all networks that are compared, both contexts' mean."""
    moduli = _over_contexts(compared.context_mode_modulus.values)
    draw_modes(axes, _by_cell(moduli, compared), moduli[compared.twin.values == "untrained"])
    return take_numbers(compared, ["context_mode_modulus", "cell", "kept", "twin"])


def responses_panel(axes: Axes, compared: xr.Dataset) -> xr.Dataset:
    """Responses of all networks that are compared, both contexts' mean."""
    later = compared.context_response.values[:, :, _LATER]  # network, context, stream, modes kept
    own = np.arange(later.shape[1])
    chosen, ignored = later[:, own, own], later[:, own, 1 - own]
    draw_responses(
        axes, *(_by_cell(_over_contexts(values), compared) for values in (chosen, ignored))
    )
    return take_numbers(compared, ["context_response", "cell", "kept"])


def _draw_courses(axes: Axes, curves: Mapping[str, ArrayLike]) -> bool:
    """Mean and standard error for each cell; whether there was anything to draw."""
    drawn = False
    for cell in networks_of(curves):
        means, errors = mean_and_error(curves[cell])
        if not np.isfinite(means).any():
            continue
        colour, marker, line = NETWORKS[cell]
        numbers = np.arange(1, len(means) + 1)
        axes.fill_between(
            numbers, means - errors, means + errors, color=colour, alpha=0.25, linewidth=0
        )
        axes.plot(
            numbers, means, line, color=colour, marker=marker, markevery=[0], markersize=3.5,
            label=NETWORK_NAMES[cell],
        )  # fmt: skip
        drawn = True
    if drawn:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter("{x:g}")
    return drawn


def _nothing(curves: Mapping[str, ArrayLike]) -> str:
    return _NO_POINTS if curves else NO_NETWORKS


def _by_cell(values: NDArray, compared: xr.Dataset) -> dict[str, NDArray]:
    """Rows of the networks that are compared, cell by cell."""
    cells, kept = compared.cell.values, compared.kept.values > 0
    return {cell: values[kept & (cells == cell)] for cell in networks_of(cells[kept])}


def _over_contexts(values: NDArray) -> NDArray:
    """Mean over a network's contexts (n, contexts, m) of those that have slow points, (n, m)."""
    return np.ma.filled(np.ma.masked_invalid(values).mean(axis=1), np.nan)
