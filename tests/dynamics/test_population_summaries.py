"""Numbers of a population, from datasets in which each is known."""

import numpy as np
import pytest

from unrolled.dynamics import path_graph, summarise_population, summarise_tasks
from unrolled.populations import stack_networks

# cell, nonlinearity, twin, kept: four kept, one that has not solved, and the controls.
WHO = [
    ("vanilla", "tanh", "trained", 1),
    ("vanilla", "relu", "trained", 1),
    ("gru", "tanh", "trained", 1),
    ("gru", "relu", "trained", 1),
    ("gru", "tanh", "trained", 0),
    ("vanilla", "tanh", "untrained", 0),
    ("gru", "relu", "untrained", 0),
]
N = len(WHO)
KEPT, UNTRAINED = range(4), (5, 6)


def dataset(task, each, who=WHO, *, topology=None, **attrs):
    """``each(number)`` gives what belongs to the task, name -> (dims, values)."""
    measured = []
    for number, (cell, nonlinearity, twin, kept) in enumerate(who):
        common = {
            "cell": ((), cell), "nonlinearity": ((), nonlinearity), "twin": ((), twin),
            "kept": ((), np.int8(kept)), "solved": ((), np.int8(kept)),
            "diverged": ((), np.int8(0)), "error": ((), 0.001 * (number + 1)),
        }  # fmt: skip
        own = common | each(number)
        measured.append({name: (*value, "1", name) for name, value in own.items()})
    data = stack_networks(measured, {"task": task, **attrs})
    if topology is None:
        topology = np.zeros((len(who), len(who)))
    return data.assign(topology=(("network", "other"), topology))


def summarised(data, seed=0):
    return summarise_population(data, np.random.default_rng(seed), steps=25)


# ---------------------------------------------------------------- memory


def cube(number):
    """A network with 8 corners, an edge of index 1 and a face of index 2, and one wrong saddle."""
    codes = [[0, 1, 1]] * 6 + [[0, 0, 1]] * 6 + [[1, 1, 1]] * 8
    index = [1] * 5 + [2] + [2] * 6 + [0] * 8
    return {
        "point_code": (("point", "output"), np.array(codes)),
        "point_index": ("point", np.array(index)),
        "departure_end": ("departure", np.zeros(2, int)),
        "n_points": ((), 20 + number), "n_stable": ((), 8), "all_corners": ((), float(number != 1)),
        "n_saddles": ((), 12), "n_saddles_matching": ((), 11),
        "n_edges": ((), 6), "n_edges_right": ((), 5 - number % 2),
    }  # fmt: skip


def bare(number):
    """An untrained network: one stable point."""
    return cube(number) | {
        "point_code": (("point", "output"), np.zeros((1, 3), int)),
        "point_index": ("point", np.zeros(1, int)),
        "n_points": ((), 1), "n_stable": ((), 1), "all_corners": ((), 0.0),
        "n_saddles": ((), 0), "n_saddles_matching": ((), 0),
        "n_edges": ((), 0), "n_edges_right": ((), 0),
    }  # fmt: skip


def memory(number):
    return bare(number) if number in UNTRAINED else cube(number)


@pytest.fixture(scope="module")
def memories():
    return summarised(dataset("memory", memory))


def test_corners_and_edges_are_counted_over_the_kept_networks(memories):
    assert memories["corners_share"] == 3 / 4
    assert memories["points"] == 21.5
    assert memories["edges"] == 24
    assert memories["edges_share"] == 18 / 24
    # 12 edges of a cube among 28 pairs of corners.
    assert memories["edges_share_null"] == pytest.approx(12 / 28)


def test_an_index_is_compared_with_indices_shuffled_over_the_saddles(memories):
    assert memories["index_share"] == 11 / 12
    # 24 codes of one zero and 24 of two; 20 indices of one and 28 of two: 24 * 20 + 24 * 28 of 48.
    assert 0.5 < memories["index_share_null"] < 0.75
    shuffled = {number: cube(number) | {"n_saddles_matching": ((), 6)} for number in range(N)}
    worse = summarised(dataset("memory", shuffled.__getitem__))
    assert worse["index_share"] == 0.5 < worse["index_share_null"]


def test_untrained_networks_have_the_same_numbers_beside(memories):
    assert memories["corners_share_untrained"] == 0
    assert memories["points_untrained"] == 1
    assert memories["edges_untrained"] == 0
    # Without saddles there is no share.
    assert np.isnan(memories["index_share_untrained"])
    assert np.isnan(memories["index_share_null_untrained"])
    assert np.isnan(memories["edges_share_untrained"])


