import itertools

import numpy as np
import pytest
from scipy.special import expit

from unrolled.baselines.documents import count_bigrams, frequent_bigrams, lay_out
from unrolled.baselines.word_models import Evidence, Model, decisions, penalised_loss

WORDS, REACH, MODIFIERS = 8, 3, np.array([3, 6])
KINDS = {
    "B0": {},
    "B1": {"edges": ["begin"]},
    "B2": {"edges": ["end"]},
    "B12": {"edges": ["begin", "end"]},
    "B3": {"modifiers": MODIFIERS, "free_lags": False},
    "B3k": {"modifiers": MODIFIERS},
    "B4": {"modifiers": MODIFIERS, "edges": ["begin", "end"]},
    "B4x": {"modifiers": MODIFIERS, "edges": ["begin", "end"], "free_lags": False},
    "B4a": {
        "modifiers": MODIFIERS,
        "edges": ["begin", "end"],
        "free_lags": False,
        "own_weights": True,
    },
    "own begin": {"edges": ["begin"], "free_lags": False, "own_weights": True},
    "X1": {"bigrams": 2},
    "all": {"modifiers": MODIFIERS, "edges": ["begin", "end"], "bigrams": 2},
}


def rows(seed=0, n=40):
    """Every third word is a modifier: most words have several before them."""
    rng = np.random.default_rng(seed)
    return [rng.choice([1, 2, 3, 3, 4, 5, 6, 7], rng.integers(1, 10)) for _ in range(n)]


def built(kind):
    wanted = {
        "modifiers": MODIFIERS[:0],
        "edges": [],
        "free_lags": True,
        "own_weights": False,
        "bigrams": 99,
        **KINDS[kind],
    }
    documents = lay_out(rows())
    bigrams = frequent_bigrams(documents, wanted["bigrams"])
    places = {"begin": documents.from_begin, "end": documents.to_end}
    evidence = Evidence(
        documents,
        documents.hits(wanted["modifiers"], REACH),
        tuple(places[edge] for edge in wanted["edges"]),
        count_bigrams(documents, bigrams),
    )
    model = Model(
        n_words=WORDS,
        n_modifiers=len(wanted["modifiers"]),
        reach=REACH,
        n_edges=len(wanted["edges"]),
        n_bigrams=len(bigrams),
        free_lags=wanted["free_lags"],
        own_weights=wanted["own_weights"],
    )
    return model, evidence, bigrams, wanted


def random_vector(model, seed=0):
    rng = np.random.default_rng(seed)
    start = model.pack(model.start())
    return start + rng.normal(0, 0.7, len(start))


def as_written(model, found, bigrams, wanted):
    """z of every document, word by word, as the equations have it."""
    scores = []
    for row in rows():
        z, end = float(found["intercept"]), len(row) - 1
        for t, word in enumerate(row):
            distances = {"begin": t, "end": end - t}
            edges = [
                (found.get("edge_amplitudes", np.ones(2))[number], np.exp(-distances[edge] / time))
                for number, edge in enumerate(wanted["edges"])
                for time in [np.exp(found["edge_times"][number])]
            ]
            before = [
                (number, k)
                for number, modifier in enumerate(wanted["modifiers"])
                for k in range(1, REACH + 1)
                if t >= k and row[t - k] == modifier
            ]
            if model.own_weights:
                plain, *own = found["weights"]
                z += plain[word]
                for m, k in before:
                    z += np.exp(-(k - 1) / np.exp(found["modifier_times"][m])) * own[m][word]
                for number, (_, near) in enumerate(edges):
                    z += near * own[len(wanted["modifiers"]) + number][word]
                continue
            gain = 1.0
            for m, k in before:
                if model.free_lags:
                    gain += found["gains"][m, k - 1]
                else:
                    time = np.exp(found["modifier_times"][m])
                    gain += found["amplitudes"][m] * np.exp(-(k - 1) / time)
            place = 1.0 + sum(amplitude * near for amplitude, near in edges)
            z += found["weights"][word] * gain * place
        for first, second in itertools.pairwise(row):
            at = np.flatnonzero((bigrams == [first, second]).all(axis=1))
            z += found["bigrams"][at].sum()
        scores.append(z)
    return np.array(scores)


@pytest.mark.parametrize("kind", KINDS)
def test_log_odds_are_those_of_the_equations(kind):
    model, evidence, bigrams, wanted = built(kind)
    found = model.unpack(random_vector(model))
    expected = as_written(model, found, bigrams, wanted)
    np.testing.assert_allclose(decisions(model, found, evidence)[0], expected, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_are_the_slopes_of_the_loss(kind, seed):
    model, evidence, *_ = built(kind)
    labels = np.random.default_rng(seed).random(len(evidence.documents.lengths)) < 0.5
    vector, step = random_vector(model, seed), 1e-3
    gradient = penalised_loss(vector, model, evidence, labels, 0.02)[1]
    slopes = np.zeros_like(gradient)
    for number in range(len(vector)):
        along = np.eye(len(vector))[number] * step
        far = [
            penalised_loss(vector + n * along, model, evidence, labels, 0.02)[0]
            for n in (-2, -1, 1, 2)
        ]
        slopes[number] = (far[0] - 8 * far[1] + 8 * far[2] - far[3]) / (12 * step)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-10)
    assert np.abs(gradient).max() > 1e-3


def test_the_loss_is_the_mean_logistic_loss_and_a_penalty_on_weights_alone():
    model, evidence, *_ = built("all")
    vector = random_vector(model)
    labels = np.arange(len(evidence.documents.lengths)) % 2 == 0
    found = model.unpack(vector)
    log_odds = decisions(model, found, evidence)[0]
    likelihood = np.where(labels, expit(log_odds), expit(-log_odds))
    squares = (found["weights"] ** 2).sum() + (found["bigrams"] ** 2).sum()
    loss = penalised_loss(vector, model, evidence, labels, 0.3)[0]
    assert loss == pytest.approx(-np.log(likelihood).mean() + 0.3 * squares)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("X1", "all")])
def test_with_nothing_of_its_own_every_model_is_a_bag_of_words(kind):
    model, evidence, *_ = built(kind)
    found = model.unpack(random_vector(model))
    for name in ("gains", "amplitudes", "edge_amplitudes"):
        found.get(name, np.zeros(0))[...] = 0.0
    np.atleast_2d(found["weights"])[1:] = 0.0
    weights = np.atleast_2d(found["weights"])[0]
    expected = [weights[row].sum() + found["intercept"] for row in rows()]
    np.testing.assert_allclose(decisions(model, found, evidence)[0], expected, rtol=1e-12)


def test_packing_loses_nothing():
    model, *_ = built("all")
    vector = random_vector(model)
    np.testing.assert_array_equal(model.pack(model.unpack(vector)), vector)
