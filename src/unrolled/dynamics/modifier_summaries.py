"""What a network makes of modifiers, in numbers: the quantities that claims are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .summaries import correlation, rank_correlation

if TYPE_CHECKING:
    import xarray as xr

NEGATORS, INTENSIFIERS = ("not2", "not4"), ("very1", "very3")
MODIFIERS = (*NEGATORS, *INTENSIFIERS)
SPANS = {"not2": 2, "not4": 4, "very1": 1, "very3": 3}  # words that each kind acts on
PLAIN = ("dummy", "neutral")  # kinds that change nothing
FAR = 8  # words after which the beginning of a document should be forgotten


def summarise_changes(data: xr.Dataset) -> dict[str, float]:
    """How modifiers stand out of other words, by kinds that are known (claims C1 to C3).

    Parameters
    ----------
    data : xarray.Dataset
        What `measure_changes` measured, with ``context_kind``.

    Returns
    -------
    dict of str to float
        NaN where a kind does not occur, as in documents that people wrote.
    """
    kinds = data.context_kind.values
    slopes = data.linear_slope.values.mean(axis=1)
    true_slopes = data.true_slope.values.mean(axis=1)
    modifying = np.isin(kinds, MODIFIERS)
    among = modifying | np.isin(kinds, PLAIN)
    # NumPy's extremes pass on what is not a number; Python's would hide a kind that is not there.
    by_kind, true_by_kind = _by_kind(kinds, slopes), _by_kind(kinds, true_slopes)
    return {
        "accuracy": float(data.attrs["accuracy"]),
        "n_points": float(data.attrs["n_points"]),
        "change_auc": area_under_curve(data.jacobian_change.values[among], modifying[among]),
        "change_beside_auc": area_under_curve(data.jacobian_change_beside.values, modifying),
        "negator_slope": float(np.max([by_kind[kind] for kind in NEGATORS])),
        "intensifier_slope": float(np.min([by_kind[kind] for kind in INTENSIFIERS])),
        "dummy_slope": by_kind["dummy"],
        "negator_true_slope": float(np.max([true_by_kind[kind] for kind in NEGATORS])),
        "linear_agreement": _mean(data.linear_agreement.values[modifying]),
        **{
            f"slope_after_{word}": _mean(slopes[data.context_word.values == word])
            for word in ("not", "very")
        },
    }


def summarise_modifiers(data: xr.Dataset) -> dict[str, float]:
    """What some modifiers do, how, and what is left without their subspace (claims C4 to C10).

    Parameters
    ----------
    data : xarray.Dataset
        What `measure_modifiers` measured, with ``inserted_kind``.

    Returns
    -------
    dict of str to float
    """
    numbers = _gains(data) | _removal(data) | _positions(data)
    kinds = data.inserted_kind.values
    return numbers | {
        "found_share": float(np.mean(np.isin(kinds[: data.sizes["modifier"]], MODIFIERS))),
        "subspace_dimension": _dimension(data.subspace_share.values),
        "control_dimension": _dimension(data.control_subspace_share.values),
        "off_line_share": float(data.off_share.values.mean()),
    }


def _dimension(shares: np.ndarray) -> float:
    """Number of axes that hold nine tenths; NaN where nothing lies on any."""
    if np.isnan(shares).any():
        return float("nan")
    return float(np.searchsorted(np.cumsum(shares), 0.9 - 1e-12) + 1)


def gain_span(gains: np.ndarray) -> float:
    """Last lag, counted from 1, at which a gain is more than half as far from 1 as at lag 1.

    Examples
    --------
    >>> gain_span(np.array([-0.8, -0.7, 1.1, 1.0]))
    2.0
    """
    sizes = np.abs(np.asarray(gains) - 1.0)
    if not np.isfinite(sizes).all():
        return float("nan")
    return float(np.flatnonzero(sizes > 0.5 * sizes[0])[-1] + 1) if sizes[0] > 0 else 0.0


def area_under_curve(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive case scores higher than a negative one; ties count half.

    Examples
    --------
    >>> area_under_curve(np.array([3.0, 1.0, 2.0]), np.array([True, False, True]))
    1.0
    """
    from scipy.stats import rankdata

    n = int(positive.sum())
    if n in (0, len(scores)):
        return float("nan")
    ranks = rankdata(scores)[positive].sum() - n * (n + 1) / 2
    return float(ranks / (n * (len(scores) - n)))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")


