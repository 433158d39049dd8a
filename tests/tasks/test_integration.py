import numpy as np
import pytest

from unrolled.tasks import Integration

# The authors' generator in 25 steps: bias 0.02 xi - 0.01, noise 0.025 / sqrt(1 / 25).
TASK = Integration(bias_spread=0.02, bias_mean=-0.01, noise=0.125, steps=25)


def trials(task=TASK, n=4000):
    return task.draw(n, np.random.default_rng(2))


def test_the_target_is_the_running_sum_of_the_stream_that_the_context_asks_for():
    drawn = trials(n=30)
    for inputs, targets in zip(drawn.inputs, drawn.targets, strict=True):
        chosen = 0 if inputs[0, 2] == 1 else 1
        total = 0.0
        for now, target in zip(inputs, targets, strict=True):
            total += now[chosen]
            assert target[0] == pytest.approx(total, abs=1e-12)


def test_the_context_is_one_hot_constant_and_fair():
    contexts = trials().inputs[..., 2:]
    assert (contexts == contexts[:, :1]).all()
    assert set(np.unique(contexts)) == {0.0, 1.0}
    assert (contexts.sum(axis=2) == 1).all()
    # 4,000 trials: the standard error is 0.008.
    assert contexts[:, 0, 0].mean() == pytest.approx(0.5, abs=0.03)


def test_noise_is_white_and_as_large_as_asked():
    streams = trials().inputs[..., :2]
    noise = streams - streams.mean(axis=1, keepdims=True)
    # A trial's own mean takes a 25th of the variance; 192,000 degrees of freedom remain.
    assert noise.std() * np.sqrt(25 / 24) == pytest.approx(0.125, rel=0.01)
    lagged = (noise[:, 1:] * noise[:, :-1]).mean() / noise.var()
    assert lagged == pytest.approx(-1 / 25, abs=0.02)
    assert abs(np.corrcoef(streams.reshape(-1, 2).T)[0, 1]) < 0.02


def test_without_noise_each_stream_is_its_trials_own_bias():
    streams = trials(Integration(bias_spread=0.02, bias_mean=-0.01, noise=0.0, steps=25)).inputs
    assert (streams == streams[:, :1]).all()
    biases = streams[:, 0, :2]
    # 8,000 draws: standard errors are 0.0002 of the mean and 0.8 % of the spread.
    assert biases.mean() == pytest.approx(-0.01, abs=0.001)
    assert biases.std() == pytest.approx(0.02, rel=0.04)
    assert abs(np.corrcoef(biases.T)[0, 1]) < 0.06


@pytest.mark.parametrize("number", [0, 1])
def test_a_silent_context_is_its_one_hot_input(number):
    expected = np.zeros(4)
    expected[2 + number] = 1.0
    assert TASK.context(number).tolist() == expected.tolist()


@pytest.mark.parametrize("number", [0, 1])
def test_probes_hold_the_chosen_stream_at_a_level(number):
    levels = np.array([-0.16, 0.0, 0.08])
    probes = TASK.probes(levels, number)
    assert probes.inputs.shape == (3, 25, 4)
    assert (probes.inputs[..., number] == levels[:, None]).all()
    assert not probes.inputs[..., 1 - number].any()
    assert (probes.inputs[..., 2:] == TASK.context(number)[2:]).all()
    np.testing.assert_allclose(probes.targets[..., 0], np.outer(levels, np.arange(1, 26)))


def test_probes_of_the_ignored_stream_ask_for_nothing():
    probes = TASK.probes(np.array([0.1, 0.2]), 1, ignored=True)
    assert (probes.inputs[..., 0] == [[0.1], [0.2]]).all()
    assert not probes.inputs[..., 1].any()
    assert (probes.inputs[..., 3] == 1).all()
    assert not probes.targets.any()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"noise": -0.1}, r"noise is -0\.1; it has to be 0 or more"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"bias_spread": float("inf")}, "bias_spread is inf"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        Integration(
            **{"bias_spread": 0.02, "bias_mean": -0.01, "noise": 0.125, "steps": 25, **changes}
        )
