"""Waves of known frequency, and a rotation bent by tanh: a cycle around its fixed point."""

import numpy as np
import pytest

from unrolled.dynamics import (
    curve_numbers,
    leading_rotation,
    measure_oscillator,
    neighbour_graph,
    read_trials,
    wave_numbers,
)
from unrolled.networks import SequenceNetwork, make_cell

from .networks_for_tests import hand_made, rotation

FREQUENCIES = np.linspace(0.15, 0.6, 11)
LEVELS = np.arange(1, 12) / 11 + 0.25
SETTINGS = {"roll_out": 5, "starts": 176, "noise": 0.3, "unique_within": 0.02, "farthest": 3.0}
GAIN = 1.05  # a little more than 1: the fixed point at 0 repels, and tanh bounds the cycle
SIZE = 2.3  # of the readout: the cycle's radius is about sqrt(4 (gain - 1)), the wave's then 1
STEPS = 60


def turning(angle, gain=GAIN):
    """``h' = tanh(gain R h)`` read along its first unit; does not hear its cue."""
    return hand_made(
        "vanilla", gain * rotation(angle), np.zeros((2, 1)), [[1.0, 0.0]], first=[0.0, 0.3]
    )


class Rotor:
    """Turns by the angle that its cue asks for; each cue's rotation has a centre of its own."""

    name, units, state_size, inputs, nonlinearity = "rotor", 3, 3, 1, "tanh"

    def __init__(self, angles=FREQUENCIES, gain=GAIN):
        self.angles, self.gain = angles, gain

    def _maps(self, inputs):
        angle = np.interp(inputs[..., 0], LEVELS, self.angles)
        maps = np.zeros((*angle.shape, 3, 3))
        maps[..., 0, 0] = maps[..., 1, 1] = self.gain * np.cos(angle)
        maps[..., 0, 1], maps[..., 1, 0] = -self.gain * np.sin(angle), self.gain * np.sin(angle)
        return maps

    def step(self, states, inputs):
        inputs = np.broadcast_to(inputs, (*states.shape[:-1], 1))
        following = np.tanh(np.einsum("...ij,...j->...i", self._maps(inputs), states))
        following[..., 2] = inputs[..., 0]
        return following

    def autonomous(self, *, inputs):
        return Held(self, inputs)


class Held:
    """A rotor whose cue is constant."""

    def __init__(self, rotor, inputs):
        self.rotor, self.inputs = rotor, inputs

    def __call__(self, states):
        return self.rotor.step(states, self.inputs)

    def jacobian(self, states):
        slopes = 1 - self(states) ** 2
        slopes[:, 2] = 0
        return slopes[:, :, None] * self.rotor._maps(np.broadcast_to(self.inputs, (len(states), 1)))


class Turner:
    """A network with a rotor for its cell, read along one axis."""

    def __init__(self, cell, size):
        self.cell, self.size = cell, size

    def states(self, inputs):
        current = np.tile([0.0, -0.3, 0.0], (len(inputs), 1))
        visited = []
        for time in range(inputs.shape[1]):
            current = self.cell.step(current, inputs[:, time])
            visited.append(current)
        return np.stack(visited, axis=1)

    def read(self, states):
        return self.size * states[..., :1]


def values(network, frequencies=FREQUENCIES, seed=3, **changes):
    cues = np.repeat(LEVELS[:, None, None], STEPS, axis=1)
    waves = np.sin(np.outer(frequencies, np.arange(STEPS)))[..., None]
    measured = measure_oscillator(
        read_trials(network, cues, waves), np.random.default_rng(seed),
        frequencies=frequencies, **{**SETTINGS, **changes},
    )  # fmt: skip
    return {name: value for name, (_, value, _, _) in measured.items()}


@pytest.fixture(scope="module")
def rotor():
    return values(Turner(Rotor(), SIZE))


