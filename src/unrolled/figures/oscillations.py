"""Networks that produce sine waves on command: waves, cycles, and what they turn around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Circle

from .numbers import take_numbers
from .population_maps import NO_NETWORKS, networks_of
from .space import draw_graded_paths, kind_of
from .style import BLACK, GREY, LIGHT, NETWORK_NAMES, NETWORKS, grade, say

if TYPE_CHECKING:
    from typing import Any

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from numpy.typing import ArrayLike

_NO_POINTS = "no fixed points\nwere found"


def draw_levels(axes: Axes, values: ArrayLike, colours: ArrayLike, *, steps: int) -> Axes:
    """Inputs that stay what they are.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    values : array_like of shape (n,)
        Input units.
    colours : array_like of shape (n, 4)
    steps : int
        How long they are held.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    axes.hlines(values, 1, steps, colors=list(map(tuple, np.asarray(colours))), linewidth=1.1)
    axes.set(xlabel="step", xlim=(0, steps + 1))
    return axes


def draw_wave(axes: Axes, target: ArrayLike, output: ArrayLike, *, colour: Any) -> Axes:
    """What a network should say and what it says.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    target, output : array_like of shape (n_steps,)
        Target units.
    colour : colour
        Of the output.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    steps = np.arange(1, len(np.asarray(target)) + 1)
    axes.plot(steps, output, "-", color=colour, linewidth=2.0, label="output")
    axes.plot(steps, target, "--", color=BLACK, linewidth=0.9, label="target")
    axes.set(xlabel="step", xlim=(0, len(steps) + 1))
    return axes


def draw_rotations(
    axes: Axes, real: ArrayLike, imaginary: ArrayLike, frequencies: ArrayLike
) -> Axes:
    """Eigenvalues at the fixed point of each cue, above the real axis.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel, with the unit circle; real parts from left to right.
    real, imaginary : array_like of shape (n_cues, n_modes)
        NaN where a cue has no fixed point.
    frequencies : array_like of shape (n_cues,)
        rad/step, the shade of a cue's eigenvalues.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes; conjugates, below the real axis, are left out.
    """
    real, imaginary = np.asarray(real, dtype=float), np.asarray(imaginary, dtype=float)
    if not np.isfinite(real).any():
        return say(axes, _NO_POINTS)
    axes.add_patch(Circle((0, 0), 1.0, fill=False, edgecolor=GREY, linewidth=0.8))
    axes.axhline(0, color=LIGHT, linewidth=0.6, zorder=0)
    axes.axvline(0, color=LIGHT, linewidth=0.6, zorder=0)
    for colour, one, other in zip(grade(frequencies), real, imaginary, strict=True):
        above = np.isfinite(one) & (other >= 0)
        axes.scatter(one[above], other[above], s=6, color=colour, linewidths=0, zorder=3)
    reach = 1.12 * max(1.0, float(np.nanmax(np.abs(real))), float(np.nanmax(imaginary)))
    axes.set(xlim=(-reach, reach), ylim=(-0.05 * reach, reach))
    axes.set_aspect("equal")
    axes.locator_params(nbins=4, steps=[1, 2, 5, 10])
    return axes


def draw_frequencies(
    axes: Axes, commanded: ArrayLike, linear: Mapping[str, ArrayLike], untrained: ArrayLike
) -> Axes:
    """Frequency of the linearised dynamics against the one that was asked for, by cell.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel; dashed where both are the same.
    commanded : array_like of shape (n_cues,)
        rad/step.
    linear : mapping of str to array_like of shape (n_networks, n_cues)
        Of each cell's networks, rad/step; NaN where there is no fixed point, or none that
        turns. Markers are medians over networks, bars reach from the lower to the upper
        quartile.
    untrained : array_like of shape (n_networks, n_cues)
        The same of networks that were never trained.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    commanded = np.asarray(commanded, dtype=float)
    axes.set(xlabel="commanded frequency (rad/step)", ylabel="linear frequency (rad/step)")
    curves = {
        cell: _quartiles(linear[cell]) for cell in networks_of(linear) if np.size(linear[cell])
    }
    if not any(np.isfinite(curve).any() for curve in curves.values()):
        return say(axes, NO_NETWORKS if not curves else _NO_POINTS)
    ends = [0.0, 1.08 * float(commanded.max())]
    axes.plot(ends, ends, "--", color=GREY, linewidth=0.8, zorder=0, label="equal")
    gap = float(np.ptp(commanded)) / max(len(commanded) - 1, 1)
    for number, (cell, (low, middle, high)) in enumerate(curves.items()):
        colour, marker, _ = NETWORKS[cell]
        places = commanded + 0.1 * gap * (number - (len(curves) - 1) / 2)
        axes.vlines(places, low, high, color=colour, linewidth=0.8, zorder=2)
        axes.plot(
            places, middle, marker, color=colour, markersize=3.2, markeredgewidth=0, zorder=3,
            label=NETWORK_NAMES[cell],
        )  # fmt: skip
    if np.size(untrained):
        _, middle, _ = _quartiles(untrained)
        axes.plot(commanded, middle, "x", color=GREY, markersize=3.5, label="untrained", zorder=1)
    top = max(ends[1], 1.05 * max(float(np.nanmax(curve)) for curve in curves.values()))
    # What untrained networks turn by may be anything; it must not squeeze the others.
    axes.set(xlim=ends, ylim=(0, min(top, np.pi)))
    axes.legend(loc="upper left", handletextpad=0.2)
    return axes


