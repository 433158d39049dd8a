"""Cells made from Keras layers move as the layers do."""

import numpy as np
import pytest

from unrolled.networks import KerasCell, from_keras, run_cell

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

UNITS, INPUTS, TIMES = 5, 3, 25


@keras.saving.register_keras_serializable("unrolled tests")
class LeakyCell(keras.layers.Layer):
    """h' = h + (tanh(W h + A x) - h) / 4, a cell that we have no equations for."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = self.state_size = units

    def build(self, shape):
        self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, inputs, states):
        (state,) = states
        sums = keras.ops.matmul(state, self.recurrent) + keras.ops.matmul(inputs, self.kernel)
        following = state + 0.25 * (keras.ops.tanh(sums) - state)
        return following, [following]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class StubbornCell(LeakyCell):
    """Cannot be made again from its settings."""

    def get_config(self):
        raise NotImplementedError


def layers():
    """Every kind that can be read, and the name of the cell that it becomes."""
    keras.utils.set_random_seed(0)
    of, options = keras.layers, {"return_sequences": True, "bias_initializer": "random_normal"}
    return {
        "rnn_tanh": (of.SimpleRNN(UNITS, **options), "vanilla"),
        "rnn_relu": (of.SimpleRNN(UNITS, activation="relu", **options), "vanilla"),
        "rnn_linear": (of.SimpleRNN(UNITS, activation="linear", **options), "linear"),
        "rnn_without_bias": (of.SimpleRNN(UNITS, use_bias=False, return_sequences=True), "vanilla"),
        "gru_after": (of.GRU(UNITS, **options), "gru_reset_after"),
        "gru_after_relu": (of.GRU(UNITS, activation="relu", **options), "gru_reset_after"),
        "gru_after_without_bias": (
            of.GRU(UNITS, use_bias=False, return_sequences=True),
            "gru_reset_after",
        ),
        "gru_before": (of.GRU(UNITS, reset_after=False, **options), "gru"),
        "gru_before_relu": (
            of.GRU(UNITS, reset_after=False, activation="relu", **options),
            "gru",
        ),
        "lstm": (of.LSTM(UNITS, **options), "lstm"),
        "lstm_relu": (of.LSTM(UNITS, activation="relu", **options), "lstm"),
        "lstm_without_bias": (of.LSTM(UNITS, use_bias=False, return_sequences=True), "lstm"),
        "rnn_of_a_gru_cell": (
            of.RNN(of.GRUCell(UNITS), return_sequences=True),
            "gru_reset_after",
        ),
        "rnn_of_an_lstm_cell": (of.RNN(of.LSTMCell(UNITS), return_sequences=True), "lstm"),
        "gru_hard": (
            of.GRU(UNITS, recurrent_activation="hard_sigmoid", **options),
            "GRUCell",
        ),
        "lstm_softsign": (of.LSTM(UNITS, activation="softsign", **options), "LSTMCell"),
        "rnn_elu": (of.SimpleRNN(UNITS, activation="elu", **options), "SimpleRNNCell"),
        "own_cell": (of.RNN(LeakyCell(UNITS), return_sequences=True), "LeakyCell"),
        "stubborn_cell": (of.RNN(StubbornCell(UNITS), return_sequences=True), "StubbornCell"),
    }


KINDS = list(layers())
OURS = [kind for kind, (_, name) in layers().items() if not name.endswith("Cell")]


def built(kind):
    layer, name = layers()[kind]
    layer.build((None, TIMES, INPUTS))
    return layer, name


@pytest.mark.parametrize("kind", KINDS)
def test_trajectories_are_those_of_keras(kind):
    layer, name = built(kind)
    inputs = np.random.default_rng(0).standard_normal((4, TIMES, INPUTS)).astype(np.float32)
    cell = from_keras(layer)
    assert cell.name == name
    assert (cell.units, cell.inputs) == (UNITS, INPUTS)
    states = run_cell(cell, inputs)
    assert np.abs(states).max() > 0.1
    # Keras computes in single precision.
    np.testing.assert_allclose(states[..., :UNITS], layer(inputs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["lstm", "lstm_softsign"])
def test_the_state_of_an_lstm_is_output_and_memory(kind):
    layer, _ = built(kind)
    returning = keras.layers.LSTM.from_config({**layer.get_config(), "return_state": True})
    returning.build((None, TIMES, INPUTS))
    returning.set_weights(layer.get_weights())
    inputs = np.random.default_rng(0).standard_normal((4, TIMES, INPUTS)).astype(np.float32)
    _, output, memory = returning(inputs)
    last = run_cell(from_keras(layer), inputs)[:, -1]
    np.testing.assert_allclose(last, np.concatenate([output, memory], axis=1), atol=1e-6)


@pytest.mark.parametrize("kind", OURS)
def test_jacobians_are_those_of_automatic_differentiation_in_keras(kind):
    layer, _ = built(kind)
    cell = from_keras(layer)
    rng = np.random.default_rng(1)
    states, inputs = rng.standard_normal((6, cell.state_size)), rng.standard_normal(INPUTS)
    pieces = tf.constant(states, tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(pieces)
        repeated = tf.repeat(tf.constant(inputs, tf.float32)[None], 6, axis=0)
        parts = tf.split(pieces, cell.state_size // UNITS, axis=1)
        following = tf.concat(keras.tree.flatten(layer.cell(repeated, parts)[1]), axis=1)
    expected = tape.batch_jacobian(following, pieces, experimental_use_pfor=False)
    step = cell.autonomous(inputs=inputs)
    np.testing.assert_allclose(step(states), following, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(step.jacobian(states), expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("own_cell", "float64"), ("gru_hard", "float64"), ("stubborn_cell", "float32")],
)
def test_cells_of_another_kind_run_in_double_precision_where_they_can(kind, dtype):
    layer, _ = built(kind)
    cell = from_keras(layer)
    assert isinstance(cell, KerasCell)
    step = cell.autonomous(inputs=np.zeros(INPUTS))
    assert step(np.zeros((2, UNITS))).dtype == dtype
    assert cell.dtype == dtype


class DrivenCell(LeakyCell):
    """Needs constants besides inputs and states."""

    def call(self, inputs, states, constants):
        return super().call(inputs + constants, states)


class ForgetfulCell(LeakyCell):
    """Returns a state of another size than it says."""

    def call(self, inputs, states):
        following, _ = super().call(inputs, states)
        return following, [following[:, :1]]


class PlainCell:
    """Not a layer; Keras takes it all the same."""

    state_size = units = UNITS

    def call(self, inputs, states):
        return states[0], states


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (DrivenCell(UNITS), "DrivenCell cannot take a step from inputs and states alone"),
        (ForgetfulCell(UNITS), r"ForgetfulCell turns states of shape \(2, 5\) into \(2, 1\)"),
        (PlainCell(), "PlainCell of 'odd' is no Keras layer"),
    ],
)
def test_cells_that_cannot_be_stepped_are_named(cell, said):
    layer = keras.layers.RNN(cell, name="odd")
    layer.build((None, TIMES, INPUTS))
    with pytest.raises(ValueError, match=said):
        from_keras(layer)


def test_a_cell_of_another_kind_needs_tensorflow(monkeypatch):
    layer, _ = built("own_cell")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"runs on jax\. Set KERAS_BACKEND=tensorflow"):
        from_keras(layer)


def test_fixed_points_of_a_cell_of_another_kind_are_found_to_full_precision():
    from unrolled.dynamics import find_fixed_points, linearise

    layer, _ = built("own_cell")
    weights = [1.6 * np.eye(UNITS), np.zeros((INPUTS, UNITS))]
    layer.set_weights(weights)
    step = from_keras(layer).autonomous(inputs=np.zeros(INPUTS))
    starts = np.random.default_rng(0).uniform(-1, 1, (40, UNITS))
    points = find_fixed_points(step, starts)
    # Each unit alone: h = tanh(1.6 h), at 0 or at plus or minus a.
    a = 0.9
    for _ in range(200):
        a = np.tanh(np.float64(np.float32(1.6)) * a)
    nearest = np.round(points.states / a)
    np.testing.assert_allclose(points.states, nearest * a, atol=1e-9)
    slopes = 0.75 + 0.25 * np.float32(1.6) * (1 - np.where(nearest == 0, 0, a) ** 2)
    jacobians = linearise(step, points.states).jacobians
    np.testing.assert_allclose(np.einsum("kii->ki", jacobians), slopes, atol=1e-9)


def small_model(*recurrent):
    keras.utils.set_random_seed(0)
    dense = keras.layers.TimeDistributed(keras.layers.Dense(2))
    model = keras.Sequential([keras.Input((None, INPUTS)), *recurrent, dense])
    return model


def test_a_model_with_one_recurrent_layer_stands_for_it():
    gru = keras.layers.GRU(UNITS, return_sequences=True, dropout=0.3)
    inner = small_model(gru)
    outer = keras.Sequential([keras.Input((None, INPUTS)), inner])
    entry = keras.Input((None, INPUTS))
    twice = keras.Model(entry, inner(entry) + inner(-entry))
    wrapped = keras.Sequential([keras.Input((4, None, INPUTS)), keras.layers.TimeDistributed(gru)])
    for model in (inner, outer, twice, wrapped):
        for key, value in from_keras(model).parameters.items():
            np.testing.assert_array_equal(value, from_keras(gru).parameters[key])


def test_weights_are_copied():
    gru = keras.layers.GRU(UNITS)
    gru.build((None, None, INPUTS))
    cell = from_keras(gru)
    before = cell.step(np.ones(UNITS), np.ones(INPUTS))
    gru.set_weights([0 * weights for weights in gru.get_weights()])
    np.testing.assert_array_equal(cell.step(np.ones(UNITS), np.ones(INPUTS)), before)


def test_a_model_with_several_is_answered_with_their_names():
    of = keras.layers
    model = small_model(
        of.GRU(4, return_sequences=True, name="low"), of.LSTM(4, return_sequences=True, name="high")
    )
    with pytest.raises(ValueError, match=r"low \(GRU\), high \(LSTM\).*get_layer\('low'\)"):
        from_keras(model)
    assert from_keras(model.get_layer("high")).inputs == 4


def test_both_directions_are_to_be_taken_alone():
    of = keras.layers
    model = small_model(of.Bidirectional(of.GRU(4, return_sequences=True), name="both"))
    with pytest.raises(ValueError, match=r"'both' is bidirectional.*forward_layer"):
        from_keras(model)
    from_keras(model.get_layer("both").forward_layer)
    with pytest.warns(UserWarning, match="from the end"):
        from_keras(model.get_layer("both").backward_layer)


def test_stacked_cells_are_to_be_taken_alone():
    of = keras.layers
    cells = [of.GRUCell(4), of.GRUCell(3)]
    model = small_model(of.RNN(cells, return_sequences=True, name="pile"))
    with pytest.raises(ValueError, match=r"'pile' stacks 2 cells.*cells\[0\]"):
        from_keras(model)
    upper = from_keras(model.get_layer("pile").cell.cells[1])
    assert (upper.units, upper.inputs) == (3, 4)


def test_images_are_not_state_vectors():
    layer = keras.layers.ConvLSTM1D(3, 3, name="film")
    layer.build((None, 5, 8, 2))
    with pytest.raises(ValueError, match=r"'film'.*is an image"):
        from_keras(layer)


@pytest.mark.parametrize(
    "thing",
    [keras.layers.Dense(3), keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)]), 7],
)
def test_what_has_no_recurrent_layer_is_refused(thing):
    with pytest.raises(ValueError, match="no recurrent layer"):
        from_keras(thing)


@pytest.mark.parametrize("layer", [keras.layers.GRU(3), keras.layers.RNN(LeakyCell(3))])
def test_a_layer_without_weights_is_refused(layer):
    with pytest.raises(ValueError, match="no weights yet"):
        from_keras(layer)


@pytest.mark.parametrize("inputs", [np.zeros(4), np.zeros((1, 3)), np.full(3, np.inf)])
def test_a_frozen_input_must_be_one_finite_vector(inputs):
    with pytest.raises(ValueError, match="3 finite numbers"):
        from_keras(built("own_cell")[0]).autonomous(inputs=inputs)


@pytest.mark.parametrize(
    ("inputs", "options", "said"),
    [
        (np.zeros((4, 7)), {}, r"\(n, T, 3\)"),
        (np.zeros((4, 7, 2)), {}, r"\(n, T, 3\)"),
        (np.zeros((4, 7, 3)), {"initial_state": np.zeros(3)}, r"\(5,\)"),
    ],
)
def test_sequences_of_the_wrong_shape_are_refused(inputs, options, said):
    with pytest.raises(ValueError, match=said):
        run_cell(from_keras(built("gru_after")[0]), inputs, **options)


def test_a_run_can_begin_at_any_state():
    cell = from_keras(built("gru_after")[0])
    inputs = np.random.default_rng(0).standard_normal((1, 8, INPUTS))
    whole = run_cell(cell, inputs)
    rest = run_cell(cell, inputs[:, 3:], initial_state=whole[0, 2])
    np.testing.assert_allclose(rest, whole[:, 3:], atol=1e-14)
