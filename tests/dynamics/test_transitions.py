from itertools import product

import numpy as np
import pytest

from unrolled.dynamics import find_transitions, linearise

from .maps_for_tests import Bistable, Linear

DECIDED = 0.9575040240772688  # h = tanh(2 h)


@pytest.fixture
def cube():
    """The 27 fixed points of three bistable units, as codes and as states."""
    codes = np.array(list(product([-1, 0, 1], repeat=3)))
    return codes, DECIDED * codes


class Cubic:
    """Units h -> h + gain h (1 - h^2), each with an unstable point at 0 and others at -1 and 1."""

    def __init__(self, gain=0.5):
        self.gain = gain

    def __call__(self, states):
        return states + self.gain * states * (1 - states**2)

    def jacobian(self, states):
        return (1 + self.gain * (1 - 3 * states**2))[:, :, None] * np.eye(states.shape[1])


class Hollow:
    """Above the unstable 0 lie a shallow attractor, at 0.012, and a ridge behind it, at 0.015."""

    points = np.array([[-1.0], [0.0], [0.012], [0.015], [1.0]])

    def slope(self, states):
        hollow = (states - 0.012) * (states - 0.015) / (np.abs(states) + 0.02) ** 2
        return 0.5 * states * (1 - states**2) * hollow

    def __call__(self, states):
        return states + self.slope(states)

    def jacobian(self, states):
        ahead, behind = self.slope(states + 1e-7), self.slope(states - 1e-7)
        return (1 + (ahead - behind) / 2e-7)[:, :, None]


class Plane:
    """A step in polar coordinates: the radius moves by a rule, the angle turns evenly."""

    def __init__(self, rule, turn):
        self.rule, self.turn = rule, turn

    def __call__(self, states):
        radii = np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-300)
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return states @ [[cos, sin], [-sin, cos]] * (self.rule(radii) / radii)

    def jacobian(self, states):
        offsets = 1e-6 * np.eye(2)
        return np.stack([(self(states + o) - self(states - o)) / 2e-6 for o in offsets], axis=2)


def test_each_edge_saddle_of_the_cube_leads_to_its_two_corners(cube):
    codes, points = cube
    found = find_transitions(Bistable(3), points, radius=np.sqrt(3))
    undecided = (codes == 0).sum(axis=1)
    np.testing.assert_array_equal(np.bincount(found.sources, minlength=27), 2 * undecided)
    assert found.agreed.all()
    saddles = np.flatnonzero(undecided == 1)
    edges = found.edges()
    for saddle in saddles:
        ends = edges[edges[:, 0] == saddle, 1]
        assert len(ends) == 2
        assert (undecided[ends] == 0).all()
        # The corners differ in the saddle's undecided bit and in no other.
        np.testing.assert_array_equal(codes[ends[0]] != codes[ends[1]], codes[saddle] == 0)
        decided = codes[saddle] != 0
        np.testing.assert_array_equal(codes[ends[0]][decided], codes[saddle][decided])


