"""The paper's claims on small trained networks, and what must happen to each when it breaks.

A GRU is trained for a few seconds on generated reviews full of modifiers, another one on reviews
whose ends weigh no more than their middle, and a third one on the toy language. Their numbers must
meet the acceptances; then the science is broken on purpose, one way at a time, and the verdict
must flip.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from unrolled.baselines import RUNGS, accuracy_difference, fit_ladder, recovered_share
from unrolled.baselines import LabelledDocuments as Split
from unrolled.data import generated_corpus, pad
from unrolled.dynamics import (
    Subspace,
    choose_points,
    mean_input,
    measure_changes,
    measure_modes,
    measure_modifiers,
    measure_paths,
    measure_predictions,
    measure_removal,
    measure_resting_spectrum,
    measure_step_lengths,
    portray,
    read_documents,
    read_phrases,
    summarise_changes,
    summarise_ladder,
    summarise_modifiers,
    summarise_phrases,
)
from unrolled.files import measured_dataset
from unrolled.networks import make_network
from unrolled.record.claims import judge, read_claims
from unrolled.tasks import generate_reviews, generate_toy_reviews, toy_probes
from unrolled.training import (
    LabelledDocuments,
    Plan,
    Recipe,
    TargetedDocuments,
    train_networks,
)

CLAIMS = Path(__file__).parents[2] / "workflow" / "claims" / "contextual_sentiment.yaml"
SEARCH = {
    "starts": 150,
    "settling": 3,
    "ridge": 0.03,
    "iterations": 10,
    "speed": 0.05,
    "neighbours": 12,
}
SETTINGS = {"lags": 6, "later": 15, "subspace": 2, "random_subspaces": 3}
DOCUMENTS = 12_000  # that the bags of words are fitted to


@dataclass
class World:
    """A corpus, the kinds of its words, and a network with its untrained twin."""

    corpus: object
    kinds: np.ndarray
    networks: dict

    def line(self, twin="trained"):
        network, corpus = self.networks[twin], self.corpus
        documents = corpus.documents("test")[:300]
        lengths = [len(one) for one in documents]
        reading = read_documents(network, pad(documents), lengths, corpus.labels_of("test")[:300])
        rng = np.random.default_rng(0)
        portrait = portray(network, reading, mean_input(network, corpus.counts), rng=rng, **SEARCH)
        return choose_points(portrait, 5)

    def words(self, *kinds):
        return np.flatnonzero(np.isin(self.kinds, kinds))

    def changes(self, twin="trained"):
        contexts = np.arange(2, len(self.kinds))
        measured = measure_changes(self.line(twin), contexts, self.words("valence"))
        measured["context_kind"] = ("context", self.kinds[contexts], "1", "kind")
        words = np.array(self.corpus.words)[contexts]
        measured["context_word"] = ("context", words, "1", "word")
        return measured_dataset(measured, {"accuracy": self.accuracy(twin), "n_points": 9})

    def accuracy(self, twin):
        return float(self.right(twin).mean())

    def right(self, twin):
        logits = self.networks[twin].final_logits(self.corpus.documents("test"))
        return (logits >= 0) == (self.corpus.labels_of("test") > 0)

    def found(self):
        """The twelve words that change the input Jacobian most."""
        changes = self.changes()
        order = np.argsort(-changes.jacobian_change_beside.values, kind="stable")
        return changes.context_id.values[order[:12]]

    def modifiers(self):
        rng = np.random.default_rng(1)
        neutral = self.words("neutral")
        found = self.found()
        both = np.concatenate([found, self.words("dummy")])
        measured = measure_modifiers(
            self.line(),
            modifiers=found,
            controls=self.words("dummy"),
            valence_words=self.words("valence"),
            inserted_words=self.words("valence"),
            backgrounds=rng.choice(neutral, (16, 24)),
            settings=SETTINGS,
            rng=rng,
        )
        measured["inserted_kind"] = ("inserted", self.kinds[both], "1", "kind")
        return measured_dataset(measured, {})


def make_world(weight: float, documents: int) -> World:
    """Reviews whose ends weigh ``1 + weight``, and a GRU that reads so many of them."""
    settings = {
        "length": [15, 30],
        "valence_share": 0.25,
        "modifier_share": 0.10,
        "begin_weight": weight,
        "end_weight": weight,
    }
    sizes = {"train": documents, "validation": 500, "test": 2000}
    parts = {
        split: generate_reviews(n, np.random.default_rng(seed), **settings)
        for seed, (split, n) in enumerate(sizes.items())
    }
    corpus = generated_corpus(parts, name="ctx", settings=settings)
    kinds = np.array(
        [
            word.rpartition("_")[0] if group == "modifier" else group
            for word, group in zip(corpus.words, corpus.groups, strict=True)
        ]
    )
    untrained = make_network(
        "gru",
        units=48,
        embedding=24,
        vocabulary=len(corpus.words),
        embedding_scale=0.1,
        rng=np.random.default_rng(3),
    )
    recipe = Recipe(epochs=1, batch=64, learning_rate=4e-3, final_rate=0.1)
    sets = {
        split: LabelledDocuments(corpus.documents(split), corpus.labels_of(split))
        for split in ("train", "validation")
    }
    plans = {"trained": Plan(untrained, recipe, np.random.default_rng(4))}
    return World(corpus, kinds, {"untrained": untrained} | dict(train_networks(plans, **sets)))


@pytest.fixture(scope="module")
def world():
    return make_world(1.0, 120_000)


@pytest.fixture(scope="module")
def even():
    """Nothing is special about the ends of a review."""
    return make_world(0.0, 120_000)


@pytest.fixture(scope="module")
def datasets(world, even):
    return {
        "changes": world.changes(),
        "untrained": world.changes("untrained"),
        "modifiers": world.modifiers(),
        "even": even.modifiers(),
    }


def ladder_of(world, modifiers):
    corpus = world.corpus

    def split(name, most=None):
        return Split(corpus.documents(name)[:most], corpus.labels_of(name)[:most])

    return fit_ladder(
        split("train", DOCUMENTS),
        split("validation"),
        split("test"),
        penalties=[1e-5],
        modifiers=modifiers,
        controls=world.words("dummy"),
        rungs=("B0", "B12", "B3k", "B4", "X0"),
    )


@pytest.fixture(scope="module")
def ladder(world):
    """What the workflow writes about the ladder."""
    found = world.found()
    fitted = ladder_of(world, found)
    rng, right = np.random.default_rng(5), world.right("trained")
    shares = np.array(
        [
            recovered_share(right, one.test_right, fitted["B0"].test_right, rng)
            for one in fitted.values()
        ]
    )
    gains = 1.0 + fitted["B4"].model.gains_
    truth = np.ones_like(gains)
    for row, word in enumerate(found):
        profile = world.corpus.gains.get(world.corpus.words[word], [])
        truth[row, : len(profile)] = profile
    measured = {
        "rung": ("rung_number", np.array(list(fitted)), "1", "rung"),
        "rung_title": ("rung_number", [RUNGS[name].title for name in fitted], "1", "title"),
        "test_accuracy": (
            "rung_number", [one.test_accuracy for one in fitted.values()], "1", "accuracy",
        ),
        "fitted_gain": (("modifier", "lag"), gains, "1", "fitted"),
        "true_gain": (("modifier", "lag"), truth, "1", "true"),
    }  # fmt: skip
    for column, suffix in enumerate(("", "_low", "_high")):
        measured[f"share{suffix}"] = ("rung_number", shares[:, column], "1", "share")
    steps = {
        "modifiers": ("B3k", "B0"),
        "places": ("B4", "B3k"),
        "edges": ("B12", "B0"),
        "controls": ("X0", "B12"),
    }
    for name, (upper, lower) in steps.items():
        estimate = accuracy_difference(fitted[upper].test_right, fitted[lower].test_right, rng)
        measured[f"{name}_gain"] = ("estimate", list(estimate), "1", "gain")
    return measured_dataset(measured, {"network_accuracy": right.mean()})


@pytest.fixture(scope="module")
def toy():
    """Numbers of a GRU that has learned the toy language, and its analysis."""
    sizes = {"train": 64_000, "validation": 200, "test": 400}
    parts = {
        split: generate_toy_reviews(n, np.random.default_rng(seed), length=25)
        for seed, (split, n) in enumerate(sizes.items())
    }
    corpus = generated_corpus(parts, name="toy")
    untrained = make_network(
        "gru",
        units=64,
        embedding=12,
        vocabulary=14,
        embedding_scale=1.0,
        rng=np.random.default_rng(0),
    )
    untrained = replace(untrained, embedding=np.eye(14)[:, 2:])
    recipe = Recipe(
        epochs=2, batch=64, learning_rate=1e-2, final_rate=0.05, clip=1.0, penalty=1e-4,
        state_noise=0.003,
    )  # fmt: skip
    sets = {
        split: TargetedDocuments(corpus.documents(split), corpus.running_scores(split))
        for split in ("train", "validation")
    }
    plan = Plan(untrained, recipe, np.random.default_rng(1), frozen=("embedding",))
    network = dict(train_networks({"trained": plan}, **sets))["trained"]
    tokens = pad(corpus.documents("test"))
    targets = np.stack(corpus.running_scores("test"))

    def error(one):
        return float(np.mean((one.logits(one.states(tokens)) - targets) ** 2))

    reading = read_documents(network, tokens, [25] * len(tokens), corpus.labels_of("test"))
    noise = network.embedding[np.array(corpus.groups) == "neutral"].mean(axis=0)
    portrait, without = (
        portray(network, reading, reference, rng=np.random.default_rng(2), **SEARCH)
        for reference in (noise, np.zeros_like(noise))
    )
    phrases = read_phrases(network, toy_probes(np.random.default_rng(3), length=25))
    number = {word: index for index, word in enumerate(corpus.words)}
    after = {"very": [number["bad"]], "not": [number["a"], number["a"], number["bad"]]}
    modes, carried = measure_modes(without, phrases, after, np.random.default_rng(4))
    measured = {
        **measure_predictions(portrait, phrases),
        **measure_resting_spectrum(portrait, without),
        **measure_step_lengths(portrait, phrases),
        **measure_paths(portrait, phrases, ["good", "not good"]),
        **modes,
    }
    return measured_dataset(
        measured,
        {
            **carried,
            "squared_error": error(network),
            "squared_error_untrained": error(untrained),
        },
    )


def toy_numbers(data):
    return {f"toy_{name}": value for name, value in summarise_phrases(data).items()}


def network_numbers(datasets, **changed):
    """Metrics of the networks, with some of their analysis broken on purpose."""
    data = datasets | changed
    numbers = summarise_changes(data["changes"]) | summarise_modifiers(data["modifiers"])
    metrics = {f"ctx_gru_{name}": value for name, value in numbers.items()}
    twin = summarise_changes(data["untrained"])
    metrics |= {f"ctx_gru_{name}_untrained": value for name, value in twin.items()}
    metrics |= {f"ctx_gru_{name}_shuffled": value for name, value in twin.items()}
    even = summarise_modifiers(data["even"])
    return metrics | {f"ctx_nopos_gru_{name}": value for name, value in even.items()}


def ladder_numbers(data):
    return {f"ctx_{name}": value for name, value in summarise_ladder(data).items()}


@pytest.fixture(scope="module")
def metrics(datasets, ladder, toy):
    numbers = network_numbers(datasets) | ladder_numbers(ladder) | toy_numbers(toy)
    return numbers | gap(numbers)


def gap(numbers):
    """Accuracy that is left, beyond the bag of words, when the subspace is removed."""
    gone = numbers["ctx_gru_removed_accuracy"] - numbers["ctx_B0_accuracy"]
    return {"ctx_gru_removed_gap": 100 * gone}


def verdicts(metrics):
    judged = [
        one
        for one in read_claims(CLAIMS).claims
        if not one.reported and one.where in ({}, {"corpus": "ctx", "cell": "gru"})
    ]
    return {one.id: one.verdict for one in judge(judged, metrics, "demo")}


# Claims that also fail at the demo scale, or may by the seed: flipped at their bounds below.
FRAGILE = {"T4_not", "T4_very", "C9c_ctx_gru", "C9d_ctx_nopos_gru", "C10c_ctx_nopos_gru"}
JUDGED = [
    one.id
    for one in read_claims(CLAIMS).claims
    if not one.reported and one.where in ({}, {"corpus": "ctx", "cell": "gru"})
]


@pytest.mark.parametrize("claim", [one for one in JUDGED if one not in FRAGILE])
def test_trained_networks_meet_the_claim(metrics, claim):
    assert verdicts(metrics)[claim] == "holds"


def changed(dataset, **arrays):
    """A dataset with some arrays replaced by functions of them."""
    return dataset.assign(
        {name: dataset[name].copy(data=change(dataset[name].values))
         for name, change in arrays.items()}
    )  # fmt: skip


TOY_BREAKS = {
    "T1": lambda data: data.assign_attrs(squared_error=data.attrs["squared_error_untrained"]),
    # The Jacobian at rest, whatever stands before the word.
    "T2a": lambda data: data.assign(linear_effect=data.resting_effect),
    "T2b": lambda data: data.assign(linear_effect=data.resting_effect),
    "T3a": lambda data: changed(data, rest_eigenvalue_real=lambda values: values + 0.5),
    # A second mode as slow as the first.
    "T3b": lambda data: changed(data, rest_eigenvalue_real=lambda v: np.full_like(v, v[0])),
    # Modes picked at random.
    "T4_not": lambda data: data.assign_attrs(not_carried=data.attrs["not_carried_random"]),
    "T4_very": lambda data: data.assign_attrs(very_carried=data.attrs["very_carried_random"]),
    # Chance carries as much as the modes that count.
    "T4c_not": lambda data: data.assign_attrs(not_carried_random=data.attrs["not_carried"]),
    "T4c_very": lambda data: data.assign_attrs(very_carried_random=data.attrs["very_carried"]),
}


@pytest.mark.parametrize("claim", TOY_BREAKS)
def test_breaking_the_toy_languages_analysis_fails_the_claim(metrics, toy, claim):
    broken = metrics | toy_numbers(TOY_BREAKS[claim](toy))
    assert verdicts(broken)[claim] == "fails"


def shuffled_kinds(data, name="context_kind"):
    """Kinds handed to the wrong words."""
    return changed(data, **{name: lambda kinds: np.random.default_rng(0).permutation(kinds)})


def renamed(data, name, **kinds):
    """Words under other kinds than their own; those that were there before make room."""
    there = data[name].values
    new = [kinds.get(str(kind), "gone" if kind in kinds.values() else str(kind)) for kind in there]
    return changed(data, **{name: lambda _: np.array(new, dtype=object)})


# Which dataset is broken, and how.
NETWORK_BREAKS = {
    "C1_ctx_gru": ("changes", shuffled_kinds),
    "C2a_ctx_gru": ("changes", shuffled_kinds),
    "C2b_ctx_gru": ("changes", shuffled_kinds),
    # Words that amplify pass for words that do nothing.
    "C2c_ctx_gru": ("changes", lambda data: renamed(data, "context_kind", very1="dummy")),
    "C3_ctx_gru": (
        "changes",
        lambda data: changed(data, linear_agreement=lambda r: r - 0.1),
    ),
    # The network is linear everywhere.
    "C4_ctx_gru": (
        "modifiers",
        lambda data: data.assign(gain=data.gain * 0 + data.linearised_gain),
    ),
    # Deflections in every direction.
    "C5_ctx_gru": (
        "modifiers",
        lambda data: changed(
            data, subspace_share=lambda shares: np.full_like(shares, 1 / len(shares))
        ),
    ),
    # A random subspace is removed in place of the modifiers'.
    "C6a_ctx_gru": ("modifiers", lambda data: data.assign(removed_gain=data.random_gain[0])),
    "C6b_ctx_gru": ("modifiers", lambda data: data.assign(removed_gain=data.random_gain[0])),
    # The random subspaces hold the modifiers'.
    "C6c_not4_ctx_gru": (
        "modifiers",
        lambda data: data.assign(random_gain=data.random_gain * 0 + data.removed_gain),
    ),
    "C6c_very1_ctx_gru": (
        "modifiers",
        lambda data: data.assign(random_gain=data.random_gain * 0 + data.removed_gain),
    ),
    "C6d_ctx_gru": (
        "modifiers",
        lambda data: data.assign(removed_accuracy=data.random_accuracy.mean()),
    ),
    "C6e_ctx_gru": (
        "modifiers",
        lambda data: data.assign(random_accuracy=data.random_accuracy * 0 + data.removed_accuracy),
    ),
    # The words' places before and after the end of a span are mixed up.
    "C8a_ctx_gru": ("modifiers", lambda data: changed(data, gain=lambda gains: gains[::-1])),
    # Short spans pass for long ones.
    "C8b_ctx_gru": (
        "modifiers",
        lambda data: renamed(data, "inserted_kind", not2="not4", not4="not2"),
    ),
    # Documents begin on the line.
    "C9a_ctx_gru": ("modifiers", lambda data: data.assign(begin_slope=data.begin_slope_reset)),
    "C9b_ctx_gru": (
        "modifiers",
        lambda data: changed(data, begin_slope=lambda slopes: np.full_like(slopes, slopes[0])),
    ),
    "C10b_ctx_gru": ("modifiers", lambda data: changed(data, end_slope=lambda s: s[::-1])),
}


@pytest.mark.parametrize("claim", NETWORK_BREAKS)
def test_breaking_the_analysis_fails_the_claim(metrics, datasets, claim):
    name, change = NETWORK_BREAKS[claim]
    numbers = metrics | network_numbers(datasets, **{name: change(datasets[name])})
    assert verdicts(numbers | gap(numbers))[claim] == "fails"


def test_an_untrained_network_has_no_modifiers(metrics, datasets):
    found = verdicts(metrics | network_numbers(datasets, changes=datasets["untrained"]))
    assert [found[f"{claim}_ctx_gru"] for claim in ("C1", "C2a", "C2b")] == ["fails"] * 3


def test_a_trained_twin_fails_the_claim_on_the_control(metrics, datasets):
    found = verdicts(metrics | network_numbers(datasets, untrained=datasets["changes"]))
    assert found["C1c_ctx_gru"] == "fails"


def test_removing_the_line_itself_takes_plain_valence_away(world, metrics):
    line = world.line()
    # Around one point, so that the state cannot go along the line to another.
    middle = np.abs(line.portrait.network.logits(line.portrait.points.states)).argmin()
    line = replace(
        line, portrait=replace(line.portrait, points=line.portrait.points.only([middle]))
    )
    axes = np.stack([line.direction, np.eye(len(line.direction))[0]])
    axes = np.linalg.qr(axes.T)[0].T
    removed = measure_removal(
        line,
        Subspace(axes, np.array([1.0, 0.0])),
        np.random.default_rng(0).choice(world.words("neutral"), (8, 24)),
        world.words("not4"),
        world.words("valence"),
        n_axes=2,
        n_random=1,
        rng=np.random.default_rng(0),
    )
    broken = {"ctx_gru_removed_effect_ratio": float(removed["removed_effect_ratio"][1])}
    assert verdicts(metrics | broken)["C7_ctx_gru"] == "fails"


def test_where_the_ends_weigh_no_more_nothing_is_amplified(metrics, datasets):
    found = verdicts(metrics | network_numbers(datasets, modifiers=datasets["even"]))
    assert found["C9a_ctx_gru"] == "fails"
    assert found["C10a_ctx_gru"] == "fails"


@pytest.mark.parametrize("claim", ["C9d_ctx_nopos_gru", "C10c_ctx_nopos_gru"])
def test_the_other_network_in_the_controls_place_fails_the_controls_claim(metrics, datasets, claim):
    found = verdicts(metrics | network_numbers(datasets, even=datasets["modifiers"]))
    assert found[claim] == "fails"


@pytest.mark.parametrize("modifier", ["not", "very"])
def test_modes_that_carry_nearly_all_meet_the_claim(metrics, modifier):
    found = verdicts(metrics | {f"toy_{modifier}_carried": 0.9})
    assert found[f"T4_{modifier}"] == "holds"


@pytest.mark.parametrize(("ratio", "verdict"), [(1.0, "fails"), (3.0, "holds")])
def test_a_first_state_in_a_random_direction_fails_the_claim(metrics, ratio, verdict):
    found = verdicts(metrics | {"ctx_gru_initial_share_ratio": ratio})
    assert found["C9c_ctx_gru"] == verdict


def of_rung(data, rung, other):
    """The numbers of one rung in the place of another's."""
    rungs = data.rung.values.tolist()
    row, source = rungs.index(rung), rungs.index(other)
    arrays = ("test_accuracy", "share", "share_low", "share_high")

    def swap(values):
        values = values.copy()
        values[row] = values[source]
        return values

    return changed(data, **dict.fromkeys(arrays, swap))


