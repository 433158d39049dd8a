import numpy as np
import pytest

from unrolled.dynamics import readout_gradients, slope, true_word_effects, word_effects
from unrolled.networks import CELLS, make_network

REFERENCE = np.array([0.3, -0.2, 0.1])


def network(cell="gru"):
    rng = np.random.default_rng(0)
    return make_network(cell, units=5, embedding=3, vocabulary=9, embedding_scale=1.0, rng=rng)


def states_of(one, n=4):
    return 0.5 * np.random.default_rng(1).standard_normal((n, one.state_size))


@pytest.mark.parametrize("later", [0, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_is_that_of_the_readout_after_the_run(cell, later):
    one = network(cell)
    states = states_of(one)

    def readout(inputs):
        current = one.cell.step(states, inputs)
        for _ in range(later):
            current = one.cell.step(current, REFERENCE)
        return one.logits(current)

    h = 1e-6
    expected = np.stack(
        [(readout(REFERENCE + h * e) - readout(REFERENCE - h * e)) / (2 * h) for e in np.eye(3)],
        axis=1,
    )
    found = readout_gradients(one, states, REFERENCE, later=later)
    np.testing.assert_allclose(found, expected, atol=1e-8)
    assert np.abs(found).max() > 1e-3


def test_at_once_it_is_the_readout_on_the_input_jacobian():
    one = network("lstm")
    states = states_of(one)
    jacobians = one.cell.jacobian_input(states, REFERENCE)
    np.testing.assert_allclose(
        readout_gradients(one, states, REFERENCE), one.readout @ jacobians, atol=1e-12
    )


def test_word_effects_are_exact_where_the_cell_is_linear():
    one = network("linear")
    states, words = states_of(one), np.array([2, 5, 7])
    np.testing.assert_allclose(
        word_effects(one, states, REFERENCE, words),
        true_word_effects(one, states, REFERENCE, words),
        atol=1e-12,
    )


def test_word_effects_are_relative_to_the_reference_input():
    one = network()
    one.embedding[4] = REFERENCE
    states = states_of(one)
    for effects in (word_effects, true_word_effects):
        found = effects(one, states, REFERENCE, [4, 5])
        np.testing.assert_allclose(found[:, 0], 0, atol=1e-15)
        assert np.abs(found[:, 1]).min() > 0


def test_a_slope_has_an_intercept_and_is_unknown_where_nothing_varies():
    x = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_allclose(slope([3 * x + 5, -x], x), [3, -1])
    assert np.isnan(slope(x, np.ones(3)))


def test_equal_numbers_have_no_slope_even_where_their_mean_is_rounded():
    equal = np.full(3, 0.1)
    assert equal.mean() != 0.1
    found = slope([[1.0, 2.0, 4.0]] * 2, [equal, [0.0, 1.0, 3.0]])
    np.testing.assert_allclose(found, [np.nan, 1])


def test_a_negative_delay_is_refused():
    with pytest.raises(ValueError, match="later is -1"):
        readout_gradients(network(), np.zeros((1, 5)), REFERENCE, later=-1)
