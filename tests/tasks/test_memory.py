import numpy as np
import pytest

from unrolled.tasks import Memory

MEMORY = Memory(bits=3, pulse_probability=0.2, steps=40)


def drawn(task, n=300):
    return task.draw(n, np.random.default_rng(1))


def test_the_target_is_the_sign_of_the_last_pulse():
    trials = drawn(MEMORY, 20)
    for pulses, targets in zip(trials.inputs, trials.targets, strict=True):
        held = np.zeros(3)
        for now, target in zip(pulses, targets, strict=True):
            held = np.where(now != 0, now, held)
            assert target.tolist() == held.tolist()


def test_every_channel_begins_with_a_pulse_and_others_come_by_the_asked_chance():
    inputs = drawn(MEMORY).inputs
    assert set(np.unique(inputs)) == {-1.0, 0.0, 1.0}
    assert (np.abs(inputs[:, 0]) == 1).all()
    # 35,100 later places: the standard error is 0.0021.
    assert (inputs[:, 1:] != 0).mean() == pytest.approx(0.2, abs=0.01)
    # About 7,900 pulses: the standard error of the mean sign is 0.011.
    assert inputs[inputs != 0].mean() == pytest.approx(0, abs=0.05)


def test_channels_know_nothing_of_each_other():
    # 12,000 places: correlations of independent channels have a standard error of 0.009.
    pulses = drawn(MEMORY).inputs.reshape(-1, 3)
    for values in (pulses, np.abs(pulses[np.arange(len(pulses)) % 40 > 0])):
        assert np.abs(np.corrcoef(values.T) - np.eye(3)).max() < 0.04


@pytest.mark.parametrize(("chance", "pulses"), [(0.0, 1), (1.0, 40)])
def test_with_no_chance_only_the_first_pulse_comes_and_with_certainty_all(chance, pulses):
    trials = drawn(Memory(bits=2, pulse_probability=chance, steps=40), 5)
    assert ((trials.inputs != 0).sum(axis=1) == pulses).all()


def test_on_a_dead_channel_nothing_comes_and_nothing_is_asked():
    alive = drawn(MEMORY)
    dead = drawn(Memory(bits=3, pulse_probability=0.2, steps=40, dead=(2,)))
    assert not dead.inputs[..., 2].any()
    assert not dead.targets[..., 2].any()
    np.testing.assert_array_equal(dead.inputs[..., :2], alive.inputs[..., :2])
    np.testing.assert_array_equal(dead.targets[..., :2], alive.targets[..., :2])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bits": 0}, "bits is 0; it has to be 1 or more"),
        ({"steps": 0}, "steps is 0"),
        ({"pulse_probability": 1.1}, r"pulse_probability is 1\.1"),
        ({"pulse_probability": float("nan")}, "between 0 and 1"),
        ({"dead": (3,)}, r"dead is \[3\]; channels are 0 to 2"),
        ({"dead": (0, 1, 2)}, "one at least has to live"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        Memory(**{"bits": 3, "pulse_probability": 0.2, "steps": 4, **changes})
