import numpy as np
import pytest

from unrolled.networks import NONLINEARITIES, SequenceNetwork, make_cell, make_sequence_network

CELLS = ("vanilla", "ugrnn", "gru", "lstm")
every_cell = pytest.mark.parametrize("name", CELLS)


def network(name="gru", *, units=5, seed=0, **settings):
    rng = np.random.default_rng(seed)
    return make_sequence_network(name, units=units, inputs=3, outputs=2, rng=rng, **settings)


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
@every_cell
def test_states_and_readout_follow_the_equations_step_by_step(name, nonlinearity):
    rng = np.random.default_rng(3)
    made = network(name, nonlinearity=nonlinearity)
    values = {
        key: value + 0.3 * rng.standard_normal(value.shape)
        for key, value in made.parameters().items()
    }
    moved = made.with_parameters(values, metadata={})
    inputs = rng.standard_normal((4, 6, 3))
    states = moved.states(inputs)
    current = np.repeat(moved.initial_state[None], 4, axis=0)
    for time in range(6):
        current = moved.cell.step(current, inputs[:, time])
        np.testing.assert_array_equal(states[:, time], current)
    told = moved.read(states)
    assert told.shape == (4, 6, 2)
    by_hand = states[..., :5] @ values["readout"] + values["readout_bias"]
    np.testing.assert_allclose(told, by_hand, rtol=1e-14)


@every_cell
def test_the_readout_of_the_whole_state_is_the_readout_without_its_bias(name):
    rng = np.random.default_rng(3)
    made = network(name)
    states = rng.standard_normal((7, made.state_size))
    np.testing.assert_allclose(states @ made.readout_of_state, made.read(states), atol=1e-15)


def test_an_lstms_memory_is_not_read():
    made = network("lstm")
    states = np.random.default_rng(1).standard_normal((4, 10))
    other = states.copy()
    other[:, 5:] += 1.0
    np.testing.assert_array_equal(made.read(states), made.read(other))
    assert not made.readout_of_state[5:].any()
    other[:, :5] += 1.0
    assert (made.read(states) != made.read(other)).all()


def test_values_given_by_name_replace_the_old_ones_and_the_rest_stays():
    made = network(metadata={"member": 3})
    bias = np.array([1.0, -2.0])
    other = made.with_parameters({"readout_bias": bias}, metadata={"twin": "trained"})
    assert other.metadata == {"twin": "trained"}
    assert made.metadata["member"] == 3
    for key, value in made.parameters().items():
        expected = bias if key == "readout_bias" else value
        np.testing.assert_array_equal(other.parameters()[key], expected)


@every_cell
def test_first_weights_have_the_asked_spread_and_single_precision(name):
    made = network(name, units=200, recurrent_gain=0.7)
    for key, value in made.parameters().items():
        np.testing.assert_array_equal(value, value.astype(np.float32))
        if key.endswith("bias") or key == "initial_state":
            assert not value.any()
    # Standard errors of the spread: 0.4 % of the smallest recurrent weights, 4 % of the readout.
    assert made.cell.parameters["recurrent"].std() * np.sqrt(200) == pytest.approx(0.7, rel=0.02)
    assert made.cell.parameters["input"].std() * np.sqrt(3) == pytest.approx(1, rel=0.1)
    assert made.readout.std() * np.sqrt(200) == pytest.approx(1, rel=0.15)


def test_the_gain_reaches_the_grus_candidate_as_well():
    candidates = [network(recurrent_gain=gain).cell.parameters["candidate"] for gain in (1, 2)]
    np.testing.assert_allclose(candidates[1], 2 * candidates[0], rtol=1e-6)


def test_an_identity_can_be_added_where_there_are_no_gates():
    plain = network("vanilla", recurrent_gain=0.5)
    with_identity = network("vanilla", recurrent_gain=0.5, identity_gain=0.25)
    added = with_identity.cell.parameters["recurrent"] - plain.cell.parameters["recurrent"]
    np.testing.assert_allclose(added, 0.25 * np.eye(5), atol=1e-7)
    with pytest.raises(ValueError, match=r"identity_gain is 0\.25, but a ugrnn cell has gates"):
        network("ugrnn", identity_gain=0.25)


def test_a_network_knows_what_it_is_and_what_it_was_told():
    about = network("lstm", nonlinearity="relu", metadata={"task": "sine"}).metadata
    expected = {"cell": "lstm", "nonlinearity": "relu", "units": 5, "inputs": 3, "outputs": 2}
    assert about == expected | {"task": "sine"}


def test_the_generator_alone_decides_the_first_weights():
    one, same, other = (network(seed=seed).parameters() for seed in (1, 1, 2))
    for key in ("cell.recurrent", "cell.input", "readout"):
        assert one[key].tobytes() == same[key].tobytes() != other[key].tobytes()


@pytest.mark.parametrize(
    ("part", "shape"), [("initial_state", (5,)), ("readout", (10, 2)), ("readout_bias", (3,))]
)
def test_shapes_that_do_not_fit_are_named(part, shape):
    cell = make_cell("lstm", units=5, inputs=3, rng=np.random.default_rng(0))
    parts = {"initial_state": (10,), "readout": (5, 2), "readout_bias": (2,), part: shape}
    with pytest.raises(ValueError, match=rf"The {part} of a network with this lstm cell has"):
        SequenceNetwork(cell, **{key: np.zeros(each) for key, each in parts.items()})


def test_what_cannot_be_made_is_refused():
    with pytest.raises(ValueError, match="no cell 'elman'"):
        network("elman")
    with pytest.raises(ValueError, match="softsign"):
        network("gru", nonlinearity="softsign")
    with pytest.raises(ValueError, match="at least one unit"):
        network("gru", units=0)
