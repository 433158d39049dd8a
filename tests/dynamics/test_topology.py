from dataclasses import replace

import numpy as np
import pytest

from unrolled.dynamics import (
    MemoryGraph,
    Transitions,
    all_codes,
    code_index,
    decision_codes,
    find_fixed_points,
    find_transitions,
    graph_distance,
    graph_distances,
    hamming_distances,
    ideal_memory_graph,
    linearise,
    memory_graph,
    neighbour_graph,
    path_graph,
    path_share,
)

from .maps_for_tests import Bistable


@pytest.fixture(scope="module")
def hand_made():
    """Codes, index and transitions of three bistable units, found from random starts."""
    step = Bistable(3)
    starts = np.random.default_rng(0).uniform(-1.2, 1.2, (600, 3))
    points = find_fixed_points(step, starts).states
    modes = linearise(step, points)
    codes = decision_codes(points, modes.n_unstable == 0)
    return codes, modes.n_unstable, find_transitions(step, points, radius=np.sqrt(3), modes=modes)


def departures(ends, agreed=True, sources=0):
    ends = np.array(ends, dtype=int)
    sources, agreed = np.broadcast_to(sources, len(ends)), np.broadcast_to(agreed, len(ends))
    zeros = np.zeros(len(ends), dtype=int)
    return Transitions(sources, zeros, zeros + 1, ends, agreed, zeros)


def without(graph, rows):
    """The graph as if no point had these codes."""
    edges, present, matches = (
        part.copy() for part in (graph.edges, graph.present, graph.index_matches)
    )
    edges[rows], present[rows], matches[rows] = 0.0, 0.0, 0.0
    edges[:, -1] += edges[:, rows].sum(axis=1)
    edges[:, rows] = 0.0
    return MemoryGraph(edges, present, matches)


def empty_graph(n_bits):
    return without(ideal_memory_graph(n_bits), np.arange(3**n_bits))


def test_the_hand_made_memory_is_the_ideal_cube(hand_made):
    codes, index, transitions = hand_made
    undecided = (codes == 0).sum(axis=1)
    assert np.bincount(undecided).tolist() == [8, 12, 6, 1]
    np.testing.assert_array_equal(index, undecided)
    graph = memory_graph(codes, index, transitions)
    assert graph.n_bits == 3
    assert graph_distance(graph, ideal_memory_graph(3)) == 0
    # The ideal says nothing of where faces and the middle lead.
    assert graph_distance(graph, ideal_memory_graph(3), undecided_at_most=2) > 0


@pytest.mark.parametrize("n_bits", [1, 2, 3, 4])
def test_a_network_without_points_is_at_distance_one(n_bits):
    ideal = ideal_memory_graph(n_bits)
    assert graph_distance(ideal, empty_graph(n_bits)) == pytest.approx(1)
    none = memory_graph(np.empty((0, n_bits)), np.empty(0), departures([]))
    assert graph_distance(ideal, none) == pytest.approx(1)
    assert graph_distance(none, empty_graph(n_bits)) == 0


def test_the_distance_grows_with_each_corner_that_is_lost():
    ideal = ideal_memory_graph(3)
    corners = np.flatnonzero((all_codes(3) != 0).all(axis=1))
    found = [graph_distance(ideal, without(ideal, corners[:n])) for n in range(9)]
    assert found[0] == 0
    assert (np.diff(found) > 0.02).all()
    # Of presence and index 2 each, and of each of 12 edges two halves and what goes nowhere.
    assert found[8] == pytest.approx(np.sqrt((8 * 2 + 12 * 1.5) / (20 * 2 + 12 * 0.5)))


def test_the_edges_of_the_ideal_cube_are_those_between_corners_of_one_bit():
    codes, graph = all_codes(3), ideal_memory_graph(3)
    assert (graph.edges > 0).sum() == 24
    for source, end in np.argwhere(graph.edges > 0):
        assert (codes[source] == 0).sum() == 1
        assert (codes[end] != 0).all()
        assert (codes[source] != codes[end]).sum() == 1
    np.testing.assert_allclose(graph.edges.sum(axis=1), (codes == 0).sum(axis=1) == 1)


