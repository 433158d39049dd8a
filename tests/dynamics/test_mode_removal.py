import numpy as np
import pytest

from unrolled.dynamics import (
    decompose,
    mode_groups,
    principal_angles,
    removal_course,
    without_modes,
)
from unrolled.dynamics.mode_removal import carried_share, random_carried_shares


def modes(size=7, seed=0):
    """Modes of a matrix that is not normal, with conjugate pairs."""
    return decompose(np.random.default_rng(seed).standard_normal((1, size, size)))


def test_pairs_stand_together_and_real_modes_alone():
    values = modes().eigenvalues[0]
    groups = mode_groups(values)
    assert sorted(index for group in groups for index in group) == list(range(7))
    for group in groups:
        assert len(group) == (1 if values[group[0]].imag == 0 else 2)
        np.testing.assert_allclose(values[list(group)].sum().imag, 0, atol=1e-12)
    assert any(len(group) == 2 for group in groups)


def test_modes_that_are_taken_out_read_nothing_any_more():
    one = modes()
    deflection = np.random.default_rng(1).standard_normal(7)
    for group in mode_groups(one.eigenvalues[0]):
        left = without_modes(deflection, one.left[0][list(group)])
        np.testing.assert_allclose(one.left[0][list(group)] @ left, 0, atol=1e-12)
        # One of a pair stands for both.
        np.testing.assert_allclose(
            left, without_modes(deflection, one.left[0][list(group[:1])]), atol=1e-12
        )
    # To take the right vector away leaves what the left one reads.
    right = one.right[0][:, 0].real
    right = right / np.linalg.norm(right)
    kept = deflection - right * (right @ deflection)
    assert abs(one.left[0][0] @ kept) > 1e-3


def test_nothing_taken_out_changes_nothing():
    deflection = np.arange(7.0)
    np.testing.assert_array_equal(without_modes(deflection, np.zeros((0, 7))), deflection)


def test_angles_are_zero_along_a_vector_and_ninety_across():
    left = np.array([[1.0, 0, 0], [0, 1.0, 0], [1.0, 1.0j, 0]])
    found = principal_angles(left, [1.0, 0, 0])
    np.testing.assert_allclose(found, [0, 90, 0], atol=1e-6)
    np.testing.assert_allclose(principal_angles(left, [1.0, 0, 1.0]), [45, 90, 45])


def test_the_mode_that_carries_the_effect_is_taken_out_first():
    rng = np.random.default_rng(2)
    left = np.linalg.inv(np.linalg.qr(rng.standard_normal((6, 6)))[0])
    deflection = rng.standard_normal(6)

    def effect(deflections):
        return 3.0 + deflections @ left[4]

    groups = [(0,), (1,), (2,), (3,), (4,), (5,)]
    course = removal_course(effect, deflection, left, groups)
    assert course["order"][0] == 4
    assert course["effects"][0] == pytest.approx(course["whole"])
    np.testing.assert_allclose(course["effects"][1:], course["bare"], atol=1e-12)
    assert carried_share(course, 1) == pytest.approx(1)
    chance = random_carried_shares(
        effect, deflection, left, groups, dimensions=1, draws=200, rng=rng
    )
    assert 0.08 < np.mean(chance > 0.5) < 0.26  # a sixth of the draws hold it


def test_a_pair_counts_as_two_dimensions():
    one = modes(seed=3)
    groups = sorted(mode_groups(one.eigenvalues[0]), key=len)
    course = removal_course(
        lambda deflections: deflections @ one.left[0].real.sum(axis=0),
        np.ones(7), one.left[0], groups,
    )  # fmt: skip
    sizes = [len(groups[k]) for k in course["order"]]
    assert course["dimensions"].tolist() == [0, *np.cumsum(sizes)]
