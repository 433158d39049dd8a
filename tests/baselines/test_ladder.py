import functools

import numpy as np
import pytest

from unrolled.baselines import RUNGS, LabelledDocuments, fit_ladder
from unrolled.tasks import generate_reviews, review_vocabulary

VOCABULARY = review_vocabulary()
WORDS = {
    "modifiers": VOCABULARY.of_group("modifier"),
    "controls": VOCABULARY.of_group("dummy"),
}


def labelled(n, seed):
    drawn = generate_reviews(
        n,
        np.random.default_rng(seed),
        length=[15, 30],
        valence_share=0.25,
        modifier_share=0.10,
        begin_weight=1.0,
        end_weight=1.0,
    )
    return LabelledDocuments(drawn.tokens, drawn.labels)


@functools.cache
def ladder():
    parts = [labelled(n, seed) for seed, n in enumerate((3000, 1000, 1500))]
    return fit_ladder(*parts, penalties=[1e-5, 1e-3], **WORDS), parts


def tiny(penalties, validation, **change):
    train = LabelledDocuments([[1], [2]], np.array([0, 1]))
    options = {"rungs": ["B0"], "modifiers": [], "controls": [], **change}
    return fit_ladder(train, validation, validation, penalties=penalties, **options)


def test_every_rung_has_what_its_name_says():
    fitted, _ = ladder()
    assert list(fitted) == list(RUNGS)
    for name, rung in RUNGS.items():
        model = fitted[name].model
        assert (model.begin_ is not None, model.end_ is not None) == (rung.begin, rung.end)
        assert len(model.gains_) == (12 if rung.modifying else 0)
        assert (len(model.own_coef_) > 0) == rung.own_weights
        assert (len(model.bigrams_) > 0) == rung.bigrams
    assert set(fitted["X0"].model.modifiers) == set(WORDS["controls"])
    assert set(fitted["B4"].model.modifiers) == set(WORDS["modifiers"])


def test_the_ladder_rises_with_true_ingredients_and_not_with_controls():
    fitted, _ = ladder()
    accuracy = {name: rung.test_accuracy for name, rung in fitted.items()}
    assert accuracy["B0"] + 0.05 < accuracy["B3k"] < accuracy["B4"]
    assert accuracy["B3"] < accuracy["B3k"]
    gap = accuracy["B4"] - accuracy["B0"]
    assert accuracy["X0"] - accuracy["B0"] < 0.3 * gap
    assert accuracy["X1"] - accuracy["B0"] < 0.3 * gap


def test_numbers_are_those_of_the_chosen_model():
    fitted, (train, validation, test) = ladder()
    for rung in fitted.values():
        assert rung.penalty == rung.model.penalty
        assert rung.validation_accuracy == rung.tried.max()
        assert rung.train_accuracy == rung.model.score(*train)
        assert rung.validation_accuracy == rung.model.score(*validation)
        assert rung.test_accuracy == rung.model.score(*test) == rung.test_right.mean()
        decisions = rung.model.decision_function(test.documents)
        np.testing.assert_array_equal(rung.test_decisions, decisions)


def test_of_equal_accuracies_the_surest_wins_and_of_equally_sure_ones_the_strongest():
    easy = LabelledDocuments([[1], [2]], np.array([0, 1]))
    assert tiny([1e-2, 1e-4, 1e-3], easy)["B0"].penalty == 1e-4
    # Words that training lacks: every model says "even odds", and all are alike.
    unknown = LabelledDocuments([[3], [4]], np.array([0, 1]))
    assert tiny([1e-3, 1e-2, 1e-4], unknown)["B0"].penalty == 1e-2


def test_the_same_documents_give_the_same_bytes():
    parts = [labelled(300, seed) for seed in range(3)]
    one, other = (
        fit_ladder(*parts, penalties=[1e-4], rungs=["B4", "B4a"], max_iter=20, **WORDS)
        for _ in "ab"
    )
    for name in one:
        assert one[name].test_decisions.tobytes() == other[name].test_decisions.tobytes()


def test_what_will_not_do_is_named():
    easy = LabelledDocuments([[1], [2]], np.array([0, 1]))
    with pytest.raises(ValueError, match="rungs are B0, B1"):
        tiny([1e-4], easy, rungs=["B9"])
    with pytest.raises(ValueError, match="at least one penalty"):
        tiny([], easy)
    with pytest.raises(ValueError, match=r"validation labels \[7\] are not among"):
        tiny([1e-4], LabelledDocuments([[1], [2]], np.array([0, 7])))