@pytest.mark.parametrize("angle", [0.15, 0.4, 1.2])
def test_the_leading_rotation_of_a_bent_rotation_is_its_angle(angle):
    measured = values(turning(angle))
    np.testing.assert_allclose(measured["cue_linear_frequency"], angle, rtol=1e-9)
    np.testing.assert_allclose(measured["cue_growth"], GAIN, rtol=1e-9)
    np.testing.assert_allclose(measured["cue_pc"] - measured["cue_pc"][0], 0, atol=1e-9)
    # Bending an almost round cycle alters its frequency in the second order only.
    np.testing.assert_allclose(measured["cue_frequency"], angle, rtol=0.02)
    # It does not hear what the cues command.
    assert measured["linear_slope"] == pytest.approx(0, abs=1e-9)
    assert measured["frequency_error"] == pytest.approx(
        np.median(np.abs(measured["cue_frequency"] / FREQUENCIES - 1))
    )


def test_a_network_that_turns_as_asked_has_the_numbers_of_a_good_oscillator(rotor):
    np.testing.assert_allclose(rotor["cue_linear_frequency"], FREQUENCIES, rtol=1e-9)
    assert rotor["linear_correlation"] == pytest.approx(1)
    assert rotor["linear_slope"] == pytest.approx(1)
    assert rotor["n_points"] == 11
    assert rotor["frequency_error"] < 0.005
    assert rotor["amplitude"] == pytest.approx(1, abs=0.1)
    np.testing.assert_allclose(
        np.abs(rotor["cue_eigenvalue_real"] + 1j * rotor["cue_eigenvalue_imaginary"]),
        np.tile([GAIN, GAIN, 0.0], (11, 1)),
        atol=1e-9,
    )


def test_its_fixed_points_lie_in_order_along_a_line(rotor):
    # The only thing that differs is the cue, which the third unit keeps.
    assert rotor["order_correlation"] == pytest.approx(1)
    assert rotor["path_share"] == 1
    assert rotor["point_pc1_share"] == pytest.approx(1)


def test_a_cycle_is_returned_to_after_a_push(rotor):
    assert rotor["return_distance"] < 0.005
    assert rotor["pushed_frequency_error"] < 0.005
    np.testing.assert_allclose(rotor["cue_pushed_frequency"], rotor["cue_frequency"], rtol=0.01)


def test_a_rotation_that_no_cycle_attracts_keeps_the_push():
    plain = SequenceNetwork(
        make_cell("linear", units=2, inputs=1, rng=np.random.default_rng(0)),
        initial_state=[0.0, 1.0], readout=[[1.0], [0.0]], readout_bias=[0.0],
    ).with_parameters(
        {"cell.recurrent": rotation(0.3).T, "cell.input": np.zeros((1, 2))}, metadata={}
    )  # fmt: skip
    measured = values(plain)
    np.testing.assert_allclose(measured["cue_pushed_frequency"], 0.3, rtol=1e-3)
    # A push by 0.2 of the radius; by its direction, up to all of it changes the radius.
    assert measured["return_distance"] > 0.05


def test_a_wave_that_dies_out_is_no_cycle():
    measured = values(turning(0.4, gain=0.9))
    assert measured["amplitude"] < 1e-6
    np.testing.assert_allclose(measured["cue_growth"], 0.9, rtol=1e-6)


def test_cues_in_random_order_correlate_by_chance(rotor):
    # With 11 cues the median absolute correlation of independent orders is about 0.22.
    assert rotor["linear_correlation_permuted"] == pytest.approx(0.22, abs=0.06)
    wrong = values(Turner(Rotor(np.random.default_rng(1).permutation(FREQUENCIES)), SIZE))
    assert abs(wrong["linear_correlation"]) < 0.7
    assert wrong["frequency_error"] > 0.1


def test_a_network_that_does_not_turn_has_no_linear_frequency(rng):
    still = hand_made("vanilla", 0.5 * np.eye(2), np.ones((2, 1)), [[1.0, 0.0]])
    measured = values(still)
    assert np.isnan(measured["cue_linear_frequency"]).all()
    assert np.isnan(measured["linear_correlation"])
    assert np.isnan(measured["linear_slope"])
    assert np.isnan(measured["linear_correlation_permuted"])
    # A wave that is lost counts as infinitely wrong, never as left out.
    assert measured["frequency_error"] == np.inf
    assert measured["n_points"] == 11


