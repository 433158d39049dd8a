from dataclasses import replace

import numpy as np
import pytest

from unrolled.training import LabelledDocuments, Recipe
from unrolled.training.batches import Batches

RECIPE = Recipe(epochs=2, batch=8, learning_rate=0.01)


def corpus(documents=53, longest=20, vocabulary=40):
    rng = np.random.default_rng(0)
    words = [rng.integers(2, vocabulary, rng.integers(1, longest + 1)) for _ in range(documents)]
    return LabelledDocuments(words, np.arange(documents) % 2)


def epoch(train, recipe=RECIPE, seed=0, **sizes):
    batches = Batches(train, recipe, **({"inputs": 3, "state_size": 4} | sizes))
    return list(batches.epoch(train.labels, np.random.default_rng(seed)))


def texts(batch):
    """(words, label) of the rows that count."""
    rows = np.flatnonzero(batch.weights)
    return [(tuple(batch.tokens[: batch.lengths[r], r]), batch.labels[r]) for r in rows]


def test_every_document_is_seen_once_an_epoch_with_its_label():
    train = corpus()
    seen = [text for batch in epoch(train) for text in texts(batch)]
    expected = [(tuple(d), y) for d, y in zip(train.documents, train.labels, strict=True)]
    assert sorted(seen) == sorted(expected)


def test_batches_hold_documents_of_similar_length():
    train = corpus(documents=800)
    spread = [np.ptp(batch.lengths[batch.weights > 0]) for batch in epoch(train)]
    assert max(spread) <= 1  # 100 batches share 20 lengths


def test_all_batches_have_one_shape_and_weights_that_sum_to_one():
    batches = epoch(corpus())
    assert len(batches) == 7
    for batch in batches:
        assert batch.tokens.shape == (20, 8)
        assert batch.weights.sum() == pytest.approx(1.0)
        assert not batch.tokens[np.arange(20)[:, None] >= batch.lengths].any()


def test_order_and_company_change_with_the_generator_only():
    train = corpus()
    first, again, other = (epoch(train, seed=seed) for seed in (0, 0, 1))
    assert [texts(batch) for batch in first] == [texts(batch) for batch in again]
    company = [{frozenset(texts(batch)) for batch in batches} for batches in (first, other)]
    assert company[0] != company[1]


def test_word_dropout_shows_the_unknown_word_at_the_asked_rate():
    train = corpus(documents=2000)
    recipe = replace(RECIPE, word_dropout=0.2)
    shown = np.concatenate([words for b in epoch(train, recipe) for words, _ in texts(b)])
    # About 21,000 words: standard error 0.3 %.
    assert np.mean(shown == 1) == pytest.approx(0.2, abs=0.012)
    assert all((words != 1).all() for words in train.documents)


def test_dropout_masks_have_the_asked_rate_and_reach_the_batch_end():
    recipe = replace(RECIPE, embedding_dropout=0.5, state_dropout=0.25)
    batches = epoch(corpus(documents=400), recipe, inputs=16, state_size=32)
    inputs = np.concatenate([b.kept_inputs[: b.lengths.max()].ravel() for b in batches])
    assert inputs.mean() == pytest.approx(0.5, abs=0.01)
    states = np.concatenate([b.kept_states.ravel() for b in batches])
    assert states.mean() == pytest.approx(0.75, abs=0.02)
    assert batches[0].kept_inputs.shape == (20, 8, 16)


def test_without_dropout_there_is_no_mask_to_carry():
    batch = epoch(corpus())[0]
    assert batch.kept_inputs.shape == (1, 1, 1)
    assert batch.kept_inputs.all()
    assert batch.kept_states.shape == (1, 1)


def test_the_rate_follows_a_half_cosine_to_its_share():
    recipe = replace(RECIPE, learning_rate=0.4, final_rate=0.1)
    rates = [recipe.rate(step, 101) for step in range(101)]
    assert rates[0] == pytest.approx(0.4)
    assert rates[50] == pytest.approx(0.22)
    assert rates[100] == pytest.approx(0.04)
    assert np.all(np.diff(rates) < 0)
    assert recipe.rate(0, 1) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", 0),
        ("batch", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("final_rate", 1.5),
        ("clip", -1.0),
        ("embedding_dropout", 1.0),
        ("state_dropout", -0.1),
        ("word_dropout", 2.0),
        ("weight_decay", -1.0),
    ],
)
def test_a_setting_that_cannot_work_is_named(key, value):
    with pytest.raises(ValueError, match=f"training setting {key} .*config.yaml"):
        replace(RECIPE, **{key: value})


def test_corpora_that_cannot_be_learned_are_refused():
    words = [np.array([2, 3]), np.array([4])]
    with pytest.raises(ValueError, match="no documents"):
        LabelledDocuments([], np.array([]))
    with pytest.raises(ValueError, match="two classes, 0 and 1; these are"):
        LabelledDocuments(words, np.array([1, 1]))
    with pytest.raises(ValueError, match="2 documents but labels of shape"):
        LabelledDocuments(words, np.array([0, 1, 1]))
    with pytest.raises(ValueError, match="Document 1 is empty"):
        LabelledDocuments([words[0], np.array([], dtype=int)], np.array([0, 1]))
