import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from unrolled.dynamics.modifier_summaries import (
    _dimension,
    _gains,
    area_under_curve,
    gain_agreement,
    gain_span,
    summarise_changes,
)
from unrolled.files import measured_dataset


def test_a_span_ends_where_the_gain_is_half_way_back():
    assert gain_span(np.array([1.8, 1.7, 1.5, 1.1])) == 3
    assert gain_span(np.array([-0.7, -0.7, -0.8, -0.8, 1.02, 1.0])) == 4
    assert gain_span(np.array([1.0, 1.3])) == 0
    assert np.isnan(gain_span(np.array([np.nan, 1.0])))


def test_the_area_under_the_curve_is_that_of_scikit_learn_ties_included():
    rng = np.random.default_rng(0)
    positive = rng.random(200) < 0.3
    scores = np.round(rng.standard_normal(200) + positive, 1)
    assert area_under_curve(scores, positive) == pytest.approx(roc_auc_score(positive, scores))
    assert np.isnan(area_under_curve(scores, np.zeros(200, dtype=bool)))


def changes(kinds):
    gains = {"not4": -0.5, "not2": -0.9, "very1": 1.8, "very3": 1.4, "dummy": 1.1, "neutral": 1.0}
    slopes = np.array([gains[kind] for kind in kinds])[:, None] + [[-0.1, 0.1]]
    moved = np.abs(slopes.mean(axis=1) - 1)
    measured = {
        "context_kind": ("context", np.array(kinds), "1", "kind"),
        "context_word": ("context", np.array(kinds), "1", "word"),
        "jacobian_change": ("context", moved, "1", "change"),
        "jacobian_change_beside": ("context", moved, "1", "change"),
        "linear_slope": (("context", "reference_point"), slopes, "1", "slope"),
        "true_slope": (("context", "reference_point"), slopes, "1", "slope"),
        "linear_agreement": (("context", "reference_point"), 0 * slopes + 0.97, "1", "r"),
    }
    return measured_dataset(measured, {"accuracy": 0.9, "n_points": 3})


def test_the_weakest_kind_of_negator_and_of_intensifier_speaks():
    found = summarise_changes(changes(["not4", "not2", "very1", "very3", "dummy", "neutral"]))
    assert found["negator_slope"] == pytest.approx(-0.5)
    assert found["intensifier_slope"] == pytest.approx(1.4)
    assert found["dummy_slope"] == pytest.approx(1.1)
    assert found["linear_agreement"] == pytest.approx(0.97)
    assert found["change_auc"] == 1.0


def test_a_kind_that_is_not_there_is_no_number():
    found = summarise_changes(changes(["not2", "very1", "very3", "dummy", "neutral"]))
    assert np.isnan(found["negator_slope"])
    assert found["intensifier_slope"] == pytest.approx(1.4)
    assert np.isnan(found["slope_after_not"])


@pytest.mark.parametrize(("lags", "largest"), [(6, 0.3), (4, np.nan), (3, np.nan), (1, np.nan)])
def test_a_contrast_that_the_lags_do_not_reach_is_no_number(lags, largest):
    """Inside a span of four is compared with outside: that takes five lags, dummies' too."""
    kinds = ["not2", "not4", "very1", "very3", "dummy"]
    course = np.array([1.3, 1.0, 1.0, 1.0, 1.0, 1.0])[:lags, None] + np.zeros(len(kinds))
    measured = {
        "inserted_kind": ("inserted", np.array(kinds), "1", "kind"),
        "gain": (("lag", "inserted"), course, "1", "gain"),
        "linearised_gain": ("inserted", np.ones(len(kinds)), "1", "gain"),
    }
    found = _gains(measured_dataset(measured, {}))
    assert found["dummy_contrast"] == pytest.approx(largest, nan_ok=True)
    assert np.isnan(found["span_contrast"]) == np.isnan(found["dummy_contrast"])


def test_nine_tenths_of_nothing_have_no_dimension():
    assert _dimension(np.array([0.6, 0.3, 0.1])) == 2
    assert np.isnan(_dimension(np.full(3, np.nan)))


def test_agreement_of_gains_is_about_their_order():
    true = np.array([[-1.0, -1.0, 1.0], [2.0, 1.0, 1.0]])
    assert gain_agreement(np.tanh(true), true) == pytest.approx(1)
    assert gain_agreement(-true, true) == pytest.approx(-1)
