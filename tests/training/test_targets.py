"""Training on a number to tell at every word."""

from dataclasses import replace

import numpy as np
import pytest

from unrolled.networks import make_network, save_networks
from unrolled.training import (
    LabelledDocuments,
    Plan,
    Recipe,
    TargetedDocuments,
    squared_error,
    train_networks,
)
from unrolled.training.batches import Batches
from unrolled.training.bptt import Documents, loss_and_gradients
from unrolled.training.checkpoint import training_identity

from .test_bptt import TIMES, VOCABULARY, every_cell, random_batch, random_network, variables

tf = pytest.importorskip("tensorflow")

RECIPE = Recipe(epochs=3, batch=32, learning_rate=0.02, final_rate=0.1, clip=1.0)


def running_sums(n, seed, longest=12):
    """Words 2 and 3 count +1 and -1; the rest nothing."""
    rng = np.random.default_rng(seed)
    documents = [rng.integers(1, 6, rng.integers(3, longest + 1)) for _ in range(n)]
    values = np.array([0.0, 0.0, 1.0, -1.0, 0.0, 0.0])
    return TargetedDocuments(documents, [np.cumsum(values[document]) for document in documents])


def one_hot_network(cell="gru", units=16):
    network = make_network(
        cell,
        units=units,
        embedding=6,
        vocabulary=6,
        embedding_scale=1.0,
        rng=np.random.default_rng(0),
    )
    return replace(network, embedding=np.eye(6))


def plan(recipe=RECIPE, **changes):
    network = changes.pop("network", one_hot_network())
    return Plan(network, recipe, np.random.default_rng(1), frozen=("embedding",), **changes)


def targeted_batch(network, noise=0.0):
    batch = random_batch(network, dropout=False)
    rng = np.random.default_rng(3)
    weights = np.where(batch.weights > 0, 1 / batch.lengths[batch.weights > 0].sum(), 0.0)
    shape = (TIMES, len(weights), network.state_size)
    return Documents(
        **{
            **vars(batch),
            "labels": rng.standard_normal((TIMES, len(weights))),
            "weights": weights,
            "noise": noise * rng.standard_normal(shape if noise else (1, 1, 1)),
        }
    )


def tensors(batch):
    return Documents(**{key: tf.constant(value) for key, value in vars(batch).items()})


@pytest.mark.parametrize("noise", [0.0, 0.3])
@every_cell
def test_the_gradient_is_that_of_automatic_differentiation(name, nonlinearity, noise):
    network = random_network(name, nonlinearity)
    batch, values = targeted_batch(network, noise), variables(network)
    cell = {key[5:]: value for key, value in values.items() if key.startswith("cell.")}
    with tf.GradientTape() as tape:
        expected_loss = 0.0
        for row, length in enumerate(batch.lengths):
            state = values["initial_state"][None]
            for time in range(length):
                vector = tf.gather(values["embedding"], batch.tokens[time, row])[None]
                state, _ = network.cell.advance(cell, state, network.cell.drive(cell, vector))
                state += batch.noise[time, row] if noise else 0.0
                told = tf.reduce_sum(state * values["readout"]) + values["readout_bias"][0]
                expected_loss += batch.weights[row] * (told - batch.labels[time, row]) ** 2
    expected = tape.gradient(expected_loss, values)
    loss, gradients = loss_and_gradients(network.cell, values, tensors(batch))
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-12)
    assert set(gradients) == set(expected)
    for key, gradient in gradients.items():
        wanted = tf.convert_to_tensor(expected[key])
        assert np.abs(wanted).max() > 1e-4, key
        np.testing.assert_allclose(gradient, wanted, atol=1e-11, err_msg=key)


def test_padding_never_matters():
    network = random_network("gru", "tanh")
    batch, values = targeted_batch(network), variables(network)
    loss, gradients = loss_and_gradients(network.cell, values, tensors(batch))
    past = np.arange(TIMES)[:, None] >= batch.lengths
    changed = {
        "tokens": np.where(past, (batch.tokens + 3) % VOCABULARY, batch.tokens),
        "labels": np.where(past, 99.0, batch.labels),
        "longest": np.int32(TIMES),
    }
    other = Documents(**{**vars(batch), **changed})
    other_loss, others = loss_and_gradients(network.cell, values, tensors(other))
    assert float(loss) == float(other_loss)
    for key, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, others[key], err_msg=key)


