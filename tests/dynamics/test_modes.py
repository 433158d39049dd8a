import numpy as np
import pytest

from unrolled.dynamics import Modes, decompose, find_slow_points, linearise, time_constants

from .maps_for_tests import Line, Linear, Tanh


def test_left_and_right_vectors_take_the_matrix_apart_and_put_it_together(rng):
    modes = linearise(Tanh(rng.standard_normal((9, 9))), 0.1 * rng.standard_normal((5, 9)))
    together = modes.right * modes.eigenvalues[:, None, :] @ modes.left
    np.testing.assert_allclose(together, modes.jacobians, atol=1e-12)
    np.testing.assert_allclose(
        modes.left @ modes.right, np.broadcast_to(np.eye(9), (5, 9, 9)), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.norm(modes.right, axis=1), 1)
    assert isinstance(modes, Modes)


def test_eigenvalues_fall_in_modulus_and_then_rise_in_angle():
    turn = 0.9 * np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    matrix = np.zeros((5, 5))
    matrix[0, 0], matrix[1, 1], matrix[2, 2], matrix[3:, 3:] = 0.5, -0.9, 0.9, turn
    values = decompose([matrix]).eigenvalues[0]
    expected = [0.9 * np.exp(-1j), 0.9, 0.9 * np.exp(1j), -0.9, 0.5]
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_a_rotation_scaled_by_tanh_turns_by_its_angle():
    angle, gain = 0.7, 0.95
    weights = gain * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    modes = linearise(Tanh(weights), np.zeros((1, 2)))
    np.testing.assert_allclose(np.abs(modes.eigenvalues), gain)
    np.testing.assert_allclose(np.angle(modes.eigenvalues), [[-angle, angle]])
    np.testing.assert_allclose(modes.time_constants, -1 / np.log(gain))
    # A complex pair integrates nothing: there is no mode to point at.
    assert modes.slow_mode.tolist() == [-1]
    assert np.isnan(modes.slow_right).all()
    assert np.isnan(modes.slow_time_constants).all()


def test_the_integration_mode_of_a_line_has_its_direction_and_time_constant(rng):
    line = Line(drift=0.01)
    starts = np.outer(np.linspace(-0.3, 0.3, 20), line.right)
    points = find_slow_points(line, starts + 0.1 * rng.standard_normal(starts.shape))
    modes = linearise(line, points.states, reference=line.right)
    expected = 1 - line.drift * np.cos(line.along(points.states))
    np.testing.assert_allclose(modes.slow_eigenvalues, expected, atol=1e-10)
    np.testing.assert_allclose(modes.slow_time_constants, -1 / np.log(expected), rtol=1e-8)
    np.testing.assert_allclose(modes.slow_right, np.tile(line.right, (20, 1)), atol=1e-10)
    np.testing.assert_allclose(modes.slow_left, np.tile(line.left, (20, 1)), atol=1e-10)
    assert (modes.slow_mode == 0).all()
    assert (modes.n_unstable == 0).all()


def test_the_integration_mode_is_real_and_positive_though_others_are_larger():
    matrix = np.diag([-0.99, 0.8, 0.3, 0.0])
    matrix[2:, 2:] = 0.95 * np.array([[0.0, -1.0], [1.0, 0.0]])
    modes = decompose([matrix])
    np.testing.assert_allclose(modes.slow_eigenvalues, [0.8])
    assert modes.slow_mode.tolist() == [3]


def test_signs_and_phases_are_fixed_and_the_reference_turns_only_the_integration_mode(rng):
    jacobians = 0.3 * rng.standard_normal((20, 6, 6)) + 0.5 * np.eye(6)
    modes = decompose(jacobians)
    largest = np.abs(modes.right).argmax(axis=1)
    entries = np.take_along_axis(modes.right, largest[:, None], axis=1)
    np.testing.assert_allclose(entries.imag, 0, atol=1e-12)
    assert (entries.real > 0).all()
    reference = rng.standard_normal(6)
    turned = decompose(jacobians, reference=reference)
    has_one = modes.slow_mode >= 0
    assert (turned.slow_right[has_one] @ reference > 0).all()
    is_real = has_one & (turned.eigenvalues[np.arange(20), turned.slow_mode].imag == 0)
    np.testing.assert_allclose(
        np.abs(turned.slow_right[is_real]), np.abs(modes.slow_right[is_real])
    )
    dots = np.einsum("ij,ij->i", turned.slow_left, turned.slow_right)
    np.testing.assert_allclose(dots[is_real], 1)


def test_a_pair_that_decays_before_a_quarter_turn_integrates_and_reaches_the_readout():
    gain, angle = 0.96, 0.02
    turning = gain * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    skew = np.array([[1.0, 0.4, 0.1], [0.0, 1.0, 0.2], [0.3, 0.0, 1.0]])
    matrix = skew @ np.block([[turning, np.zeros((2, 1))], [np.zeros((1, 2)), 0.5]])
    matrix = matrix @ np.linalg.inv(skew)
    readout, push = np.array([1.0, -0.5, 0.3]), np.array([0.2, 0.7, -0.4])
    modes = decompose([matrix], reference=readout)
    np.testing.assert_allclose(modes.slow_time_constants, -1 / np.log(gain))
    # What the pair adds to the readout after one push; the rest is the third mode's.
    pair = (modes.slow_right[0] @ readout) * (modes.slow_left[0] @ push)
    third = (modes.right[0, :, 2] @ readout).real * (modes.left[0, 2] @ push).real
    np.testing.assert_allclose(pair + third, readout @ push)


def test_defective_matrices_are_reported_and_spoil_no_other():
    jordan = np.array([[0.9, 1.0], [0.0, 0.9]])
    modes = decompose([jordan, np.diag([0.9, 0.5]), np.zeros((2, 2))])
    assert modes.condition[0] > 1e8
    np.testing.assert_allclose(modes.condition[1:], 1)
    np.testing.assert_allclose(modes.time_constants[1], [-1 / np.log(0.9), -1 / np.log(0.5)])
    assert np.isfinite(modes.left).all()
    exactly = decompose([np.array([[0.0, 1.0], [0.0, 0.0]]), 0.5 * np.eye(2)])
    assert exactly.condition[0] > 1e8
    np.testing.assert_allclose(exactly.left[1], np.eye(2))


def test_time_constants_reach_from_zero_to_infinity_and_ignore_the_sign_of_growth():
    lam = np.exp(1 / 50)
    np.testing.assert_allclose(time_constants([lam, 1 / lam, 1, 0]), [50, 50, np.inf, 0])


def test_no_states_have_no_modes_and_bad_ones_are_refused():
    step = Linear(0.5 * np.eye(3))
    empty = linearise(step, np.empty((0, 3)))
    assert len(empty) == 0
    assert empty.slow_right.shape == (0, 3)
    with pytest.raises(ValueError, match="states: 1 of 1 rows are NaN"):
        linearise(step, [[np.nan, 0, 0]])
    with pytest.raises(ValueError, match="width 2"):
        linearise(step, np.zeros((1, 2)))
    with pytest.raises(ValueError, match="reference"):
        linearise(step, np.zeros((1, 3)), reference=np.ones(2))
    with pytest.raises(ValueError, match="not finite"):
        decompose([[[np.nan]]])


def test_chunks_of_states_change_nothing(rng):
    step, states = Tanh(rng.standard_normal((5, 5))), rng.standard_normal((11, 5))
    whole, parts = linearise(step, states), linearise(step, states, chunk=2)
    np.testing.assert_allclose(whole.eigenvalues, parts.eigenvalues, atol=1e-12)
