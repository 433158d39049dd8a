from dataclasses import replace

import numpy as np
import pytest

from unrolled.networks import CELLS, NONLINEARITIES, make_cell

UNITS, INPUTS = 6, 4
CASES = [
    (name, nonlinearity)
    for name in CELLS
    for nonlinearity in NONLINEARITIES
    if (name, nonlinearity) != ("linear", "relu")
]
every_cell = pytest.mark.parametrize(("name", "nonlinearity"), CASES)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def random_cell(name, rng, nonlinearity="tanh"):
    """A cell with every parameter random, biases too, so that no term can hide behind a 0."""
    fresh = make_cell(name, units=UNITS, inputs=INPUTS, rng=rng, nonlinearity=nonlinearity)
    parameters = {
        key: value + 0.4 * rng.standard_normal(value.shape)
        for key, value in fresh.parameters.items()
    }
    return replace(fresh, parameters=parameters)


def central_differences(function, points, step=1e-5):
    columns = [
        (function(points + step * unit) - function(points - step * unit)) / (2 * step)
        for unit in np.eye(points.shape[1])
    ]
    return np.stack(columns, axis=-1)


def logistic(values):
    return 1.0 / (1.0 + np.exp(-values))


def written_out(cell, h, x):
    """The paper's equations for one state and one input, matrices acting from the left."""
    n = cell.units
    p = cell.parameters
    w, a, b = p["recurrent"].T, p["input"].T, p["bias"]
    bend = {"tanh": np.tanh, "relu": lambda values: np.where(values > 0, values, 0)}
    f = bend[cell.nonlinearity]

    def sums(block, state=None):
        rows = slice(block * n, (block + 1) * n)
        return w[rows] @ (h if state is None else state) + a[rows] @ x + b[rows]

    if cell.name == "vanilla":
        return f(sums(0))
    if cell.name == "linear":
        return sums(0)
    if cell.name == "ugrnn":
        u, c = logistic(sums(0)), f(sums(1))
        return u * h + (1 - u) * c
    if cell.name == "gru":
        u, r = logistic(sums(0)), logistic(sums(1))
        c = f(p["candidate"].T @ (r * h) + a[2 * n :] @ x + b[2 * n :])
        return u * h + (1 - u) * c
    if cell.name == "gru_reset_after":
        u, r = logistic(sums(0)), logistic(sums(1))
        c = f(r * (w[2 * n :] @ h + p["recurrent_bias"]) + a[2 * n :] @ x + b[2 * n :])
        return u * h + (1 - u) * c
    hidden, memory = h[:n], h[n:]
    k, i, o = (
        logistic(sums(0, hidden) + 1),
        logistic(sums(1, hidden)),
        logistic(sums(2, hidden)),
    )
    memory = k * memory + i * f(sums(3, hidden))
    return np.concatenate([o * f(memory), memory])


@every_cell
def test_the_step_is_the_written_equation(name, nonlinearity, rng):
    cell = random_cell(name, rng, nonlinearity)
    states = rng.standard_normal((9, cell.state_size))
    inputs = rng.standard_normal((9, INPUTS))
    expected = [written_out(cell, h, x) for h, x in zip(states, inputs, strict=True)]
    np.testing.assert_allclose(cell.step(states, inputs), expected, atol=1e-13)


@every_cell
def test_leading_axes_do_not_matter_to_the_step(name, nonlinearity, rng):
    cell = random_cell(name, rng, nonlinearity)
    states = rng.standard_normal((2, 3, 5, cell.state_size))
    inputs = rng.standard_normal((2, 3, 5, INPUTS))
    flat = cell.step(states.reshape(-1, cell.state_size), inputs.reshape(-1, INPUTS))
    np.testing.assert_allclose(cell.step(states, inputs).reshape(flat.shape), flat, atol=1e-14)
    single = cell.step(states[1, 2, 4], inputs[1, 2, 4])
    np.testing.assert_allclose(single, flat[-1], atol=1e-14)


