"""The fixed points of a network that remembers bits, and the graph that they make.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figure 1.
.. [2] Sussillo and Barak, "Opening the black box", Neural Computation 25, 2013.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from .modes import linearise
from .searches import find_fixed_points
from .starting import sample_starts
from .task_states import PCS, Measured, TaskStates
from .topology import decision_codes, memory_graph
from .transitions import find_transitions

CORNER_ERROR = 0.35  # largest error of an output at a corner that is right
TOLERANCE = 1e-12  # q of a fixed point; a step of the search from there, it is 1e-30


def measure_memory(
    read: TaskStates,
    rng: np.random.Generator,
    *,
    starts: int,
    noise: float,
    unique_within: float,
    farthest: float,
    unstable: float,
) -> Measured:
    """Fixed points at zero input, what they say, their stability and the graph between them.

    Parameters
    ----------
    read : TaskStates
        On trials whose targets are the bits.
    rng : numpy.random.Generator
    starts : int
        Beside those between the corners of the cube.
    noise : float
        Of the noisy starts, in standard deviations of the states.
    unique_within, farthest : float
        In radii of the states.
    unstable : float
        Modulus above which an eigenvalue counts as unstable.
    """
    network = read.network
    step = network.cell.autonomous(inputs=np.zeros(network.cell.inputs))
    begin = np.concatenate(
        [between_corners(read), sample_starts(read.visited, starts, rng, noise=noise)]
    )
    points = find_fixed_points(
        step, begin, tolerance=TOLERANCE, unique_within=unique_within * read.radius
    )
    points = points.only(read.near(points.states, farthest))
    modes = linearise(step, points.states)
    index = (np.abs(modes.eigenvalues) > unstable).sum(axis=1)
    says = network.read(points.states)
    codes = decision_codes(says, index == 0)
    found = find_transitions(
        step, points.states, radius=read.radius, modes=modes, unstable_above=unstable
    )
    graph = memory_graph(codes, index, found)
    return {
        "point_pc": (
            ("point", "pc"), read.components.project(points.states, PCS), "state units",
            "fixed points on the first principal components",
        ),
        "point_output": (("point", "output"), says, "target units", "what a fixed point says"),
        "point_speed": ("point", points.speeds, "squared state units", "speed q"),
        "point_index": ("point", index, "1", "unstable directions"),
        "point_modulus": (
            "point", np.abs(modes.eigenvalues).max(axis=1, initial=0.0), "1",
            "largest modulus of an eigenvalue",
        ),
        "point_code": (("point", "output"), codes, "1", "bits of the point; 0: undecided"),
        "point_on_kink": ("point", points.on_kink.astype(np.int8), "1", "whether on a kink"),
        "departure_source": ("departure", found.sources, "1", "number of the point of departure"),
        "departure_direction": ("departure", found.directions, "1", "unstable direction"),
        "departure_sign": ("departure", found.signs, "1", "along or against the direction"),
        "departure_end": ("departure", found.ends, "1", "point of arrival; -1: none"),
        "departure_agreed": (
            "departure", found.agreed.astype(np.int8), "1", "whether all start distances agree",
        ),
        "graph_edges": (
            ("code", "end_code"), graph.edges, "1",
            "share of departures from points of a code that end at points of another; last: none",
        ),
        "graph_present": ("code", graph.present, "1", "whether there is a point of this code"),
        "graph_index_matches": (
            "code", graph.index_matches, "1",
            "share of the code's points with as many unstable directions as undecided bits",
        ),
        **{name: ((), value, unit, text) for name, (value, unit, text) in _numbers(
            index, codes, says, found, points.report.n_stuck / points.report.n_starts
        ).items()},
    }  # fmt: skip


def between_corners(read: TaskStates) -> np.ndarray:
    """Mean states of each combination of bits, and the means of two, four and all of them.

    Saddles lie there: on edges and faces of the cube, and in its middle. Combinations that the
    trials do not show are left out.
    """
    bits = np.sign(read.targets.reshape(-1, read.targets.shape[-1]))
    visited, corners = read.visited, {}
    for code in product((-1, 1), repeat=bits.shape[1]):
        shown = (bits == code).all(axis=1)
        if shown.any():
            corners[code] = visited[shown].mean(axis=0)
    starts = []
    for undecided in product((-1, 0, 1), repeat=bits.shape[1]):
        around = [
            state
            for code, state in corners.items()
            if all(mine in (0, theirs) for mine, theirs in zip(undecided, code, strict=True))
        ]
        if around:
            starts.append(np.mean(around, axis=0))
    return np.array(starts) if starts else visited[:1]


def saddles_and_edges(codes: np.ndarray, index: np.ndarray, found: Any) -> tuple[Any, Any]:
    """Whether each index-1 saddle's two branches end on corners that differ in one bit, and all.

    Parameters
    ----------
    codes : int ndarray of shape (n, K)
    index : int ndarray of shape (n,)
        Unstable directions.
    found : Transitions

    Returns
    -------
    right : bool ndarray of shape (saddles,)
    zeros : int ndarray of shape (saddles of any index,)
        Undecided bits of each point that is not stable.
    """
    right = []
    for saddle in np.flatnonzero(index == 1):
        own = found.sources == saddle
        ends = found.ends[own & found.agreed]
        ends = ends[ends >= 0]
        differing = (codes[ends[:1]] != codes[ends[1:2]]).sum()
        right.append(len(ends) == 2 and (index[ends] == 0).all() and differing == 1)
    return np.array(right, dtype=bool), (codes[index > 0] == 0).sum(axis=1)


def _numbers(index, codes, says, found, stuck: float) -> dict[str, tuple[float, str, str]]:
    """The network in numbers."""
    right, zeros = saddles_and_edges(codes, index, found)
    stable = says[index == 0]
    corners = np.sign(stable)
    errors = np.abs(stable - corners).max(axis=1, initial=0.0)
    all_there = len(np.unique(corners, axis=0)) == len(stable) == 2 ** says.shape[1]
    return {
        "n_points": (len(index), "1", "fixed points"),
        "n_stable": (len(stable), "1", "stable fixed points"),
        "n_saddles": (len(zeros), "1", "saddles of any index"),
        "n_saddles_matching": (
            int((zeros == index[index > 0]).sum()),
            "1",
            "saddles with as many unstable directions as undecided bits",
        ),
        "n_edges": (len(right), "1", "saddles of index 1"),
        "n_edges_right": (
            int(right.sum()),
            "1",
            "of which both branches end on corners that differ in one bit",
        ),
        "corner_error": (
            float(errors.max()) if len(errors) else np.nan,
            "target units",
            "largest error of an output at a stable point",
        ),
        "all_corners": (
            float(all_there and errors.max() < CORNER_ERROR),
            "1",
            "whether the stable points are exactly the corners",
        ),
        "stuck_share": (stuck, "1", "starts that led nowhere"),
    }
