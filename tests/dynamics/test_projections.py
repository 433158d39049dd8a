import numpy as np
import pytest

from unrolled.dynamics import (
    decompose,
    input_effects,
    input_projections,
    null_overlap,
    overlap,
    readout_contributions,
)


def points_and_inputs(rng, n=4, width=6, n_inputs=3, n_words=7):
    jacobians = 0.9 * rng.standard_normal((n, width, width)) / np.sqrt(width)
    return (
        decompose(jacobians),
        rng.standard_normal((n, width, n_inputs)),
        rng.standard_normal((n_words, n_inputs)),
    )


def test_the_effect_of_an_input_is_the_input_jacobian_times_it(rng):
    _, input_jacobians, words = points_and_inputs(rng)
    effects = input_effects(input_jacobians, words)
    for point in range(4):
        for word in range(7):
            np.testing.assert_allclose(effects[point, word], input_jacobians[point] @ words[word])


def test_the_projection_weighs_the_effect_by_the_left_vector(rng):
    modes, input_jacobians, words = points_and_inputs(rng)
    left = modes.left[:, 0]
    expected = np.einsum("nd,nwd->nw", left, input_effects(input_jacobians, words))
    np.testing.assert_allclose(input_projections(left, input_jacobians, words), expected)


@pytest.mark.parametrize("delay", [0, 1, 10])
def test_contributions_of_all_modes_sum_to_the_linear_readout_after_the_delay(delay, rng):
    modes, input_jacobians, words = points_and_inputs(rng)
    readout = rng.standard_normal(6)
    parts = readout_contributions(modes, readout, input_jacobians, words, delay=delay)
    total = parts.sum(axis=1)
    powers = np.stack([np.linalg.matrix_power(j, delay) for j in modes.jacobians])
    effects = input_effects(input_jacobians, words)
    expected = np.einsum("d,nde,nwe->nw", readout, powers, effects)
    np.testing.assert_allclose(total.real, expected, atol=1e-11)
    np.testing.assert_allclose(total.imag, 0, atol=1e-11)
    chosen = np.array([[1], [0], [3], [5]])
    some = readout_contributions(modes, readout, input_jacobians, words, delay=delay, which=chosen)
    np.testing.assert_allclose(some[:, 0], parts[np.arange(4), chosen[:, 0]])


def test_overlap_ignores_length_and_sign():
    found = overlap([[2.0, 0.0], [0.0, -3.0], [1.0, 1.0]], [-5.0, 0.0])
    np.testing.assert_allclose(found, [1, 0, np.sqrt(0.5)])


def test_random_directions_overlap_as_theory_says(rng):
    null = null_overlap(100, 20000, rng)
    # 1.96 / sqrt(d), to the sampling error of a 95th percentile.
    assert np.percentile(null, 95) == pytest.approx(0.196, rel=0.03)
    np.testing.assert_array_equal(
        null_overlap(5, 9, np.random.default_rng(1)), null_overlap(5, 9, np.random.default_rng(1))
    )


def test_shapes_that_do_not_belong_together_are_refused(rng):
    modes, input_jacobians, words = points_and_inputs(rng)
    with pytest.raises(ValueError, match="entries"):
        input_effects(input_jacobians, words[:, :2])
    with pytest.raises(ValueError, match="left"):
        input_projections(modes.left[:2, 0], input_jacobians, words)
    with pytest.raises(ValueError, match="delay"):
        readout_contributions(modes, np.ones(6), input_jacobians, words, delay=-1)
    with pytest.raises(ValueError, match="which"):
        readout_contributions(modes, np.ones(6), input_jacobians, words, delay=1, which=[0])
    with pytest.raises(ValueError, match="1 or more"):
        null_overlap(0, 3, rng)
