"""A memory of three bits made by hand: three units, each with two attractors of its own."""

from itertools import product

import numpy as np
import pytest

from unrolled.dynamics import (
    MemoryGraph,
    code_index,
    graph_distance,
    ideal_memory_graph,
    measure_memory,
    read_trials,
)
from unrolled.dynamics.memories import between_corners, saddles_and_edges
from unrolled.dynamics.transitions import Transitions
from unrolled.networks import make_sequence_network
from unrolled.tasks import Memory

from .networks_for_tests import hand_made

DECIDED = 0.9575040240772688  # h = tanh(2 h)
TASK = Memory(bits=3, pulse_probability=0.2, steps=30)
SETTINGS = {
    "starts": 64, "noise": 0.3, "unique_within": 0.02, "farthest": 3.0, "unstable": 1.001,
}  # fmt: skip


def memory(gains=(2.0, 2.0, 2.0), readout=1 / DECIDED):
    """Units ``h' = tanh(gain h + 3 x)``, each read by an output of its own."""
    return hand_made("vanilla", np.diag(gains), 3 * np.eye(3), readout * np.eye(3))


def read(network, n=32):
    trials = TASK.draw(n, np.random.default_rng(1))
    return read_trials(network, trials.inputs, trials.targets)


def values(network):
    measured = measure_memory(read(network), np.random.default_rng(2), **SETTINGS)
    return {name: value for name, (_, value, _, _) in measured.items()}


@pytest.fixture(scope="module")
def found():
    return values(memory())


def graph(found):
    return MemoryGraph(*(found[f"graph_{part}"] for part in ("edges", "present", "index_matches")))


def test_the_hand_made_memory_has_the_cubes_points(found):
    assert np.bincount(found["point_index"]).tolist() == [8, 12, 6, 1]
    places = found["point_output"]
    np.testing.assert_allclose(places, np.round(places), atol=1e-9)
    np.testing.assert_array_equal(found["point_code"], np.round(places))
    assert len(np.unique(found["point_code"], axis=0)) == 27
    assert found["point_speed"].max() < 1e-20
    assert not found["point_on_kink"].any()


def test_its_moduli_are_those_of_its_units(found):
    undecided = (found["point_code"] == 0).any(axis=1)
    expected = np.where(undecided, 2.0, 2 * (1 - DECIDED**2))
    np.testing.assert_allclose(found["point_modulus"], expected, rtol=1e-9)


