"""One network's analysis in numbers: the quantities that claims are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

FREE_STEPS = 10  # of the relaxation test
UNSTABLE = 1.05  # modulus above which a mode counts as unstable, not marginal
OTHER_MODES = 2  # beside the integration mode: tau_2 and tau_3
# Where there are no slow points, nothing is covered and nothing set apart; other numbers have
# no meaning there.
NO_POINTS = {"point_range": 0.0, "sign_share": 0.0, "class_separation": 0.0}


def summarise_line_attractor(data: xr.Dataset) -> dict[str, float]:
    """Numbers of one network; those that need slow points are left out where there are none.

    Parameters
    ----------
    data : xarray.Dataset
        What `unrolled.dynamics.line_attractors` measured.

    Returns
    -------
    numbers : dict of str to float
    """
    numbers = _states(data) | {"n_points": float(data.sizes["point"])}
    numbers |= {"n_fixed_points": float(data.sizes["fixed_point"])}
    if data.sizes["point"] <= 2:
        return numbers | NO_POINTS
    return numbers | _line(data) | _modes(data) | _words(data) | _predictions(data)


def _states(data: xr.Dataset) -> dict[str, float]:
    """Dimension of the states, and how they come to rest."""
    shares = np.cumsum(data.explained_variance.values)
    free = np.nanmedian(data.relaxation.values, axis=0)
    return {
        "components_90": float(np.searchsorted(shares, 0.9) + 1),
        "top_3_variance": float(shares[2]),
        "relaxation_ratio": float(
            free[min(FREE_STEPS, len(free)) - 1] / np.nanmedian(data.document_step.values)
        ),
    }


def _line(data: xr.Dataset) -> dict[str, float]:
    """Shape, range and direction of the slow points."""
    low, high = np.nanpercentile(data.state_logit.values, [2, 98])
    logits = data.point_logit.values
    direction, readout = data.manifold_direction.values, data.readout.values
    return {
        "point_pc1_share": float(data.point_variance.values[0]),
        "point_range": float(np.ptp(np.clip(logits, low, high)) / (high - low)),
        "readout_alignment": float(abs(direction @ readout) / np.linalg.norm(readout)),
        "coordinate_agreement": abs(
            rank_correlation(data.point_coordinate.values, data.manifold_position.values)
        ),
        "overlap_median": float(np.nanmedian(data.overlap.values)),
        "overlap_p10": float(np.nanpercentile(data.overlap.values, 10)),
        "null_overlap_p95": float(np.nanpercentile(data.null_overlap.values, 95)),
    }


def _modes(data: xr.Dataset) -> dict[str, float]:
    """Time constants; the integration mode is the largest real positive one."""
    slow = data.slow_mode.values
    rows = np.arange(len(slow))
    moduli = np.hypot(data.eigenvalues_real.values, data.eigenvalues_imag.values)
    times = data.time_constant.values.copy()
    # The integration mode is left out, and its conjugate where it is one of a pair.
    parts = data.eigenvalues_real.values, np.abs(data.eigenvalues_imag.values)
    same = np.all([part == part[rows, slow][:, None] for part in parts], axis=0)
    times[same & (slow >= 0)[:, None]] = -1.0
    others = -np.sort(-times, axis=1)[:, :OTHER_MODES]
    tau_1 = float(np.nanmedian(data.slow_time_constant.values))
    tau_2, tau_3 = (float(tau) for tau in np.nanmedian(others, axis=0))
    return {
        "tau_1": tau_1,
        "tau_1_p10": float(np.nanpercentile(data.slow_time_constant.values, 10)),
        "tau_1_p90": float(np.nanpercentile(data.slow_time_constant.values, 90)),
        "tau_2": tau_2,
        "tau_3": tau_3,
        "tau_ratio": tau_1 / tau_2,
        "tau_over_longest": tau_1 / float(data.attrs["longest_document"]),
        "lambda_1": float(
            np.nanmedian(np.where(slow >= 0, data.eigenvalues_real.values[rows, slow], np.nan))
        ),
        "unstable_share": float(np.mean(moduli[:, 0] > UNSTABLE)),
        "zero_input_tau_1": float(data.attrs["zero_input_time_constant"]),
        "zero_input_overlap": float(data.attrs["zero_input_overlap"]),
    }


def _words(data: xr.Dataset) -> dict[str, float]:
    """How words push along the integration mode."""
    negative, neutral, positive = data.class_projection.values.T
    weights, classes = data.word_weight.values, data.word_class_of.values
    pushes = [data.word_projection.values[classes == one] for one in range(3)]
    spread = np.sqrt(np.mean([pushes[0].var(), pushes[2].var()]))
    later = data.later_effect.values
    return {
        "sign_share": float(np.mean((positive > 0) & (negative < 0))),
        "neutral_ratio": float(
            abs(neutral.mean()) / (0.5 * (abs(positive.mean()) + abs(negative.mean())))
        ),
        "class_separation": float((pushes[2].mean() - pushes[0].mean()) / spread),
        "projection_correlation": correlation(data.word_projection.values, weights),
        "projection_correlation_second": abs(
            correlation(data.word_projection_second.values, weights)
        ),
        "later_effect_ratio": float(later[1].mean() / later[0].mean()),
    }


def _predictions(data: xr.Dataset) -> dict[str, float]:
    """Errors of the linearised dynamics."""
    open_loop = float(data.attrs["open_loop_accuracy"])
    return {
        "one_step_error": float(np.nanmedian(data.step_error.values)),
        "one_step_error_central": float(np.nanmedian(data.step_error_central.values)),
        "open_loop_accuracy": open_loop,
        "open_loop_drop": 100 * (float(data.attrs["accuracy_on_open_loop_documents"]) - open_loop),
    }


def correlation(left: np.ndarray, right: np.ndarray) -> float:
    """Pearson's correlation; NaN where one of the two does not vary."""
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def rank_correlation(left: np.ndarray, right: np.ndarray) -> float:
    """Spearman's correlation of two vectors."""
    from scipy.stats import rankdata

    return correlation(rankdata(left), rankdata(right))
