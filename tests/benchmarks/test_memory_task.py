"""The memory task is what it says, and its networks learn by the true gradient."""

import numpy as np
import pytest
from benchmarks.memory_task import (
    BITS,
    Lesson,
    loss_and_gradients,
    memory_trials,
    train_memory,
    visited_states,
)
from benchmarks.networks import Spec

from benchmarks import networks
from unrolled.networks import make_cell


def test_each_target_is_the_sign_of_the_last_pulse_on_its_channel(rng):
    inputs, targets = memory_trials(5, 40, rng)
    held = np.zeros((5, BITS))
    for pulses, target in zip(inputs, targets, strict=True):
        held = np.where(pulses != 0, pulses, held)
        np.testing.assert_array_equal(target, held)


def test_every_channel_begins_with_a_pulse_and_later_ones_come_by_the_asked_chance(rng):
    inputs, _ = memory_trials(200, 50, rng, pulse=0.2)
    assert set(np.unique(inputs)) == {-1.0, 0.0, 1.0}
    assert (inputs[0] != 0).all()
    # 29,400 draws: the standard error is 0.0023.
    assert (inputs[1:] != 0).mean() == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("name", ["vanilla", "ugrnn", "gru", "lstm"])
def test_the_gradient_through_time_is_that_of_finite_differences(name, rng):
    cell = make_cell(name, units=4, inputs=BITS, rng=rng)
    values = {f"cell.{key}": value for key, value in cell.parameters.items()}
    values |= {
        "readout": rng.standard_normal((cell.state_size, BITS)),
        "readout_bias": rng.standard_normal(BITS),
    }
    inputs, targets = (part.astype(np.float64) for part in memory_trials(3, 6, rng))

    def loss(moved):
        return loss_and_gradients(cell, values | moved, inputs, targets)[0]

    _, gradients = loss_and_gradients(cell, values, inputs, targets)
    assert set(gradients) == set(values)
    for key, value in values.items():
        way = rng.standard_normal(value.shape)
        slope = (loss({key: value + 1e-6 * way}) - loss({key: value - 1e-6 * way})) / 2e-6
        # Central differences of step 1e-6 are good to about nine digits here.
        assert np.sum(gradients[key] * way) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_training_learns_and_gives_the_same_weights_from_the_same_numbers():
    lesson = Lesson(steps=150, rate=1e-2, trials=32, times=16)
    first, second = (
        train_memory("gru", units=12, lesson=lesson, rng=np.random.default_rng(0)) for _ in range(2)
    )
    assert first.loss < 0.3  # holding nothing costs 1
    for key, value in first.cell.parameters.items():
        np.testing.assert_array_equal(value, second.cell.parameters[key])
        np.testing.assert_array_equal(value, value.astype(np.float32))


def test_visited_states_follow_the_network_from_rest(rng):
    network = train_memory("vanilla", units=5, lesson=Lesson(1, 1e-3, 4, 4), rng=rng)
    states = visited_states(network, trials=3, times=4, rng=np.random.default_rng(7))
    inputs, _ = memory_trials(3, 4, np.random.default_rng(7))
    np.testing.assert_allclose(
        states[:3], network.cell.step(np.zeros((3, 5)), inputs[0].astype(float)), rtol=1e-12
    )
    np.testing.assert_allclose(
        states[3:6], network.cell.step(states[:3], inputs[1].astype(float)), rtol=1e-12
    )


def test_a_kept_network_is_not_taken_for_one_of_another_lesson(monkeypatch):
    before = Spec("gru", 16).path
    assert Spec("gru", 16).path == before
    monkeypatch.setitem(networks.LESSONS, ("gru", 16), Lesson(steps=7, rate=1.0))
    assert Spec("gru", 16).path != before
