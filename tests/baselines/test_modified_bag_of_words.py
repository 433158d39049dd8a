import doctest
import functools
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import check_is_fitted, validate_data

import unrolled.baselines.modified_bag_of_words
from unrolled.baselines import ModifiedBagOfWords, count_matrix
from unrolled.tasks import generate_reviews, review_vocabulary

VOCABULARY = review_vocabulary()
MODIFIERS, DUMMIES = VOCABULARY.of_group("modifier"), VOCABULARY.of_group("dummy")
EDGES = {"begin": True, "end": True}
RUNGS = {
    "B0": {},
    "B1": {"begin": True},
    "B12": EDGES,
    "B3": {"modifiers": MODIFIERS, "lags": "exponential"},
    "B3k": {"modifiers": MODIFIERS},
    "B4": {"modifiers": MODIFIERS, **EDGES},
    "B4a": {"modifiers": MODIFIERS, "lags": "exponential", "own_weights": True, **EDGES},
    "X0": {"modifiers": DUMMIES, **EDGES},
    "X1": {"bigrams": 3},
}
# Each of scikit-learn's checks that cannot hold, and why.
NO_WORDS = "its numbers round to documents without words"
NO_INTEGERS = "its numbers are no whole numbers, and so no words"
NO_WIDTH = "documents differ in length: the width of an array is no number of features"
EXCEPTIONS = {
    "check_fit_score_takes_y": NO_WORDS,
    "check_pipeline_consistency": NO_WORDS,
    "check_estimators_pickle": NO_WORDS,
    "check_supervised_y_2d": NO_WORDS,
    "check_fit2d_1feature": NO_WORDS,
    "check_estimators_dtypes": NO_INTEGERS,
    "check_dtype_object": NO_INTEGERS,
    "check_decision_proba_consistency": NO_INTEGERS,
    "check_n_features_in": NO_WIDTH,
    "check_n_features_in_after_fitting": NO_WIDTH,
    "check_classifiers_train": NO_WIDTH,
}


class WordsFromNumbers(ModifiedBagOfWords):
    """Takes the numbers of those checks: each is rounded to a word, and the width stays."""

    def fit(self, X, y):
        return super().fit(self._words(X, reset=True), y)

    def decision_function(self, X):
        check_is_fitted(self)
        return super().decision_function(self._words(X, reset=False))

    def _words(self, numbers, reset):
        numbers = validate_data(self, numbers, dtype=float, reset=reset)
        return 50 + np.round(3 * numbers).astype(int).clip(-49)


def name_of(part):
    """Of a check of scikit-learn's, or of its estimator."""
    return part.func.__name__ if isinstance(part, functools.partial) else type(part).__name__


@functools.cache
def reviews(n=4000, seed=0):
    return generate_reviews(
        n,
        np.random.default_rng(seed),
        length=[15, 30],
        valence_share=0.25,
        modifier_share=0.10,
        begin_weight=1.0,
        end_weight=1.0,
    )


@functools.cache
def fitted(rung, **change):
    training = reviews()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = ModifiedBagOfWords(**RUNGS[rung], **{"penalty": 1e-5, **change})
        return model.fit(training.tokens, training.labels)


def accuracy(rung):
    test = reviews(3000, seed=1)
    return fitted(rung).score(test.tokens, test.labels)


def gains_by_kind(model):
    """1 + alpha of not4, not2, very1, very3: means over their three words."""
    return 1.0 + model.gains_.reshape(4, 3, -1).mean(axis=1)


def test_the_plain_one_is_logistic_regression_on_counts():
    training = reviews()
    penalty, n_words = 3e-4, int(training.tokens.max()) + 1
    counts = count_matrix(training.tokens, n_words)
    peer = LogisticRegression(C=0.5 / (penalty * len(training.labels)), tol=1e-8, max_iter=5000)
    peer.fit(counts, training.labels)
    ours = fitted("B0", penalty=penalty, tol=1e-8, max_iter=1000)
    np.testing.assert_allclose(ours.coef_, peer.coef_[0], atol=1e-5)
    assert ours.intercept_ == pytest.approx(peer.intercept_[0], abs=1e-5)