LADDER_BREAKS = {
    "C11a_ctx": lambda data: of_rung(data, "B4", "X0"),
    "C11b_ctx": lambda data: of_rung(data, "B4", "X0"),
    "C11c_ctx": lambda data: of_rung(data, "X0", "B4"),
    "C12a_ctx": lambda data: data.assign(modifiers_gain=data.controls_gain),
    "C12b_ctx": lambda data: changed(data, places_gain=lambda gain: gain * 0),
    "C12c_ctx": lambda data: changed(data, places_gain=lambda gain: -gain[[0, 2, 1]]),
    "C13_ctx": lambda data: changed(
        data, true_gain=lambda gains: np.random.default_rng(0).permutation(gains, axis=0)
    ),
}


@pytest.mark.parametrize("claim", LADDER_BREAKS)
def test_breaking_the_ladder_fails_the_claim(metrics, ladder, claim):
    broken = metrics | ladder_numbers(LADDER_BREAKS[claim](ladder))
    assert verdicts(broken)[claim] == "fails"


def test_dummies_in_the_modifiers_place_recover_nothing(world, metrics, ladder):
    fitted = ladder_of(world, world.words("dummy"))
    share = recovered_share(
        world.right("trained"),
        fitted["B4"].test_right,
        fitted["B0"].test_right,
        np.random.default_rng(0),
    )
    found = verdicts(metrics | {"ctx_B4_share": share.value, "ctx_B4_share_low": share.low})
    assert found["C11a_ctx"] == found["C11b_ctx"] == "fails"


def test_every_judged_claim_has_a_break():
    elsewhere = {"C7_ctx_gru", "C9c_ctx_gru", "C9d_ctx_nopos_gru", "C10a_ctx_gru", "C1c_ctx_gru"}
    elsewhere |= {"C10c_ctx_nopos_gru"}
    assert set(JUDGED) == {*TOY_BREAKS, *NETWORK_BREAKS, *LADDER_BREAKS, *elsewhere}
