"""The paper's claims on small trained networks, and what must happen to each when it breaks.

A GRU is trained for a few seconds on generated reviews full of modifiers, another one on reviews
whose ends weigh no more than their middle, and a third one on the toy language. Their numbers must
meet the acceptances; then the science is broken on purpose, one way at a time, and the verdict
must flip.
"""

from dataclasses import dataclass, replace

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
    true_word_effects,
    word_effects,
)
from unrolled.files import measured_dataset
from unrolled.networks import make_network
from unrolled.tasks import generate_reviews, generate_toy_reviews, toy_probes
from unrolled.training import (
    LabelledDocuments,
    Plan,
    Recipe,
    TargetedDocuments,
    train_networks,
)

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

    def modifiers(self, line=None):
        rng = np.random.default_rng(1)
        neutral = self.words("neutral")
        found = self.found()
        both = np.concatenate([found, self.words("dummy")])
        measured = measure_modifiers(
            line or self.line(),
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


def stray_start(world):
    """The line, with a first state as far away as its own, in a random direction."""
    line = world.line()
    network = line.portrait.network
    nearest = line.portrait.points.states[
        np.linalg.norm(line.portrait.points.states - network.initial_state, axis=1).argmin()
    ]
    away = np.random.default_rng(0).standard_normal(network.state_size)
    away *= np.linalg.norm(network.initial_state - nearest) / np.linalg.norm(away)
    network = replace(network, initial_state=nearest + away)
    return replace(line, portrait=replace(line.portrait, network=network))


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
def toy_networks():
    """A GRU that has learned the toy language, the same untrained, and the language."""
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
    return dict(train_networks({"trained": plan}, **sets))["trained"], untrained, corpus


def toy_portraits(network, corpus):
    """With the mean noise word as reference input, and without input."""
    tokens = pad(corpus.documents("test"))
    reading = read_documents(network, tokens, [25] * len(tokens), corpus.labels_of("test"))
    noise = network.embedding[np.array(corpus.groups) == "neutral"].mean(axis=0)
    return [
        portray(network, reading, reference, rng=np.random.default_rng(2), **SEARCH)
        for reference in (noise, np.zeros_like(noise))
    ]


@pytest.fixture(scope="module")
def toy(toy_networks):
    """The analysis of the toy language's network."""
    network, untrained, corpus = toy_networks
    tokens = pad(corpus.documents("test"))
    targets = np.stack(corpus.running_scores("test"))

    def error(one):
        return float(np.mean((one.logits(one.states(tokens)) - targets) ** 2))

    portrait, without = toy_portraits(network, corpus)
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


def changed(dataset, **arrays):
    """A dataset with some arrays replaced by functions of them."""
    return dataset.assign(
        {name: dataset[name].copy(data=change(dataset[name].values))
         for name, change in arrays.items()}
    )  # fmt: skip


def at_rest(data):
    return data.assign(linear_effect=data.resting_effect)


def carried(**numbers):
    """Shares that some modes carry, under the names of others."""
    return lambda data: data.assign_attrs(
        {name: data.attrs[other] for name, other in numbers.items()}
    )


TOY_BREAKS = {
    "an untrained network": (
        lambda data: data.assign_attrs(squared_error=data.attrs["squared_error_untrained"]), ["T1"],
    ),
    "the Jacobian at rest, whatever stands before the word": (at_rest, ["T2a", "T2b"]),
    "two networks side by side, each mode twice": (
        lambda data: changed(
            data,
            rest_eigenvalue_real=lambda values: np.repeat(values, 2)[: len(values)],
            rest_eigenvalue_imag=lambda values: np.repeat(values, 2)[: len(values)],
        ),
        ["T3b"],
    ),
    "the modes that count in the random ones' place": (
        carried(not_carried_random="not_carried", very_carried_random="very_carried"),
        ["T4c_not", "T4c_very"],
    ),
}  # fmt: skip


def each_claim(breaks):
    """Name of each break with each claim that has to notice it."""
    return [(name, claim) for name, (*_, claims) in breaks.items() for claim in claims]


@pytest.mark.parametrize(("name", "claim"), each_claim(TOY_BREAKS))
def test_breaking_the_toy_languages_analysis_fails_the_claim(metrics, toy, name, claim, flips):
    flips(claim, name, metrics, metrics | toy_numbers(TOY_BREAKS[name][0](toy)))


@pytest.mark.parametrize("modifier", ["not", "very"])
def test_modes_picked_at_random_carry_less(metrics, toy, modifier, note_break):
    """This small network misses the bound as it is, so that no break can flip the verdict."""
    pick = carried(**{f"{modifier}_carried": f"{modifier}_carried_random"})
    broken = metrics | toy_numbers(pick(toy))
    before, after = note_break(f"T4_{modifier}", "modes picked at random", metrics, broken)
    assert (before.verdict, after.verdict) == ("fails", "fails")
    assert before.value - after.value > 0.5


def test_an_untrained_network_has_no_mode_that_integrates(metrics, toy, toy_networks, flips):
    _, untrained, corpus = toy_networks
    spectrum = measured_dataset(
        measure_resting_spectrum(*toy_portraits(untrained, corpus)), toy.attrs
    )
    broken = metrics | toy_numbers(toy.drop_vars(spectrum).merge(spectrum))
    flips("T3a", "an untrained network", metrics, broken)


def shuffled_kinds(data, name="context_kind"):
    """Kinds handed to the wrong words."""
    return changed(data, **{name: lambda kinds: np.random.default_rng(0).permutation(kinds)})


def renamed(data, name, **kinds):
    """Words under other kinds than their own; those that were there before make room."""
    there = data[name].values
    new = [kinds.get(str(kind), "gone" if kind in kinds.values() else str(kind)) for kind in there]
    return changed(data, **{name: lambda _: np.array(new, dtype=object)})


def removed_at_random(data):
    return data.assign(
        removed_gain=data.random_gain[0], removed_accuracy=data.random_accuracy.mean()
    )


def removed_as_random(data):
    return data.assign(
        random_gain=data.random_gain * 0 + data.removed_gain,
        random_accuracy=data.random_accuracy * 0 + data.removed_accuracy,
    )


# Which dataset is broken, and how, and who has to notice.
NETWORK_BREAKS = {
    "kinds handed to other words": ("changes", shuffled_kinds, ["C1", "C2a", "C2b"]),
    "words that amplify taken for words that do nothing": (
        "changes", lambda data: renamed(data, "context_kind", very1="dummy"), ["C2c"],
    ),
    "a network that is linear everywhere": (
        "modifiers", lambda data: data.assign(gain=data.gain * 0 + data.linearised_gain), ["C4"],
    ),
    "words that modify nothing in the modifiers' place": (
        "modifiers",
        lambda data: changed(data, subspace_share=lambda _: data.control_subspace_share.values),
        ["C5"],
    ),
    "a random subspace removed in the modifiers' place": (
        "modifiers", removed_at_random, ["C6a", "C6b", "C6d"],
    ),
    "the modifiers' subspace removed in the random ones' place": (
        "modifiers", removed_as_random, ["C6c_not4", "C6c_very1", "C6e"],
    ),
    "places after a modifier in reversed order": (
        "modifiers", lambda data: changed(data, gain=lambda gains: gains[::-1]), ["C8a"],
    ),
    "short spans taken for long ones": (
        "modifiers", lambda data: renamed(data, "inserted_kind", not2="not4", not4="not2"), ["C8b"],
    ),
    "documents that begin on the line": (
        "modifiers", lambda data: data.assign(begin_slope=data.begin_slope_reset), ["C9a"],
    ),
    "every word read as if it were the first": (
        "modifiers",
        lambda data: changed(data, begin_slope=lambda slopes: np.full_like(slopes, slopes[0])),
        ["C9b"],
    ),
    "places before the end in reversed order": (
        "modifiers", lambda data: changed(data, end_slope=lambda slopes: slopes[::-1]), ["C10b"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "claim"), each_claim(NETWORK_BREAKS))
def test_breaking_the_analysis_fails_the_claim(metrics, datasets, name, claim, flips):
    which, alter, _ = NETWORK_BREAKS[name]
    numbers = metrics | network_numbers(datasets, **{which: alter(datasets[which])})
    flips(f"{claim}_ctx_gru", name, metrics, numbers | gap(numbers))


def test_the_jacobian_before_a_modifier_does_not_describe_what_is_after_it(
    world, metrics, datasets, flips
):
    line, words = world.line(), world.words("valence")
    network, reference = line.portrait.network, line.portrait.reference_input
    before = word_effects(network, line.points, reference, words)

    def agreement(context):
        after = network.cell.step(line.points, network.embedding[context])
        effects = true_word_effects(network, after, reference, words)
        return [np.corrcoef(one, other)[0, 1] for one, other in zip(before, effects, strict=True)]

    broken = changed(
        datasets["changes"],
        linear_agreement=lambda _: np.array(
            [agreement(context) for context in datasets["changes"].context_id.values]
        ),
    )
    numbers = metrics | network_numbers(datasets, changes=broken)
    flips("C3_ctx_gru", "the Jacobian before the modifier", metrics, numbers)


@pytest.mark.parametrize("claim", ["C1", "C2a", "C2b"])
def test_an_untrained_network_has_no_modifiers(metrics, datasets, claim, flips):
    broken = metrics | network_numbers(datasets, changes=datasets["untrained"])
    flips(f"{claim}_ctx_gru", "an untrained network", metrics, broken)


def test_a_trained_twin_fails_the_claim_on_the_control(metrics, datasets, flips):
    broken = metrics | network_numbers(datasets, untrained=datasets["changes"])
    flips("C1c_ctx_gru", "a trained network in the untrained one's place", metrics, broken)


def test_removing_the_line_itself_takes_plain_valence_away(world, metrics, flips):
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
    flips("C7_ctx_gru", "the line itself removed", metrics, metrics | broken)


def test_a_first_state_in_a_random_direction_is_not_in_the_modifiers_subspace(
    world, metrics, datasets, flips
):
    broken = metrics | network_numbers(datasets, modifiers=world.modifiers(stray_start(world)))
    flips("C9c_ctx_gru", "a first state in a random direction", metrics, broken)


@pytest.mark.parametrize("claim", ["C9a", "C10a"])
def test_where_the_ends_weigh_no_more_nothing_is_amplified(metrics, datasets, claim, flips):
    broken = metrics | network_numbers(datasets, modifiers=datasets["even"])
    flips(f"{claim}_ctx_gru", "reviews whose ends weigh no more", metrics, broken)


@pytest.mark.parametrize("claim", ["C9d_ctx_nopos_gru", "C10c_ctx_nopos_gru"])
def test_the_other_network_in_the_controls_place_fails_the_controls_claim(
    metrics, datasets, claim, flips
):
    broken = metrics | network_numbers(datasets, even=datasets["modifiers"])
    flips(claim, "reviews whose ends weigh more", metrics, broken)


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
    "dummies in the place of modifiers": (
        lambda data: of_rung(data, "B4", "X0"), ["C11a_ctx", "C11b_ctx"],
    ),
    "modifiers in the place of dummies": (lambda data: of_rung(data, "X0", "B4"), ["C11c_ctx"]),
    "what dummies gain in the place of modifiers": (
        lambda data: data.assign(modifiers_gain=data.controls_gain), ["C12a_ctx"],
    ),
    "true gains handed to other modifiers": (
        lambda data: changed(
            data, true_gain=lambda gains: np.random.default_rng(0).permutation(gains, axis=0)
        ),
        ["C13_ctx"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "claim"), each_claim(LADDER_BREAKS))
def test_breaking_the_ladder_fails_the_claim(metrics, ladder, name, claim, flips):
    broken = metrics | ladder_numbers(LADDER_BREAKS[name][0](ladder))
    flips(claim, name, metrics, broken)


@pytest.fixture(scope="module")
def dummies(world):
    """What a ladder recovers that was fitted to dummies."""
    fitted = ladder_of(world, world.words("dummy"))
    share = recovered_share(
        world.right("trained"),
        fitted["B4"].test_right,
        fitted["B0"].test_right,
        np.random.default_rng(0),
    )
    return {"ctx_B4_share": share.value, "ctx_B4_share_low": share.low}


@pytest.mark.parametrize("claim", ["C11a_ctx", "C11b_ctx"])
def test_dummies_in_the_modifiers_place_recover_nothing(metrics, dummies, claim, flips):
    flips(claim, "a bag of words fitted to dummies", metrics, metrics | dummies)


@pytest.fixture(scope="module")
def even_places(even):
    """What beginning and end help where they weigh no more."""
    fitted = ladder_of(even, even.found())
    gain = accuracy_difference(
        fitted["B4"].test_right, fitted["B3k"].test_right, np.random.default_rng(5)
    )
    return {"ctx_places_gain": gain.value, "ctx_places_gain_low": gain.low}


@pytest.mark.parametrize("claim", ["C12b_ctx", "C12c_ctx"])
def test_where_the_ends_weigh_no_more_they_do_not_help(metrics, even_places, claim, flips):
    flips(claim, "reviews whose ends weigh no more", metrics, metrics | even_places)
