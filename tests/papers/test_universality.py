"""The paper's claims on small populations, and what must happen to each when it breaks.

Two kinds of cells are trained on each task for a few seconds. What claims say of cells and
nonlinearities needs more of both, so that these are judged on populations whose geometry is
planted. Then the science is broken on purpose, one way at a time, and the verdict must flip.
"""

from dataclasses import replace

import numpy as np
import pytest

from unrolled.dynamics import (
    Transitions,
    all_codes,
    compare_networks,
    curve_numbers,
    ideal_memory_graph,
    measure_integrator,
    measure_memory,
    measure_oscillator,
    measure_states,
    principal_basis,
    read_trials,
    summarise_population,
    summarise_tasks,
)
from unrolled.dynamics.memories import saddles_and_edges
from unrolled.files import measured_dataset
from unrolled.networks import make_sequence_network
from unrolled.populations import stack_networks
from unrolled.tasks import Integration, Memory, Sine, TrialStream
from unrolled.training import Course, SequencePlan, mean_squared_error, train_sequences

TASKS = {
    "memory": Memory(3, 0.1, 30),
    "sine": Sine(6, 0.2, 0.6, 50),
    "integration": Integration(0.02, -0.01, 0.125, 25),
}
STEPS = {"memory": 1000, "sine": 1200, "integration": 700}
BATCHES = {"memory": 48, "sine": 6, "integration": 48}
COMMON = {"starts": 128, "unique_within": 0.02, "farthest": 3.0}
LINE = {"starts": 128, "farthest": 3.0, "levels": 10, "speed": 0.05, "delay": 10}
CELLS, MEMBERS = ("vanilla", "gru"), range(3)
SETTINGS = {"variances": [0.9, 0.95, 0.99], "neighbours": 1, "permutations": 100}


def trained_networks(name: str) -> dict:
    """Trained networks and their twins, by (cell, twin, member)."""
    task, course = TASKS[name], Course(STEPS[name], 5e-3, 0.05, 1.0, 1e-5)
    streams = {"trained": TrialStream(task, BATCHES[name], 0)}
    if name == "memory":
        streams["dead"] = TrialStream(replace(task, dead=(2,)), BATCHES[name], 0)
    networks, plans = {}, {}
    for cell in CELLS:
        for member in MEMBERS:
            fresh = make_sequence_network(
                cell, units=24, inputs=len(task.input_names), outputs=len(task.output_names),
                rng=np.random.default_rng([CELLS.index(cell), member]), recurrent_gain=0.9,
            )  # fmt: skip
            plans[cell, "trained", member] = SequencePlan(fresh, streams["trained"], course)
            if member == 0:
                networks[cell, "untrained", member] = fresh
                if "dead" in streams:
                    plans[cell, "dead", member] = SequencePlan(fresh, streams["dead"], course)
    names = {"/".join(map(str, key)): key for key in plans}
    trained = train_sequences({text: plans[key] for text, key in names.items()})
    return networks | {names[text]: network for text, network in trained}


def analyse(name: str, network, rng, order) -> dict:
    """What the rule measures of one network; ``order`` is that in which cues are given."""
    task = TASKS[name]
    trials = task.draw(task.cues if name == "sine" else 32, np.random.default_rng(7))
    read = read_trials(network, trials.inputs[order], trials.targets[order])
    if name == "memory":
        found = measure_memory(read, rng, **COMMON, noise=0.3, unstable=1.001)
    elif name == "sine":
        found = measure_oscillator(
            read, rng, **COMMON, noise=0.3, frequencies=task.frequencies, roll_out=5
        )
    else:
        found = measure_integrator(read, rng, **LINE, contexts=[task.context(0), task.context(1)])
    hold = Memory(3, 0.03, 150).draw(32, np.random.default_rng(8))
    error = (
        mean_squared_error(network, hold.inputs, hold.targets).mean() if name == "memory" else 0.0
    )
    return {
        **measure_states(read, n_components=12),
        "hold_error": ((), error, "1", "error"),
        **found,
    }