def test_free_lags_recover_which_words_turn_or_strengthen_what_and_how_far():
    not4, not2, very1, very3 = gains_by_kind(fitted("B4"))
    assert (not4[:4] < -0.2).all()
    assert abs(not4[4] - 1) < 0.35
    assert (not2[:2] < -0.2).all()
    assert (np.abs(not2[2:] - 1) < 0.35).all()
    assert very1[0] > 1.3
    assert (np.abs(very1[1:] - 1) < 0.35).all()
    assert (very3[:3] > 1.2).all()
    assert (np.abs(very3[3:] - 1) < 0.35).all()


def test_exponential_lags_recover_signs_and_the_order_of_spans():
    not4, not2, very1, very3 = gains_by_kind(fitted("B3"))
    assert max(not4[0], not2[0]) < 0
    assert min(very1[0], very3[0]) > 1.3
    assert (not4[1:4] < not2[1:4]).all()
    assert very3[1] > very1[1]


def test_own_weights_tell_which_words_a_modifier_turns():
    """Word 1 turns 2 but not 3, which no common gain can say."""
    rng = np.random.default_rng(0)
    tokens = rng.choice([1, 2, 3, 4], (2000, 9), p=[0.2, 0.3, 0.3, 0.2])
    worth = np.array([0.0, 0.0, 1.0, -1.0, 0.0])[tokens]
    worth[:, 1:][(tokens[:, 1:] == 2) & (tokens[:, :-1] == 1)] = -1.0
    labels = worth.sum(axis=1) > 0
    shared, own = (
        ModifiedBagOfWords(
            [1], lags="exponential", own_weights=own, penalty=1e-5, max_iter=400
        ).fit(tokens, labels)
        for own in (False, True)
    )
    assert own.score(tokens, labels) > shared.score(tokens, labels) + 0.02
    of_two, of_three = own.own_coef_[0, 2:4] / own.coef_[2:4]
    assert of_two == pytest.approx(-2, abs=0.2)
    assert of_three == pytest.approx(0, abs=0.2)
    assert own.modifier_times_[0] < 0.5  # on the next word alone
    slope = own.own_coef_[0] @ own.coef_ / (own.coef_ @ own.coef_)
    assert own.gains_[0, 0] == pytest.approx(slope)


def test_with_own_weights_amplitudes_are_slopes_on_the_plain_weights():
    model = fitted("B4a")
    *_, begin, end = model.own_coef_ @ model.coef_ / (model.coef_ @ model.coef_)
    assert model.begin_[0] == pytest.approx(begin)
    assert model.end_[0] == pytest.approx(end)
    assert begin != pytest.approx(end)
    assert min(begin, end) > 0.2


def test_exponential_gains_fall_by_their_time_constant():
    model = fitted("B3")
    ratios = model.gains_[:, 1:] / model.gains_[:, :-1]
    expected = np.repeat(np.exp(-1 / model.modifier_times_)[:, None], 4, axis=1)
    np.testing.assert_allclose(ratios, expected)
    assert np.isnan(fitted("B3k").modifier_times_).all()