@every_cell
def test_jacobians_agree_with_central_differences(name, nonlinearity, rng):
    cell = random_cell(name, rng, nonlinearity)
    states = rng.standard_normal((7, cell.state_size))
    inputs = rng.standard_normal((7, INPUTS))
    # Central differences of step 1e-5 in float64 are good to about 1e-10.
    np.testing.assert_allclose(
        cell.jacobian_state(states, inputs),
        central_differences(lambda h: cell.step(h, inputs), states),
        atol=1e-8,
    )
    np.testing.assert_allclose(
        cell.jacobian_input(states, inputs),
        central_differences(lambda x: cell.step(states, x), inputs),
        atol=1e-8,
    )


@every_cell
def test_step_and_jacobians_agree_with_tensorflow(name, nonlinearity, rng):
    tf = pytest.importorskip("tensorflow")
    cell = random_cell(name, rng, nonlinearity)
    values = rng.standard_normal((5, cell.state_size)), rng.standard_normal((5, INPUTS))
    states, inputs = (tf.constant(value) for value in values)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([states, inputs])
        following = cell.step(states, inputs)
    by_state = tape.batch_jacobian(following, states, experimental_use_pfor=False)
    by_input = tape.batch_jacobian(following, inputs, experimental_use_pfor=False)
    np.testing.assert_allclose(cell.step(*values), following, atol=1e-13)
    np.testing.assert_allclose(cell.jacobian_state(*values), by_state, atol=1e-12)
    np.testing.assert_allclose(cell.jacobian_input(*values), by_input, atol=1e-12)


@every_cell
def test_adjoints_are_products_with_the_jacobians(name, nonlinearity, rng):
    cell = random_cell(name, rng, nonlinearity)
    states, inputs = rng.standard_normal((5, cell.state_size)), rng.standard_normal((5, INPUTS))
    adjoints = rng.standard_normal((5, cell.state_size))
    _, trace = cell.advance(cell.parameters, states, cell.drive(cell.parameters, inputs))
    before, drive = cell.adjoint(cell.parameters, adjoints, states, trace)
    by_state, by_input = cell.jacobian_state(states, inputs), cell.jacobian_input(states, inputs)
    np.testing.assert_allclose(before, (adjoints[:, None] @ by_state)[:, 0], atol=1e-12)
    to_inputs = drive @ cell.parameters["input"].T
    np.testing.assert_allclose(to_inputs, (adjoints[:, None] @ by_input)[:, 0], atol=1e-12)


@every_cell
def test_an_autonomous_cell_is_the_step_with_one_input(name, nonlinearity, rng):
    cell = random_cell(name, rng, nonlinearity)
    states, inputs = rng.standard_normal((5, cell.state_size)), rng.standard_normal(INPUTS)
    frozen = cell.autonomous(inputs=inputs)
    repeated = np.repeat(inputs[None], 5, axis=0)
    np.testing.assert_allclose(frozen(states), cell.step(states, repeated), atol=1e-14)
    np.testing.assert_allclose(
        frozen.jacobian(states), cell.jacobian_state(states, repeated), atol=1e-14
    )


@every_cell
def test_new_weights_have_variance_one_over_fan_in_and_biases_are_zero(name, nonlinearity):
    rng = np.random.default_rng(0)
    cell = make_cell(name, units=120, inputs=80, rng=rng, nonlinearity=nonlinearity)
    for key, value in cell.parameters.items():
        if key.endswith("bias"):
            assert not value.any()
        else:
            # At least 9,600 entries: the variance's standard error is below 1.5 %.
            assert value.var() * value.shape[0] == pytest.approx(1.0, abs=0.06)
            np.testing.assert_array_equal(value, value.astype(np.float32))


def test_the_lstm_forgets_little_before_it_is_trained(rng):
    cell = make_cell("lstm", units=8, inputs=2, rng=rng)
    quiet = replace(cell, parameters={k: 0 * value for k, value in cell.parameters.items()})
    memory = np.ones((1, 8))
    following = quiet.step(np.concatenate([np.zeros((1, 8)), memory], axis=1), np.zeros(2))
    # The constant 1 in the forget gate, with every parameter 0.
    np.testing.assert_allclose(following[:, 8:], logistic(1.0), atol=1e-15)


@pytest.mark.parametrize("units", [1, 5])
@pytest.mark.parametrize("name", CELLS)
def test_sizes_of_states(name, units, rng):
    cell = make_cell(name, units=units, inputs=3, rng=rng)
    size = (2 if name == "lstm" else 1) * units
    assert cell.state_size == size
    assert cell.jacobian_state(np.zeros((2, size)), np.zeros(3)).shape == (2, size, size)


