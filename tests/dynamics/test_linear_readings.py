from types import SimpleNamespace

import numpy as np
import pytest

from unrolled.dynamics.linear_readings import open_loop_accuracy
from unrolled.dynamics.portraits import Reading
from unrolled.networks import make_network

LENGTH = 3


def portrait_of(recurrent, labels):
    """A linear network of two units that reads one word, again and again, from (1, 1)."""
    rng = np.random.default_rng(0)
    network = make_network(
        "linear", units=2, embedding=1, vocabulary=3, embedding_scale=1.0, rng=rng
    )
    network.cell.parameters["recurrent"][:] = np.asarray(recurrent, float).T
    network.cell.parameters["input"][:] = 0
    network.cell.parameters["bias"][:] = 0
    network.initial_state[:] = 1.0
    network.readout[:] = [1.0, -0.5]
    tokens = np.full((len(labels), LENGTH), 2)
    states = np.zeros((len(labels), LENGTH, 2))
    reading = Reading(tokens, np.full(len(labels), LENGTH), np.asarray(labels), states)
    return SimpleNamespace(
        network=network, reading=reading, points=Points(), reference_input=np.zeros(1)
    )


class Points:
    """One slow point at 0."""

    states = np.zeros((1, 2))

    def __len__(self):
        return 1


def test_a_linear_run_labels_by_the_sign_of_its_readout():
    open_loop, _ = open_loop_accuracy(portrait_of(np.eye(2), [1, 1, 1, 0]))
    assert open_loop == 0.75


@pytest.mark.parametrize("labels", [[0, 0], [1, 1], [0, 1]])
def test_a_linear_run_that_leaves_the_range_of_numbers_labels_nothing(labels):
    open_loop, _ = open_loop_accuracy(portrait_of([[1e200, 1e200], [1e200, 1e200]], labels))
    assert open_loop == 0
