"""The paper's claims on one small trained network, and what must happen to each when it breaks.

A GRU is trained for a few seconds on generated reviews in which counting words is all there is to
do. Its numbers must meet the acceptances written for such corpora; then the science is broken on
purpose, one way at a time, and the verdict must flip.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from unrolled.data import generated_corpus, pad
from unrolled.dynamics import measure_network, read_documents, summarise_line_attractor
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

    def numbers(self, name: str, **broken) -> dict[str, float]:
        """Numbers of one network, with some of the analysis broken on purpose."""
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
        data = measured_dataset(measured, attrs)
        for key, change in broken.items():
            data[key] = data[key].copy(data=change(data[key].values))
        return summarise_line_attractor(data)

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
    numbers = {f"plain_gru_{key}": value for key, value in world.numbers("trained").items()}
    for twin in ("untrained", "shuffled"):
        for key, value in world.numbers(twin).items():
            numbers[f"plain_gru_{key}_{twin}"] = value
    numbers["plain_gru_accuracy"] = world.accuracy("trained")
    # Counting words with their true valences is always right on this corpus.
    numbers["plain_bag_of_words_accuracy"] = 1.0
    numbers["plain_gru_accuracy_gap"] = 100 * (numbers["plain_gru_accuracy"] - 1.0)
    numbers |= linear_numbers(world, "linear")
    return numbers


def linear_numbers(world, linear: str) -> dict[str, float]:
    """The network beside a linear one."""
    accuracy = world.accuracy(linear)
    gap = 100 * (world.accuracy("trained") - accuracy)
    return {"plain_gru_linear_accuracy": accuracy, "plain_gru_linear_gap": gap}


def verdicts(metrics: dict[str, float]) -> dict[str, str]:
    claims = [
        claim
        for claim in read_claims(CLAIMS).claims
        if claim.where == {"corpus": "plain", "cell": "gru"}
    ]
    return {one.claim: one.verdict for one in judge(claims, metrics, "demo")}


# What is broken, and the claims that have to notice it. "untrained" and "shuffled" put the twin in
# the network's place; other breaks alter one array of the analysis.
TWIN_BREAKS = {
    "untrained": ["C2", "C4b", "C7a", "C7b", "C7d", "C8c", "C9a"],
    "shuffled": ["C2", "C8c", "C8d", "C9a"],
}


def claim_family(name: str) -> str:
    return name.split("_")[0]


def by_family(found: dict[str, str]) -> dict[str, str]:
    return {claim_family(name): verdict for name, verdict in found.items()}


FAMILIES = [
    *("C1", "C2", "C3", "C4a", "C4b", "C5", "C6", "C7a", "C7b", "C7c", "C7d"),
    *("C8a", "C8b", "C8c", "C8d", "C9a", "C9b", "C9c", "C10a", "C10b", "C11", "C12b"),
]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_trained_network_meets_the_claim(metrics, family):
    assert by_family(verdicts(metrics))[family] == "holds"


@pytest.mark.parametrize(
    ("twin", "family"),
    [(twin, family) for twin, families in TWIN_BREAKS.items() for family in families],
)
def test_a_twin_that_did_not_learn_fails_the_claim(metrics, twin, family):
    broken = dict(metrics)
    for key in metrics:
        if key.endswith(f"_{twin}"):
            broken[key.removesuffix(f"_{twin}")] = metrics[key]
    assert by_family(verdicts(broken))[family] == "fails"


def test_labels_that_say_nothing_cost_the_accuracy_claim(world, metrics):
    broken = metrics | {"plain_gru_accuracy_gap": 100 * (world.accuracy("shuffled") - 1.0)}
    assert by_family(verdicts(broken))["C1"] == "fails"


def test_a_linear_network_that_did_not_learn_fails_the_claim_that_it_comes_close(world, metrics):
    broken = metrics | linear_numbers(world, "fresh_linear")
    assert by_family(verdicts(broken))["C12b"] == "fails"


ARRAY_BREAKS = {
    # The first axis explains no more than chance.
    "C4a": {"point_variance": lambda shares: np.full_like(shares, 1 / len(shares))},
    # The curve runs at right angles to the readout.
    "C5": {"manifold_direction": lambda axis: np.eye(len(axis))[0] - axis * axis[0]},
    # The coordinate is drawn at random.
    "C6": {"point_coordinate": lambda theta: np.random.default_rng(0).permutation(theta)},
    # The eigenvalues lie outside the unit circle.
    "C7c": {"eigenvalues_real": lambda values: values + 0.5},
    # Positive and negative words swapped at every other point.
    "C8a": {
        "class_projection": lambda push: push * np.where(np.arange(len(push)) % 2, 1, -1)[:, None]
    },
    # Neutral words push as hard as the others.
    "C8b": {"class_projection": lambda push: push[:, [0, 2, 2]]},
    # Weights handed to the wrong words.
    "C9a": {"word_weight": lambda weights: np.random.default_rng(0).permutation(weights)},
    # The other mode reads the words as well as the slow one.
    "C9b": {"word_projection_second": lambda pushes: np.arange(len(pushes)) * 1.0},
    # What lasts of a word went through the other mode.
    "C9c": {"later_effect": lambda effects: effects[::-1]},
    # The integration mode points anywhere.
    "C10a": {"overlap": lambda values: np.full_like(values, 0.1)},
    "C10b": {"overlap": lambda values: np.full_like(values, 0.1)},
    # The central linearisation is used at every step.
    "C11": {"step_error": lambda errors: errors + 0.2},
}


@pytest.mark.parametrize("family", sorted(ARRAY_BREAKS))
def test_breaking_the_analysis_flips_the_verdict(world, metrics, family):
    broken = {
        f"plain_gru_{key}": value
        for key, value in world.numbers("trained", **ARRAY_BREAKS[family]).items()
    }
    assert by_family(verdicts(metrics | broken))[family] == "fails"


def test_a_state_that_keeps_moving_fails_the_relaxation_claim(world, metrics):
    broken = world.numbers("trained", relaxation=lambda ratios: np.ones_like(ratios))
    flipped = metrics | {"plain_gru_relaxation_ratio": broken["relaxation_ratio"]}
    assert by_family(verdicts(flipped))["C3"] == "fails"


def test_a_network_that_is_linear_loses_nothing_by_one_linearisation(world):
    # Order matters in this world, so that there is something to lose.
    order = make_world(modifier_share=0.04, epochs=1, twins=False)

    def verdict(one: World, network: str) -> str:
        numbers = one.numbers(network)
        drop = {f"plain_gru_{key}": numbers[key] for key in numbers if key.startswith("open_loop")}
        return by_family(verdicts(drop))["C12a"]

    assert verdict(order, "trained") == "holds"
    assert verdict(world, "linear") == "fails"


def test_a_pair_whose_network_did_not_learn_is_no_line_attractor(metrics):
    def universal(numbers: dict[str, float]) -> str:
        claims = read_claims(CLAIMS).claims
        pair = [one for one in claims if one.where == {"corpus": "plain", "cell": "gru"}]
        (whole,) = (one for one in claims if one.id == "C13")
        holding = cells_that_hold(judge(pair, numbers, "demo"), whole.all_of)
        counted = {whole.quantity: len(holding), whole.control: 1}
        return judge([whole], counted, "demo")[0].verdict

    assert universal(metrics) == "holds"
    for twin in ("untrained", "shuffled"):
        own = {
            key.removesuffix(f"_{twin}"): value
            for key, value in metrics.items()
            if key.endswith(f"_{twin}")
        }
        assert universal(metrics | own) == "fails"
