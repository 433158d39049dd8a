"""The panels of the line-attractor figures, drawn from the analysis file of a network.

Each function draws one panel, which figures 2 to 6 and the appendix share, and hands back the
numbers it drew. How a panel looks is decided by the general functions that it calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .activity import draw_activations
from .coverage import Coverage, draw_coverage
from .eigenmodes import (
    draw_all_time_constants,
    draw_spectrum,
    draw_time_constants_along,
    position_colour,
)
from .numbers import join_numbers, take_numbers
from .prediction import draw_errors, draw_prediction
from .state_space import (
    count_states,
    draw_initial_state,
    draw_point_variance,
    draw_readout,
    draw_slow_points,
    draw_state_density,
    draw_trajectories,
    draw_variance_curves,
)
from .style import signed
from .word_effects import (
    draw_class_projections,
    draw_overlap,
    draw_vectors_along,
    draw_word_effects,
    draw_word_weights,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    Twins = Mapping[str, xr.Dataset]


def activations_panel(axes: Axes, trained: xr.Dataset, example: int, *, longest: int) -> xr.Dataset:
    """Traces of all units over one document; colours say how a unit ends in the two documents."""
    activations = trained.example_activations.values
    ends = [len(values[np.isfinite(values).all(axis=1)]) for values in activations]
    last = [values[end - 1] for values, end in zip(activations, ends, strict=True)]
    difference = last[int(trained.example_label.values.argmax())] - last[
        int(trained.example_label.values.argmin())
    ]  # fmt: skip
    shades = difference / max(float(np.abs(difference).max()), 1e-12)
    draw_activations(axes, activations[example], shades=shades, longest=longest)
    return take_numbers(trained, ["example_activations", "example_label", "example_length"])


def variance_panel(axes: Axes, twins: Twins) -> xr.Dataset:
    """Cumulative variance of the states of a network and its twins."""
    draw_variance_curves(axes, {twin: data.explained_variance for twin, data in twins.items()})
    return _of_twins(twins, ["explained_variance"])


def density_panel(
    axes: Axes, trained: xr.Dataset, *, paths: bool = True, legend: bool = True
) -> xr.Dataset:
    """Visited states by label; with two documents, the readout and the line of logit zero."""
    states, labels = trained.states.values, trained.state_label.values
    counts, x_edges, y_edges = count_states(states, labels)
    draw_state_density(axes, counts, x_edges, y_edges, legend=legend)
    names = ["initial_state"]
    if paths:
        draw_trajectories(axes, trained.example_states.values, trained.example_label.values)
        names += ["example_states", "example_label", "readout_pc", "logit_mean"]
    draw_initial_state(axes, trained.initial_state.values)
    if paths:
        draw_readout(
            axes, trained.readout_pc.values, logit_at_origin=float(trained.logit_mean.values)
        )
    if legend:
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + (0.42 if paths else 0.28) * (high - low))
        axes.legend(loc="upper center", ncols=2, columnspacing=0.8, handletextpad=0.4)
    units = {"units": "state units"}
    return take_numbers(trained, names).assign(
        state_counts=(
            ("label", "y_bin", "x_bin"),
            counts,
            {"units": "states", "long_name": "visited states of documents labelled 0 and 1"},
        ),
        x_edge=("x_edges", x_edges, {**units, "long_name": "borders of the bins along PC 1"}),
        y_edge=("y_edges", y_edges, {**units, "long_name": "borders of the bins along PC 2"}),
    )


def slow_points_panel(
    axes: Axes, trained: xr.Dataset, *, inset: tuple[float, float, float, float] | None = None
) -> xr.Dataset:
    """Slow points by their position, exact fixed points by their stability."""
    draw_slow_points(
        axes,
        trained.point_pc.values,
        position=trained.point_coordinate.values,
        fixed=trained.fixed_pc.values,
        unstable=trained.fixed_unstable.values,
        around=trained.states.values,
    )
    names = ["point_pc", "point_coordinate", "fixed_pc", "fixed_unstable"]
    if axes.get_legend_handles_labels()[0]:
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + (0.9 if inset else 0.42) * (high - low))
        axes.legend(loc="upper left", handletextpad=0.2, labelspacing=0.5)
    if inset and trained.sizes["point"] > 2:
        draw_point_variance(
            axes.inset_axes(inset), trained.point_variance, trained.point_state_variance
        )
        names += ["point_variance", "point_state_variance"]
    return take_numbers(trained, names)


def coverage_panel(axes: Axes, twins: Twins) -> xr.Dataset:
    """Readout range that the slow points cover, for a network and its twins."""
    draw_coverage(
        axes,
        {
            twin: Coverage(data.state_logit.values, data.point_logit.values, _alignment(data))
            for twin, data in twins.items()
        },
    )
    return _of_twins(twins, ["state_logit", "point_logit", "manifold_direction", "readout"])


def highlights_panel(axes: Axes, trained: xr.Dataset) -> xr.Dataset:
    """Slow points in grey with those whose modes are shown in colour."""
    at = trained.highlighted.values
    nowhere = np.full((len(at), 2), np.nan)
    draw_vectors_along(
        axes,
        trained.point_pc.values,
        at,
        nowhere,
        trained.point_coordinate.values,
        around=trained.states.values,
    )
    return take_numbers(trained, ["point_pc", "point_coordinate", "highlighted"])


def spectrum_panel(axes: Axes, trained: xr.Dataset, highlight: int) -> xr.Dataset:
    """Eigenvalues at one of the highlighted points."""
    point, position = _highlight(trained, highlight)
    if point is None:
        draw_spectrum(axes, [], [], slow_mode=-1)
    else:
        draw_spectrum(
            axes,
            trained.eigenvalues_real.values[point],
            trained.eigenvalues_imag.values[point],
            slow_mode=int(trained.slow_mode.values[point]),
            colour=position_colour(position),
        )
        axes.set_title(f"θ = {signed(position)}")
    return take_numbers(
        trained, ["eigenvalues_real", "eigenvalues_imag", "slow_mode", "highlighted"]
    )


def time_constants_panel(axes: Axes, trained: xr.Dataset) -> xr.Dataset:
    """Time constants of the three slowest modes along the curve."""
    draw_time_constants_along(
        axes,
        trained.point_coordinate.values,
        trained.time_constant.values,
        slow_time_constant=trained.slow_time_constant.values,
        longest_document=trained.attrs.get("longest_document"),
    )
    return take_numbers(trained, ["point_coordinate", "time_constant", "slow_time_constant"])


def all_time_constants_panel(axes: Axes, trained: xr.Dataset) -> xr.Dataset:
    """Time constants of every mode at the highlighted points."""
    at = trained.highlighted.values
    at = at[(at >= 0) & (at < trained.sizes["point"])]
    draw_all_time_constants(
        axes, trained.time_constant.values[at], trained.point_coordinate.values[at]
    )
    return take_numbers(trained, ["time_constant", "point_coordinate", "highlighted"])


def word_effects_panel(
    axes: Axes, trained: xr.Dataset, highlight: int, *, legend: bool = True
) -> xr.Dataset:
    """Step that words make the state take at one of the highlighted points."""
    point, position = _highlight(trained, highlight)
    effects = trained.word_effect.values[highlight]
    if point is None:
        effects = np.full_like(effects, np.nan)
    draw_word_effects(
        axes,
        effects,
        trained.word_class_of.values,
        left=trained.left_pc.values[highlight],
        legend=legend,
    )
    if point is not None:
        axes.set_title(f"θ = {signed(position)}")
    return take_numbers(trained, ["word_effect", "word_class_of", "left_pc", "highlighted"])


def right_vectors_panel(axes: Axes, trained: xr.Dataset) -> xr.Dataset:
    """Right eigenvectors of the integration mode on the curve of slow points."""
    draw_vectors_along(
        axes,
        trained.point_pc.values,
        trained.highlighted.values,
        trained.right_pc.values,
        trained.point_coordinate.values,
        around=trained.states.values,
    )
    return take_numbers(trained, ["point_pc", "point_coordinate", "highlighted", "right_pc"])


def class_projections_panel(axes: Axes, twins: Twins, *, legend: bool = True) -> xr.Dataset:
    """Mean input projection of each class of words, over the slow points."""
    control = twins["untrained"].class_projection.values if "untrained" in twins else None
    draw_class_projections(
        axes, twins["trained"].class_projection.values, untrained=control, legend=legend
    )
    return _of_twins(twins, ["class_projection"])


def overlap_panel(axes: Axes, twins: Twins, *, legend: bool = True) -> xr.Dataset:
    """Overlap of the integration mode with the curve, beside random directions."""
    control = twins["untrained"].overlap.values if "untrained" in twins else None
    trained = twins["trained"]
    draw_overlap(
        axes, trained.overlap.values, trained.null_overlap.values, untrained=control, legend=legend
    )
    return _of_twins(twins, ["overlap", "null_overlap"])


def word_weights_panel(axes: Axes, twins: Twins) -> xr.Dataset:
    """Input projection of each word against its bag-of-words weight."""
    weights = twins["trained"].word_weight.values
    draw_word_weights(
        axes, weights, {twin: data.word_projection.values for twin, data in twins.items()}
    )
    return _of_twins(twins, ["word_projection", "word_weight"])


def prediction_panel(axes: Axes, trained: xr.Dataset) -> xr.Dataset:
    """One document's path and its one-step linear prediction."""
    draw_prediction(axes, trained.linear_true.values, trained.linear_predicted.values)
    return take_numbers(trained, ["linear_true", "linear_predicted"])