def population(name: str, networks: dict, order=slice(None)):
    """The dataset of all networks of a task, compared."""
    measured = []
    for (cell, twin, member), network in networks.items():
        who = {"cell": cell, "nonlinearity": "tanh", "twin": twin, "units": 24, "penalty": 1e-5}
        measured.append(
            {
                **{key: ((), value, "1", key) for key, value in who.items()},
                "member": ((), member, "1", "member"),
                "diverged": ((), np.int8(0), "1", "diverged"),
                **analyse(name, network, np.random.default_rng(9), order),
            }
        )
    data = stack_networks(measured, {})
    found, numbers = compare_networks(data, np.random.default_rng(1), task=name, **SETTINGS)
    return data.merge(measured_dataset(found, {})).assign_attrs({"task": name, **numbers})


def numbers_of(data) -> dict[str, float]:
    """Metrics of one task."""
    task = data.attrs["task"]
    own = summarise_population(data, np.random.default_rng(2), steps=TASKS[task].steps)
    return {f"{task}_{key}": value for key, value in own.items()}


@pytest.fixture(scope="module")
def networks():
    return {name: trained_networks(name) for name in TASKS}


@pytest.fixture(scope="module")
def datasets(networks):
    return {name: population(name, networks[name]) for name in TASKS}


@pytest.fixture(scope="module")
def metrics(datasets):
    return {key: value for data in datasets.values() for key, value in numbers_of(data).items()}


def with_untrained(metrics):
    """The numbers of untrained networks under the names of trained ones."""
    suffix = "_untrained"
    return metrics | {
        key.removesuffix(suffix): value for key, value in metrics.items() if key.endswith(suffix)
    }


@pytest.mark.parametrize(
    "claim",
    ["U0_memory", "U0_sine", "U0_integration", "U5", "U8a", "U8c", "U9", "U11", "U12a", "U12d"],
)
def test_untrained_networks_fail_the_claim(metrics, claim, flips):
    flips(claim, "untrained networks", metrics, with_untrained(metrics))


def with_shuffled_indices(data):
    """Numbers of unstable directions handed to other saddles."""
    broken = data.copy(deep=True)
    owners = np.flatnonzero(data.twin.values == "trained")
    mine = np.isin(data.point_network.values, owners) & (data.point_index.values > 0)
    index = np.random.default_rng(3).permutation(data.point_index.values[mine])
    broken["point_index"].values[mine] = index
    zeros = (data.point_code.values[mine] == 0).sum(axis=1)
    for owner in owners:
        own = data.point_network.values[mine] == owner
        broken["n_saddles_matching"].values[owner] = (index == zeros)[own].sum()
    return broken


def with_shuffled_ends(data):
    """Where branches end, handed to other branches of the same network."""
    broken = data.copy(deep=True)
    for owner in np.flatnonzero(data.twin.values == "trained"):
        points, departures = (
            data[f"{kind}_network"].values == owner for kind in ("point", "departure")
        )
        own = data.isel(departure=departures)
        found = Transitions(
            sources=own.departure_source.values,
            directions=own.departure_direction.values,
            signs=own.departure_sign.values,
            ends=np.random.default_rng(3).permutation(own.departure_end.values),
            agreed=own.departure_agreed.values > 0,
            steps=np.zeros(departures.sum(), dtype=int),
        )
        right, _ = saddles_and_edges(
            data.point_code.values[points], data.point_index.values[points], found
        )
        broken["n_edges_right"].values[owner] = right.sum()
    return broken


def with_two_bits(data):
    """Networks in training of which one channel was dead."""
    swapped = data.copy(deep=True)
    swapped["kept"].values[:] = data.twin.values == "dead"
    return swapped


def with_trained_graphs(data, twin: str):
    """The control's graphs replaced by those of trained networks."""
    broken = data.copy(deep=True)
    trained = np.flatnonzero(data.twin.values == "trained")
    for place, other in enumerate(np.flatnonzero(data.twin.values == twin)):
        broken["topology"].values[other] = data.topology.values[trained[place]]
        broken["topology"].values[:, other] = data.topology.values[:, trained[place]]
    return broken


