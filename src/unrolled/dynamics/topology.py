"""Graphs of fixed points: what a memory's should be, and how far apart two are.

A memory of K bits has 3^K places: each bit is -1, +1 or undecided. In the ideal network each
place holds one fixed point with as many unstable directions as it has undecided bits: a cube of
attractors, a saddle on each edge, one of index 2 on each face, one of index 3 in the middle
(for K = 3), and a saddle on an edge leads to the two corners at its ends.

References
----------
.. [1] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figures 1e,
   1f and 3d.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .transitions import Transitions

_SILENT = 1e-6  # of the loudest channel: what a channel says below is rounding


@dataclass(frozen=True)
class MemoryGraph:
    """The fixed points of a K-bit memory by their codes, and the ways between them.

    Attributes
    ----------
    edges : ndarray of shape (3^K, 3^K + 1)
        Share of the departures from points of one code (row) that end at points of another
        (column); the last column is for those that end nowhere, or not for sure. A row
        without departures is 0.
    present : ndarray of shape (3^K,)
        1 where some point has the code, else 0.
    index_matches : ndarray of shape (3^K,)
        Share of the code's points with as many unstable directions as undecided bits.
    """

    edges: np.ndarray
    present: np.ndarray
    index_matches: np.ndarray

    @property
    def n_bits(self) -> int:
        """Number K of bits."""
        return round(np.log(len(self.present)) / np.log(3))


def decision_codes(readouts, corners, undecided: float = 0.5) -> np.ndarray:
    """What each fixed point says on each channel: -1, +1 or nothing, 0.

    Parameters
    ----------
    readouts : array_like of shape (n, K)
        Outputs of the network at its fixed points.
    corners : array_like of shape (n,), bool
        Which points are stable. The mean size of their readouts is a channel's unit; without
        any, the largest size among all points is. A channel whose unit is next to nothing beside
        the largest one says nothing.
    undecided : float
        A readout says nothing below this, in its channel's unit.

    Returns
    -------
    ndarray of shape (n, K), int

    Raises
    ------
    ValueError
        If the readouts are not a finite (n, K) array, the two do not match, or
        ``undecided`` is not above 0.

    Examples
    --------
    >>> decision_codes([[0.9, -1.1], [0.1, 0.8]], [True, False]).tolist()
    [[1, -1], [0, 1]]
    """
    readouts = np.asarray(readouts, dtype=np.float64)
    corners = np.asarray(corners, dtype=bool)
    if readouts.ndim != 2 or corners.shape != readouts.shape[:1]:
        raise ValueError(
            f"readouts have shape {readouts.shape} and corners {corners.shape}; (n, K) and (n,) "
            "are needed."
        )
    if not np.isfinite(readouts).all() or not undecided > 0:
        raise ValueError(
            f"undecided is {undecided} and {int((~np.isfinite(readouts)).sum())} readouts are "
            "not finite; it has to be above 0, and all readouts numbers."
        )
    sizes = np.abs(readouts)
    units = sizes[corners].mean(axis=0) if corners.any() else sizes.max(axis=0, initial=0.0)
    speaks = units > _SILENT * units.max(initial=0.0)
    says = (sizes >= undecided * units) & speaks
    return np.where(says, np.sign(readouts), 0).astype(np.intp)


def all_codes(n_bits: int) -> np.ndarray:
    """All codes of so many bits, shape (3^K, K), in the order of `code_index`.

    Examples
    --------
    >>> all_codes(1).tolist()
    [[-1], [0], [1]]
    """
    places = np.arange(3**n_bits)[:, None] // 3 ** np.arange(n_bits)[::-1]
    return places % 3 - 1


def code_index(codes) -> np.ndarray:
    """Number of each code (n, K) among all, 0 to 3^K - 1, shape (n,).

    Examples
    --------
    >>> code_index([[-1, -1], [0, 0], [1, 1]]).tolist()
    [0, 4, 8]
    """
    codes = np.asarray(codes, dtype=np.intp)
    return (codes + 1) @ 3 ** np.arange(codes.shape[1])[::-1]


def memory_graph(codes, index, transitions: Transitions) -> MemoryGraph:
    """The graph of a network's fixed points, by their codes.

    Parameters
    ----------
    codes : array_like of shape (n, K), int
        From `decision_codes`.
    index : array_like of shape (n,), int
        Number of unstable directions of each point.
    transitions : Transitions
        Of the same points. A departure whose start distances disagree ends nowhere.

    Returns
    -------
    MemoryGraph

    Raises
    ------
    ValueError
        If codes, index and transitions are not of the same points.
    """
    codes, index = np.asarray(codes, dtype=np.intp), np.asarray(index)
    if codes.ndim != 2 or index.shape != codes.shape[:1]:
        raise ValueError(
            f"codes have shape {codes.shape} and index {index.shape}; (n, K) and (n,) are needed."
        )
    highest = max(transitions.sources.max(initial=-1), transitions.ends.max(initial=-1))
    if highest >= len(codes):
        raise ValueError(
            f"The transitions speak of point {highest}, but there are {len(codes)} codes."
        )
    places, n_codes = code_index(codes), 3 ** codes.shape[1]
    points = np.bincount(places, minlength=n_codes)
    matching = np.bincount(places[index == (codes == 0).sum(axis=1)], minlength=n_codes)
    sure = transitions.agreed & (transitions.ends >= 0)
    ends = np.full(len(transitions), n_codes)
    ends[sure] = places[transitions.ends[sure]]
    edges = np.zeros((n_codes, n_codes + 1))
    np.add.at(edges, (places[transitions.sources], ends), 1.0)
    edges /= np.maximum(edges.sum(axis=1, keepdims=True), 1.0)
    return MemoryGraph(edges, (points > 0).astype(float), matching / np.maximum(points, 1))


def ideal_memory_graph(n_bits: int) -> MemoryGraph:
    """The graph that a perfect memory of so many bits has.

    Rows of two and more undecided bits are left empty: where those departures end is not
    determined (see `find_transitions`). In `graph_distance` they count only if asked for.
    """
    codes = all_codes(n_bits)
    edges = np.zeros((len(codes), len(codes) + 1))
    for row in np.flatnonzero((codes == 0).sum(axis=1) == 1):
        for decision in (-1, 1):
            corner = np.where(codes[row] == 0, decision, codes[row])
            edges[row, code_index(corner[None])[0]] = 0.5
    return MemoryGraph(edges, np.ones(len(codes)), np.ones(len(codes)))


def graph_distance(first: MemoryGraph, second: MemoryGraph, *, undecided_at_most: int = 1) -> float:
    """Euclidean distance of two graphs, in that of the ideal graph from one without points.

    Parameters
    ----------
    first, second : MemoryGraph
        Of as many bits.
    undecided_at_most : int
        Codes with more undecided bits do not count. 1 leaves the corners and edges of the
        cube.

    Returns
    -------
    float
        Edges, presence and matches of index count alike.

    Raises
    ------
    ValueError
        If the graphs are not of as many bits, or ``undecided_at_most`` is negative.

    Notes
    -----
    How the paper compares graphs [1]_ (figure 1f) is not known to us. Codes are tied to the
    network's outputs, so no matching of nodes is needed.
    """
    return float(graph_distances([first, second], undecided_at_most=undecided_at_most)[0, 1])


def graph_distances(graphs: Sequence[MemoryGraph], *, undecided_at_most: int = 1) -> np.ndarray:
    """`graph_distance` between all pairs, shape (n, n): symmetric, with a zero diagonal.

    Parameters
    ----------
    graphs : sequence of MemoryGraph
    undecided_at_most : int

    Raises
    ------
    ValueError
        As for `graph_distance`.
    """
    from scipy.spatial.distance import pdist, squareform

    bits = sorted({graph.n_bits for graph in graphs})
    if undecided_at_most < 0 or len(bits) != 1:
        raise ValueError(
            f"undecided_at_most is {undecided_at_most} and the graphs have {bits} bits; it has "
            "to be 0 or more, and graphs are compared that have as many bits."
        )
    counting = (all_codes(bits[0]) == 0).sum(axis=1) <= undecided_at_most
    rows = np.stack([_entries(graph, counting) for graph in graphs])
    unit = np.linalg.norm(_entries(ideal_memory_graph(bits[0]), counting))
    return squareform(pdist(rows)) / unit


def neighbour_graph(points, k: int = 2) -> np.ndarray:
    """Which points are neighbours: either is among the other's k nearest.

    Parameters
    ----------
    points : array_like of shape (M, d)
        A row with NaN is a missing point and has no neighbours.
    k : int

    Returns
    -------
    ndarray of shape (M, M), bool
        Symmetric, False on the diagonal. Points as far as the k-th nearest are all among the
        k nearest, so that the order of the rows decides nothing; where many points
        coincide they are all neighbours.

    Raises
    ------
    ValueError
        If the points have not two axes, or k is below 1.

    Notes
    -----
    Points in even steps along a curve, with k = 2, have the edges of the path and two more: each
    end reaches to the second point from it, for want of a neighbour beyond. The graph is then
    2 edges from `path_graph`, and no nearer can be had.

    References
    ----------
    The paper asks this of input-dependent fixed points [1]_ (figure 3d); its construction is
    not known to us in detail.
    """
    from scipy.spatial.distance import cdist

    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or k < 1:
        raise ValueError(
            f"points have shape {points.shape} and k is {k}; (M, d) and 1 or more are needed."
        )
    graph = np.zeros((len(points), len(points)), dtype=bool)
    there = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(there) < 2:
        return graph
    gaps = cdist(points[there], points[there])
    np.fill_diagonal(gaps, np.inf)
    reach = np.sort(gaps, axis=1)[:, min(k, len(there) - 1) - 1]
    among = gaps <= reach[:, None]
    graph[np.ix_(there, there)] = among | among.T
    return graph


def path_graph(n_points: int) -> np.ndarray:
    """Graph (M, M) in which each point's neighbours are the one before and the one after it."""
    order = np.arange(n_points)
    return np.abs(order[:, None] - order) == 1