def cues_panel(axes: Axes, network: xr.Dataset) -> xr.Dataset:
    """Every cue, a constant input, in the colour of the frequency that it asks for."""
    inputs = network.trial_input.values
    draw_levels(axes, inputs[:, 0, 0], grade(network.cue_commanded.values), steps=inputs.shape[1])
    axes.set_ylabel("cue (input units)")
    return take_numbers(network, ["trial_input", "cue_commanded"], prefix="shown")


def wave_panel(axes: Axes, network: xr.Dataset, trial: int) -> xr.Dataset:
    """One of the waves that a network produces, beside the one that it was asked for."""
    frequencies = network.cue_commanded.values
    draw_wave(
        axes, network.example_target.values[trial, :, 0],
        network.example_output.values[trial, :, 0], colour=grade(frequencies)[trial],
    )  # fmt: skip
    axes.set_title(f"{frequencies[trial]:.2f} rad/step")
    return take_numbers(network, ["example_target", "example_output"])


def cycles_panel(axes: Any, network: xr.Dataset) -> xr.Dataset:
    """States of one network for all cues, and the fixed point of each."""
    draw_graded_paths(
        axes, network.trajectory.values, network.cue_commanded.values, network.cue_pc.values,
        nothing=_NO_POINTS,
    )  # fmt: skip
    return take_numbers(network, ["trajectory", "cue_pc", "pc_share"], prefix=kind_of(network))


def rotations_panels(figure: FigureBase, networks: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """Eigenvalues at fixed points, of the first network of each cell.

    Parameters
    ----------
    figure : matplotlib.figure.FigureBase
        The panels fill it, two rows of them.
    networks : sequence of xarray.Dataset

    Returns
    -------
    list of xarray.Dataset
        The numbers of each panel.
    """
    first = {str(network.cell.values): network for network in reversed(networks)}
    cells = networks_of(first)
    grid = figure.subplots(2, -(-len(cells) // 2), squeeze=False)
    names = ["cue_eigenvalue_real", "cue_eigenvalue_imaginary", "cue_commanded"]
    numbers = []
    for axes, cell in zip(grid.flat, cells, strict=False):
        draw_rotations(axes, *(first[cell][name].values for name in names))
        axes.set_title(NETWORK_NAMES[cell])
        numbers.append(take_numbers(first[cell], names, prefix=kind_of(first[cell])))
    reach = max(axes.get_xlim()[1] for axes in grid.flat)
    for axes in grid.flat:
        axes.set(xlim=(-reach, reach), ylim=(-0.05 * reach, reach))
    for axes in grid.flat[len(cells) :]:
        axes.set_axis_off()
    figure.supxlabel("real part", fontsize=8)
    figure.supylabel("imaginary part", fontsize=8)
    return numbers


def frequencies_panel(axes: Axes, compared: xr.Dataset) -> xr.Dataset:
    """Linear against commanded frequency for all networks that are compared."""
    linear, cells = compared.cue_linear_frequency.values, compared.cell.values
    kept, untrained = compared.kept.values > 0, compared.twin.values == "untrained"
    draw_frequencies(
        axes,
        compared.cue_commanded.values[0],
        {cell: linear[kept & (cells == cell)] for cell in networks_of(cells[kept])},
        linear[untrained],
    )
    names = ["cue_linear_frequency", "cue_commanded", "cell", "kept", "twin"]
    return take_numbers(compared, names)


def _quartiles(values: ArrayLike) -> np.ndarray:
    """Lower quartile, median and upper quartile of columns, (3, n); NaN for empty ones."""
    values = np.asarray(values, dtype=float)
    found = np.full((3, values.shape[1]), np.nan)
    there = np.isfinite(values).any(axis=0)
    found[:, there] = np.nanquantile(values[:, there], [0.25, 0.5, 0.75], axis=0)
    return found