def with_random_levels(data):
    """Points in random order along the curve."""
    broken = data.copy(deep=True)
    rng = np.random.default_rng(3)
    for place in np.ndindex(*data.context_order_correlation.shape):
        curve = curve_numbers(rng.permutation(data.context_level_pc.values[place]))
        for name, key in (("order_correlation", "order"), ("path_share", "path")):
            broken[f"context_{name}"].values[place] = curve[key]
    return broken


def with_exchanged_contexts(data):
    """The stream that is asked for taken for the other one."""
    return data.assign(context_selection_ratio=1 / data.context_selection_ratio)


# Whose arrays are broken, and how, and who has to notice.
BREAKS = {
    "graphs of trained networks in the untrained ones' place": (
        "memory", lambda data: with_trained_graphs(data, "untrained"), ["U4_untrained"],
    ),
    "graphs of trained networks in those of two bits' place": (
        "memory", lambda data: with_trained_graphs(data, "dead"), ["U4_dead"],
    ),
    "networks that keep two bits of three": ("memory", with_two_bits, ["U5"]),
    "unstable directions counted at other saddles": ("memory", with_shuffled_indices, ["U6"]),
    "branches that end elsewhere": ("memory", with_shuffled_ends, ["U7"]),
    "points in random order": (
        "integration", with_random_levels, ["U10a_integration", "U10b_integration"],
    ),
    "contexts exchanged": ("integration", with_exchanged_contexts, ["U13"]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "claim"), [(name, claim) for name, (*_, claims) in BREAKS.items() for claim in claims]
)
def test_breaking_the_analysis_fails_the_claim(metrics, datasets, name, claim, flips):
    task, alter, _ = BREAKS[name]
    flips(claim, name, metrics, metrics | numbers_of(alter(datasets[task])))


@pytest.fixture(scope="module")
def shuffled_cues(networks):
    """Each cue taken for another one's: what is commanded is not what the network was told."""
    order = np.random.default_rng(3).permutation(TASKS["sine"].cues)
    return numbers_of(population("sine", networks["sine"], order))


@pytest.mark.parametrize("claim", ["U8a", "U8c", "U9", "U10a_sine", "U10b_sine"])
def test_cues_in_random_order_fail_the_claim(metrics, shuffled_cues, claim, flips):
    flips(claim, "cues in random order", metrics, metrics | shuffled_cues)


@pytest.mark.parametrize("claim", ["U12b", "U12c"])
def test_modes_that_do_not_depend_on_the_cell_fail_the_claim(metrics, datasets, claim, flips):
    # Trained networks of 24 units need not have several modes: gated ones are given some, and
    # three against three have the smallest possible p, one twentieth.
    several = datasets["integration"].copy(deep=True)
    several["context_modes_needed"].values[:] = 1
    several["context_modes_needed"].values[several.cell.values == "gru"] = 4
    exchanged = several.copy(deep=True)
    exchanged["cell"].values[:] = np.where(several.cell.values == "gru", "vanilla", "gru")
    flips(claim, "cells exchanged", numbers_of(several), numbers_of(exchanged))


def test_frequencies_in_another_order_do_not_match_the_linearised_ones(networks):
    task = TASKS["sine"]
    network = networks["sine"]["gru", "trained", 0]
    trials = task.draw(task.cues, np.random.default_rng(0))
    read = read_trials(network, trials.inputs, trials.targets)
    correlations = [
        measure_oscillator(
            read, np.random.default_rng(0), **COMMON, noise=0.3, frequencies=frequencies, roll_out=2
        )["linear_correlation"][1]
        for frequencies in (task.frequencies, task.frequencies[::-1])
    ]
    assert correlations[0] > 0.95
    assert correlations[1] < -0.95


# ---------------------------------------------------------------- planted populations


