"""Populations with planted kinship: what is planted is found, and nothing where nothing is."""

from itertools import product

import numpy as np
import pytest

from unrolled.dynamics import (
    compare_networks,
    ideal_memory_graph,
    principal_basis,
    svcca_distance,
)
from unrolled.dynamics.comparisons import (
    Kinds,
    aligned_maps,
    cluster_numbers,
    common_components,
    function_correlation,
    geometry_distances,
    has_solved,
    measure_clusters,
    spread,
    topology_distances,
)
from unrolled.files import measured_dataset
from unrolled.populations import stack_networks

CELLS, NONLINEARITIES, MEMBERS = ("vanilla", "ugrnn", "gru", "lstm"), ("tanh", "relu"), range(3)
WHO = list(product(CELLS, NONLINEARITIES, MEMBERS))
MOMENTS, COMPONENTS = 150, 8
SETTINGS = {"variances": [0.9, 0.95, 0.99], "neighbours": 2, "permutations": 200}


def kinds(who=WHO):
    cells, nonlinearities, _ = (np.array(each) for each in zip(*who, strict=True))
    return Kinds(cells, nonlinearities, np.full(len(who), "16 1e-05"))


def states_of(who=WHO, *, cell=0.0, nonlinearity=0.0, seed=1):
    """States (P, 12) of each: signals of all, of its cell, of its nonlinearity and its own."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((MOMENTS, 2))
    of = {name: rng.standard_normal((MOMENTS, 2)) for name in (*CELLS, *NONLINEARITIES)}
    for one, other, _ in who:
        parts = [shared, cell * of[one], nonlinearity * of[other]]
        signals = np.concatenate([*parts, 0.5 * rng.standard_normal((MOMENTS, 2))], axis=1)
        yield signals @ np.linalg.qr(rng.standard_normal((12, 12)))[0][: signals.shape[1]]


def bases_of(states):
    """As files keep them: single precision, NaN beyond the rank."""
    kept = []
    for each in states:
        basis = principal_basis(each, COMPONENTS)[0]
        width = [(0, 0), (0, COMPONENTS - basis.shape[1])]
        kept.append(np.pad(basis, width, constant_values=np.nan).astype(np.float32))
    return np.stack(kept)


def clusters(geometry, topology, who=WHO):
    distances = {"geometry": geometry, "topology": topology}
    rng = np.random.default_rng(3)
    return measure_clusters(distances, kinds(who), rng, neighbours=2, permutations=200)


def by_geometry(who=WHO, components=6, **planted):
    return geometry_distances(bases_of(states_of(who, **planted)), components)


NOTHING = np.zeros((len(WHO), len(WHO)))


def test_planted_cells_are_told_by_geometry_and_not_by_a_topology_that_is_the_same_everywhere():
    numbers, nulls = clusters(by_geometry(cell=2.0), NOTHING)
    assert numbers["geometry_cell_accuracy"] == 1
    assert numbers["geometry_cell_accuracy"] > numbers["geometry_cell_null"]
    assert numbers["geometry_cell_p"] == pytest.approx(1 / 201)
    assert numbers["geometry_cell_separation"] > 0.8
    assert numbers["geometry_individuality"] > 1.5
    # All networks tie: two neighbours of 23 foretell one label of four, less one voter.
    assert numbers["topology_cell_accuracy"] == pytest.approx(5 / 23)
    assert numbers["topology_cell_p"] == 1
    assert numbers["topology_individuality"] == 1
    assert numbers["cell_accuracy_gap"] == pytest.approx(1 - 5 / 23)
    assert numbers["cell_accuracy_gap_low"] <= 1 - 5 / 23 <= numbers["cell_accuracy_gap_high"]
    assert {name: len(null) for name, null in nulls.items()} == dict.fromkeys(
        (f"null_{one}_{label}" for one in ("geometry", "topology") for label in
         ("cell", "nonlinearity")), 200,
    )  # fmt: skip


def test_planted_cells_say_nothing_of_the_nonlinearity():
    numbers, _ = clusters(by_geometry(cell=2.0), NOTHING)
    # Labels are shuffled within the cell: what the cell explains is no evidence.
    assert numbers["geometry_nonlinearity_p"] > 0.05


def test_planted_nonlinearities_are_told():
    numbers, _ = clusters(by_geometry(nonlinearity=2.0), NOTHING)
    assert numbers["geometry_nonlinearity_accuracy"] == 1
    assert numbers["geometry_nonlinearity_p"] < 0.01
    assert numbers["geometry_cell_p"] > 0.05


def test_where_nothing_is_planted_nothing_is_told():
    numbers, nulls = clusters(by_geometry(components=4), by_geometry(components=4, seed=2))
    for name in ("geometry", "topology"):
        assert numbers[f"{name}_cell_p"] > 0.05
        assert numbers[f"{name}_individuality"] == pytest.approx(1, abs=0.1)
        assert nulls[f"null_{name}_cell"].mean() == pytest.approx(1 / 4, abs=0.06)
    assert numbers["cell_accuracy_gap_low"] < 0 < numbers["cell_accuracy_gap_high"]


def test_what_does_not_differ_is_not_told():
    who = [one for one in WHO if one[1] == "tanh"]
    numbers, nulls = clusters(by_geometry(who, cell=2.0), np.zeros((12, 12)), who)
    assert numbers["geometry_cell_accuracy"] == 1
    assert not [name for name in (*numbers, *nulls) if "nonlinearity" in name]


def test_without_networks_that_differ_by_seed_alone_there_is_no_individuality():
    who = [one for one in WHO if one[2] == 0]
    numbers, _ = clusters(by_geometry(who, cell=2.0), np.zeros((8, 8)), who)
    assert np.isnan(numbers["geometry_individuality"])
    assert numbers["geometry_cell_accuracy"] == 1  # one alike, and the nearer of two


def test_reported_distances_have_the_same_numbers_without_nulls():
    distances = by_geometry(cell=2.0)
    full, _ = clusters(distances, NOTHING)
    own = cluster_numbers("geometry", distances, kinds(), 2)
    assert set(own) == {
        "geometry_cell_accuracy", "geometry_nonlinearity_accuracy", "geometry_individuality",
    }  # fmt: skip
    assert own == {name: full[name] for name in own}


def test_geometry_does_not_change_when_units_are_rotated():
    rng = np.random.default_rng(8)
    states = list(states_of(cell=1.0))
    turned = [each @ np.linalg.qr(rng.standard_normal((12, 12)))[0] for each in states]
    distances = geometry_distances(bases_of(states), 6)
    # Single precision of the bases: distances are about 0.5.
    np.testing.assert_allclose(distances, geometry_distances(bases_of(turned), 6), atol=1e-5)
    np.testing.assert_array_equal(distances, distances.T)
    assert not np.diagonal(distances).any()


def test_geometry_is_the_svcca_distance_of_each_pair():
    bases = np.stack([principal_basis(each, 6)[0] for each in states_of(WHO[:4], cell=1.0)])
    found = geometry_distances(bases, 5)
    for one, other in product(range(4), repeat=2):
        expected = svcca_distance(bases[one], bases[other], 5)
        assert found[one, other] == pytest.approx(expected, abs=1e-9)


def test_a_network_without_so_many_components_has_no_distances():
    bases = bases_of(states_of(cell=1.0))
    whole = geometry_distances(bases, 6)
    bases[5, :, 4:] = np.nan
    distances = geometry_distances(bases, 6)
    others = np.arange(len(WHO)) != 5
    assert np.isnan(distances[5]).all()
    assert np.isnan(distances[:, 5]).all()
    np.testing.assert_allclose(distances[np.ix_(others, others)], whole[np.ix_(others, others)])
    assert np.isfinite(geometry_distances(bases, 4)).all()
    assert np.isnan(geometry_distances(bases[4:6], 6)).all()


def test_common_components_are_the_median_of_what_networks_need():
    shares = np.array([[0.96, 0.03, 0.01, 0], [0.5, 0.3, 0.17, 0.03], [0.5, 0.3, 0.1, 0.1]])
    assert common_components(shares, 0.95) == 3
    assert common_components(shares[:1], 0.95) == 2  # never fewer
    # A network whose kept components reach less needs all that it has.
    assert common_components(np.array([[0.4, 0.3, 0.1]]), 0.95) == 3


def graphs(alter=lambda edges, present: None):
    """The ideal graph of three bits, and one that is altered, as a dataset of two networks."""
    measured = []
    for change in (lambda *_: None, alter):
        ideal = ideal_memory_graph(3)
        edges, present = ideal.edges.copy(), ideal.present.copy()
        change(edges, present)
        measured.append(
            {
                "graph_edges": (("code", "end_code"), edges, "1", "edges"),
                "graph_present": ("code", present, "1", "present"),
                "graph_index_matches": ("code", ideal.index_matches, "1", "matches"),
                "says": ("output", np.zeros(3), "1", "bits"),
            }
        )
    return stack_networks(measured, {})


def test_memories_are_compared_by_their_graphs():
    def lose_a_corner(edges, present):
        present[0] = 0.0

    def lose_the_middle(edges, present):
        present[13] = 0.0

    same, corner, middle = (
        topology_distances(graphs(*each)) for each in ((), (lose_a_corner,), (lose_the_middle,))
    )
    assert not same["topology"].any()
    assert not same["all_codes"].any()
    assert corner["topology"][0, 1] > corner["all_codes"][0, 1] > 0
    # Its code has three undecided bits: only the comparison of all codes sees it.
    assert middle["topology"][0, 1] == 0
    assert middle["all_codes"][0, 1] == pytest.approx(corner["all_codes"][0, 1])


def path(n, *extra):
    graph = (np.abs(np.subtract.outer(np.arange(n), np.arange(n))) == 1).astype(np.int8)
    for one, other in extra:
        graph[one, other] = graph[other, one] = 1
    return graph


def test_oscillators_are_compared_by_the_neighbours_of_their_points():
    measured = [
        {"cue_graph": (("cue", "other_cue"), graph, "1", "neighbours")}
        for graph in (path(5), path(5, (0, 2)), path(5, (0, 2), (1, 4)))
    ]
    found = topology_distances(stack_networks(measured, {}))["topology"]
    np.testing.assert_allclose(found, np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]]) / 10)


def test_integrators_are_compared_context_by_context():
    measured = [
        {"context_level_graph": (("context", "level", "other"), np.stack(pair), "1", "neighbours")}
        for pair in ((path(5), path(5, (0, 2))), (path(5, (0, 2)), path(5)), (path(5), path(5)))
    ]
    found = topology_distances(stack_networks(measured, {}))["topology"]
    # The first two differ in one edge of ten in either context, although as sets they are the same.
    np.testing.assert_allclose(found, np.array([[0, 2, 1], [2, 0, 1], [1, 1, 0]]) / 20)


def test_function_is_correlated_with_geometry_if_it_follows_it():
    places = np.array([0.0, 1.0, 2.5, 4.5, 7.0])
    distances = np.abs(np.subtract.outer(places, places))
    assert function_correlation(distances, np.exp(-places)) == pytest.approx(1)
    assert function_correlation(distances, np.exp(places)) == pytest.approx(1)
    assert function_correlation(distances.max() - distances, np.exp(places)) == pytest.approx(-1)


def test_spread_leaves_the_diagonal_out():
    assert spread(np.array([[0, 2.0, 3.0], [2.0, 0, 2.5], [3.0, 2.5, 0]])) == 1.0


def test_maps_are_turned_towards_the_first():
    rng = np.random.default_rng(2)
    places = rng.standard_normal((9, 2))

    def distances(at):
        return np.linalg.norm(at[:, None] - at, axis=2)

    moved = places.copy()
    moved[0] += 0.01
    first, second, third = aligned_maps(
        [distances(places), distances(places[:, ::-1]), distances(moved)]
    )
    np.testing.assert_allclose(second, first, atol=1e-6)
    np.testing.assert_allclose(third, first, atol=0.05)
    np.testing.assert_allclose(distances(first), distances(places), atol=1e-3)


# ---------------------------------------------------------------- a whole comparison


def population(**changes):
    """A memory's population with planted cells; ``changes`` give a variable's values by place."""
    measured = []
    for number, (who, states) in enumerate(zip(WHO, states_of(cell=2.0), strict=True)):
        cell, nonlinearity, member = who
        ideal = ideal_memory_graph(3)
        basis, shares = principal_basis(states, COMPONENTS)
        basis = np.pad(basis, [(0, 0), (0, COMPONENTS - basis.shape[1])], constant_values=np.nan)
        values = {
            "cell": cell, "nonlinearity": nonlinearity, "units": 16, "penalty": 1e-5,
            "member": member, "twin": "trained", "error": 0.001 * (number + 1) / len(WHO),
            "hold_error": 0.001, "r_squared": 0.99,
        }  # fmt: skip
        arrays = {
            "basis": (("sample", "component"), basis),
            "state_basis": (("sample", "component"), basis),
            "basis_shares": ("component", shares[:COMPONENTS]),
            "graph_edges": (("code", "end_code"), ideal.edges),
            "graph_present": ("code", ideal.present),
            "graph_index_matches": ("code", ideal.index_matches),
            "error_of_output": ("output", np.full(3, 0.001)),
        }
        one = {name: ((), value, "1", name) for name, value in values.items()}
        measured.append(one | {name: (*value, "1", name) for name, value in arrays.items()})
    data = stack_networks(measured, {})
    for name, by_place in changes.items():
        values = data[name].values.astype("U9" if name == "twin" else data[name].dtype)
        for place, value in by_place.items():
            values[place] = value
        data[name] = (data[name].dims, values, data[name].attrs)
    return data


def compared(data, task="memory"):
    found, numbers = compare_networks(data, np.random.default_rng(1), task=task, **SETTINGS)
    return measured_dataset(found, {}), numbers


@pytest.fixture(scope="module")
def whole():
    return compared(population())


def test_a_population_is_compared_by_the_middle_share_of_variance(whole):
    found, numbers = whole
    assert found.kept.values.all()
    assert found.components.values.tolist() == sorted(found.components.values)
    assert numbers["geometry_cell_accuracy"] == numbers["geometry95_cell_accuracy"] == 1
    assert numbers["whole_state_cell_accuracy"] == 1
    assert numbers["topology_cell_accuracy"] == numbers["all_codes_cell_accuracy"]
    assert numbers["topology_cell_accuracy"] < 0.3
    expected = function_correlation(found.geometry.values[1], population().error.values)
    assert numbers["function_correlation"] == expected
    assert numbers["geometry_spread"] == spread(found.geometry.values[1])


def test_networks_that_are_not_trained_or_have_not_solved_are_left_out(whole):
    data = population(
        twin={0: "untrained", 1: "dead"}, error={2: 0.03, 4: np.nan}, hold_error={3: 0.03}
    )
    found, numbers = compared(data)
    assert np.flatnonzero(found.kept.values == 0).tolist() == [0, 1, 2, 3, 4]
    assert np.flatnonzero(found.solved.values == 0).tolist() == [2, 3, 4]
    assert np.isnan(found.geometry_map.values[:5]).all()
    assert np.isfinite(found.geometry_map.values[5:]).all()
    assert numbers["geometry_spread"] == spread(found.geometry.values[1][5:, 5:])
    assert np.isfinite(list(numbers.values())).all()
    # Distances to all are kept: controls are compared with the others.
    np.testing.assert_array_equal(found.topology, whole[0].topology)


def test_networks_with_too_few_components_are_left_out(whole):
    data = population()
    data["basis"].values[7, :, 3:] = np.nan
    found, numbers = compared(data)
    assert np.flatnonzero(found.kept.values == 0).tolist() == [7]
    assert np.isfinite(list(numbers.values())).all()


@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_where_too_few_are_kept_there_are_no_numbers(left):
    data = population(error=dict.fromkeys(range(left, len(WHO)), 1.0))
    found, numbers = compared(data)
    assert found.kept.values.sum() == left
    assert numbers == {}
    assert np.isnan(found.geometry_map.values).all()


def test_where_one_network_of_each_cell_is_kept_nothing_is_said_of_cells():
    first = [WHO.index((cell, "tanh", 0)) for cell in CELLS]
    data = population(error={n: 1.0 for n in range(len(WHO)) if n not in first})
    _, numbers = compared(data)
    assert np.isnan(numbers["geometry_individuality"])
    assert not [name for name in numbers if name.endswith("accuracy")]
    assert numbers["geometry_spread"] > 0


def test_the_same_generator_compares_the_same(whole):
    again, numbers = compared(population())
    assert again.identical(whole[0])
    assert numbers == whole[1]


@pytest.mark.parametrize(
    ("task", "values", "solved"),
    [
        ("memory", {"error": 0.019, "hold_error": 0.019, "r_squared": 0}, True),
        ("memory", {"error": 0.001, "hold_error": 0.021, "r_squared": 1}, False),
        ("memory", {"error": np.nan, "hold_error": 0.001, "r_squared": 1}, False),
        ("sine", {"error": 0.019, "hold_error": np.nan, "r_squared": 0}, True),
        ("sine", {"error": 0.021, "hold_error": np.nan, "r_squared": 1}, False),
        ("integration", {"error": 1.0, "hold_error": np.nan, "r_squared": 0.96}, True),
        ("integration", {"error": 0.0, "hold_error": np.nan, "r_squared": 0.94}, False),
        ("integration", {"error": 0.0, "hold_error": np.nan, "r_squared": np.nan}, False),
    ],
)
def test_each_task_has_its_measure_of_a_network_that_solved_it(task, values, solved):
    one = {name: ((), value, "1", name) for name, value in values.items()}
    assert has_solved(stack_networks([one], {}), task).tolist() == [solved]
