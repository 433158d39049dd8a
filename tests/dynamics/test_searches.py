import warnings

import numpy as np
import pytest

from unrolled.dynamics import find_fixed_points, find_slow_points, linearise, sample_starts

from .maps_for_tests import Bistable, Line, Linear, Relu, Tanh


@pytest.mark.parametrize("width", [1, 2, 7, 40])
def test_the_fixed_point_of_a_linear_network_is_the_closed_form(width, rng):
    weights = 0.5 * np.linalg.qr(rng.standard_normal((width, width)))[0]
    bias = rng.standard_normal(width)
    found = find_fixed_points(Linear(weights, bias), rng.standard_normal((20, width)))
    expected = np.linalg.solve(np.eye(width) - weights, bias)
    assert found.states.shape == (1, width)
    np.testing.assert_allclose(found.states[0], expected, rtol=1e-12, atol=1e-13)
    assert found.converged.all()
    assert found.report.n_converged == 20


def test_three_bistable_units_have_27_points_of_the_right_stability(rng):
    step = Bistable(3)
    found = find_fixed_points(step, rng.uniform(-1.2, 1.2, (600, 3)))
    assert len(found) == 27
    assert (found.speeds < 1e-30).all()
    unstable = linearise(step, found.states).n_unstable
    assert np.bincount(unstable).tolist() == [8, 12, 6, 1]


def test_saddles_that_no_start_leads_to_are_found_between_the_points_that_some_do(rng):
    step = Bistable(3)
    states = rng.uniform(-1, 1, (200, 3))
    for _ in range(30):
        states = step(states)
    # All runs have ended on the eight corners; the 19 saddles lie between those.
    found = find_fixed_points(step, states)
    assert len(found) == 27
    assert (found.starts >= 0).sum() == 8
    np.testing.assert_allclose(step(found.states), found.states, atol=1e-14)
    # With so few starts the searches from between are few as well.
    assert len(find_fixed_points(step, states[:2])) <= 4


def test_starts_between_visited_states_lead_to_saddles_themselves(rng):
    step = Bistable(3)
    states = rng.choice([-1.0, 1.0], (200, 3)) * 0.95
    found = find_fixed_points(step, sample_starts(states, 2000, rng))
    assert len(found) == 27
    assert (found.starts >= 0).all()


def test_a_continuum_of_fixed_points_is_neither_merged_nor_multiplied(rng):
    # The second entry never moves: every start has its own fixed point.
    step = Linear(np.diag([0.5, 1.0]))
    starts = np.stack([rng.standard_normal(40), np.linspace(-1, 1, 40)], axis=1)
    found = find_fixed_points(step, np.concatenate([starts, starts + 1e-7]), unique_within=1e-4)
    assert len(found) == 40
    np.testing.assert_allclose(np.sort(found.states[:, 1]), starts[:, 1], atol=1e-6)


@pytest.mark.parametrize("width", [1, 3])
def test_rounding_does_not_make_isolated_points_of_a_continuum(width, rng):
    # By differences the Jacobian of the identity is the identity but for rounding.
    starts = rng.standard_normal((60, width))
    with pytest.warns(RuntimeWarning, match="central differences"):
        found = find_fixed_points(lambda states: 1.0 * states, starts)
    assert len(found) == 60
    assert (found.starts >= 0).all()


def test_gates_that_are_shut_to_rounding_make_no_fixed_points(rng):
    # The next state of a GRU is a mean of the state and numbers between -1 and 1, so it has no
    # fixed point beyond those; but far out its gates shut, and q vanishes in rounding.
    weights = rng.standard_normal((3, 6, 6))

    class GatedUnits:
        def __call__(self, states):
            update = 0.5 + 0.5 * np.tanh(0.5 * states @ weights[0])
            reset = 0.5 + 0.5 * np.tanh(0.5 * states @ weights[1])
            return update * states + (1 - update) * np.tanh((reset * states) @ weights[2])

    starts = 6 * rng.standard_normal((80, 6))
    with pytest.warns(RuntimeWarning, match="central differences"):
        found = find_fixed_points(GatedUnits(), starts)
    assert len(found) >= 1
    assert (np.abs(found.states) <= 1).all()
    ends = found.report.ends[found.report.speeds <= 1e-20]
    assert (np.abs(ends) > 1).any(), "the search did not meet what this test is about"
    assert found.report.saturated.any()
    assert not (found.report.saturated & found.report.converged).any()


