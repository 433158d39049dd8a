"""Streams of trials: the same for every reader, wherever a reader begins."""

import numpy as np
import pytest

from unrolled.tasks import Integration, Memory, Sine, TrialStream, make_task

SETTINGS = {
    "memory": {"bits": 3, "pulse_probability": 0.3, "steps": 7},
    "sine": {"cues": 5, "slowest": 0.1, "fastest": 0.6, "steps": 7},
    "integration": {"bias_spread": 0.02, "bias_mean": -0.01, "noise": 0.125, "steps": 7},
}
every_task = pytest.mark.parametrize("name", list(SETTINGS))
random_task = pytest.mark.parametrize("name", ["memory", "integration"])


def stream(name, seed=4, batch=6):
    return TrialStream(make_task(name, SETTINGS[name]), batch, seed)


@every_task
def test_where_a_reader_begins_changes_nothing(name):
    whole, part = stream(name).batches(0, 10), stream(name).batches(3, 5)
    for all_of_it, some in zip(whole, part, strict=True):
        assert all_of_it[3:5].tobytes() == some.tobytes()


@every_task
def test_batches_have_time_before_trials_and_are_single_precision(name):
    task = make_task(name, SETTINGS[name])
    inputs, targets = TrialStream(task, 6, 4).batches(2, 5)
    assert inputs.shape == (3, task.steps, 6, len(task.input_names))
    assert targets.shape == (3, task.steps, 6, len(task.output_names))
    assert inputs.dtype == targets.dtype == np.float32
    drawn = task.draw(6, np.random.default_rng([4, 3]))
    np.testing.assert_array_equal(inputs[1].swapaxes(0, 1), np.float32(drawn.inputs))
    np.testing.assert_array_equal(targets[1].swapaxes(0, 1), np.float32(drawn.targets))
    assert len(drawn) == 6


@random_task
def test_every_batch_is_new_and_so_is_every_seed(name):
    inputs, _ = stream(name).batches(0, 4)
    others, _ = stream(name, seed=5).batches(0, 4)
    drawn = {batch.tobytes() for batch in [*inputs, *others]}
    assert len(drawn) == 8


@pytest.mark.parametrize(
    ("name", "kind"), [("memory", Memory), ("sine", Sine), ("integration", Integration)]
)
def test_tasks_are_made_by_name(name, kind):
    assert make_task(name, SETTINGS[name]) == kind(**SETTINGS[name])


def test_a_task_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no task 'parity'; there are memory, sine, integration"):
        make_task("parity", {})
