"""What the trainings that are compared have in common: the same work on the same batch."""

import numpy as np
import pytest
from benchmarks.trainers import STEPS, Training, keras_ugrnn

from unrolled.networks import make_cell

pytest.importorskip("tensorflow")

NAMES = ["vanilla", "ugrnn", "gru", "lstm"]


def training(cell, **changes):
    sizes = {"units": 6, "embedding": 5, "vocabulary": 20, "words": 7, "documents": 8}
    return Training(cell=cell, **(sizes | changes))


@pytest.mark.parametrize(("cell", "matrices"), list(zip(NAMES, [1, 2, 3, 4], strict=True)))
def test_operations_are_those_of_each_cell_s_matrices(cell, matrices):
    # Forward 2 n (n + m) for each matrix pair and word; backward twice as many.
    assert training(cell).operations == 7 * 8 * matrices * 6 * 6 * (6 + 5)


@pytest.mark.parametrize("library", ["unrolled", "keras"])
@pytest.mark.parametrize("cell", NAMES)
def test_steps_learn_the_batch_by_heart(library, cell):
    step = STEPS[library](training(cell), 1)
    losses = [step() for _ in range(60)]
    assert losses[0] == pytest.approx(np.log(2), abs=0.3)
    assert losses[-1] < losses[0]


def test_the_ugrnn_in_keras_is_ours():
    rng = np.random.default_rng(0)
    cell = make_cell("ugrnn", units=6, inputs=5, rng=rng)
    states, inputs = rng.standard_normal((4, 6)), rng.standard_normal((4, 5))
    twin = keras_ugrnn(6)
    twin.build((4, 5))
    twin.set_weights([cell.parameters[key] for key in ("input", "recurrent", "bias")])
    following, _ = twin(np.float32(inputs), [np.float32(states)])
    np.testing.assert_allclose(following, cell.step(states, inputs), atol=1e-6)


def test_ours_is_refused_more_threads_than_one():
    with pytest.raises(ValueError, match="one thread"):
        STEPS["unrolled"](training("gru"), 2)
