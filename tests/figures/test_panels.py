"""Each panel draws the numbers it is given, and says so in words where there is nothing."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection

from unrolled.figures import (
    AccuracyRow,
    Coverage,
    arrange_accuracies,
    count_states,
    draw_accuracy_table,
    draw_activations,
    draw_all_time_constants,
    draw_class_projections,
    draw_coverage,
    draw_errors,
    draw_overlap,
    draw_prediction,
    draw_readout,
    draw_slow_points,
    draw_spectrum,
    draw_state_density,
    draw_time_constants_along,
    draw_trajectories,
    draw_variance_curves,
    draw_vectors_along,
    draw_word_effects,
    draw_word_weights,
    make_figure,
    publication_style,
    signed,
)


@pytest.fixture
def axes():
    with publication_style():
        yield make_figure(height=3.0).subplots()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def words(axes):
    return " ".join(text.get_text() for text in axes.texts)


def scattered(axes, label=None):
    found = [
        c
        for c in axes.collections
        if isinstance(c, PathCollection) and (label is None or c.get_label() == label)
    ]
    return np.concatenate([c.get_offsets().data for c in found])


def stairs(axes, label):
    (patch,) = [p for p in axes.patches if p.get_label() == label]
    return patch.get_data()


def test_activations_are_one_trace_a_unit_up_to_the_documents_end(axes, rng):
    values = rng.normal(size=(9, 4))
    values[6:] = np.nan
    draw_activations(axes, values, shades=np.zeros(4))
    (lines,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    drawn = np.array(lines.get_segments())
    assert drawn.shape == (4, 6, 2)
    np.testing.assert_array_equal(drawn[..., 1].T, values[:6])


def test_activations_stop_at_the_longest_shown(axes, rng):
    draw_activations(axes, rng.normal(size=(400, 2)), shades=[1, -1], longest=150)
    assert len(axes.collections[0].get_segments()[0]) == 150


def test_a_shorter_document_does_not_clip_the_longer_one_on_a_shared_axis(rng):
    with publication_style():
        left, right = make_figure(height=2.0).subplots(1, 2, sharex=True, sharey=True)
        draw_activations(left, 5 * rng.normal(size=(80, 3)), shades=np.zeros(3))
        draw_activations(right, rng.normal(size=(5, 3)), shades=np.zeros(3))
    assert left.get_xlim()[1] >= 80
    assert left.get_ylim()[1] > 5


def test_variance_curves_are_cumulative_and_in_per_cent(axes):
    draw_variance_curves(axes, {"trained": [0.6, 0.3, 0.1], "untrained": [0.5, 0.25, 0.25]})
    curve = next(line for line in axes.lines if line.get_label() == "trained")
    np.testing.assert_allclose(curve.get_ydata(), [60, 90, 100])


def test_states_are_counted_by_label(rng):
    states = rng.normal(size=(500, 3))
    labels = np.arange(500) % 2
    counts, x_edges, y_edges = count_states(states, labels, bins=20)
    assert counts.shape == (2, 20, 20)
    inside = (
        (states[:, 0] >= x_edges[0]) & (states[:, 0] <= x_edges[-1])
        & (states[:, 1] >= y_edges[0]) & (states[:, 1] <= y_edges[-1])
    )  # fmt: skip
    assert counts.sum() == inside.sum()
    lone, x_edges, y_edges = count_states([[0, 0], [4, 1], [4, 1]], [0, 1, 1], bins=4)
    assert np.argwhere(lone[1] == 2).tolist() == [[3, 3]]
    assert np.argwhere(lone[0] == 1).tolist() == [[0, 0]]


def test_the_density_is_blue_for_positive_red_for_negative_and_white_elsewhere(axes):
    counts = np.zeros((2, 1, 3))
    counts[0, 0, 0] = counts[1, 0, 2] = 10
    draw_state_density(axes, counts, np.arange(4), np.arange(2))
    left, middle, right = np.asarray(axes.images[0].get_array())[0]
    assert left[0] > left[2]
    assert right[2] > right[0]
    np.testing.assert_allclose(middle, 1)


def test_a_trajectory_ends_where_its_padding_begins(axes):
    path = np.full((1, 5, 3), np.nan)
    path[0, :3] = [[0, 0, 0], [1, 2, 0], [3, 4, 0]]
    draw_trajectories(axes, path, [1])
    line = next(line for line in axes.lines if line.get_label() == "one positive document")
    np.testing.assert_array_equal(line.get_xydata(), path[0, :3, :2])


def test_the_line_of_logit_zero_lies_where_the_logit_is_zero(axes):
    axes.set(xlim=(-5, 5), ylim=(-5, 5))
    readout, bias = np.array([1.0, 2.0]), -3.0
    draw_readout(axes, readout, logit_at_origin=bias)
    line = next(line for line in axes.lines if line.get_label() == "logit = 0")
    np.testing.assert_allclose(line.get_xydata() @ readout + bias, 0, atol=1e-9)
    assert axes.get_xlim() == (-5, 5)


def test_slow_points_are_coloured_by_position_and_exact_points_marked_by_stability(axes, rng):
    points = rng.normal(size=(30, 2))
    draw_slow_points(
        axes, points, position=np.linspace(-1, 1, 30), fixed=points[:3], unstable=[0, 1, 0]
    )
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), points)
    np.testing.assert_array_equal(axes.collections[0].get_array(), np.linspace(-1, 1, 30))
    np.testing.assert_array_equal(scattered(axes, "2 stable fixed points"), points[[0, 2]])
    np.testing.assert_array_equal(scattered(axes, "1 unstable fixed point"), points[[1]])


@pytest.mark.parametrize("n_points", [0, 1, 2])
def test_few_slow_points_and_no_fixed_point_are_said_in_words(axes, n_points):
    nothing = np.empty((0, 2))
    points = np.arange(2 * n_points).reshape(n_points, 2)
    draw_slow_points(
        axes, points, position=np.zeros(n_points), fixed=nothing, unstable=np.empty(0, int)
    )
    if n_points == 0:
        assert "no slow points" in words(axes)
    else:
        assert f"only {n_points} slow point" in words(axes)
        assert "no exact fixed point found" in axes.get_legend_handles_labels()[1]


def test_slow_points_in_one_spot_are_not_blown_up_into_a_curve(axes, rng):
    states = rng.normal(size=(500, 3))
    draw_slow_points(axes, 1e-7 * rng.normal(size=(40, 2)), position=np.zeros(40), around=states)
    assert np.ptp(axes.get_xlim()) > 3
    assert np.ptp(axes.get_ylim()) > 3


def test_a_spectrum_outside_the_unit_circle_stays_in_view(axes):
    draw_spectrum(axes, [1.4, 1.4, 0.9], [1.9, -1.9, 0.0], slow_mode=2)
    np.testing.assert_array_equal(scattered(axes, "integration mode"), [[0.9, 0.0]])
    assert axes.get_ylim()[1] > 1.9
    assert axes.get_xlim() == axes.get_ylim()


def test_time_constants_beyond_the_axis_are_drawn_at_its_top(axes):
    draw_time_constants_along(
        axes, [-1, 0, 1], [[50, 3, 2], [np.inf, 3, 2], [1e9, 3, 2]], slow_time_constant=[50, 3, 1e9]
    )
    np.testing.assert_array_equal(scattered(axes, "mode 1"), [[-1, 50]])
    np.testing.assert_array_equal(scattered(axes, "mode 2")[:, 1], [3, 3, 3])
    assert (scattered(axes)[:, 1] == 1e4).sum() == 2
    assert axes.get_yscale() == "log"
    # The integration mode is ringed only where it is not the slowest one.
    assert [0, 3] in scattered(axes, "integration mode").tolist()


def test_all_time_constants_are_drawn_slowest_first_for_each_point(axes):
    draw_all_time_constants(axes, [[30, 4, 1], [20, np.nan, 1]], [-1, 0.5])
    assert [line.get_label() for line in axes.lines] == ["θ = −1.00", "θ = +0.50"]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [30, 4, 1])


def test_word_effects_show_every_word_and_the_means_of_the_classes(axes, rng):
    effects = rng.normal(0, 0.1, (60, 3))
    classes = np.repeat([0, 1, 2], 20)
    effects[:, 0] += classes - 1.0
    draw_word_effects(axes, effects, classes, left=[1, 0, 0])
    np.testing.assert_array_equal(scattered(axes, "positive"), effects[40:, :2])
    tips = [text.xy for text in axes.texts if hasattr(text, "arrow_patch")]
    assert any(np.allclose(tip, effects[40:, :2].mean(axis=0)) for tip in tips)
    assert any(np.allclose(tip, effects[:20, :2].mean(axis=0)) for tip in tips)


def test_vectors_are_centred_on_their_points_and_point_along_themselves(axes):
    points = np.column_stack([np.arange(5.0), np.zeros(5)])
    draw_vectors_along(axes, points, [1, -1, 3], [[0.6, 0.8], [1, 0], [1, 0]], np.zeros(5))
    line = axes.lines[0].get_xydata()
    np.testing.assert_allclose(line.mean(axis=0), [1, 0])
    direction = line[1] - line[0]
    np.testing.assert_allclose(direction / np.linalg.norm(direction), [0.6, 0.8])


def test_class_projections_are_shares_of_the_points_with_the_untrained_as_outline(axes, rng):
    values = rng.normal([-1, 0, 1], 0.05, (40, 3))
    draw_class_projections(axes, values, untrained=0.1 * values)
    for name, centre in (("negative", -1), ("neutral", 0), ("positive", 1)):
        shares, edges, _ = stairs(axes, name)
        assert shares.sum() == pytest.approx(100)
        middle = (edges[1:] + edges[:-1]) / 2
        assert np.average(middle, weights=shares) == pytest.approx(centre, abs=0.05)
    assert sum(not patch.get_fill() for patch in axes.patches) == 3


def test_overlaps_and_their_null_each_sum_to_a_hundred_per_cent(axes, rng):
    draw_overlap(axes, [0.9, 0.95, 1.0, np.nan], rng.uniform(0, 0.3, 100), untrained=[0.5])
    for label in ("trained", "random vectors", "untrained"):
        assert stairs(axes, label).values.sum() == pytest.approx(100)


def test_overlaps_without_a_direction_are_not_called_missing_points(axes):
    draw_overlap(axes, [np.nan], [0.1])
    assert "too few slow points" in words(axes)


def test_word_weights_give_the_correlation_of_each_twin(axes):
    weights = np.linspace(-1, 1, 9)
    draw_word_weights(axes, weights, {"trained": 2 * weights, "untrained": weights**2})
    labels = axes.get_legend_handles_labels()[1]
    assert "trained, r = 1.00" in labels
    assert any(label.startswith("untrained, r = ") and label.endswith("0.00") for label in labels)


def test_a_prediction_is_drawn_beside_the_path_with_a_zoom_on_its_middle(axes, rng):
    true = np.cumsum(rng.normal(size=(30, 3)), axis=0)
    true[25:] = np.nan
    draw_prediction(axes, true, true + 0.1)
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), true[:25, :2])
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), true[:25, :2] + 0.1)
    assert len(axes.child_axes[0].lines[0].get_xdata()) == 8


def test_errors_are_in_per_cent_and_name_their_medians(axes):
    draw_errors(axes, {"near": [0.01, 0.02, 0.04], "central": [0.05, 0.1, 0.2]})
    assert stairs(axes, "near: median 2 %").values.sum() == pytest.approx(100)
    assert stairs(axes, "central: median 10 %").values.sum() == pytest.approx(100)


def test_coverage_is_the_share_of_the_states_range(axes):
    states = np.linspace(-1, 1, 1001)
    draw_coverage(
        axes,
        {
            "trained": Coverage(states, np.linspace(-0.48, 0.48, 9), 0.9),
            "untrained": Coverage(states, [], np.nan),
        },
    )
    # 0.96 of the 1.92 that lie between the 2nd and the 98th percentile.
    assert "trained: 50 % covered, |cos(m, w)| = 0.90" in words(axes)
    assert "untrained: no slow points were found" in words(axes)


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: draw_slow_points(axes, np.empty((0, 2)), position=[]),
        lambda axes: draw_spectrum(axes, [np.nan], [np.nan], slow_mode=-1),
        lambda axes: draw_time_constants_along(axes, [], np.empty((0, 5))),
        lambda axes: draw_all_time_constants(axes, np.empty((0, 5)), []),
        lambda axes: draw_word_effects(axes, np.full((4, 2), np.nan), [0] * 4, left=[1, 0]),
        lambda axes: draw_vectors_along(axes, np.empty((0, 3)), [], np.empty((0, 3)), []),
        lambda axes: draw_class_projections(axes, np.empty((0, 3))),
        lambda axes: draw_overlap(axes, [], []),
        lambda axes: draw_word_weights(axes, [1.0, 2.0], {"trained": [np.nan, np.nan]}),
        lambda axes: draw_prediction(axes, np.full((5, 3), np.nan), np.full((5, 3), np.nan)),
        lambda axes: draw_errors(axes, {"near": [], "central": []}),
        lambda axes: draw_activations(axes, np.full((5, 3), np.nan), shades=[0, 0, 0]),
    ],
)
def test_a_panel_with_nothing_to_draw_says_why(axes, draw):
    draw(axes)
    axes.figure.canvas.draw()
    assert words(axes).strip()


def _line(corpus, model, accuracy, networks=1):
    spread = 0.01 * (networks > 1)
    return {
        "corpus": corpus, "model": model, "accuracy": str(accuracy),
        "low": str(accuracy - spread), "high": str(accuracy + spread), "networks": str(networks),
    }  # fmt: skip


PUBLISHED = [
    {"documents": "Big", "stands_in": "film", "model": "gru", "accuracy_percent": "95.84"},
    {"documents": "Big", "stands_in": "film", "model": "bag_of_words", "accuracy_percent": "93"},
]


def test_the_table_puts_our_corpora_under_the_papers_and_the_rest_last():
    ours = [_line("other", "gru", 0.5), _line("film", "gru", 0.8, 3), _line("film", "new", 0.7)]
    groups, models = arrange_accuracies(ours, PUBLISHED)
    assert [[row.name for row in group] for group in groups] == [["Big (paper)", "film"], ["other"]]
    assert models == ["bag_of_words", "gru", "new"]
    assert groups[0][1].values["gru"] == pytest.approx(80)
    assert groups[0][1].ranges["gru"] == pytest.approx((79, 81))


def test_the_table_prints_value_difference_and_range(axes):
    row = AccuracyRow(
        "film", {"bag_of_words": 80.0, "gru": 81.25}, {"gru": (80.5, 82.0)}, {"gru": 3}
    )
    draw_accuracy_table(axes, [[row]], ["bag_of_words", "gru", "lstm"], baseline="bag_of_words")
    texts = {text.get_text() for text in axes.texts}
    assert {"80.0", "81.2", "+1.2", "80.5–82.0", "–", "GRU"} <= texts


def test_an_accuracy_in_per_cent_is_refused_where_a_share_is_due():
    with pytest.raises(ValueError, match="shares between 0 and 1"):
        arrange_accuracies([_line("film", "gru", 80.0)], PUBLISHED)


def test_a_position_never_reads_minus_zero():
    assert [signed(x) for x in (-0.001, 0.004, -0.5, 1)] == ["0.00", "0.00", "−0.50", "+1.00"]