def test_the_same_generator_measures_the_same(rotor):
    again = values(Turner(Rotor(), SIZE))
    for name, value in rotor.items():
        np.testing.assert_array_equal(value, again[name], name)


@pytest.mark.parametrize("frequency", [0.1, 0.15, 0.37, 0.6, 1.0])
@pytest.mark.parametrize("phase", [0.0, 1.0, 2.5])
def test_a_sampled_sine_has_its_frequency_and_amplitude(frequency, phase):
    wave = 0.4 + 0.8 * np.sin(frequency * np.arange(180) + phase)
    found, amplitude = wave_numbers(wave[None])
    assert found[0] == pytest.approx(frequency, rel=1e-3)
    # The largest sample lies within half a step of the peak.
    assert 0.8 * np.cos(frequency / 2) <= amplitude[0] <= 0.8


def test_a_wave_without_two_rises_has_no_frequency():
    waves = np.array([np.zeros(50), np.linspace(-1, 1, 50), np.full(50, np.nan)])
    frequencies, amplitudes = wave_numbers(waves)
    assert np.isnan(frequencies).all()
    np.testing.assert_allclose(amplitudes, [0, 1, np.nan])


def test_the_leading_rotation_is_the_complex_pair_of_the_largest_modulus():
    pair, smaller = 0.9 * np.exp(0.4j), 0.5 * np.exp(2j)
    eigenvalues = np.array(
        [
            [0.99, pair, pair.conjugate(), smaller, smaller.conjugate()],
            [0.99, 0.9, 0.8, smaller.conjugate(), smaller],
            [0.9, -0.8, 0.7, 0.6, 0.5],
            np.full(5, np.nan),
        ],
        dtype=complex,
    )
    angles, moduli = leading_rotation(eigenvalues)
    np.testing.assert_allclose(angles, [0.4, 2.0, np.nan, np.nan])
    np.testing.assert_allclose(moduli, [0.9, 0.5, np.nan, np.nan])


def arc(n=12):
    """Points in even steps along half a turn, in four dimensions."""
    angles = np.linspace(0, 0.9 * np.pi, n)
    axes = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) @ axes[:2]


def test_points_along_a_curve_are_in_order_and_joined_to_their_neighbours():
    found = curve_numbers(arc())
    assert found["order"] == pytest.approx(1)
    assert found["path"] == 1
    assert 0.5 < found["pc1_share"] < 1
    np.testing.assert_array_equal(found["graph"], neighbour_graph(arc(), 2))


def test_points_in_random_order_are_not():
    rng = np.random.default_rng(5)
    shuffled = [curve_numbers(rng.permutation(arc())) for _ in range(40)]
    # Each of 12 points has 2 of 11 others for neighbours.
    assert np.mean([each["path"] for each in shuffled]) == pytest.approx(2 / 12, abs=0.06)
    assert np.median([each["order"] for each in shuffled]) < 0.5


def test_missing_points_keep_their_place_and_have_no_neighbours():
    points = arc()
    points[4] = np.nan
    found = curve_numbers(points)
    assert found["order"] == pytest.approx(1)
    assert not found["graph"][4].any()
    # Two of the eleven edges of the path are lost with it.
    assert found["path"] == pytest.approx(9 / 11)


@pytest.mark.parametrize("there", [0, 1, 2])
def test_two_points_are_no_curve(there):
    points = np.full((6, 4), np.nan)
    points[:there] = arc(6)[:there]
    found = curve_numbers(points)
    assert not found["graph"].any()
    assert found["path"] == 0
    assert np.isnan(found["order"])
    assert np.isnan(found["pc1_share"])


def test_points_in_one_place_have_no_order():
    found = curve_numbers(np.ones((6, 4)))
    assert np.isnan(found["order"])
    assert np.isnan(found["pc1_share"])
