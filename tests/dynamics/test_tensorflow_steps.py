import numpy as np
import pytest

from unrolled.dynamics import find_fixed_points, linearise

from .maps_for_tests import Tanh

tf = pytest.importorskip("tensorflow")


@pytest.mark.parametrize("compiled", [False, True])
def test_a_tensorflow_step_is_differentiated_automatically(compiled, rng):
    weights = 1.5 * rng.standard_normal((8, 8)) / np.sqrt(8)
    known = Tanh(weights, 0.1)

    def step(states):
        return tf.tanh(tf.matmul(states, tf.constant(weights.T)) + tf.constant(0.1, tf.float64))

    step = tf.function(step) if compiled else step
    starts = rng.standard_normal((40, 8))
    np.testing.assert_allclose(
        linearise(step, starts).jacobians, known.jacobian(starts), atol=1e-14
    )
    np.testing.assert_allclose(
        find_fixed_points(step, starts).states, find_fixed_points(known, starts).states, atol=1e-9
    )


def test_a_float32_step_works_to_its_own_precision_with_a_warning(rng):
    weights = tf.constant(0.5 * np.eye(3), tf.float32)
    with pytest.warns(RuntimeWarning, match="float32"):
        found = find_fixed_points(
            lambda states: tf.matmul(states, weights) + 1.0,
            rng.standard_normal((5, 3)),
            tolerance=1e-10,
        )
    np.testing.assert_allclose(found.states, [[2.0, 2.0, 2.0]], atol=1e-4)


def test_a_tensorflow_step_refuses_the_wrong_width_clearly():
    weights = tf.constant(np.eye(3))
    with pytest.raises(ValueError, match="width 2"):
        find_fixed_points(lambda states: tf.matmul(states, weights), np.zeros((4, 2)))