def test_batches_bring_every_word_its_target():
    train = running_sums(50, 0)
    batches = Batches(train, RECIPE, inputs=6, state_size=16)
    seen = []
    for batch in batches.epoch(train.joined, np.random.default_rng(0)):
        used = np.flatnonzero(batch.weights)
        inside = np.arange(len(batch.tokens))[:, None] < batch.lengths
        assert (batch.weights * inside).sum() == pytest.approx(1.0)
        assert np.ptp(batch.weights[used]) == 0
        for row in used:
            length = batch.lengths[row]
            seen.append((tuple(batch.tokens[:length, row]), tuple(batch.labels[:length, row])))
    wanted = [
        (tuple(document), tuple(np.float32(target)))
        for document, target in zip(train.documents, train.targets, strict=True)
    ]
    assert sorted(seen) == sorted(wanted)


def test_a_network_learns_to_tell_a_running_sum():
    train, validation = running_sums(3000, 0), running_sums(200, 1)
    recipe = replace(RECIPE, epochs=6, state_noise=0.003, penalty=1e-5)
    network = dict(train_networks({"a": plan(recipe)}, train=train, validation=validation))["a"]
    variance = float(np.mean(np.concatenate(validation.targets) ** 2))
    assert network.metadata["validation_loss"] < 0.05 * variance
    assert squared_error(network, validation) == pytest.approx(network.metadata["validation_loss"])
    assert "validation_accuracy" not in network.metadata
    best = min(entry["validation_loss"] for entry in network.metadata["history"])
    assert network.metadata["validation_loss"] == best


def test_frozen_parameters_come_back_as_they_were():
    # Off the grid of single precision, in which training runs.
    start = replace(one_hot_network(), embedding=np.random.default_rng(0).random((6, 6)))
    assert not np.array_equal(start.embedding, np.float32(start.embedding))
    sets = {"train": running_sums(64, 0), "validation": running_sums(20, 1)}
    recipe = replace(RECIPE, penalty=0.1, weight_decay=0.1)
    frozen = ("embedding", "cell.recurrent")
    both = replace(plan(recipe, network=start), frozen=frozen)
    trained = dict(train_networks({"a": both}, **sets))["a"]
    for key, value in trained.parameters().items():
        assert np.array_equal(value, start.parameters()[key]) == (key in frozen), key
    assert squared_error(trained, sets["validation"]) == trained.metadata["validation_loss"]


def first_step(recipe):
    """Networks before and after one step on all documents, and the documents."""
    rng = np.random.default_rng(2)
    start = one_hot_network(units=4)
    values = {
        key: value if key == "embedding" else value + 0.3 * rng.standard_normal(value.shape)
        for key, value in start.parameters().items()
    }
    start = start.with_parameters(values, metadata={})
    train = running_sums(8, 0)
    recipe = replace(recipe, epochs=1, batch=8)
    sets = {"train": train, "validation": running_sums(5, 1)}
    trained = dict(train_networks({"a": plan(recipe, network=start)}, **sets))["a"]
    return start, trained, train