def test_units_that_do_not_touch_decide_one_bit_at_a_time(cube):
    codes, points = cube
    found = find_transitions(Bistable(3), points, radius=np.sqrt(3))
    changes = codes[found.ends] - codes[found.sources]
    np.testing.assert_array_equal(np.abs(changes).sum(axis=1), 1)
    centre = found.sources == 13
    assert centre.sum() == 6
    # Along one eigenvector of three equal ones, against it and along it.
    np.testing.assert_array_equal(found.directions[centre], [0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(found.signs[centre], [-1, 1, -1, 1, -1, 1])
    np.testing.assert_array_equal(changes[centre].sum(axis=1), found.signs[centre])
    order = np.lexsort((found.signs, found.directions, found.sources))
    np.testing.assert_array_equal(order, np.arange(len(found)))


def test_the_middle_left_along_mixtures_of_its_directions_ends_on_corners(cube):
    codes, points = cube
    step = Bistable(3)
    modes = linearise(step, points)
    # The three equal eigenvalues of the middle have any orthonormal axes for eigenvectors.
    modes.right[13] = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    found = find_transitions(step, points, radius=np.sqrt(3), modes=modes)
    middle = found.sources == 13
    assert (codes[found.ends[middle]] != 0).all()


def test_an_edge_that_hangs_on_the_start_distance_is_not_agreed_on():
    # From 0.005 and 0.01 the state ends in the hollow, from 0.02 it is over the ridge already.
    points = Hollow.points
    found = find_transitions(Hollow(), points, radius=1.0, near=0.001)
    up = (found.sources == 1) & (found.signs == 1)
    assert found.agreed[up].tolist() == [False]
    assert found.ends[up].tolist() == [2]  # that of the middle distance
    down = (found.sources == 1) & (found.signs == -1)
    assert found.agreed[down].tolist() == [True]
    assert [1, 0] in found.edges().tolist()
    assert [1, 2] not in found.edges().tolist()
    nearer = find_transitions(Hollow(), points, radius=1.0, near=0.001, distances=[0.005, 0.01])
    assert [1, 2] in nearer.edges().tolist()


def test_a_complex_pair_is_left_along_its_real_and_its_imaginary_part():
    # The pair turns the first two entries; their size pushes the third up.
    class Spiral:
        def __call__(self, states):
            x, y, z = states.T
            grow, turn = 1.2, 0.3
            radius = np.maximum(np.hypot(x, y), 1e-300)
            size = np.tanh(grow * radius) / radius * np.exp(-0.4 * z**2)
            push = np.tanh(3 * (z + 0.2 * radius**2))
            return np.stack(
                [
                    size * (np.cos(turn) * x - np.sin(turn) * y),
                    size * (np.sin(turn) * x + np.cos(turn) * y),
                    push,
                ],
                axis=1,
            )

        def jacobian(self, states):
            offsets = 1e-6 * np.eye(3)
            return np.stack([(self(states + o) - self(states - o)) / 2e-6 for o in offsets], axis=2)

    step = Spiral()
    top = 1.0
    for _ in range(200):
        top = np.tanh(3 * top)
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, top], [0.0, 0.0, -top]])
    found = find_transitions(step, points, radius=1.0)
    assert found.sources.tolist() == [0] * 6
    assert found.directions.tolist() == [0, 0, 1, 1, 2, 2]
    middle = linearise(step, points[:1]).eigenvalues[0]
    np.testing.assert_allclose(np.abs(middle), [3.0, 1.2, 1.2], atol=1e-6)
    # Along the third axis the sign says where to; along the pair, whichever part, it is up.
    assert found.ends.tolist() == [2, 1, 1, 1, 1, 1]
    assert found.agreed.all()


def test_a_cycle_is_no_end():
    step = Plane(lambda r: r + 0.5 * r * (1 - r**2), turn=0.3)
    found = find_transitions(step, np.zeros((1, 2)), radius=1.0, steps=300)
    assert len(found) == 4
    assert (found.ends == -1).all()
    assert found.directions.tolist() == [0, 0, 1, 1]
    assert found.agreed.all()
    assert (found.steps == 300).all()
    assert found.edges().shape == (0, 2)


def test_a_small_cycle_around_the_source_is_no_end_either():
    step = Plane(lambda r: r + 0.5 * r * (1 - (r / 0.03) ** 2), turn=0.3)
    found = find_transitions(step, np.zeros((1, 2)), radius=1.0, steps=300)
    assert (found.ends == -1).all()


def test_leaving_slowly_is_not_resting():
    # The first steps are |lam - 1| times the distance, here shorter than what counts as still.
    points = np.array([[-1.0], [0.0], [1.0]])
    found = find_transitions(Cubic(0.002), points, radius=1.0, still=3e-5, steps=6000)
    assert found.ends.tolist() == [0, 2]
    assert found.agreed.all()
    assert (found.steps > 1000).all()


def test_when_the_steps_are_over_a_slow_arrival_counts_and_a_passage_does_not():
    points = np.array([[-1.0], [0.0], [1.0]])
    arriving = find_transitions(Cubic(0.1), points, radius=1.0, still=1e-9, steps=80)
    assert arriving.ends.tolist() == [0, 2]
    assert arriving.agreed.all()
    assert (arriving.steps == 80).all()
    # Two units: the first leads past the saddle at (1, 0), which the state nears, and leaves.
    nodes = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    modes = linearise(Cubic(), nodes)
    tilt = np.array([1.0, 1e-9])
    modes.right[0] = np.stack([tilt, [0.0, 1.0]], axis=1)
    passing = find_transitions(Cubic(), nodes, radius=1.0, modes=modes, still=1e-12, steps=35)
    there = (passing.sources == 0) & (passing.directions == 0) & (passing.signs == 1)
    assert passing.ends[there].tolist() == [-1]
    on = find_transitions(Cubic(), nodes, radius=1.0, modes=modes, still=1e-12)
    assert on.ends[there].tolist() == [2]