def test_a_start_led_to_each_point_that_names_it(rng):
    step = Bistable(2)
    starts = rng.uniform(-1.2, 1.2, (100, 2))
    found = find_fixed_points(step, starts)
    for point, start in zip(found.states, found.starts, strict=True):
        alone = find_fixed_points(step, starts[[start]])
        np.testing.assert_allclose(alone.states, [point], atol=1e-9)


def test_the_order_of_the_starts_changes_not_one_bit(rng):
    step = Tanh(1.8 * rng.standard_normal((20, 20)) / np.sqrt(20))
    starts = rng.standard_normal((300, 20))
    shuffle = rng.permutation(300)
    one, other = find_fixed_points(step, starts), find_fixed_points(step, starts[shuffle])
    assert len(one) > 1
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.speeds, other.speeds)
    np.testing.assert_array_equal(starts[one.starts], starts[shuffle][other.starts])


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_the_chunk_changes_no_point(chunk, rng):
    step = Tanh(1.8 * rng.standard_normal((20, 20)) / np.sqrt(20))
    starts = rng.standard_normal((100, 20))
    whole, parts = find_fixed_points(step, starts), find_fixed_points(step, starts, chunk=chunk)
    np.testing.assert_array_equal(whole.starts, parts.starts)
    # Rounding of sums differs with the size of a matrix product.
    np.testing.assert_allclose(whole.states, parts.states, atol=1e-11)
    slow, slow_parts = (find_slow_points(step, starts, chunk=c) for c in (None, chunk))
    np.testing.assert_allclose(slow.states, slow_parts.states, atol=1e-9)


def test_a_map_without_fixed_points_reports_none_converged(rng):
    found = find_fixed_points(Linear(np.eye(3), 1.0), rng.standard_normal((12, 3)))
    assert len(found) == 0
    assert found.states.shape == (0, 3)
    assert not found.converged.any()
    assert found.report.n_converged == 0
    assert found.report.n_stuck == 12
    assert "12 stuck" in str(found.report)
    # The report keeps what the points leave out: |F(h) - h| is the square root of 3.
    np.testing.assert_allclose(found.report.speeds, 1.5)


def test_points_of_a_map_that_nearly_has_one_are_not_passed_off_as_exact():
    # h -> h + h^2 + 0.01 stands least still at 0, where q = 0.01^2 / 2.
    class NearMiss:
        def __call__(self, states):
            return states + states**2 + 0.01

        def jacobian(self, states):
            return (1 + 2 * states)[:, :, None]

    found = find_fixed_points(NearMiss(), [[0.5], [-0.7]])
    assert len(found) == 0
    np.testing.assert_allclose(found.report.speeds, 5e-5, rtol=1e-3)
    slow = find_slow_points(NearMiss(), [[0.5]], max_speed=0.02, ridge=0.001, iterations=60)
    assert len(slow) == 1
    assert not slow.converged.any()


def test_one_singular_matrix_does_not_fail_its_batch():
    # Each entry h -> h + h(1 - h^2)/2: the Jacobian less the identity is 0 at 1/sqrt(3).
    class Cubic:
        def __call__(self, states):
            return states + 0.5 * states * (1 - states**2)

        def jacobian(self, states):
            return (1 + 0.5 * (1 - 3 * states**2))[:, :, None] * np.eye(states.shape[1])

    starts = np.array([[1 / np.sqrt(3), 0.9], [0.9, 0.1], [1.0, 1.0], [0.0, 0.0]])
    with np.errstate(all="raise"):
        found = find_fixed_points(Cubic(), starts, ridge=0.0)
    assert found.report.converged[1:].all()
    assert {(1, 0), (1, 1), (0, 0)} <= {tuple(p) for p in np.round(found.states).astype(int)}


def test_a_network_with_an_exactly_singular_jacobian_everywhere_still_converges(rng):
    # The second entry does not move at all: a whole line of fixed points.
    found = find_fixed_points(Linear(np.diag([0.5, 1.0])), rng.standard_normal((30, 2)), ridge=0.0)
    assert found.report.n_converged == 30
    np.testing.assert_allclose(found.states[:, 0], 0, atol=1e-12)


def test_kinks_of_rectified_units_do_not_stop_the_search(rng):
    step = Relu([[0.5, -0.6], [-0.6, 0.5]], [1.0, 1.0])
    starts = np.concatenate([rng.standard_normal((50, 2)), [[0.0, 0.0], [1.0, 0.0]]])
    found = find_fixed_points(step, starts)
    assert len(found) >= 1
    np.testing.assert_allclose(step(found.states), found.states, atol=1e-12)
    exact = np.linalg.solve([[0.5, 0.6], [0.6, 0.5]], [1.0, 1.0])
    assert np.abs(found.states - exact).max(axis=1).min() < 1e-12
    assert not found.on_kink.any()


