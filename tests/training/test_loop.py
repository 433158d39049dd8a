import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from unrolled.networks import CELLS, make_network, save_networks
from unrolled.training import (
    LabelledDocuments,
    Plan,
    Recipe,
    TrainingDiverged,
    evaluate,
    train_networks,
)
from unrolled.training.state import OptimiserState
from unrolled.training.stepper import CompiledStep

tf = pytest.importorskip("tensorflow")

RECIPE = Recipe(
    epochs=2,
    batch=16,
    learning_rate=0.01,
    final_rate=0.1,
    embedding_dropout=0.2,
    state_dropout=0.2,
    word_dropout=0.1,
    weight_decay=0.1,
)


def counting_task(documents, seed=0):
    """Words 2-5 say yes, 6-9 say no, 10-19 nothing; the majority is the label."""
    rng = np.random.default_rng(seed)
    words, labels = [], []
    while len(words) < documents:
        text = rng.integers(2, 20, rng.integers(3, 13))
        balance = np.sum(text <= 5) - np.sum((text >= 6) & (text <= 9))
        if balance:
            words.append(text)
            labels.append(int(balance > 0))
    return LabelledDocuments(words, np.array(labels))


TRAIN, VALIDATION = counting_task(300), counting_task(120, seed=1)


def plan(name="gru", seed=0, recipe=RECIPE, nonlinearity="tanh", **changes):
    rng = np.random.default_rng(seed)
    network = make_network(
        name,
        units=12,
        embedding=8,
        vocabulary=20,
        embedding_scale=0.1,
        rng=rng,
        nonlinearity=nonlinearity,
    )
    return Plan(network, recipe, rng, **changes)


def trained(plans, **options):
    return dict(train_networks(plans, train=TRAIN, validation=VALIDATION, **options))


def assert_same(first, second):
    assert first.metadata == second.metadata
    for key, value in first.parameters().items():
        np.testing.assert_array_equal(value, second.parameters()[key], err_msg=key)


@pytest.mark.parametrize("name", list(CELLS))
def test_every_cell_learns_to_count_words(name):
    recipe = Recipe(epochs=15, batch=16, learning_rate=0.01, final_rate=0.1)
    network = trained({"a": plan(name, recipe=recipe)})["a"]
    assert network.metadata["validation_accuracy"] > 0.93
    assert evaluate(plan(name).network, VALIDATION)[0] < 0.75  # untrained


def test_a_network_does_not_depend_on_those_trained_before_it():
    together = trained({"a": plan(seed=1), "b": plan(seed=2), "c": plan("lstm", seed=3)})
    assert_same(together["b"], trained({"b": plan(seed=2)})["b"])
    assert_same(together["c"], trained({"c": plan("lstm", seed=3)})["c"])
    assert not np.array_equal(together["a"].readout, together["b"].readout)


def test_a_network_keeps_its_nonlinearity_beside_one_of_the_same_sizes():
    together = trained({"tanh": plan(), "relu": plan(nonlinearity="relu")})
    assert_same(together["relu"], trained({"relu": plan(nonlinearity="relu")})["relu"])
    assert not np.array_equal(together["relu"].readout, together["tanh"].readout)


def test_networks_of_the_same_sizes_share_one_compiled_step(monkeypatch):
    made = []
    monkeypatch.setattr(
        "unrolled.training.loop.CompiledStep",
        lambda *args, **kind: made.append(CompiledStep(*args, **kind)) or made[-1],
    )
    faster = replace(RECIPE, learning_rate=0.02, clip=1.0, weight_decay=0.0)
    trained({"a": plan(seed=1), "b": plan(seed=2, recipe=faster)})
    assert len(made) == 1
    assert made[0]._compiled.experimental_get_tracing_count() == 1


