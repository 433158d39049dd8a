import numpy as np
import pytest

from unrolled.networks import CELLS, NONLINEARITIES, make_network
from unrolled.training.bptt import Documents, loss_and_gradients

tf = pytest.importorskip("tensorflow")

TIMES, SIZE, INPUTS, VOCABULARY = 9, 6, 4, 7
CASES = [
    (name, nonlinearity)
    for name in CELLS
    for nonlinearity in NONLINEARITIES
    if (name, nonlinearity) != ("linear", "relu")
]
every_cell = pytest.mark.parametrize(("name", "nonlinearity"), CASES)


def random_network(name, nonlinearity):
    rng = np.random.default_rng(1)
    network = make_network(
        name,
        units=5,
        embedding=INPUTS,
        vocabulary=VOCABULARY,
        embedding_scale=0.7,
        rng=rng,
        nonlinearity=nonlinearity,
    )
    values = {
        key: value + 0.3 * rng.standard_normal(value.shape)
        for key, value in network.parameters().items()
    }
    return network.with_parameters(values, metadata={})


def random_batch(network, *, dropout):
    rng = np.random.default_rng(2)
    lengths = np.array([7, 1, 3, 7, 2, 5], dtype=np.int32)
    shapes = {
        "inputs": (TIMES, SIZE, INPUTS) if dropout else (1, 1, 1),
        "states": (SIZE, network.state_size) if dropout else (1, 1),
    }
    kept = {key: rng.random(shape) < (0.6 if dropout else 2) for key, shape in shapes.items()}
    return Documents(
        # Few words for many places: the same word adds up from several of them.
        tokens=rng.integers(0, VOCABULARY, (TIMES, SIZE)).astype(np.int32),
        lengths=lengths,
        labels=np.array([0, 1, 1, 0, 1, 0.0]),
        weights=np.array([0.2, 0.2, 0.2, 0.2, 0.2, 0.0]),  # the last row only fills the batch
        longest=np.int32(7),
        kept_inputs=kept["inputs"],
        kept_states=kept["states"],
        input_scale=np.float64(1.5 if dropout else 1),
        state_scale=np.float64(1.25 if dropout else 1),
    )


def tensors(batch):
    return Documents(**{key: tf.constant(value) for key, value in vars(batch).items()})


def variables(network):
    return {key: tf.Variable(value) for key, value in network.parameters().items()}


def by_tape(network, values, batch):
    """The same loss by automatic differentiation, document by document, ends cut off."""
    cell = {key[5:]: value for key, value in values.items() if key.startswith("cell.")}
    with tf.GradientTape() as tape:
        loss = 0.0
        for row, length in enumerate(batch.lengths):
            state = values["initial_state"][None]
            for time in range(length):
                vector = tf.gather(values["embedding"], batch.tokens[time, row])[None]
                kept = np.broadcast_to(batch.kept_inputs, (TIMES, SIZE, INPUTS))[time, row]
                drive = network.cell.drive(cell, vector * kept * batch.input_scale)
                state, _ = network.cell.advance(cell, state, drive)
            kept = np.broadcast_to(batch.kept_states, (SIZE, network.state_size))[row]
            logit = tf.reduce_sum(state * kept * batch.state_scale * values["readout"])
            logit += values["readout_bias"][0]
            sign = 1.0 - 2.0 * batch.labels[row]
            loss += batch.weights[row] * tf.math.softplus(sign * logit)
    gradients = tape.gradient(loss, values)
    return loss, {key: tf.convert_to_tensor(value) for key, value in gradients.items()}


@pytest.mark.parametrize("dropout", [False, True])
@every_cell
def test_the_gradient_is_that_of_automatic_differentiation(name, nonlinearity, dropout):
    network = random_network(name, nonlinearity)
    batch, values = random_batch(network, dropout=dropout), variables(network)
    expected_loss, expected = by_tape(network, values, batch)
    loss, gradients = loss_and_gradients(network.cell, values, tensors(batch))
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-12)
    assert set(gradients) == set(expected)
    for key, gradient in gradients.items():
        assert np.abs(expected[key]).max() > 1e-4, key  # not right by being 0
        np.testing.assert_allclose(gradient, expected[key], atol=1e-12, err_msg=key)


@every_cell
def test_the_compiled_gradient_in_single_precision_is_the_same(name, nonlinearity):
    network = random_network(name, nonlinearity)
    batch, values = random_batch(network, dropout=True), variables(network)
    _, expected = by_tape(network, values, batch)
    narrow = {key: tf.constant(np.float32(value)) for key, value in values.items()}
    arrays = {
        key: tf.constant(np.float32(value) if value.dtype == np.float64 else value)
        for key, value in vars(batch).items()
    }

    @tf.function(jit_compile=True)
    def compiled(parameters, arrays):
        return loss_and_gradients(network.cell, parameters, Documents(**arrays))[1]

    for key, gradient in compiled(narrow, arrays).items():
        np.testing.assert_allclose(gradient, expected[key], atol=2e-6, err_msg=key)


@every_cell
def test_padding_never_matters(name, nonlinearity):
    network = random_network(name, nonlinearity)
    batch, values = random_batch(network, dropout=True), variables(network)
    loss, gradients = loss_and_gradients(network.cell, values, tensors(batch))
    past = np.arange(TIMES)[:, None] >= batch.lengths
    changed = {
        "tokens": np.where(past, (batch.tokens + 3) % VOCABULARY, batch.tokens),
        "kept_inputs": batch.kept_inputs ^ past[..., None],
        "longest": np.int32(TIMES),
    }
    other = Documents(**{**vars(batch), **changed})
    other_loss, others = loss_and_gradients(network.cell, values, tensors(other))
    assert float(loss) == float(other_loss)
    for key, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, others[key], err_msg=key)