def hamming_distances(graphs) -> np.ndarray:
    """Share of the M (M - 1) / 2 possible edges in which graphs differ.

    Parameters
    ----------
    graphs : array_like of shape (n, M, M), bool
        Symmetric graphs on the same points.

    Returns
    -------
    ndarray of shape (n, n)

    Raises
    ------
    ValueError
        If the graphs have another shape, or fewer than two points.
    """
    from scipy.spatial.distance import pdist, squareform

    graphs = np.asarray(graphs, dtype=bool)
    if graphs.ndim != 3 or graphs.shape[1] != graphs.shape[2] or graphs.shape[1] < 2:
        raise ValueError(
            f"graphs have shape {graphs.shape}; (n, M, M) with M of 2 or more is needed."
        )
    above = np.triu_indices(graphs.shape[1], 1)
    return squareform(pdist(graphs[:, above[0], above[1]], "hamming"))


def path_share(graph) -> float:
    """Share of the path's M - 1 edges that a graph (M, M) has.

    Examples
    --------
    >>> path_share(path_graph(5))
    1.0
    """
    return float(np.diagonal(np.asarray(graph, dtype=bool), 1).mean())


def _entries(graph: MemoryGraph, counting: np.ndarray) -> np.ndarray:
    parts = (graph.edges, graph.present, graph.index_matches)
    return np.concatenate([part[counting].ravel() for part in parts])