def test_networks_are_counted_and_errors_told_by_cell(memories):
    assert (memories["networks"], memories["kept"], memories["diverged"]) == (5, 4, 0)
    assert memories["solved_share"] == 0.8
    assert memories["solved_share_untrained"] == 0
    assert memories["error"] == pytest.approx(0.003)
    assert memories["error_untrained"] == pytest.approx(0.0065)
    assert memories["vanilla_error"] == pytest.approx(0.0015)
    assert memories["gru_error"] == pytest.approx(0.004)
    # Ranks 1, 2 and 3, 4, 5: H = 12 / 30 (9 / 2 + 144 / 3) - 18 = 3 with one degree of freedom.
    assert memories["error_cell_p"] == pytest.approx(0.0833, abs=1e-4)


def test_topology_tells_trained_networks_from_controls_by_their_distances():
    who = [*WHO, ("gru", "tanh", "dead", 0)]
    distances = np.ones((N + 1, N + 1)) - np.eye(N + 1)
    distances[np.ix_(KEPT, UNTRAINED)] = 2.0
    distances[KEPT, N] = [1.0, 1.0, 2.0, 0.5]
    data = dataset("memory", memory, who, topology=distances)
    numbers = summarised(data)
    assert numbers["topology_auc_untrained"] == 1
    # Of 6 * 4 comparisons: two ties, one more, one less.
    assert numbers["topology_auc_dead"] == pytest.approx((2 * 0.5 + 1) / 4)
    assert "topology_auc_dead" not in summarised(dataset("memory", memory))


def test_numbers_of_the_comparison_are_handed_on():
    numbers = summarised(dataset("memory", memory, cell_accuracy_gap=0.4, note="text"))
    assert numbers["cell_accuracy_gap"] == 0.4
    assert "note" not in numbers
    assert "task" not in numbers


# ---------------------------------------------------------------- sine


def wave(**changes):
    cues = 5
    good = {
        "linear_correlation": 0.99, "linear_slope": 1.0, "linear_correlation_permuted": 0.3,
        "frequency_error": 0.01, "amplitude": 1.0, "pushed_frequency_error": 0.01,
        "return_distance": 0.01, "order_correlation": 0.9, "path_share": 0.8,
        "point_pc1_share": 0.7,
    }  # fmt: skip
    arrays = {
        "cue_linear_frequency": ("cue", np.ones(cues)),
        "cue_growth": ("cue", np.full(cues, 1.05)),
        "cue_graph": (("cue", "other_cue"), path_graph(cues).astype(int)),
    }  # fmt: skip
    return {name: ((), value) for name, value in good.items()} | arrays | changes


def sine(**changes):
    """Numbers where network 0 is changed and the other three are good."""
    changed = {name: value if isinstance(value, tuple) else ((), value)
               for name, value in changes.items()}  # fmt: skip
    return summarised(dataset("sine", lambda number: wave(**(changed if number == 0 else {}))))


def test_good_waves_are_counted():
    numbers = sine()
    assert numbers["linear_share"] == numbers["cycle_share"] == 1
    assert numbers["growth"] == 1.05
    assert numbers["path_share_null"] == pytest.approx(8 / 20)
    assert numbers["curve_pc1_share"] == 0.7


@pytest.mark.parametrize(
    "change",
    [
        {"linear_correlation": 0.94},
        {"linear_correlation": np.nan},
        {"linear_slope": 0.79},
        {"linear_slope": 1.26},
        {"cue_linear_frequency": ("cue", np.array([1, 1, 1, 1, np.nan]))},
    ],
)
def test_a_network_whose_linear_frequencies_are_off_does_not_count(change):
    numbers = sine(**change)
    assert numbers["linear_share"] == 0.75
    # Network 0 is one of the two kept with tanh.
    assert numbers["tanh_linear_share"] == 0.5
    assert numbers["relu_linear_share"] == 1
    assert numbers["cycle_share"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"frequency_error": 0.06},
        {"frequency_error": np.inf},
        {"amplitude": 0.6},
        {"amplitude": 1.4},
        {"pushed_frequency_error": 0.06},
        {"return_distance": 0.06},
        {"return_distance": np.inf},
    ],
)
def test_a_wave_that_is_no_cycle_does_not_count(change):
    numbers = sine(**change)
    assert numbers["cycle_share"] == 0.75
    assert numbers["linear_share"] == 1


