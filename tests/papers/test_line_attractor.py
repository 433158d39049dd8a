"""The paper's claims on one small trained network, and what must happen to each when it breaks.

A GRU is trained for a few seconds on generated reviews in which counting words is all there is to
do. Its numbers must meet the acceptances written for such corpora; then the science is broken on
purpose, one way at a time, and the verdict must flip.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from unrolled.data import generated_corpus, pad
from unrolled.dynamics import (
    measure_network,
    principal_components,
    read_documents,
    summarise_line_attractor,
)
from unrolled.files import measured_dataset
from unrolled.networks import make_network
from unrolled.record.claims import judge, read_claims
from unrolled.record.verdicts import cells_that_hold
from unrolled.tasks import generate_reviews
from unrolled.training import LabelledDocuments, Plan, Recipe, train_networks

CLAIMS = Path(__file__).parents[2] / "workflow" / "claims" / "line_attractor.yaml"
SETTINGS = {
    "starts": 150,
    "settling": 3,
    "ridge": 0.03,
    "iterations": 10,
    "speed": 0.05,
    "neighbours": 12,
    "relaxation": 20,
    "exact_starts": 50,
    "null_vectors": 1000,
}
SIZES = {"train": 32_000, "validation": 500, "test": 300}
WORDS = 24  # as many words of each sign as there are


@dataclass
class World:
    """A corpus, a network trained on it, and its twins."""

    corpus: object
    networks: dict

    analyses: dict = field(default_factory=dict)

    def analysis(self, name: str):
        """What the workflow measures of one network."""
        if name not in self.analyses:
            self.analyses[name] = self._measured(name)
        return self.analyses[name]

    def numbers(self, name: str) -> dict[str, float]:
        return summarise_line_attractor(self.analysis(name))

    def _measured(self, name: str):
        weights = np.asarray(self.corpus.valences)
        order = np.argsort(weights, kind="stable")
        neutral = np.flatnonzero((weights == 0) & (self.corpus.counts > 0))[:WORDS]
        words = np.concatenate([order[:WORDS], neutral, order[-WORDS:]])
        classes = np.repeat([0, 1, 2], WORDS)
        documents = self.corpus.documents("test")
        reading = read_documents(
            self.networks[name],
            pad(documents),
            [len(one) for one in documents],
            self.corpus.labels_of("test"),
        )
        measured, attrs = measure_network(
            self.networks[name],
            reading,
            counts=self.corpus.counts,
            words=(words, classes, weights[words]),
            settings=SETTINGS,
            rng=np.random.default_rng(0),
        )
        return measured_dataset(measured, attrs)

    def accuracy(self, name: str) -> float:
        logits = self.networks[name].final_logits(self.corpus.documents("test"))
        return float(np.mean((logits >= 0) == (self.corpus.labels_of("test") > 0)))


def make_world(modifier_share: float, epochs: int, twins: bool) -> World:
    """A corpus and a GRU trained on it; its twins and a linear network where they are asked for."""
    settings = {"length": [20, 40], "valence_share": 0.25, "modifier_share": modifier_share}
    parts = {
        split: generate_reviews(n, np.random.default_rng(seed), **settings)
        for seed, (split, n) in enumerate(SIZES.items())
    }
    corpus = generated_corpus(parts, name="plain", settings=settings)
    fresh = {
        cell: make_network(
            cell,
            units=32,
            embedding=32,
            vocabulary=len(corpus.words),
            embedding_scale=0.1,
            rng=np.random.default_rng(3),
        )
        for cell in ("gru", "linear")
    }
    recipe = Recipe(epochs=epochs, batch=64, learning_rate=4e-3, final_rate=0.1)
    sets = {
        split: LabelledDocuments(corpus.documents(split), corpus.labels_of(split))
        for split in ("train", "validation")
    }

    def plan(cell: str, **labels) -> Plan:
        return Plan(fresh[cell], recipe, np.random.default_rng(4), **labels)

    plans = {"trained": plan("gru")}
    if twins:
        shuffle = np.random.default_rng(5)
        plans["linear"] = plan("linear")
        plans["shuffled"] = plan(
            "gru",
            labels=shuffle.permutation(sets["train"].labels),
            validation_labels=shuffle.permutation(sets["validation"].labels),
        )
    untrained = {"untrained": fresh["gru"], "fresh_linear": fresh["linear"]}
    return World(corpus, untrained | dict(train_networks(plans, **sets)))


@pytest.fixture(scope="module")
def world():
    """Counting words is all there is to do; trained once for all tests of this file."""
    return make_world(modifier_share=0.0, epochs=2, twins=True)


@pytest.fixture(scope="module")
def metrics(world):
    """metrics.json of this one network."""
    numbers = named(world.numbers("trained"))
    for twin in ("untrained", "shuffled"):
        for key, value in world.numbers(twin).items():
            numbers[f"plain_gru_{key}_{twin}"] = value
    numbers["plain_gru_accuracy"] = world.accuracy("trained")
    # Counting words with their true valences is always right on this corpus.
    numbers["plain_bag_of_words_accuracy"] = 1.0
    numbers["plain_gru_accuracy_gap"] = 100 * (numbers["plain_gru_accuracy"] - 1.0)
    numbers |= linear_numbers(world, "linear")
    return numbers


def named(numbers: dict[str, float]) -> dict[str, float]:
    """Numbers of one network under the names that claims use."""
    return {f"plain_gru_{key}": value for key, value in numbers.items()}


def linear_numbers(world, linear: str) -> dict[str, float]:
    """The network beside a linear one."""
    accuracy = world.accuracy(linear)
    gap = 100 * (world.accuracy("trained") - accuracy)
    return {"plain_gru_linear_accuracy": accuracy, "plain_gru_linear_gap": gap}


# Claims that a network fails which has not learned the task.
TWINS = {
    "untrained": ("an untrained network", ["C2", "C4b", "C7a", "C7b", "C7d", "C8c", "C9a"]),
    "shuffled": ("a network trained on shuffled labels", ["C2", "C8c", "C8d", "C9a"]),
}


@pytest.mark.parametrize(
    ("twin", "claim"), [(twin, claim) for twin, (_, claims) in TWINS.items() for claim in claims]
)
def test_a_twin_that_did_not_learn_fails_the_claim(metrics, twin, claim, flips):
    flips(f"{claim}_plain_gru", TWINS[twin][0], metrics, metrics | in_place(metrics, twin))


def in_place(metrics, twin: str) -> dict[str, float]:
    """A twin's numbers under the network's names."""
    return {
        key.removesuffix(f"_{twin}"): value
        for key, value in metrics.items()
        if key.endswith(f"_{twin}")
    }


def test_labels_that_say_nothing_cost_the_accuracy_claim(world, metrics, flips):
    broken = metrics | {"plain_gru_accuracy_gap": 100 * (world.accuracy("shuffled") - 1.0)}
    flips("C1_plain_gru", TWINS["shuffled"][0], metrics, broken)


def test_a_linear_network_that_did_not_learn_fails_the_claim_that_it_comes_close(
    world, metrics, flips
):
    broken = metrics | linear_numbers(world, "fresh_linear")
    flips("C12b_plain_gru", "an untrained linear network", metrics, broken)


def test_points_of_too_strong_a_recurrence_are_unstable(world, metrics, flips):
    cell = world.networks["trained"].cell
    stronger = {
        key: values * (2.0 if key in ("recurrent", "candidate") else 1.0)
        for key, values in cell.parameters.items()
    }
    world.networks["strong"] = replace(
        world.networks["trained"], cell=replace(cell, parameters=stronger)
    )
    broken = metrics | named(world.numbers("strong"))
    flips("C7c_plain_gru", "recurrent weights twice as large", metrics, broken)


def rng():
    return np.random.default_rng(0)


def scattered(data):
    """Each unit's values handed to other points."""
    states = rng().permuted(data.point_states.values, axis=0)
    return {"point_variance": principal_components(states).shares}