def test_its_numbers_are_those_of_the_ideal_memory(found):
    expected = {
        "n_points": 27, "n_stable": 8, "n_saddles": 19, "n_saddles_matching": 19,
        "n_edges": 12, "n_edges_right": 12, "all_corners": 1.0, "stuck_share": 0.0,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert found["corner_error"] == pytest.approx(0, abs=1e-9)


def test_its_graph_is_the_ideal_one(found):
    assert graph_distance(graph(found), ideal_memory_graph(3)) == 0
    # An edge saddle's two departures are the two halves of its row.
    assert found["departure_agreed"].all()
    np.testing.assert_array_equal(
        np.bincount(found["departure_source"], minlength=27), 2 * found["point_index"]
    )


def test_a_bit_that_is_not_held_leaves_four_corners():
    broken = values(memory(gains=(2.0, 2.0, 0.5)))
    assert np.bincount(broken["point_index"]).tolist() == [4, 4, 1]
    assert (broken["point_code"][:, 2] == 0).all()
    assert broken["all_corners"] == 0
    assert broken["corner_error"] == pytest.approx(1, abs=1e-6)
    # One zero of each code is no decision pending, so no index fits its code.
    assert (broken["n_saddles"], broken["n_saddles_matching"]) == (5, 0)
    # The two ends of a saddle still differ in one bit.
    assert (broken["n_edges"], broken["n_edges_right"]) == (4, 4)
    assert graph_distance(graph(broken), ideal_memory_graph(3)) > 0.5


def test_outputs_of_the_wrong_size_are_no_corners():
    # Stable points are where they should be, but say 1.4 and 0.6.
    for size, right in ((1.4, 0), (1.3, 1), (0.7, 1), (0.6, 0)):
        measured = values(memory(readout=size / DECIDED))
        assert measured["n_stable"] == 8
        assert measured["all_corners"] == right
        assert measured["corner_error"] == pytest.approx(abs(size - 1), abs=1e-6)


def test_an_untrained_memory_has_no_corners(rng):
    network = make_sequence_network("gru", units=8, inputs=3, outputs=3, rng=rng)
    measured = values(network)
    assert measured["all_corners"] == 0
    assert measured["n_stable"] < 8
    assert graph_distance(graph(measured), ideal_memory_graph(3)) > 0.5


def test_a_network_without_points_within_reach_has_numbers_and_an_empty_graph():
    # h' = h + 1 never rests.
    running = hand_made("linear", np.eye(3), np.eye(3), np.eye(3), bias=np.ones(3))
    measured = values(running)
    assert measured["n_points"] == measured["n_stable"] == measured["n_edges"] == 0
    assert measured["all_corners"] == 0
    assert np.isnan(measured["corner_error"])
    assert not measured["graph_present"].any()
    assert measured["point_output"].shape == (0, 3)


def test_points_far_from_the_states_are_left_out():
    near = measure_memory(read(memory()), np.random.default_rng(2), **{**SETTINGS, "farthest": 0.5})
    # Corners lie a radius from the middle; what is nearer than half of it is the centre.
    assert near["n_points"][1] == 1
    assert near["point_index"][1].tolist() == [3]


def test_the_same_generator_finds_the_same(found):
    again = values(memory())
    for name, value in found.items():
        np.testing.assert_array_equal(value, again[name], name)


def test_starts_between_corners_are_means_of_what_is_said_alike():
    states = read(memory())
    starts = between_corners(states)
    assert starts.shape == (27, 3)
    flat = states.targets.reshape(-1, 3)
    corners = {
        code: states.visited[(flat == code).all(axis=1)].mean(axis=0)
        for code in product((-1, 1), repeat=3)
    }
    for place, code in enumerate(product((-1, 0, 1), repeat=3)):
        own = [state for one, state in corners.items() if np.all(np.multiply(one, code) >= 0)]
        np.testing.assert_allclose(starts[place], np.mean(own, axis=0))


def test_combinations_that_no_trial_shows_are_left_out():
    trials = TASK.draw(2, np.random.default_rng(1))
    shown = trials.targets.copy()
    shown[...] = [1.0, 1.0, -1.0]
    starts = between_corners(read_trials(memory(), trials.inputs, shown))
    # All 8 places that take part in this corner have its mean state, the others none.
    assert starts.shape == (8, 3)
    np.testing.assert_allclose(starts, np.broadcast_to(starts[0], (8, 3)))


def transitions(departures):
    """From (source, end, agreed) of each departure."""
    sources, ends, agreed = np.array(departures).T
    zeros = np.zeros(len(sources), dtype=int)
    return Transitions(sources, zeros, zeros, ends, agreed.astype(bool), zeros)


@pytest.mark.parametrize(
    ("departures", "right"),
    [
        ([(4, 0, 1), (4, 1, 1)], True),
        ([(4, 0, 1), (4, 3, 1)], False),  # differ in two bits
        ([(4, 0, 1), (4, 0, 1)], False),  # the same corner
        ([(4, 0, 1), (4, 1, 0)], False),  # start distances disagree
        ([(4, 0, 1), (4, -1, 1)], False),  # ends nowhere
        ([(4, 0, 1), (4, 5, 1)], False),  # ends on a saddle
        ([(5, 0, 1), (5, 1, 1)], False),  # departs from another saddle
    ],
)
def test_an_edge_is_right_if_its_two_ends_are_corners_one_bit_apart(departures, right):
    codes = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1], [-1, 0], [-1, 0]])
    index = np.array([0, 0, 0, 0, 1, 2])
    edges, zeros = saddles_and_edges(codes, index, transitions(departures))
    assert edges.tolist() == [right]
    assert zeros.tolist() == [1, 1]


def test_codes_and_graph_rows_go_together(found):
    places = code_index(found["point_code"])
    assert sorted(places) == list(range(27))
    sources = places[found["departure_source"]]
    ends = places[found["departure_end"]]
    assert (found["graph_edges"][sources, ends] > 0).all()