def test_networks_without_a_number_are_left_out_of_its_median():
    assert sine(order_correlation=np.nan)["order_correlation"] == 0.9
    every = summarised(dataset("sine", lambda _: wave(order_correlation=((), np.nan))))
    assert np.isnan(every["order_correlation"])


# ---------------------------------------------------------------- integration


def line(number, **changes):
    gated = WHO[number][0] != "vanilla"
    pair = {
        "first_eigenvalue": [1.0, 1.0], "time_constant": [100.0, 100.0],
        "full_response": [1.0, 1.0], "selection_ratio": [0.05, 0.1],
        "modes_needed": [5.0, 5.0] if gated else [1.0, 1.0], "n_slow_modes": [4.0, 2.0],
        "order_correlation": [1.0, 0.8], "path_share": [1.0, 0.9], "point_pc1_share": [0.9, 0.8],
    } | changes  # fmt: skip
    found = {f"context_{name}": ("context", np.array(value)) for name, value in pair.items()}
    graph = np.ones((2, 4, 4), int) - np.eye(4, dtype=int)
    return found | {"context_level_graph": (("context", "level", "other_level"), graph)}


def integration(**changes):
    """Numbers where network 0 is changed."""
    return summarised(
        dataset("integration", lambda number: line(number, **(changes if number == 0 else {})))
    )


def test_good_lines_are_counted():
    numbers = integration()
    assert numbers["line_share"] == 1
    assert numbers["path_share_null"] == 1  # of a graph with all edges, in any order
    assert numbers["order_correlation"] == 0.8  # the worse context's
    assert numbers["selection_ratio"] == 0.1
    assert numbers["modes_needed_known"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"first_eigenvalue": [1.0, 0.96]},
        {"first_eigenvalue": [1.04, 1.0]},
        {"first_eigenvalue": [np.nan, np.nan]},
        {"time_constant": [24.0, 100.0]},
    ],
)
def test_a_line_has_to_hold_in_both_contexts(change):
    assert integration(**change)["line_share"] == 0.75


def test_gated_cells_need_more_modes_if_they_do():
    numbers = integration()
    assert numbers["vanilla_modes_needed"] == 1
    assert numbers["gru_modes_needed"] == numbers["gated_modes_needed"] == 5
    # Two against two that tie within: normal approximation, no smaller p is possible.
    assert numbers["modes_needed_p"] < 0.1
    assert numbers["n_slow_modes_p"] > 0.3


def test_a_network_without_points_has_no_say_in_the_modes():
    numbers = integration(modes_needed=[np.nan, np.nan])
    assert numbers["vanilla_modes_needed"] == 1
    assert numbers["modes_needed_known"] == 0.75
    assert np.isfinite(numbers["modes_needed_p"])
    nobody = summarised(
        dataset("integration", lambda number: line(number, modes_needed=[np.nan, np.nan]))
    )
    assert np.isnan(nobody["vanilla_modes_needed"])
    assert "modes_needed_p" not in nobody


# ---------------------------------------------------------------- all tasks


def tasks(**changes):
    good = {
        "cell_accuracy_gap": 0.3, "topology_individuality": 1.0, "geometry_individuality": 2.0,
    }  # fmt: skip
    seeing = {"topology_auc_untrained": 0.95, "topology_auc_dead": 0.95}
    return {
        "memory": good | seeing | changes, "sine": dict(good), "integration": dict(good),
    }  # fmt: skip


def test_tasks_are_counted_in_which_topology_tells_less():
    assert summarise_tasks(tasks()) == {"tasks_with_gap": 3, "tasks_less_individual": 3}
    one_less = summarise_tasks(tasks(cell_accuracy_gap=0.14, topology_individuality=2.0))
    assert one_less == {"tasks_with_gap": 2, "tasks_less_individual": 2}


@pytest.mark.parametrize("which", ["topology_auc_untrained", "topology_auc_dead"])
@pytest.mark.parametrize("value", [0.89, 0.5, np.nan])
def test_a_topology_that_is_blind_tells_nothing(which, value):
    assert summarise_tasks(tasks(**{which: value})) == {
        "tasks_with_gap": 0, "tasks_less_individual": 0,
    }  # fmt: skip


def test_a_task_without_a_comparison_does_not_count():
    numbers = tasks()
    numbers["sine"] = {}
    assert summarise_tasks(numbers) == {"tasks_with_gap": 2, "tasks_less_individual": 2}
    numbers["integration"] |= {"cell_accuracy_gap": np.nan, "topology_individuality": np.nan}
    assert summarise_tasks(numbers) == {"tasks_with_gap": 1, "tasks_less_individual": 1}