def test_readouts_become_codes_in_units_of_the_corners():
    readouts = np.array([[2.0, -0.2], [-4.0, 0.2], [1.4, 0.09], [-1.6, 0.11], [9.0, 9.0]])
    corners = [True, True, False, False, False]
    expected = [[1, -1], [-1, 1], [0, 0], [-1, 1], [1, 1]]
    assert decision_codes(readouts, corners).tolist() == expected
    assert decision_codes(readouts, corners, undecided=10.0)[:4].tolist() == [[0, 0]] * 4


def test_codes_without_stable_points_are_in_units_of_the_largest_readout():
    nowhere = np.zeros(3, dtype=bool)
    readouts = [[1.0, 0.0], [-0.6, 0.0], [0.4, 0.0]]
    assert decision_codes(readouts, nowhere).tolist() == [[1, 0], [-1, 0], [0, 0]]
    assert decision_codes(np.zeros((3, 2)), nowhere).tolist() == [[0, 0]] * 3
    assert decision_codes(np.empty((0, 2)), np.empty(0)).shape == (0, 2)
    # A channel that the corners do not move says nothing, whatever a saddle does there.
    dead = decision_codes([[1.0, 0.0], [0.1, 1e-9]], [True, False])
    assert dead[:, 1].tolist() == [0, 0]
    # Nor where they move it by no more than rounding.
    rounded = decision_codes([[1.0, 3e-17], [-1.0, -2e-17], [0.1, 1e-17]], [True, True, False])
    assert rounded.tolist() == [[1, 0], [-1, 0], [0, 0]]


def test_codes_and_their_numbers_are_two_ways_to_say_the_same():
    for n_bits in (1, 2, 3):
        codes = all_codes(n_bits)
        assert len(np.unique(codes, axis=0)) == 3**n_bits
        np.testing.assert_array_equal(code_index(codes), np.arange(3**n_bits))


def test_points_of_one_code_share_its_row():
    codes = np.array([[0], [0], [1], [-1]])
    index = np.array([1, 3, 0, 0])
    transitions = departures([2, 3, 2, -1], sources=[0, 0, 1, 1])
    graph = memory_graph(codes, index, transitions)
    np.testing.assert_allclose(graph.edges[1], [0.25, 0, 0.5, 0.25])
    np.testing.assert_allclose(graph.present, [1, 1, 1])
    np.testing.assert_allclose(graph.index_matches, [1, 0.5, 1])


def test_a_departure_that_start_distances_disagree_on_ends_nowhere():
    codes, index = np.array([[0], [1], [-1]]), np.array([1, 0, 0])
    graph = memory_graph(codes, index, departures([1, 2], agreed=[True, False]))
    np.testing.assert_allclose(graph.edges[1], [0, 0, 0.5, 0.5])


def test_codes_that_no_point_has_are_empty(hand_made):
    codes, index, _ = hand_made
    stable = np.flatnonzero(index == 0)
    graph = memory_graph(codes[stable], index[stable], departures([]))
    corners = (all_codes(3) != 0).all(axis=1)
    np.testing.assert_array_equal(graph.present, corners)
    np.testing.assert_array_equal(graph.index_matches, corners)
    assert not graph.edges.any()


def test_index_counts_where_it_is_wrong_for_the_code(hand_made):
    codes, index, transitions = hand_made
    ideal = ideal_memory_graph(3)
    wrong = memory_graph(codes, index + 1, transitions)
    assert graph_distance(wrong, ideal) == pytest.approx(np.sqrt(20 / 46))


def test_the_matrix_of_graph_distances_holds_the_pairs():
    ideal = ideal_memory_graph(2)
    graphs = [ideal, without(ideal, [0]), without(ideal, [0, 2]), empty_graph(2), ideal]
    distances = graph_distances(graphs)
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(np.diagonal(distances), 0.0)
    assert distances[1, 3] == graph_distance(graphs[1], graphs[3])
    assert distances[0, 4] == 0
    assert graph_distances([ideal]).shape == (1, 1)


def test_only_codes_that_count_count():
    ideal = ideal_memory_graph(3)
    centre = replace(ideal, present=np.where(np.arange(27) == 13, 0.0, 1.0))
    assert graph_distance(ideal, centre) == 0
    assert graph_distance(ideal, centre, undecided_at_most=3) > 0