def test_weights_and_places_are_those_of_the_generator():
    model, length = fitted("B4"), 22
    assert np.corrcoef(model.coef_, VOCABULARY.valences)[0, 1] > 0.97
    truth = reviews().scoring.position_weights(np.array([length]), length)[0]
    found = model.place_weights(length)
    np.testing.assert_allclose(found / found[length // 2], truth / truth[length // 2], rtol=0.15)
    assert (fitted("B0").place_weights(5) == 1).all()


def test_begin_and_end_are_told_apart():
    rng = np.random.default_rng(0)
    tokens = rng.integers(1, 5, (3000, 12))
    valence = np.array([0, 1.0, -1.0, 0.5, -0.5])[tokens]
    for edge, weights in (("begin", [9] + [1] * 11), ("end", [1] * 11 + [9])):
        model = ModifiedBagOfWords(**EDGES, penalty=1e-5, max_iter=400)
        model.fit(tokens, valence @ weights > 0)
        strong, weak = model.place_weights(12)[[0, -1] if edge == "begin" else [-1, 0]]
        assert strong > 3 * weak


def test_control_words_explain_nothing():
    assert np.abs(gains_by_kind(fitted("X0")) - 1).max() < 0.5
    assert abs(accuracy("X0") - accuracy("B12")) < 0.02
    assert accuracy("B4") > accuracy("B0") + 0.1


def test_accuracy_rises_with_every_true_ingredient():
    assert accuracy("B3") > accuracy("B0") + 0.05
    assert accuracy("B3k") > accuracy("B3")
    assert accuracy("B4") > accuracy("B3k") + 0.005


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [("B0", "B1"), ("B1", "B12"), ("B0", "B3"), ("B0", "B3k"), ("B3k", "B4"), ("B12", "B4")],
)
def test_the_loss_of_nested_models_does_not_rise(smaller, larger):
    training, sign = reviews(), np.where(reviews().labels == 1, 1.0, -1.0)
    losses = [
        np.logaddexp(0, -sign * model.decision_function(training.tokens)).mean()
        + model.penalty * (model.coef_**2).sum()
        for model in (fitted(smaller), fitted(larger))
    ]
    assert losses[1] < losses[0]


def test_modifiers_that_nothing_follows_change_nothing():
    rng = np.random.default_rng(0)
    documents = [[*rng.integers(1, 6, 7), 6] for _ in range(300)]
    labels = [np.sum(row) > 21 for row in documents]
    plain = ModifiedBagOfWords(tol=1e-7).fit(documents, labels)
    model = ModifiedBagOfWords([6], tol=1e-7).fit(documents, labels)
    assert (model.gains_ == 0).all()
    np.testing.assert_allclose(
        model.decision_function(documents), plain.decision_function(documents), atol=1e-4
    )


@pytest.mark.parametrize("rung", RUNGS)
def test_padding_and_the_shape_of_the_collection_change_nothing(rung):
    tokens, labels = reviews().tokens[:300], reviews().labels[:300]
    shifted = np.hstack([np.zeros_like(tokens[:, :2]), tokens, np.zeros_like(tokens)])
    ragged = [row[row > 0].tolist() for row in tokens]
    settings = {**RUNGS[rung], "max_iter": 10}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        answers = [
            ModifiedBagOfWords(**settings).fit(form, labels).decision_function(other)
            for form, other in ((tokens, ragged), (shifted, tokens), (ragged, shifted))
        ]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


def test_the_same_documents_give_the_same_bytes():
    training = reviews()
    again = ModifiedBagOfWords(**RUNGS["B4"], penalty=1e-5).fit(training.tokens, training.labels)
    first = fitted("B4")
    for name in ("coef_", "gains_"):
        assert getattr(again, name).tobytes() == getattr(first, name).tobytes()
    assert (again.begin_, again.end_, again.n_iter_) == (first.begin_, first.end_, first.n_iter_)


def test_words_that_training_lacks_weigh_nothing_but_take_their_place():
    model = fitted("B3k")
    negation, good = int(MODIFIERS[0]), 12
    near, far = model.decision_function([[negation, good], [negation, 9999, good]])
    base = model.intercept_ + model.coef_[negation]
    assert near == pytest.approx(base + model.coef_[good] * (1 + model.gains_[0, 0]))
    assert far == pytest.approx(base + model.coef_[good] * (1 + model.gains_[0, 1]))


def test_bigrams_see_what_single_words_do_not():
    rng = np.random.default_rng(0)
    documents = rng.integers(1, 4, (600, 6))
    pairs = [(row[:-1] == 1) & (row[1:] == 2) for row in documents]
    labels = [pair.any() for pair in pairs]
    plain, model = (ModifiedBagOfWords(bigrams=least) for least in (None, 5))
    assert plain.fit(documents, labels).score(documents, labels) < 0.95
    assert model.fit(documents, labels).score(documents, labels) > 0.99
    assert model.bigrams_[model.bigram_coef_.argmax()].tolist() == [1, 2]
    assert len(ModifiedBagOfWords(bigrams=10_000).fit(documents, labels).bigrams_) == 0


def test_labels_may_be_words_and_probabilities_follow_their_order():
    documents = [[1, 3], [2, 3], [1], [2, 2]]
    model = ModifiedBagOfWords().fit(documents, ["bad", "good", "bad", "good"])
    assert model.classes_.tolist() == ["bad", "good"]
    assert model.predict([[2], [1]]).tolist() == ["good", "bad"]
    probabilities = model.predict_proba(documents)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    log_odds = np.log(probabilities[:, 1] / probabilities[:, 0])
    np.testing.assert_allclose(log_odds, model.decision_function(documents))


def test_it_can_be_searched_with_documents_of_any_length():
    documents = [row[row > 0] for row in reviews().tokens[:400]]
    search = GridSearchCV(ModifiedBagOfWords(), {"penalty": [1e-3, 1e3]}, cv=2)
    search.fit(documents, reviews().labels[:400])
    assert search.best_params_ == {"penalty": 1e-3}


def test_a_fit_that_was_cut_short_says_so():
    tokens, labels = reviews().tokens[:200], reviews().labels[:200]
    with pytest.warns(ConvergenceWarning, match="Raise max_iter"):
        model = ModifiedBagOfWords(max_iter=2).fit(tokens, labels)
    assert (model.n_iter_, model.converged_) == (2, False)
    assert fitted("B0").converged_


@pytest.mark.parametrize(
    ("documents", "labels", "settings", "message"),
    [
        ([], [], {}, "two classes are needed"),
        ([[1], [2]], [1, 1], {}, r"all one class, \[1\]"),
        ([[1], [2], [3]], [0, 1, 2], {}, "binary"),
        ([[1], [2]], [0, 1, 1], {}, "inconsistent numbers"),
        ([[1], [0]], [0, 1], {}, "no words"),
        ([[1.0], [2.0]], [0, 1], {}, "whole numbers"),
        ([[1], [-2]], [0, 1], {}, "word -2"),
        ([[1], [2]], [0, 1], {"modifiers": [3]}, "different words from 1 to 2"),
        ([[1], [2]], [0, 1], {"modifiers": [0]}, "different words from 1 to 2"),
        ([[1], [2]], [0, 1], {"modifiers": [1, 1]}, "different words from 1 to 2"),
        ([[1], [2]], [0, 1], {"modifiers": [1.5]}, "different words from 1 to 2"),
        ([[1], [2]], [0, 1], {"lags": "linear"}, "lags is 'linear'"),
        ([[1], [2]], [0, 1], {"own_weights": True}, 'lags="exponential"'),
        ([[1], [2]], [0, 1], {"reach": 0}, "reach is 0"),
        ([[1], [2]], [0, 1], {"penalty": -1.0}, r"penalty is -1\.0"),
    ],
)
def test_what_will_not_do_is_named(documents, labels, settings, message):
    with pytest.raises(ValueError, match=message):
        ModifiedBagOfWords(**settings).fit(documents, labels)


def test_before_the_fit_there_is_nothing_to_read():
    for method in ("predict", "decision_function", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(ModifiedBagOfWords(), method)([[1]])
    with pytest.raises(NotFittedError):
        ModifiedBagOfWords().place_weights(3)


@pytest.mark.parametrize(
    ("estimator", "check"),
    list(
        estimator_checks_generator(
            ModifiedBagOfWords(**EDGES),
            expected_failed_checks=EXCEPTIONS,
            mark="xfail",
            xfail_strict=True,
        )
    ),
    ids=name_of,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pair
        for pair in estimator_checks_generator(WordsFromNumbers(**EDGES))
        if name_of(pair[1]) in EXCEPTIONS
    ],
    ids=name_of,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_other_checks_hold_where_their_numbers_are_made_words(estimator, check):
    check(estimator)


def test_the_examples_hold():
    failed, tried = doctest.testmod(unrolled.baselines.modified_bag_of_words)
    assert tried > 0
    assert failed == 0
