"""The filters of the published tools, as the peer applies them; no PyTorch needed."""

import numpy as np
import pytest
from benchmarks.memory_task import BITS
from benchmarks.peers import torch_step, without_duplicates, without_outliers

from unrolled.networks import make_cell


def test_points_are_duplicates_only_if_every_entry_is_near():
    states = np.array([[0.0, 0.0], [0.9e-3, -0.9e-3], [0.0, 1.1e-3], [0.0, 0.0]])
    assert without_duplicates(states).tolist() == [0, 2]


def test_a_chain_of_near_points_keeps_those_that_are_far_from_every_kept_one():
    states = 0.6e-3 * np.arange(5.0)[:, None]
    assert without_duplicates(states).tolist() == [0, 2, 4]


def test_outliers_are_measured_from_the_centre_of_the_starts_by_their_mean_distance():
    starts = np.array([[9.0, 5.0], [11.0, 5.0]])  # centre (10, 5), mean distance 1
    states = np.array([[10.0, 14.9], [10.0, 15.1], [0.1, 5.0], [-0.1, 5.0]])
    assert without_outliers(states, starts).tolist() == [0, 2]


def test_a_cell_that_the_peer_does_not_know_is_refused_by_name(rng):
    step = make_cell("lstm", units=3, inputs=BITS, rng=rng).autonomous(inputs=np.zeros(BITS))
    with pytest.raises(ValueError, match="not 'lstm'"):
        torch_step(step, None)
