import numpy as np
import pytest

from unrolled.tasks import Sine

SINE = Sine(cues=11, slowest=0.15, fastest=0.6, steps=60)


def trials(n=11):
    return SINE.draw(n, np.random.default_rng(0))


def test_cues_and_frequencies_are_the_ones_of_the_paper():
    np.testing.assert_allclose(SINE.levels, [j / 11 + 0.25 for j in range(1, 12)])
    assert SINE.levels[-1] == 1.25
    assert SINE.frequencies[[0, -1]].tolist() == [0.15, 0.6]
    np.testing.assert_allclose(np.diff(SINE.frequencies), 0.045)


def test_each_cue_is_constant_and_asks_for_its_sine():
    drawn = trials()
    np.testing.assert_array_equal(drawn.inputs, np.tile(SINE.levels[:, None, None], (1, 60, 1)))
    assert not drawn.targets[:, 0].any()
    for wave, frequency in zip(drawn.targets[..., 0], SINE.frequencies, strict=True):
        # sin(w (t + 1)) + sin(w (t - 1)) = 2 cos(w) sin(w t): of no other frequency.
        np.testing.assert_allclose(
            wave[2:] + wave[:-2], 2 * np.cos(frequency) * wave[1:-1], atol=1e-12
        )
        assert wave[1] == pytest.approx(np.sin(frequency))


def test_a_larger_batch_begins_again_with_the_first_cue():
    drawn = trials(13)
    np.testing.assert_array_equal(drawn.inputs[11:], drawn.inputs[:2])
    np.testing.assert_array_equal(drawn.targets[11:], drawn.targets[:2])


def test_nothing_is_random():
    other = SINE.draw(11, np.random.default_rng(9))
    np.testing.assert_array_equal(trials().targets, other.targets)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cues": 1}, "cues is 1; it has to be 2 or more"),
        ({"steps": 0}, "steps is 0"),
        ({"slowest": 0.0}, "have to rise, between 0 and pi"),
        ({"slowest": 0.7}, r"slowest is 0\.7 and fastest 0\.6"),
        ({"fastest": 3.2}, "two steps a period"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        Sine(**{"cues": 11, "slowest": 0.15, "fastest": 0.6, "steps": 60, **changes})