def test_two_processes_train_the_same_bytes(tmp_path):
    program = (
        "import sys\n"
        f"sys.path.insert(0, {str(__import__('pathlib').Path(__file__).parent)!r})\n"
        "from test_loop import plan, trained\n"
        "from unrolled.networks import save_networks\n"
        "save_networks(sys.argv[1], trained({'a': plan('lstm')}))\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "other")], check=True)
    save_networks(tmp_path / "here", trained({"a": plan("lstm")}))
    digests = [hashlib.sha256((tmp_path / f).read_bytes()).digest() for f in ("other", "here")]
    assert digests[0] == digests[1]


def test_the_optimiser_is_adam_with_decoupled_decay_as_in_keras():
    import keras

    network = plan().network
    recipe = Recipe(epochs=3, batch=16, learning_rate=0.01, clip=0.05, weight_decay=0.3)
    compiled = CompiledStep(network.cell, network.parameters())
    compiled.load(OptimiserState.fresh(network.parameters()))
    ours = _steps(network, recipe, compiled)

    peer = keras.optimizers.AdamW(0.01, weight_decay=0.3, global_clipnorm=0.05, epsilon=1e-7)
    peer.exclude_from_weight_decay(var_names=["bias", "embedding", "initial_state", "readout_bias"])
    values = {
        key: keras.Variable(value, dtype="float32", name=key.replace(".", "_"))
        for key, value in network.parameters().items()
    }
    peer.build(list(values.values()))
    theirs = _steps(network, recipe, compiled, peer=peer, values=values)
    for key, value in ours.items():
        # Single precision, and Adam's division enlarges what rounding leaves of small gradients.
        np.testing.assert_allclose(value, theirs[key], atol=3e-5, err_msg=key)
        assert np.abs(value - network.parameters()[key]).max() > 0.01, key


def _steps(network, recipe, compiled, peer=None, values=None):
    """Parameters after four steps, ours or those of a Keras optimiser with our gradients."""
    from dataclasses import fields

    from unrolled.training.batches import Batch, Batches
    from unrolled.training.bptt import Documents, loss_and_gradients

    batches = Batches(TRAIN, recipe, inputs=8, state_size=network.state_size)
    for _, batch in zip(
        range(4), batches.epoch(TRAIN.labels, np.random.default_rng(0)), strict=False
    ):
        if peer is None:
            compiled.run(batch, recipe=recipe, rate=0.01)
            continue
        arrays = {field.name: tf.constant(getattr(batch, field.name)) for field in fields(Batch)}
        tensors = {key: tf.convert_to_tensor(value) for key, value in values.items()}
        one, longest = tf.constant(1.0), tf.constant(batch.lengths.max())
        documents = Documents(**arrays, longest=longest, input_scale=one, state_scale=one)
        _, gradients = loss_and_gradients(network.cell, tensors, documents)
        peer.apply([gradients[key] for key in values], list(values.values()))
    if peer is None:
        return compiled.read().parameters
    return {key: value.numpy() for key, value in values.items()}


def test_the_best_epoch_on_validation_is_kept():
    recipe = replace(RECIPE, epochs=6)
    network = trained({"a": plan(recipe=recipe)})["a"]
    about = network.metadata
    scores = [e["validation_accuracy"] - 0.1 * e["validation_loss"] for e in about["history"]]
    assert len(scores) == 6
    assert about["epoch"] == int(np.argmax(scores)) + 1
    accuracy, loss = evaluate(network, VALIDATION)
    assert (accuracy, loss) == (about["validation_accuracy"], about["validation_loss"])
    assert about["recipe"]["epochs"] == 6
    assert about["cell"] == "gru"


def test_a_twin_with_shuffled_labels_learns_nothing_else():
    shuffled = np.random.default_rng(0).permutation(TRAIN.labels)
    recipe = Recipe(epochs=8, batch=16, learning_rate=0.01)
    both = trained({"own": plan(recipe=recipe), "twin": plan(recipe=recipe, labels=shuffled)})
    assert both["own"].metadata["validation_accuracy"] > 0.9
    assert both["twin"].metadata["validation_accuracy"] < 0.75


def test_progress_counts_the_steps_of_all_networks():
    calls = []
    trained({"a": plan(), "b": plan()}, progress=lambda *numbers: calls.append(numbers))
    steps = 2 * 2 * 19  # networks, epochs, batches of 300 documents
    assert [done for done, _, _ in calls] == list(range(1, steps + 1))
    assert {total for _, total, _ in calls} == {steps}
    assert all(np.isfinite(loss) for _, _, loss in calls)


def test_a_diverging_network_is_named_and_the_others_are_trained():
    wild = plan("linear", recipe=replace(RECIPE, learning_rate=1e30, clip=1e30))
    calls = []
    networks = train_networks(
        {"before": plan(seed=1), "wild": wild, "behind": plan(seed=2)},
        train=TRAIN,
        validation=VALIDATION,
        progress=lambda *numbers: calls.append(numbers),
    )
    assert next(networks)[0] == "before"
    with pytest.raises(TrainingDiverged, match=r"'wild' diverged: .*Lower learning_rate") as caught:
        next(networks)
    assert caught.value.network == "wild"
    assert 1 <= caught.value.step <= 38
    name, network = next(networks)
    assert name == "behind"
    assert_same(network, trained({"alone": plan(seed=2)})["alone"])
    assert calls[-1][:2] == (3 * 38, 3 * 38)
    assert list(networks) == []


def test_a_network_that_diverges_at_an_epoch_s_last_step_is_not_kept():
    # One step an epoch: the loss is computed before the step that ruins the weights.
    wild = replace(RECIPE, batch=300, epochs=1, learning_rate=1e38, clip=1e30)
    with pytest.raises(ValueError, match=r"'wild' diverged: .* step 1 of 1\."):
        trained({"wild": plan("linear", recipe=wild)})


def test_a_document_longer_than_the_cap_is_refused():
    with pytest.raises(ValueError, match=r"12 words, but the cap is 11 .*config.yaml"):
        trained({"a": plan()}, longest=11)


def test_documents_of_another_vocabulary_are_refused_before_training():
    strange = LabelledDocuments([*TRAIN.documents[:5], np.array([20])], np.arange(6) % 2)
    with pytest.raises(ValueError, match=r"2 to 20.*'a'.*20 words \(ids 0 to 19\)"):
        train_networks({"a": plan()}, train=strange, validation=VALIDATION)


def test_own_labels_of_one_class_are_refused():
    with pytest.raises(ValueError, match="two classes"):
        trained({"a": plan(labels=np.zeros(300))})


def test_training_runs_on_one_thread():
    trained({"a": plan(recipe=replace(RECIPE, epochs=1))})
    assert tf.config.threading.get_intra_op_parallelism_threads() == 1
    assert tf.config.threading.get_inter_op_parallelism_threads() == 1
