from dataclasses import replace

import numpy as np
import pytest

from unrolled.dynamics import KeptOut, Linearised, LinearMaps, nearest_points
from unrolled.networks import make_network

DOCUMENTS = [np.array([2, 3, 4, 5]), np.array([6, 2])]


def network(cell="gru"):
    rng = np.random.default_rng(0)
    return make_network(cell, units=6, embedding=3, vocabulary=9, embedding_scale=1.0, rng=rng)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_state_that_is_kept_out_has_no_part_in_the_subspace(cell):
    one = network(cell)
    rng = np.random.default_rng(1)
    points = rng.standard_normal((3, one.state_size))
    axes = np.linalg.qr(rng.standard_normal((one.state_size, 2)))[0].T
    other = KeptOut(one.cell, points, axes)
    states, inputs = rng.standard_normal((2, 5, one.state_size)), rng.standard_normal((2, 5, 3))
    plain, kept = one.cell.step(states, inputs), other.step(states, inputs)
    nearest = points[nearest_points(plain.reshape(-1, one.state_size), points)]
    nearest = nearest.reshape(plain.shape)
    np.testing.assert_allclose((kept - nearest) @ axes.T, 0, atol=1e-12)
    rest = np.eye(one.state_size) - axes.T @ axes
    np.testing.assert_allclose((kept - nearest) @ rest, (plain - nearest) @ rest, atol=1e-12)


def test_kept_out_of_nothing_a_network_reads_as_before():
    one = network()
    same = replace(one, cell=KeptOut(one.cell, np.zeros((1, 6)), np.zeros((0, 6))))
    np.testing.assert_array_equal(same.final_logits(DOCUMENTS), one.final_logits(DOCUMENTS))


def test_kept_out_of_everything_a_network_stays_on_its_points():
    one = network()
    points = np.random.default_rng(2).standard_normal((2, 6))
    stuck = replace(one, cell=KeptOut(one.cell, points, np.eye(6)))
    ends = one.logits(points)
    for logit in stuck.final_logits(DOCUMENTS):
        assert np.abs(logit - ends).min() < 1e-12


def test_the_linearisation_of_a_linear_cell_is_the_cell():
    one = network("linear")
    maps = LinearMaps.of(one.cell, np.ones((1, 6)), np.array([0.1, 0.2, 0.3]))
    straight = replace(one, cell=Linearised(one.cell, maps))
    states, inputs = np.ones((1, 6)) * 0.3, np.random.default_rng(3).standard_normal((4, 3))
    np.testing.assert_allclose(straight.cell.step(states, inputs), one.cell.step(states, inputs))


def test_a_linearised_step_is_exact_at_its_point_and_adds_words_up():
    one = network()
    reference = np.array([0.1, 0.2, 0.3])
    point = np.random.default_rng(4).standard_normal((1, 6))
    straight = Linearised(one.cell, LinearMaps.of(one.cell, point, reference))
    np.testing.assert_allclose(
        straight.step(point, reference), one.cell.step(point, reference), atol=1e-14
    )
    a, b = np.array([1.0, 0, 0]), np.array([0, 2.0, 0])
    base = straight.step(point, reference)
    both = straight.step(point, reference + a + b) - base
    parts = straight.step(point, reference + a) + straight.step(point, reference + b) - 2 * base
    np.testing.assert_allclose(both, parts, atol=1e-12)
    assert straight.step(np.ones((7, 2, 6)), reference).shape == (7, 2, 6)