def errors_panel(axes: Axes, trained: xr.Dataset) -> xr.Dataset:
    """Errors of one linear step, beside those of one central point for all steps."""
    draw_errors(
        axes,
        {
            "nearest slow point": trained.step_error.values,
            "one central point": trained.step_error_central.values,
        },
    )
    return take_numbers(trained, ["step_error", "step_error_central"])


def _of_twins(twins: Twins, names: list[str]) -> xr.Dataset:
    """Numbers of several twins; the untrained and shuffled ones' names say so."""
    return join_numbers(
        take_numbers(data, names, prefix="" if twin == "trained" else twin)
        for twin, data in twins.items()
    )


def _highlight(trained: xr.Dataset, highlight: int) -> tuple[int | None, float]:
    """Index and position of a highlighted point; none where there are no slow points."""
    at = trained.highlighted.values
    if highlight >= len(at) or not 0 <= at[highlight] < trained.sizes["point"]:
        return None, float("nan")
    return int(at[highlight]), float(trained.point_coordinate.values[at[highlight]])


def _alignment(data: xr.Dataset) -> float:
    """|cosine| of the manifold's direction and the readout."""
    direction, readout = data.manifold_direction.values, data.readout.values
    size = float(np.linalg.norm(direction) * np.linalg.norm(readout))
    if data.sizes["point"] < 2 or not size > 0:
        return float("nan")
    return abs(float(direction @ readout)) / size