def planted(task: str, *, cell_part: float, nonlinearity_part: float, edges: float = 0.0):
    """Twenty-four networks whose states share three signals and add some of their own.

    ``edges`` is how much a cell's graph departs from the ideal cube.
    """
    rng = np.random.default_rng(5)
    shared, own = rng.standard_normal((400, 3)), rng.standard_normal((2, 4, 400, 2))
    measured = []
    for cell, name in enumerate(("vanilla", "ugrnn", "gru", "lstm")):
        for kind, nonlinearity in enumerate(("tanh", "relu")):
            for member in range(3):
                signals = np.concatenate(
                    [
                        shared,
                        cell_part * own[0, cell],
                        nonlinearity_part * own[1, kind],
                        0.5 * rng.standard_normal((400, 2)),
                    ],
                    axis=1,
                )
                states = signals @ rng.standard_normal((signals.shape[1], 20))
                basis, shares = principal_basis(states, 12)
                basis = np.pad(basis, [(0, 0), (0, 12 - basis.shape[1])], constant_values=np.nan)
                graph = ideal_memory_graph(3)
                present = graph.present.copy()
                present[cell] -= edges
                values = {
                    "cell": name, "nonlinearity": nonlinearity, "twin": "trained", "units": 20,
                    "penalty": 0.0, "member": member, "error": np.exp(rng.standard_normal()) / 1e3,
                    "hold_error": 0.0, "r_squared": 0.99,
                }  # fmt: skip
                arrays = {
                    "basis": (("sample", "component"), basis),
                    "state_basis": (("sample", "component"), basis),
                    "basis_shares": ("component", shares[:12]),
                    "graph_edges": (("code", "end_code"), graph.edges),
                    "graph_present": ("code", present),
                    "graph_index_matches": ("code", graph.index_matches),
                    "target": (("output", "one"), np.zeros((3, 1))),
                }
                measured.append(
                    {key: ((), value, "1", key) for key, value in values.items()}
                    | {key: (*value, "1", key) for key, value in arrays.items()}
                )
    settings = SETTINGS | {"neighbours": 2, "permutations": 200}
    data = stack_networks(measured, {})
    return compare_networks(data, np.random.default_rng(6), task=task, **settings)[1]


@pytest.fixture(scope="module")
def clustered():
    return planted("memory", cell_part=2.0, nonlinearity_part=2.0)


@pytest.fixture(scope="module")
def unclustered():
    return planted("memory", cell_part=0.0, nonlinearity_part=0.0)


@pytest.mark.parametrize("claim", ["U1a_memory", "U1b_memory", "U2a_memory", "U2b_memory"])
def test_geometry_that_does_not_tell_kinds_fails_the_claim(clustered, unclustered, claim, flips):
    whole, broken = (
        {f"memory_{key}": value for key, value in numbers.items()}
        for numbers in (clustered, unclustered)
    )
    flips(claim, "states that do not depend on the kind of network", whole, broken)


# Planted populations have no twins: topology sees them, or does not.
SEEING = {"topology_auc_untrained": 1.0, "topology_auc_dead": 1.0}


def over_tasks(numbers):
    return summarise_tasks(dict.fromkeys(TASKS, numbers))


@pytest.mark.parametrize("claim", ["U3a", "U3b"])
def test_topology_that_tells_as_much_fails_the_claim(clustered, claim, flips):
    telling = planted("memory", cell_part=2.0, nonlinearity_part=2.0, edges=1.0)
    whole, broken = (over_tasks(numbers | SEEING) for numbers in (clustered, telling))
    flips(claim, "graphs that depend on the cell", whole, broken)


@pytest.mark.parametrize("claim", ["tasks_with_gap", "tasks_less_individual"])
def test_blind_topology_counts_for_nothing_though_it_tells_less(clustered, claim):
    assert over_tasks(clustered | SEEING)[claim] == 3
    assert over_tasks(clustered | SEEING | {"topology_auc_dead": 0.6})[claim] == 0


def test_codes_of_the_planted_graphs_are_those_of_three_bits():
    assert len(all_codes(3)) == len(ideal_memory_graph(3).present)
