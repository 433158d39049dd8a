"""What the trainings of populations have in common: the same stream, course and demonstration."""

import numpy as np
import pytest
from benchmarks.population import demonstration
from benchmarks.signal_trainers import STEPS, Signals

pytest.importorskip("tensorflow")


def training(cell):
    return Signals(
        cell=cell,
        units=8,
        task="memory",
        settings={"bits": 1, "pulse_probability": 0.2, "steps": 6},
        batch=16,
        course={"steps": 100, "learning_rate": 1e-2, "final_rate": 0.1, "clip": 1.0},
    )


@pytest.mark.parametrize("library", ["unrolled", "keras"])
@pytest.mark.parametrize("cell", ["vanilla", "ugrnn", "gru", "lstm"])
def test_a_step_trains_a_network(library, cell):
    train = STEPS[library](training(cell), 1)
    train()  # compiles
    # Whoever says 0 all the time has an error of 1.
    assert train() < 0.7


def test_every_network_of_ours_begins_anew():
    train = STEPS["unrolled"](training("vanilla"), 1)
    _, second, third = train(), train(), train()
    assert second == third


def test_ours_is_refused_more_threads_than_one():
    with pytest.raises(ValueError, match="one thread"):
        STEPS["unrolled"](training("gru"), 2)


def test_the_demonstration_is_the_first_of_the_settings():
    signals, steps = demonstration()
    assert steps == signals.course["steps"]
    inputs, targets = signals.stream().batches(0, 1)
    assert inputs.shape == targets.shape
    assert inputs.shape[1:] == (signals.settings["steps"], signals.batch, signals.settings["bits"])
    np.testing.assert_array_equal(np.abs(targets), 1.0)