def in_a_drift(data):
    """Words go on coming while the state should come to rest."""
    return {"relaxation": rng().choice(data.document_step.values, data.relaxation.shape)}


def next_mode(data):
    first, second = data.word_projection.values, data.word_projection_second.values
    return {
        "word_projection": second,
        "word_projection_second": first,
        "later_effect": data.later_effect.values[::-1],
    }


def stray_modes(data):
    return {"overlap": rng().choice(data.null_overlap.values, data.overlap.shape)}


def open_signs(data):
    """What an eigenvector leaves open is not fixed at every other point."""
    push = data.class_projection.values
    return {"class_projection": push * np.where(np.arange(len(push)) % 2, 1, -1)[:, None]}


# What is broken, in the arrays that the numbers are computed from, and who has to notice.
ARRAY_BREAKS = {
    "words go on coming": (in_a_drift, ["C3"]),
    "slow points scattered, unit by unit": (scattered, ["C4a"]),
    "the readout's weights handed to other units": (
        lambda data: {"readout": rng().permutation(data.readout.values)}, ["C5"],
    ),
    "positions along the curve in random order": (
        lambda data: {"point_coordinate": rng().permutation(data.point_coordinate.values)}, ["C6"],
    ),
    "signs of modes left open": (open_signs, ["C8a"]),
    "words of praise taken for neutral ones": (
        lambda data: {"class_projection": data.class_projection.values[:, [0, 2, 1]]}, ["C8b"],
    ),
    "valences handed to other words": (
        lambda data: {"word_weight": rng().permutation(data.word_weight.values)}, ["C9a"],
    ),
    "the next mode in the slow mode's place": (next_mode, ["C9b", "C9c"]),
    "modes in random directions": (stray_modes, ["C10a", "C10b"]),
    "one linearisation for all states": (
        lambda data: {"step_error": data.step_error_central.values}, ["C11"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "claim"),
    [(name, claim) for name, (_, claims) in ARRAY_BREAKS.items() for claim in claims],
)
def test_breaking_the_analysis_fails_the_claim(world, metrics, name, claim, flips):
    data = world.analysis("trained")
    alter = ARRAY_BREAKS[name][0]
    broken = data.assign({key: data[key].copy(data=value) for key, value in alter(data).items()})
    flips(f"{claim}_plain_gru", name, metrics, metrics | named(summarise_line_attractor(broken)))


def test_a_network_that_is_linear_loses_nothing_by_one_linearisation(world, flips):
    # Order matters in this world, so that there is something to lose.
    order = make_world(modifier_share=0.04, epochs=1, twins=False)
    flips(
        "C12a_plain_gru",
        "a network that is linear",
        named(order.numbers("trained")),
        named(world.numbers("linear")),
    )


@pytest.mark.parametrize("twin", TWINS)
def test_a_pair_whose_network_did_not_learn_is_no_line_attractor(metrics, twin, flips):
    claims = read_claims(CLAIMS).claims
    pair = [one for one in claims if one.where == {"corpus": "plain", "cell": "gru"}]
    (whole,) = (one for one in claims if one.id == "C13")

    def counted(numbers: dict[str, float]) -> dict[str, float]:
        holding = cells_that_hold(judge(pair, numbers, "demo"), whole.all_of)
        return {whole.quantity: len(holding), whole.control: 1}

    broken = metrics | in_place(metrics, twin)
    flips("C13", TWINS[twin][0], counted(metrics), counted(broken))
