import subprocess
import sys

import numpy as np
import pytest

from unrolled.networks import CELLS, Network, make_network

NAMES = tuple(CELLS)


def small(name="gru", seed=0, **changes):
    sizes = {"units": 5, "embedding": 4, "vocabulary": 11, "embedding_scale": 0.5} | changes
    return make_network(name, rng=np.random.default_rng(seed), **sizes)


def with_everything_random(network, seed=1):
    rng = np.random.default_rng(seed)
    values = {
        key: value + 0.3 * rng.standard_normal(value.shape)
        for key, value in network.parameters().items()
    }
    return network.with_parameters(values, metadata={})


@pytest.mark.parametrize("name", NAMES)
def test_states_follow_the_cell_word_by_word(name):
    network = with_everything_random(small(name))
    tokens = np.array([[2, 5, 9, 2], [3, 3, 10, 0]])
    states = network.states(tokens)
    assert states.shape == (2, 4, network.state_size)
    for row in range(2):
        state = network.initial_state
        for time in range(4):
            state = network.cell.step(state, network.embedding[tokens[row, time]])
            np.testing.assert_allclose(states[row, time], state, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_final_logits_are_read_after_the_last_word(name):
    network = with_everything_random(small(name))
    rng = np.random.default_rng(5)
    documents = [rng.integers(2, 11, length) for length in (3, 1, 7, 3, 2, 6, 1)]
    alone = [network.logits(network.states(words[None]))[0, -1] for words in documents]
    for batch in (1, 2, 100):
        logits = network.final_logits(documents, batch=batch)
        # Sums of another number of rows may round differently.
        np.testing.assert_allclose(logits, alone, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_numpy_and_tensorflow_give_the_same_logits(name):
    tf = pytest.importorskip("tensorflow")
    network = with_everything_random(small(name))
    tokens = np.random.default_rng(2).integers(0, 11, (6, 9))
    state = tf.repeat(tf.constant(network.initial_state)[None], 6, axis=0)
    for time in range(9):
        state = network.cell.step(state, tf.gather(network.embedding, tokens[:, time]))
    expected = tf.linalg.matvec(state, network.readout) + network.readout_bias
    np.testing.assert_allclose(network.final_logits(list(tokens)), expected, atol=1e-12)


def test_other_values_leave_the_nonlinearity_as_it_is():
    network = with_everything_random(small("ugrnn", nonlinearity="relu"))
    assert network.cell.nonlinearity == "relu"


def test_a_new_network_starts_as_the_paper_says():
    network = small("lstm", units=150, embedding=40, vocabulary=500, embedding_scale=0.1)
    assert not network.initial_state.any()
    assert network.readout_bias == 0.0
    assert network.embedding.std() == pytest.approx(0.1, rel=0.03)  # 20,000 entries
    glorot = np.sqrt(2 / (300 + 1))
    assert network.readout.std() == pytest.approx(glorot, rel=0.15)  # 300 entries
    assert network.readout.shape == (300,)
    assert network.metadata["cell"] == "lstm"
    assert network.metadata["units"] == 150


def test_the_same_generator_draws_the_same_network():
    first, second, other = small(seed=4), small(seed=4), small(seed=5)
    for key, value in first.parameters().items():
        np.testing.assert_array_equal(value, second.parameters()[key])
    assert not np.array_equal(first.embedding, other.embedding)


@pytest.mark.parametrize("token", [-1, 11])
def test_a_token_outside_the_vocabulary_is_refused(token):
    with pytest.raises(ValueError, match=f"Token id {token} is not in .* 11 words"):
        small().states(np.array([[2, token]]))


def test_an_empty_document_is_refused():
    with pytest.raises(ValueError, match="Document 1 is empty"):
        small().final_logits([np.array([2]), np.array([], dtype=int)])


def test_no_documents_give_no_logits():
    assert small().final_logits([]).shape == (0,)


def test_shapes_that_do_not_fit_are_refused():
    network = small("lstm")
    with pytest.raises(ValueError, match=r"readout .*\(10,\), not \(5,\)"):
        Network(network.cell, network.embedding, network.initial_state, np.zeros(5), 0.0)


def test_a_vocabulary_without_the_unknown_word_is_refused():
    with pytest.raises(ValueError, match="unknown word"):
        small(vocabulary=1)


def test_analysis_does_not_import_tensorflow():
    program = (
        "import sys, numpy as np\n"
        "from unrolled.networks import make_network\n"
        "n = make_network('lstm', units=3, embedding=2, vocabulary=5, embedding_scale=1.0,\n"
        "                 rng=np.random.default_rng(0))\n"
        "n.final_logits([np.array([2, 3])])\n"
        "n.cell.autonomous(inputs=n.embedding[2]).jacobian(np.zeros((2, 6)))\n"
        "assert not {'tensorflow', 'keras', 'sklearn', 'pandas'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