def test_graphs_that_cannot_be_compared_are_refused():
    with pytest.raises(ValueError, match=r"\[2, 3\] bits"):
        graph_distance(ideal_memory_graph(2), ideal_memory_graph(3))
    with pytest.raises(ValueError, match="undecided_at_most is -1"):
        graph_distances([ideal_memory_graph(2)], undecided_at_most=-1)
    with pytest.raises(ValueError, match="speak of point 7"):
        memory_graph([[0], [1]], [1, 0], departures([7]))
    with pytest.raises(ValueError, match="index"):
        memory_graph([[0], [1]], [1], departures([]))


@pytest.mark.parametrize(
    ("readouts", "corners", "undecided"),
    [
        (np.zeros(3), np.zeros(3), 0.5),
        (np.zeros((3, 2)), np.zeros(2), 0.5),
        ([[np.nan]], [True], 0.5),
        ([[1.0]], [True], 0.0),
    ],
)
def test_readouts_that_cannot_be_coded_are_refused(readouts, corners, undecided):
    with pytest.raises(ValueError, match=r"needed|not finite"):
        decision_codes(readouts, corners, undecided)


def curve(n_points):
    """Points in even steps along part of a turn, in five dimensions."""
    angles = np.linspace(0, 2, n_points)
    axes = np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0]
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) @ axes[:2]


def test_points_along_a_curve_are_neighbours_as_on_a_path_but_for_its_ends():
    graph, path = neighbour_graph(curve(12)), path_graph(12)
    np.testing.assert_array_equal(graph[1:-1, 1:-1], path[1:-1, 1:-1])
    assert path_share(graph) == 1
    # Each end has but one neighbour beside it and takes the next as well.
    assert np.argwhere(np.triu(graph & ~path)).tolist() == [[0, 2], [9, 11]]
    assert hamming_distances([graph, path])[0, 1] == pytest.approx(2 / 66)


def test_points_in_random_order_have_the_path_by_chance_only(rng):
    points = curve(12)
    graphs = [neighbour_graph(points[rng.permutation(12)]) for _ in range(400)]
    # 13 of the 66 pairs are neighbours, and of the path's 11 pairs the same share is.
    shares = [path_share(graph) for graph in graphs]
    assert np.mean(shares) == pytest.approx(13 / 66, abs=0.03)
    assert np.quantile(shares, 0.99) < 0.6


def test_neighbours_do_not_depend_on_the_order_of_the_points(rng):
    # On a grid many points are equally far.
    points = np.argwhere(np.ones((4, 4))).astype(float)
    order = rng.permutation(16)
    graph = neighbour_graph(points)
    np.testing.assert_array_equal(graph, graph.T)
    np.testing.assert_array_equal(neighbour_graph(points[order]), graph[np.ix_(order, order)])
    together = neighbour_graph(np.zeros((5, 2)))
    np.testing.assert_array_equal(together, ~np.eye(5, dtype=bool))


def test_a_missing_point_has_no_neighbours_and_changes_no_others():
    points = curve(9)
    gap = np.insert(points, 4, np.nan, axis=0)
    graph = neighbour_graph(gap)
    assert not graph[4].any()
    kept = np.delete(np.arange(10), 4)
    np.testing.assert_array_equal(graph[np.ix_(kept, kept)], neighbour_graph(points))
    assert not neighbour_graph(np.full((3, 2), np.nan)).any()
    pair = neighbour_graph([[0.0], [np.nan], [1.0]])
    assert np.argwhere(pair).tolist() == [[0, 2], [2, 0]]


def test_graphs_differ_by_the_share_of_possible_edges(rng):
    graphs = np.zeros((3, 5, 5), dtype=bool)
    graphs[1, 0, 1] = graphs[1, 1, 0] = True
    graphs[2] = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(
        hamming_distances(graphs), [[0, 0.1, 1], [0.1, 0, 0.9], [1, 0.9, 0]], atol=1e-15
    )


def test_points_and_graphs_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="points have shape"):
        neighbour_graph(np.zeros(4))
    with pytest.raises(ValueError, match="k is 0"):
        neighbour_graph(np.zeros((4, 2)), 0)
    for graphs in (np.zeros((3, 3)), np.zeros((2, 3, 4)), np.zeros((2, 1, 1))):
        with pytest.raises(ValueError, match="graphs have shape"):
            hamming_distances(graphs)