def test_one_step_is_adams_with_its_epsilon_and_the_penaltys_gradient():
    recipe = replace(RECIPE, learning_rate=0.1, epsilon=0.1, penalty=0.3, clip=2.0)
    start, trained, train = first_step(recipe)
    values = {key: value.copy() for key, value in start.parameters().items()}
    free = [key for key in values if key != "embedding"]

    def loss():
        moved = start.with_parameters(values, metadata={})
        return squared_error(moved, train) + 0.3 * sum((values[key] ** 2).sum() for key in free)

    def derivative(entries, place, h=1e-6):
        before, sides = entries[place], []
        for moved in (before + h, before - h):
            entries[place] = moved
            sides.append(loss())
        entries[place] = before
        return (sides[0] - sides[1]) / (2 * h)

    assert trained.metadata["history"][0]["training_loss"] == pytest.approx(loss(), rel=1e-6)
    gradients = {
        key: np.array([derivative(values[key].reshape(-1), k) for k in range(values[key].size)])
        for key in free
    }
    norm = np.linalg.norm(np.concatenate(list(gradients.values())))
    assert norm > 1.5 * recipe.clip
    for key, gradient in gradients.items():
        clipped = gradient * recipe.clip / norm
        # Both running means are corrected to g and g^2 in the first step; epsilon is not.
        step = 0.1 * clipped / (abs(clipped) + 0.1 / np.sqrt(1 - 0.999))
        moved = trained.parameters()[key] - values[key]
        np.testing.assert_allclose(moved.reshape(-1), -step, atol=5e-7, err_msg=key)


def test_the_mean_squared_error_is_over_all_words_whatever_the_pieces():
    told, network = running_sums(10, 0), one_hot_network()
    errors = [
        network.logits(network.states(document[None]))[0] - target
        for document, target in zip(told.documents, told.targets, strict=True)
    ]
    expected = np.mean(np.concatenate(errors) ** 2)
    for batch in (1, 3, 256):
        assert squared_error(network, told, batch=batch) == pytest.approx(expected, rel=1e-12)


def test_noise_has_the_asked_deviation_and_reaches_the_batch_end():
    train, recipe = running_sums(320, 0), replace(RECIPE, state_noise=0.3)
    made = Batches(train, recipe, inputs=6, state_size=16)
    batches = list(made.epoch(train.joined, np.random.default_rng(0)))
    drawn = np.concatenate([b.noise[: b.lengths.max()].ravel() for b in batches])
    # About 40,000 numbers: standard errors of 0.0015 and 0.001.
    assert drawn.mean() == pytest.approx(0.0, abs=0.007)
    assert drawn.std() == pytest.approx(0.3, abs=0.005)
    assert not any(b.noise[b.lengths.max() :].any() for b in batches)


def test_without_noise_none_is_drawn_or_carried():
    train, rng, orders = running_sums(50, 0), np.random.default_rng(0), np.random.default_rng(0)
    batches = Batches(train, RECIPE, inputs=6, state_size=16)
    for batch in batches.epoch(train.joined, rng):
        assert batch.noise.shape == (1, 1, 1)
        assert not batch.noise.any()
    # An epoch draws the orders of its documents and batches, and nothing else.
    orders.permutation(50)
    orders.permutation(len(batches))
    assert rng.bit_generator.state == orders.bit_generator.state


def test_documents_of_one_word_have_noise_too():
    recipe = replace(RECIPE, epochs=1, batch=8)
    one = TargetedDocuments([np.array([2])] * 8, [np.ones(1)] * 8)
    quiet, noisy = (
        dict(
            train_networks(
                {"a": plan(replace(recipe, state_noise=noise))}, train=one, validation=one
            )
        )["a"]
        for noise in (0.0, 0.5)
    )
    assert not np.array_equal(quiet.readout, noisy.readout)


def test_noise_of_the_states_changes_the_training_and_follows_the_generator():
    quiet, noisy = (first_step(replace(RECIPE, state_noise=one))[1] for one in (0.0, 0.5))
    again = first_step(replace(RECIPE, state_noise=0.5))[1]
    assert not np.array_equal(quiet.readout, noisy.readout)
    np.testing.assert_array_equal(noisy.readout, again.readout)


def test_an_exponential_schedule_falls_by_the_same_factor():
    recipe = replace(RECIPE, schedule="exponential", learning_rate=0.04, final_rate=0.135)
    rates = np.array([recipe.rate(step, 11) for step in range(11)])
    assert rates[0] == 0.04
    assert rates[-1] == pytest.approx(0.04 * 0.135)
    np.testing.assert_allclose(rates[1:] / rates[:-1], rates[1] / rates[0])


class Killed(Exception):
    pass