def test_a_point_on_a_kink_is_reported_as_one():
    # h -> max(0, h / 2 + b): at rest the first unit is on, the second off, the third between.
    step = Relu(0.5 * np.eye(3), [1.0, -1.0, 0.0])
    found = find_fixed_points(step, np.ones((5, 3)))
    np.testing.assert_allclose(found.states, [[2.0, 0.0, 0.0]], atol=1e-9)
    assert found.on_kink.tolist() == [True]
    apart = find_fixed_points(Relu(0.5 * np.eye(2), [1.0, -1.0]), np.ones((5, 2)))
    assert apart.on_kink.tolist() == [False]
    slow = find_slow_points(Tanh(2.0 * np.eye(3)), np.zeros((2, 3)))
    assert slow.on_kink.tolist() == [False, False]


def test_a_smooth_map_at_a_bifurcation_has_no_kink():
    # h -> h - h^2 stands still at 0, where dF/dh - I vanishes.
    class Fold:
        def __call__(self, states):
            return states - states**2

        def jacobian(self, states):
            return (1 - 2 * states)[:, :, None] * np.eye(states.shape[1])

    found = find_fixed_points(Fold(), [[0.0]])
    assert found.on_kink.tolist() == [False]


def test_starts_at_which_a_gate_is_shut_are_reported_as_saturated():
    # Where its gate is shut, far out, the second entry drifts whatever the state is.
    class Gated:
        def __call__(self, states):
            first, second = states.T
            shut = 1 / (1 + np.exp(9 - second**2))
            return np.stack([0.5 * first + 1, shut * (second + 0.1) + (1 - shut) * 0.5], axis=1)

        def jacobian(self, states):
            _, second = states.T
            shut = 1 / (1 + np.exp(9 - second**2))
            slope = 2 * second * shut * (1 - shut)
            jacobians = np.zeros((len(states), 2, 2))
            jacobians[:, 0, 0] = 0.5
            jacobians[:, 1, 1] = shut + slope * (second + 0.1 - 0.5)
            return jacobians

    found = find_fixed_points(Gated(), [[0.0, 0.0], [1.0, 30.0], [0.0, -30.0], [1.0, 1.0]])
    assert found.report.saturated.tolist() == [False, True, True, False]
    assert found.report.converged.tolist() == [True, False, False, True]
    assert "2 stuck (2 of them saturated" in str(found.report)


def test_starts_where_the_step_is_not_finite_are_reported_and_spoil_no_other():
    class Log:
        def __call__(self, states):
            return np.log(states) + 1.5

        def jacobian(self, states):
            return (1 / states)[:, :, None]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find_fixed_points(Log(), [[-1.0], [2.0], [0.1]])
        slow = find_slow_points(Log(), [[-1.0], [2.0]])
    assert found.report.n_not_finite == 1
    assert len(found) == 2
    np.testing.assert_allclose(np.log(found.states) + 1.5, found.states, rtol=1e-12)
    assert slow.starts.tolist() == [1]


def line_and_starts(rng):
    line = Line()
    starts = np.outer(np.linspace(-2.5, 2.5, 200), line.right)
    return line, starts + 0.2 * rng.standard_normal((200, 6))


def test_the_slow_search_keeps_the_line_that_the_exact_search_destroys(rng):
    line, starts = line_and_starts(rng)
    slow = find_slow_points(line, starts, max_speed=0.011)
    along = line.along(slow.states)
    assert len(slow) == 200
    # They hardly slide: the ridge is at least 300 times (1 - lam)^2 along the line. From
    # beside it the shortest way is taken, to the nearest point of the line.
    np.testing.assert_allclose(along, starts @ line.right, atol=0.02)
    # On a line that drifts, q is least about one drift's length (0.01) beside it.
    assert np.abs(slow.states - np.outer(along, line.right)).max() < 0.01

    exact = find_fixed_points(line, starts)
    positions = line.along(exact.states)
    assert exact.report.n_converged == 200
    # They end where the drift's sine is zero, to the residual over the drift, 1e-10 / 0.01;
    # of all the line between the outermost starts one point is left.
    np.testing.assert_allclose(positions, np.pi * np.round(positions / np.pi), atol=1e-7)
    assert (np.abs(positions) < np.abs(starts @ line.right).max()).sum() == 1