@every_cell
def test_gradients_of_the_recurrent_parameters_are_those_of_automatic_differentiation(
    name, nonlinearity, rng
):
    tf = pytest.importorskip("tensorflow")
    cell = random_cell(name, rng, nonlinearity)
    states, inputs = rng.standard_normal((9, cell.state_size)), rng.standard_normal((9, INPUTS))
    adjoints = rng.standard_normal((9, cell.state_size))
    _, trace = cell.advance(cell.parameters, states, cell.drive(cell.parameters, inputs))
    _, drive = cell.adjoint(cell.parameters, adjoints, states, trace)
    gradients = cell.recurrent_gradients(states, trace, drive)
    variables = {key: tf.Variable(value) for key, value in cell.parameters.items()}
    with tf.GradientTape() as tape:
        following, _ = cell.advance(variables, tf.constant(states), cell.drive(variables, inputs))
        total = tf.reduce_sum(following * adjoints)
    expected = tape.gradient(total, {key: variables[key] for key in gradients})
    assert set(gradients) == set(cell.parameters) - {"input", "bias"}
    for key, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[key], atol=1e-12, err_msg=key)


def test_a_relu_unit_switched_off_passes_nothing_on(rng):
    cell = make_cell("vanilla", units=2, inputs=1, rng=rng, nonlinearity="relu")
    cell = replace(
        cell,
        parameters={
            "recurrent": np.array([[0.5, 0.0], [0.0, 0.5]]),
            "input": np.zeros((1, 2)),
            "bias": np.array([1.0, -1.0]),
        },
    )
    frozen = cell.autonomous(inputs=np.zeros(1))
    resting = np.array([[2.0, 0.0]])  # 0.5 h + 1 = h, and max(0.5 h - 1, 0) = 0
    np.testing.assert_array_equal(frozen(resting), resting)
    np.testing.assert_array_equal(frozen.jacobian(resting), [[[0.5, 0.0], [0.0, 0.0]]])


def test_an_unknown_cell_is_answered_with_the_nearest_name(rng):
    with pytest.raises(ValueError, match="Did you mean 'gru'"):
        make_cell("gruu", units=2, inputs=2, rng=rng)


def test_an_unknown_nonlinearity_is_answered_with_the_nearest_name(rng):
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        make_cell("gru", units=2, inputs=2, rng=rng, nonlinearity="rely")


def test_a_linear_cell_has_no_nonlinearity_to_set(rng):
    with pytest.raises(ValueError, match="'vanilla'"):
        make_cell("linear", units=2, inputs=2, rng=rng, nonlinearity="relu")


def test_the_nonlinearity_does_not_change_what_is_drawn():
    drawn = [
        make_cell("lstm", units=3, inputs=2, rng=np.random.default_rng(0), nonlinearity=each)
        for each in NONLINEARITIES
    ]
    for key, value in drawn[0].parameters.items():
        np.testing.assert_array_equal(value, drawn[1].parameters[key])


def test_a_cell_without_units_is_refused(rng):
    with pytest.raises(ValueError, match="at least one unit"):
        make_cell("gru", units=0, inputs=2, rng=rng)


def test_parameters_that_do_not_fit_are_named(rng):
    cell = make_cell("gru", units=3, inputs=2, rng=rng)
    wrong = {**cell.parameters, "candidate": np.zeros((3, 2))}
    with pytest.raises(ValueError, match=r"'candidate'.*\(3, 3\).*\(3, 2\)"):
        replace(cell, parameters=wrong)
    with pytest.raises(ValueError, match="candidate"):
        replace(cell, parameters={"recurrent": cell.parameters["recurrent"]})


@pytest.mark.parametrize("inputs", [np.zeros(3), np.zeros((1, 4)), np.full(4, np.nan)])
def test_a_frozen_input_must_be_one_finite_vector(inputs, rng):
    with pytest.raises(ValueError, match="4 finite numbers"):
        make_cell("ugrnn", units=3, inputs=4, rng=rng).autonomous(inputs=inputs)