def test_a_killed_training_goes_on_to_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("unrolled.training.checkpoint.SECONDS_BETWEEN", 0.0)
    sets = {"train": running_sums(100, 0), "validation": running_sums(20, 1)}
    recipe = replace(RECIPE, state_noise=0.1)

    def run(path, kill_at=None, train=None):
        def progress(done, total, loss):
            if done == kill_at:
                raise Killed

        found = train_networks(
            {"a": plan(recipe)},
            train=train or sets["train"],
            validation=sets["validation"],
            progress=progress,
            checkpoint=tmp_path / "checkpoint",
        )
        save_networks(path, dict(found))
        return path.read_bytes()

    with pytest.raises(Killed):
        run(tmp_path / "killed", kill_at=6)
    resumed = run(tmp_path / "resumed")
    for file in (tmp_path / "checkpoint").iterdir():
        file.unlink()
    assert run(tmp_path / "whole") == resumed
    other = TargetedDocuments(sets["train"].documents, [2 * t for t in sets["train"].targets])
    with pytest.warns(UserWarning, match="another network, recipe, seed or corpus"):
        run(tmp_path / "other", train=other)


def test_a_checkpoint_counts_frozen_parameters_but_not_their_order():
    def identity(*frozen):
        return training_identity(replace(plan(), frozen=frozen), "")

    assert identity("embedding") != identity()
    assert identity("embedding", "readout") == identity("readout", "embedding")


DOCUMENTS = [np.array([1, 2]), np.array([3])]


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([np.ones(2)], "2 documents and targets for 1"),
        ([np.ones(2), np.ones(2)], r"Document 1 has 1 words, but targets of shape \(2,\)"),
        ([np.ones((2, 1)), np.ones((1, 1))], r"Document 0 .* shape \(2, 1\)"),
        ([np.ones(2), np.array([np.nan])], "Targets of document 1 are NaN"),
        ([np.array([0.0, np.inf]), np.ones(1)], "Targets of document 0 are NaN, infinite"),
        ([np.array([0.0, 1e39]), np.ones(1)], "document 0 are .*single precision"),
    ],
)
def test_targets_that_cannot_be_told_are_refused(targets, words):
    with pytest.raises(ValueError, match=words):
        TargetedDocuments(DOCUMENTS, targets)


def test_no_documents_and_empty_ones_are_refused():
    with pytest.raises(ValueError, match="at least one document"):
        TargetedDocuments([], [])
    with pytest.raises(ValueError, match="Document 1 is empty"):
        TargetedDocuments([np.array([1]), np.array([], dtype=int)], [np.ones(1), np.array([])])


def test_what_does_not_go_with_targets_is_refused():
    targeted = running_sums(10, 0)
    labelled = LabelledDocuments(targeted.documents, np.arange(10) % 2)
    with pytest.raises(ValueError, match="both labels, or both targets"):
        train_networks({"a": plan()}, train=targeted, validation=labelled)
    sets = {"train": targeted, "validation": targeted}
    for key in ("labels", "validation_labels"):
        with pytest.raises(ValueError, match="brings labels"):
            train_networks({"a": plan(**{key: np.arange(10) % 2})}, **sets)
    with pytest.raises(ValueError, match="has to be 0"):
        train_networks({"a": plan(replace(RECIPE, state_dropout=0.5))}, **sets)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("schedule", "linear"),
        ("epsilon", 0.0),
        ("penalty", -1.0),
        ("state_noise", float("nan")),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(setting, value):
    with pytest.raises(ValueError, match=setting):
        replace(RECIPE, **{setting: value})


def test_an_exponential_schedule_cannot_end_at_zero():
    with pytest.raises(ValueError, match="final_rate"):
        replace(RECIPE, schedule="exponential", final_rate=0.0)


@pytest.mark.parametrize("frozen", [("embeding",), tuple(one_hot_network().parameters())])
def test_frozen_parameters_have_to_exist_and_leave_some(frozen):
    with pytest.raises(ValueError, match="frozen"):
        Plan(one_hot_network(), RECIPE, np.random.default_rng(0), frozen=frozen)
