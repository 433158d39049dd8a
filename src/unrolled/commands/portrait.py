"""Where a network stands still: the search, what it found as numbers, and as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.dynamics import (
    FixedPoints,
    PrincipalComponents,
    find_fixed_points,
    find_slow_points,
    linearise,
    principal_components,
    sample_starts,
)
from unrolled.figures import (
    draw_mode_time_constants,
    draw_phase_portrait,
    draw_spectra,
    letter_panel,
    make_figure,
    publication_style,
)
from unrolled.files import variable

from .arrays import Visited

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

#: Modes of a point whose eigenvectors are kept; all eigenvalues are.
VECTORS = 10
#: Visited sequences that the portrait shows.
PATHS = 60
#: Visited states, evenly spread, among which the nearest to a point is sought.
NEIGHBOURS = 5000
#: Points that are linearised at once.
TOGETHER = 50
#: Slow points that are looked for.
SLOW_STARTS = 500


@dataclass(frozen=True)
class PointSet:
    """Points and the linear dynamics at them.

    Parameters
    ----------
    points : FixedPoints
    eigenvalues : ndarray of shape (n, d), complex
    time_constants : ndarray of shape (n, d)
    n_unstable : ndarray of shape (n,), int
    right, left : ndarray of shape (n, k, d), complex
        Eigenvectors of the leading modes, one a row.
    distance : ndarray of shape (n,)
        From the nearest visited state.
    """

    points: FixedPoints
    eigenvalues: np.ndarray
    time_constants: np.ndarray
    n_unstable: np.ndarray
    right: np.ndarray
    left: np.ndarray
    distance: np.ndarray

    def __len__(self) -> int:
        """Number of points."""
        return len(self.points)


@dataclass(frozen=True)
class Portrait:
    """What was found among the visited states.

    Parameters
    ----------
    visited : Visited
    inputs : ndarray of shape (m,)
        The frozen input.
    components : PrincipalComponents
        Of the visited states.
    exact : PointSet
        Fixed points.
    slow : PointSet or None
        Slow points, if they were asked for.
    """

    visited: Visited
    inputs: np.ndarray
    components: PrincipalComponents
    exact: PointSet
    slow: PointSet | None

    @property
    def spread(self) -> float:
        """Root mean square distance of the visited states from their mean."""
        return float(np.sqrt(self.components.variances.sum()))

    def plane(self, states: np.ndarray) -> np.ndarray:
        """Coordinates of states (..., d) on the first two axes; the second is 0 for one unit."""
        return _two(self.components.project(states, 2))

    def plane_direction(self, directions: np.ndarray) -> np.ndarray:
        """The same for directions, from which no mean is taken."""
        return _two(self.components.project_direction(directions, 2))

    @property
    def paths(self) -> np.ndarray:
        """The sequences that are drawn, on the first two axes."""
        return self.plane(self.visited.sequences[:PATHS])


def _two(coordinates: np.ndarray) -> np.ndarray:
    """Coordinates (..., 1 or 2) as (..., 2)."""
    missing = 2 - coordinates.shape[-1]
    return np.pad(coordinates, [(0, 0)] * (coordinates.ndim - 1) + [(0, missing)])


def portray(
    step: Any,
    visited: Visited,
    inputs: np.ndarray,
    *,
    starts: int,
    tolerance: float,
    slow: float | None,
    seed: int,
) -> Portrait:
    """Search for fixed points, and for slow ones if asked for, and linearise at them.

    Parameters
    ----------
    step : callable
        The map with its input held constant.
    visited : Visited
    inputs : ndarray of shape (m,)
        What is held, for the record.
    starts : int
        Of the search for fixed points.
    tolerance : float
        Largest q of a fixed point.
    slow : float or None
        Longest step of a slow point as a share of the median step along the states.
    seed : int

    Raises
    ------
    ValueError
        If slow points are asked for among states without an order in time.
    """
    if slow is not None and not visited.has_time:
        raise ValueError(
            "Slow points are measured by the median step along the states, which needs states of "
            "shape (n, T, d); these are (n, d). Leave --slow out, or pass whole sequences."
        )
    limit = None if slow is None else slow * visited.median_step()
    if limit is not None and not limit > 0:
        raise ValueError(
            "Slow points are measured by the median step along the states, but that is 0: the "
            "sequences do not move, or have one state each. Leave --slow out, or pass longer ones."
        )
    rng = np.random.default_rng(seed)
    states = visited.states
    exact = find_fixed_points(step, sample_starts(states, starts, rng), tolerance=tolerance)
    lingering = None
    if limit is not None:
        chosen = rng.choice(len(states), min(SLOW_STARTS, len(states)), replace=False)
        found = find_slow_points(step, states[chosen], max_speed=limit, tolerance=tolerance)
        lingering = _linearised(step, found, states)
    components = principal_components(states)
    return Portrait(visited, inputs, components, _linearised(step, exact, states), lingering)


def _linearised(step: Any, points: FixedPoints, states: np.ndarray) -> PointSet:
    """The points with their modes and their distances from visited states."""
    from scipy.spatial.distance import cdist

    some = states[np.linspace(0, len(states) - 1, min(NEIGHBOURS, len(states))).astype(int)]
    # A few points at once: all eigenvectors of many points of a large network are gigabytes.
    places = range(0, max(1, len(points)), TOGETHER)
    parts = [_modes(step, points.states[first : first + TOGETHER]) for first in places]
    modes = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    distance = cdist(points.states, some).min(axis=1)
    return PointSet(points, distance=distance, **modes)


def _modes(step: Any, states: np.ndarray) -> dict[str, np.ndarray]:
    """What `PointSet` keeps of the modes of a few points."""
    modes = linearise(step, states)
    return {
        "eigenvalues": modes.eigenvalues,
        "time_constants": modes.time_constants,
        "n_unstable": modes.n_unstable,
        "right": modes.right[:, :, :VECTORS].transpose(0, 2, 1).copy(),
        "left": modes.left[:, :VECTORS].copy(),
    }


def to_dataset(portrait: Portrait, attributes: dict[str, Any]) -> xr.Dataset:
    """Everything that was found, with dimensions, units and descriptions.

    Parameters
    ----------
    portrait : Portrait
    attributes : dict
        Of the whole: where it comes from.
    """
    import xarray as xr

    components = portrait.components
    entries: dict[str, Any] = {
        "input": variable("input_entry", portrait.inputs, units="1", long_name="frozen input"),
        "mean_state": variable("entry", components.mean, units="1", long_name="mean visited state"),
        "axes": variable(
            ("component", "entry"),
            components.axes,
            units="1",
            long_name="principal axes of the visited states",
        ),
        "variance": variable(
            "component", components.variances, units="1", long_name="variance along each axis"
        ),
        "paths": variable(
            ("path", "time", "plane"),
            portrait.paths,
            units="1",
            long_name="visited states on the first two axes, as drawn",
        ),
    }
    entries |= _entries(portrait.exact, "", "fixed point")
    if portrait.slow is not None:
        entries |= _entries(portrait.slow, "slow_", "slow point")
    return xr.Dataset(entries, attrs=attributes)


def _entries(found: PointSet, prefix: str, what: str) -> dict[str, Any]:
    """Variables of one set of points; their first axis is ``point`` or ``slow_point``."""
    points, point = found.points, f"{prefix}point"
    values, of_vectors = found.eigenvalues, (point, "leading_mode", "entry")
    measured: dict[str, tuple[Any, Any, str, str]] = {
        "states": ((point, "entry"), points.states, "1", f"state of the {what}"),
        "speed": (point, points.speeds, "1", "q, half the squared step length"),
        "converged": (point, points.converged, "1", "whether q is within the tolerance"),
        "n_unstable": (point, found.n_unstable, "1", "number of unstable modes"),
        "on_kink": (point, points.on_kink, "1", "whether the step has no derivative there"),
        "distance": (point, found.distance, "1", "distance from the nearest visited state"),
        "eigenvalue_real": ((point, "mode"), values.real, "1", "eigenvalue, real part"),
        "eigenvalue_imag": (
            (point, "mode"),
            values.imag,
            "1",
            "eigenvalue, imaginary part",
        ),
        "time_constant": ((point, "mode"), found.time_constants, "steps", "time constant"),
        "right_real": (of_vectors, found.right.real, "1", "right eigenvector, real part"),
        "right_imag": (of_vectors, found.right.imag, "1", "right eigenvector, imaginary part"),
        "left_real": (of_vectors, found.left.real, "1", "left eigenvector, real part"),
        "left_imag": (of_vectors, found.left.imag, "1", "left eigenvector, imaginary part"),
    }
    return {
        prefix + name: variable(dims, values, units=units, long_name=long_name)
        for name, (dims, values, units, long_name) in measured.items()
    }


def draw(portrait: Portrait, *, title: str) -> Figure:
    """The figure: phase portrait, spectra and time constants.

    Parameters
    ----------
    portrait : Portrait
    title : str
        What network.
    """
    shown = portrait.exact if len(portrait.exact) or portrait.slow is None else portrait.slow
    slow = None if portrait.slow is None else portrait.plane(portrait.slow.points.states)
    with publication_style():
        figure = make_figure(height=4.3)
        figure.suptitle(title, fontsize=9.0, parse_math=False)
        panels = figure.subplot_mosaic([["A", "B"], ["A", "C"]], width_ratios=[1.7, 1])
        draw_phase_portrait(
            panels["A"],
            portrait.paths,
            portrait.plane(portrait.exact.points.states),
            portrait.exact.n_unstable,
            slow=slow,
            unstable=_unstable_lines(portrait),
        )
        values = shown.eigenvalues
        draw_spectra(panels["B"], values.real, values.imag, shown.n_unstable)
        draw_mode_time_constants(panels["C"], shown.time_constants, shown.n_unstable)
        for letter, axes in panels.items():
            letter_panel(axes, letter)
    return figure


def _unstable_lines(portrait: Portrait) -> np.ndarray:
    """Lines through the points along their real unstable modes, on the first two axes."""
    exact = portrait.exact
    values = exact.eigenvalues[:, :VECTORS]
    point, mode = np.nonzero((np.abs(values) > 1) & (values.imag == 0))
    directions = portrait.plane_direction(exact.right[point, mode].real)
    centres = portrait.plane(exact.points.states[point])
    # Long enough to see; the eigenvector's own share in the plane is kept.
    directions = 0.5 * np.sqrt(portrait.components.variances[0]) * directions
    return np.stack([centres - directions, centres + directions], axis=1)