def test_departures_start_at_their_distances_along_the_directions():
    # A pair and a real eigenvalue that all grow, seen in oblique axes.
    rng = np.random.default_rng(2)
    axes = rng.standard_normal((3, 3))
    weights = axes @ [[0.3, -1.2, 0.0], [1.2, 0.3, 0.0], [0.0, 0.0, 1.1]] @ np.linalg.inv(axes)
    seen = []

    class Spy(Linear):
        def __call__(self, states):
            seen.append(np.array(states))
            return super().__call__(states)

    modes = linearise(Linear(weights), np.zeros((1, 3)))
    distances = (0.1, 0.2)
    find_transitions(
        Spy(weights), np.zeros((1, 3)), radius=7.0, modes=modes, distances=distances, steps=1
    )
    right = modes.right[0]
    directions = np.stack([right[:, 0].real, right[:, 1].imag, right[:, 2].real])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    signed = np.stack([-directions, directions], axis=1).reshape(6, 3)
    expected = np.concatenate([7.0 * distance * signed for distance in distances])
    np.testing.assert_allclose(seen[-1], expected, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_all_lengths_are_in_units_of_the_radius(scale):
    class Scaled(Hollow):
        def __call__(self, states):
            return scale * super().__call__(states / scale)

    # Near is so small that a slip in units would miss ends, or find those of neighbours.
    settings = {"near": 0.001, "distances": [0.01], "modes": linearise(Hollow(), Hollow.points)}
    one = find_transitions(Hollow(), Hollow.points, radius=1.0, **settings)
    other = find_transitions(Scaled(), scale * Hollow.points, radius=scale, **settings)
    np.testing.assert_array_equal(one.ends, other.ends)
    # Rounding may bring a step below the limit one sooner or later.
    np.testing.assert_allclose(one.steps, other.steps, atol=1)


def test_ends_and_steps_are_those_of_the_middle_distance():
    settings = {"radius": 1.0, "near": 0.001}
    found = find_transitions(Hollow(), Hollow.points, distances=[0.005, 0.02, 0.03], **settings)
    alone = find_transitions(Hollow(), Hollow.points, distances=[0.02], **settings)
    np.testing.assert_array_equal(found.ends, alone.ends)
    np.testing.assert_array_equal(found.steps, alone.steps)
    assert not found.agreed.all()
    assert alone.agreed.all()


def test_an_end_that_no_known_point_is_near_is_none(cube):
    _, points = cube
    found = find_transitions(Bistable(3), points[13:14], radius=np.sqrt(3))
    assert (found.ends == -1).all()
    assert (found.steps < 3000).all()  # it came to rest all the same


def test_no_point_is_its_own_end():
    # The hollow that the state rests in is not among the points, and near the one it left.
    points = Hollow.points[[0, 1, 4]]
    found = find_transitions(Hollow(), points, radius=1.0, distances=[0.005, 0.01])
    assert found.sources.tolist() == [1, 1]
    assert found.ends.tolist() == [0, -1]
    assert (found.steps < 3000).all()


def test_states_that_run_away_end_nowhere_and_spoil_no_other():
    class Runaway:
        def __call__(self, states):
            return np.where(
                states > 0, 1e200 ** np.minimum(states, 1) * states * 2, np.tanh(2 * states)
            )

        def jacobian(self, states):
            return np.full((len(states), 1, 1), 2.0)

    points = np.array([[0.0], [-DECIDED]])
    modes = linearise(Linear([[0.5]]), points)
    modes.eigenvalues[0] = 2.0
    found = find_transitions(Runaway(), points, radius=1.0, modes=modes)
    assert found.signs.tolist() == [-1, 1]
    assert found.ends.tolist() == [1, -1]


@pytest.mark.parametrize("points", [np.zeros((1, 2)), np.empty((0, 2))])
def test_without_unstable_points_there_are_no_departures(points):
    found = find_transitions(Linear(0.5 * np.eye(2)), points, radius=1.0)
    assert len(found) == 0
    assert found.edges().shape == (0, 2)


def test_the_same_points_give_the_same_bytes(cube):
    _, points = cube
    one, other = (find_transitions(Bistable(3), points, radius=1.7) for _ in range(2))
    for name in ("sources", "directions", "signs", "ends", "agreed", "steps"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_points_that_are_not_fixed_are_refused(cube):
    _, points = cube
    with pytest.raises(ValueError, match="Point 26 moves by"):
        find_transitions(Bistable(3), np.concatenate([points[:26], [[0.5, 0.5, 0.5]]]), radius=1.7)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"radius": 0.0}, "radius is 0"),
        ({"radius": np.nan}, "radius is nan"),
        ({"distances": ()}, "distances are"),
        ({"distances": (0.01, -0.1)}, "distances are"),
        ({"still": 0.0}, "still is 0"),
        ({"near": np.inf}, "near is inf"),
        ({"unstable_above": 0.9}, "unstable_above is 0.9"),
        ({"steps": 0}, "steps is 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message, cube):
    with pytest.raises(ValueError, match=message):
        find_transitions(Bistable(3), cube[1], **{"radius": 1.7, **settings})


def test_modes_of_other_points_are_refused(cube):
    modes = linearise(Bistable(3), cube[1][:5])
    with pytest.raises(ValueError, match="modes are of 5 states"):
        find_transitions(Bistable(3), cube[1], radius=1.7, modes=modes)