def _by_kind(kinds: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Mean of the values (..., n) of each kind's words; NaN where there are none."""
    return {kind: _mean(values[..., kinds == kind]) for kind in (*MODIFIERS, "dummy")}


def _gains(data: xr.Dataset) -> dict[str, float]:
    """Strength and span of each kind of modifier."""
    kinds, gains = data.inserted_kind.values, data.gain.values
    course = {
        kind: gains[:, kinds == kind].mean(axis=1) if (kinds == kind).any() else
        np.full(len(gains), np.nan)
        for kind in (*MODIFIERS, "dummy")
    }  # fmt: skip
    contrasts = {kind: _contrast(course[kind], SPANS[kind]) for kind in MODIFIERS}
    signed = [contrasts[kind] * (-1.0 if kind in NEGATORS else 1.0) for kind in MODIFIERS]
    spans = {kind: gain_span(course[kind]) for kind in MODIFIERS}
    orders = [spans["very3"] - spans["very1"], spans["not4"] - spans["not2"]]
    controls = [_contrast(course["dummy"], span) for span in SPANS.values()]
    return {
        **{f"gain_{kind}": float(values[0]) for kind, values in course.items()},
        **{f"span_{kind}": value for kind, value in spans.items()},
        "linearised_gain_not4": _by_kind(kinds, data.linearised_gain.values)["not4"],
        "span_contrast": float(np.min(signed)),
        "dummy_contrast": float(np.abs(controls).max()),
        "span_order": float(np.min(orders)),
    }


def _contrast(gains: np.ndarray, span: int) -> float:
    """Mean gain inside the span less that outside."""
    return float(gains[:span].mean() - gains[span:].mean()) if span < len(gains) else float("nan")


def _removal(data: xr.Dataset) -> dict[str, float]:
    """What is left of gains and accuracy without the subspace, and without random ones."""
    kinds = data.inserted_kind.values
    whole = _by_kind(kinds, data.gain.values[0])
    removed = _by_kind(kinds, data.removed_gain.values)
    random = [_by_kind(kinds, gains) for gains in data.random_gain.values]
    kept = float(data.kept_accuracy)
    removed_accuracy = float(data.removed_accuracy)
    random_accuracy = float(data.random_accuracy.values.mean())
    numbers = {
        "removed_effect_ratio": float(data.removed_effect_ratio),
        "random_effect_ratio": float(data.random_effect_ratio.values.mean()),
        "removed_accuracy": removed_accuracy,
        "random_accuracy": random_accuracy,
        "random_loss_share": _share(kept - random_accuracy, kept - removed_accuracy),
    }
    for kind in ("not4", "very1"):
        size = abs(whole[kind] - 1.0)
        changes = [abs(one[kind] - whole[kind]) for one in random]
        numbers[f"removed_cut_{kind}"] = 1.0 - _share(abs(removed[kind] - 1.0), size)
        numbers[f"random_cut_{kind}"] = _share(float(np.mean(changes)), size)
    return numbers


def _share(part: float, whole: float) -> float:
    """Part of a whole; NaN where there is nothing to have a part of."""
    return part / whole if whole > 0 else float("nan")


def _positions(data: xr.Dataset) -> dict[str, float]:
    """What the places of words count."""
    begin, end = data.begin_slope.values, data.end_slope.values
    return {
        "begin_ratio": float(begin[0]),
        "begin_ratio_immediate": float(data.begin_slope_immediate.values[0]),
        "begin_ratio_reset": float(data.begin_slope_reset.values[0]),
        "begin_start": float(abs(begin[0] - 1.0)),
        "begin_left": float(abs(begin[FAR] - 1.0)),
        "initial_share": float(data.initial_share),
        "initial_share_ratio": float(data.initial_share) / float(data.initial_chance),
        "end_ratio": float(end[0]),
        "end_rise": float(np.diff(end).max()),
        "inserted_begin_ratio": float(data.place_slope.values[0]),
        "inserted_end_ratio": float(data.place_slope.values[-1]),
        "reset_loss": 100.0 * (float(data.kept_accuracy) - float(data.reset_accuracy)),
    }


def summarise_phrases(data: xr.Dataset) -> dict[str, float]:
    """The toy language's network in numbers (claims T1 to T4).

    Parameters
    ----------
    data : xarray.Dataset
        What `unrolled.dynamics.phrases` measured.

    Returns
    -------
    dict of str to float
    """
    true, linear = data.true_change.values, data.linear_effect.values
    rest = data.rest_eigenvalue_real.values + 1j * data.rest_eigenvalue_imag.values
    zero = data.zero_input_eigenvalue_real.values + 1j * data.zero_input_eigenvalue_imag.values
    attributes = {name: float(value) for name, value in data.attrs.items()}
    return attributes | {
        "signs_right": float(np.sum(np.sign(linear) == np.sign(true))),
        "signs_right_at_rest": float(np.sum(np.sign(data.resting_effect.values) == np.sign(true))),
        "prediction_correlation": correlation(linear, true),
        "prediction_correlation_at_rest": correlation(data.resting_effect.values, true),
        "prediction_error": float(np.abs(linear - true).max()),
        "lambda_1": float(rest[0].real),
        "lambda_2": float(np.abs(rest[1])),
        "lambda_1_zero_input": float(zero[0].real),
        "lambda_2_zero_input": float(np.abs(zero[1])),
    }


def gain_agreement(fitted: np.ndarray, true: np.ndarray) -> float:
    """Spearman's correlation of fitted and true gains over modifiers and lags."""
    return rank_correlation(np.ravel(fitted), np.ravel(true))


def summarise_ladder(data: xr.Dataset) -> Mapping[str, float]:
    """What the ladder of baselines recovers of a network's advance (claims C11 to C13).

    Parameters
    ----------
    data : xarray.Dataset
        With ``rung``, ``test_accuracy``, ``share`` and so on.

    Returns
    -------
    mapping of str to float
        Shares are NaN where the network has no advance.
    """
    numbers = {}
    for row, rung in enumerate(data.rung.values):
        numbers[f"{rung}_accuracy"] = float(data.test_accuracy.values[row])
        for suffix in ("", "_low", "_high"):
            numbers[f"{rung}_share{suffix}"] = float(data[f"share{suffix}"].values[row])
    for name in ("modifiers", "places", "edges", "controls"):
        value, low, high = data[f"{name}_gain"].values
        numbers |= {f"{name}_gain": value, f"{name}_gain_low": low, f"{name}_gain_high": high}
    for key, value in data.attrs.items():
        if "accuracy" in key:
            numbers[key] = float(value)
    if "true_gain" in data:
        numbers["gain_agreement"] = gain_agreement(data.fitted_gain.values, data.true_gain.values)
    return numbers
