from types import SimpleNamespace

import numpy as np
import pytest

from unrolled.dynamics import read_phrases
from unrolled.dynamics.phrases import readout_after, resting_point
from unrolled.networks import make_network
from unrolled.tasks import toy_probes


def network():
    rng = np.random.default_rng(0)
    return make_network("gru", units=6, embedding=12, vocabulary=14, embedding_scale=1.0, rng=rng)


def test_phrases_keep_their_words_places_and_states():
    one, probes = network(), toy_probes(np.random.default_rng(1), length=16, copies=3)
    phrases = read_phrases(one, probes)
    assert phrases.states.shape == (16, 3, 16, 6)
    number = phrases.names.index("not nnn awful")
    np.testing.assert_allclose(phrases.states[number], one.states(probes.tokens[number]))
    assert phrases.words[number] == probes.tokens[number, 0, phrases.places[number]]
    assert phrases.places[number] == phrases.modifier_place + 4
    np.testing.assert_allclose(
        phrases.mean_states("good"), phrases.states[phrases.names.index("good")].mean(axis=0)
    )


def test_the_readouts_move_is_that_of_reading_the_words():
    one = network()
    point = 0.1 * np.arange(6.0)
    moved = readout_after(one, point, [4, 7])
    deflections = np.random.default_rng(2).standard_normal((3, 6))
    for deflection, found in zip(deflections, moved(deflections), strict=True):
        state = (point + deflection)[None]
        for word in (4, 7):
            state = one.cell.step(state, one.embedding[word])
        np.testing.assert_allclose(found, (one.logits(state) - one.logits(point))[0])


def test_a_network_without_slow_points_rests_nowhere():
    def portrait(states):
        return SimpleNamespace(network=network(), points=SimpleNamespace(states=states))

    one = np.full((1, 6), 0.2)
    np.testing.assert_array_equal(resting_point(portrait(one)), one[0])
    with pytest.raises(ValueError, match=r"no slow points.*starts"):
        resting_point(portrait(one[:0]))
