import numpy as np
import pytest

from unrolled.baselines import (
    count_matrix,
    fit_bag_of_words,
    fit_word_counts,
    word_classes,
)
from unrolled.data import generated_corpus
from unrolled.tasks import generate_reviews, oracle_accuracy, review_vocabulary

STRENGTHS = [0.03, 0.3]


def generated(**change):
    rules = {"length": [20, 40], "valence_share": 0.25, "modifier_share": 0.0, **change}
    rng = np.random.default_rng(0)
    sizes = {"train": 8000, "validation": 500, "test": 2000}
    parts = {split: generate_reviews(n, rng, **rules) for split, n in sizes.items()}
    return generated_corpus(parts, name="toy"), parts["test"]


def test_counts_are_those_of_a_slow_count_without_padding():
    rng = np.random.default_rng(0)
    documents = [rng.integers(0, 7, n) for n in (5, 0, 9)]
    counts = count_matrix(documents, 7).toarray()
    for row, document in zip(counts, documents, strict=True):
        assert row.tolist() == [0, *(int((document == word).sum()) for word in range(1, 7))]


def test_where_counting_is_all_it_reaches_nearly_everything():
    corpus, _ = generated()
    bag = fit_bag_of_words(corpus, strengths=STRENGTHS)
    assert bag.test_accuracy > 0.985
    assert bag.validation_accuracy == max(bag.tried)
    assert np.corrcoef(bag.coefficients, corpus.valences)[0, 1] > 0.98


def test_where_order_matters_it_stays_near_the_oracle_that_only_counts():
    corpus, test = generated(length=[15, 30], modifier_share=0.10)
    bag = fit_bag_of_words(corpus, strengths=STRENGTHS)
    assert abs(bag.test_accuracy - oracle_accuracy(test)) < 0.025


def test_shuffled_labels_leave_it_at_chance():
    corpus, _ = generated()
    rng = np.random.default_rng(1)
    counts = [count_matrix(corpus.documents(split), 134) for split in (0, 1, 2)]
    labels = [rng.permutation(corpus.labels_of(split)) for split in (0, 1, 2)]
    bag = fit_word_counts(counts, labels, strengths=[0.03])
    assert abs(bag.test_accuracy - 0.5) < 0.05


def test_accuracies_are_those_of_its_own_coefficients():
    corpus, _ = generated(length=[6, 20])
    bag = fit_bag_of_words(corpus, strengths=STRENGTHS)
    logits = [bag.coefficients[d].sum() + bag.intercept for d in corpus.documents("test")]
    right = (np.array(logits) >= 0) == (corpus.labels_of("test") == 1)
    assert right.mean() == bag.test_accuracy


def test_the_same_documents_give_the_same_coefficients():
    corpus, _ = generated(length=[6, 20])
    one, other = (fit_bag_of_words(corpus, strengths=STRENGTHS) for _ in "ab")
    np.testing.assert_array_equal(one.coefficients, other.coefficients)


def test_one_class_or_an_empty_part_is_refused():
    counts = [count_matrix([np.array([2])] * 3, 4)] * 3
    ones = np.ones(3)
    with pytest.raises(ValueError, match="both labels"):
        fit_word_counts(counts, [ones] * 3, strengths=[1.0])
    with pytest.raises(ValueError, match="no strengths"):
        fit_word_counts(counts, [ones] * 3, strengths=[])


def test_classes_are_the_ends_and_the_middle_of_the_weights():
    weights = np.array([9.0, -9.0, 3, -3, 2, -2, 0.1, -0.2, 1, -1, 0.05])
    counts = np.full(11, 10)
    negative, neutral, positive = word_classes(weights, counts, 3)
    assert negative.tolist() == [3, 5, 9]
    assert neutral.tolist() == [10, 6, 7]
    assert positive.tolist() == [2, 4, 8]


def test_rare_words_padding_and_unknown_are_in_no_class():
    weights = np.linspace(-1, 1, 50)
    counts = np.where(np.arange(50) % 2, 5, 50)
    found = np.concatenate(word_classes(weights, counts, 5, minimum_count=10))
    assert (found % 2 == 0).all()
    assert found.min() >= 2


def test_true_valences_give_true_classes_however_many_words_are_asked_for():
    vocabulary = review_vocabulary()
    counts = np.full(134, 100)
    negative, neutral, positive = word_classes(vocabulary.valences, counts, 100)
    assert len(negative) == len(positive) == 24
    assert (vocabulary.valences[negative] < 0).all()
    assert (vocabulary.valences[positive] > 0).all()
    assert (vocabulary.valences[neutral] == 0).all()


def test_no_word_is_in_two_classes():
    rng = np.random.default_rng(0)
    for size in (8, 20, 100):
        found = np.concatenate(word_classes(rng.normal(size=size), np.ones(size), 100))
        assert len(set(found.tolist())) == len(found)


def test_too_few_words_are_named():
    with pytest.raises(ValueError, match="Lower class_count"):
        word_classes(np.array([0, 0, 1.0, -1]), np.array([0, 9, 1, 1]), 5, minimum_count=3)