def test_settled_starts_stay_where_their_free_run_takes_them(rng):
    line, starts = line_and_starts(rng)
    settled = find_slow_points(line, starts, settling=3)
    unsettled = find_slow_points(line, starts)
    arrival = line.along(starts)  # conserved by free runs but for the drift, 0.01 a step
    np.testing.assert_allclose(line.along(settled.states), arrival, atol=0.06)
    assert np.abs(line.along(unsettled.states) - arrival).max() > 0.3


def test_the_speed_filter_is_in_units_of_a_step_and_speeds_are_q(rng):
    line = Line()
    starts = np.outer(np.linspace(-1.5, 1.5, 50), line.right)
    every = find_slow_points(line, starts, iterations=0)
    lengths = np.linalg.norm(line(starts) - starts, axis=1)
    np.testing.assert_allclose(every.step_lengths, lengths, atol=1e-15)
    np.testing.assert_allclose(every.speeds, 0.5 * lengths**2, atol=1e-15)
    some = find_slow_points(line, starts, iterations=0, max_speed=0.005)
    np.testing.assert_array_equal(some.starts, np.flatnonzero(lengths <= 0.005))
    assert some.report.n_stuck == 50 - len(some)


def test_settling_takes_free_steps_first():
    step = Linear(np.diag([0.5, 0.9]))
    slow = find_slow_points(step, [[1.0, 1.0]], iterations=0, settling=3)
    np.testing.assert_allclose(slow.states, [[0.5**3, 0.9**3]])


def test_a_step_without_jacobian_is_differentiated_with_a_warning(rng):
    step = Bistable(3)
    starts = rng.uniform(-1.2, 1.2, (300, 3))
    with pytest.warns(RuntimeWarning, match="central differences"):
        found = find_fixed_points(lambda states: step(states), starts)
    np.testing.assert_allclose(found.states, find_fixed_points(step, starts).states, atol=1e-9)


def test_a_step_that_works_in_place_changes_no_start():
    def step(states):
        states *= 0.5
        return states

    starts = np.ones((2, 2))
    with pytest.warns(RuntimeWarning):
        found = find_fixed_points(step, starts)
    np.testing.assert_allclose(found.states, [[0.0, 0.0]], atol=1e-10)
    np.testing.assert_array_equal(starts, 1.0)


@pytest.mark.parametrize("search", [find_fixed_points, find_slow_points])
@pytest.mark.parametrize(
    ("starts", "message"),
    [
        (np.full((3, 2), np.nan), "3 of 3 rows are NaN"),
        ([[0.0, 1.0], [np.inf, 0.0]], "first: row 1"),
        (np.empty((0, 2)), "empty"),
        (np.empty((3, 0)), "empty"),
        (np.zeros(2), r"have to be \(n, d\)"),
        (np.zeros((4, 3)), "refuses states of width 3"),
    ],
)
def test_starts_that_cannot_work_are_refused_with_the_reason(search, starts, message):
    with pytest.raises(ValueError, match=message):
        search(Linear(0.5 * np.eye(2)), starts)


def test_a_step_that_changes_the_shape_is_refused():
    with pytest.raises(ValueError, match="changes the shape"):
        find_fixed_points(lambda states: states[:, :1], np.zeros((3, 2)))
    with pytest.raises(ValueError, match="changes the shape"):
        find_fixed_points(lambda states: states + np.ones(4), np.zeros((3, 1)))


def test_settings_out_of_range_are_refused():
    step = Linear(0.5 * np.eye(2))
    for settings in ({"tolerance": -1.0}, {"unique_within": np.nan}, {"chunk": 0}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            find_fixed_points(step, np.ones((1, 2)), **settings)
    for settings in ({"ridge": -1.0}, {"max_speed": -1.0}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            find_slow_points(step, np.ones((1, 2)), **settings)


def test_sampled_starts_depend_on_the_generator_alone_and_lie_among_the_states(rng):
    states = rng.standard_normal((50, 4))
    one, other = (sample_starts(states, 30, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert one.shape == (30, 4)
    mixtures = sample_starts(states, 200, rng, noisy_share=0.0)
    assert (mixtures <= states.max(axis=0)).all()
    assert (mixtures >= states.min(axis=0)).all()
    visited = sample_starts(states, 20, rng, noisy_share=1.0, noise=0.0)
    assert all((states == start).all(axis=1).any() for start in visited)
    with pytest.raises(ValueError, match="padding"):
        sample_starts([[np.nan]], 3, rng)
    with pytest.raises(ValueError, match="at least one"):
        sample_starts(np.empty((0, 3)), 3, rng)
    with pytest.raises(ValueError, match="n=0"):
        sample_starts(states, 0, rng)
