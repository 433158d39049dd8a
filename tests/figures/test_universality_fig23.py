"""Figures 2, 3, S2 and S3 of the population: what is drawn, and what if there is nothing."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from integrator_files import (
    CUES,
    FREQUENCIES,
    PROBES,
    make_clusters,
    make_integrators,
    make_oscillators,
)
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from PIL import Image
from population_files import make_comparison
from render import ROOT, run_script

from unrolled.dynamics import individuality_ratio
from unrolled.figures import (
    NETWORKS,
    attractor_panel,
    cues_panel,
    cycles_panel,
    draw_against_null,
    draw_distance_matrix,
    draw_frequencies,
    draw_map,
    draw_modes,
    draw_responses,
    draw_rotations,
    draw_sensitivity,
    frequencies_panel,
    make_figure,
    map_panels,
    mean_and_error,
    modes_panel,
    publication_style,
    reach_of,
    responses_panel,
    rotations_panels,
    trial_panels,
)
from unrolled.files import load_dataset, save_dataset
from unrolled.populations import trained_network

MAKERS = {"fig2": ("sine", make_oscillators), "fig3": ("integration", make_integrators)}
TASKS = ("memory", "sine", "integration")
ALL = ("vanilla", "ugrnn", "gru", "lstm")
CASES = {
    "all cells and nonlinearities": {},
    "nothing solved and no points": {
        "cells": ("vanilla", "gru"), "kinds": ("tanh",), "kept": False, "points": False,
    },
    "one cell whose states are not finite": {
        "cells": ("lstm",), "kept": False, "points": False, "finite": False, "error": np.nan,
    },
}  # fmt: skip


def _chunks(make, cells, kinds, **chunk):
    """Chunks of all kinds; an LSTM has twice as many modes."""
    return [
        make(cell, kind, modes=8 if cell == "lstm" else 4, **chunk)
        for cell, kind in product(cells, kinds)
    ]


def _draw(name, folder, cells=ALL, kinds=("tanh", "relu"), kept=True, **chunk):
    task, make = MAKERS[name]
    parts = _chunks(make, cells, kinds, **chunk)
    shown = [folder / f"{task}_{number}.nc" for number in range(len(parts))]
    for part, path in zip(parts, shown, strict=True):
        save_dataset(part, path)
    save_dataset(make_comparison(parts, task=task, kept=kept), folder / f"{task}.nc")
    return run_script(
        name, inputs={"compared": folder / f"{task}.nc", "shown": shown}, folder=folder,
        paper="universality", params={"figures": {"member": 1, "trial": 0}},
    )  # fmt: skip


def _draw_numbers(name, folder, cells=ALL, kinds=("tanh", "relu"), kept=True, **_):
    paths = [folder / f"{task}.nc" for task in TASKS]
    for path in paths:
        save_dataset(make_clusters(path.stem, cells, kinds, kept=kept), path)
    return run_script(
        name, inputs={"comparisons": paths}, folder=folder, paper="universality",
        params={"settings": {"neighbours": 1, "permutations": 50}},
    )  # fmt: skip


@pytest.fixture
def figure():
    with publication_style():
        yield make_figure(height=3.0)


@pytest.fixture
def axes(figure):
    return figure.subplots()


@pytest.fixture
def space(figure):
    return figure.add_subplot(projection="3d")


def scattered(axes):
    return [one for one in axes.collections if isinstance(one, PathCollection)]


def words(axes):
    return " ".join(text.get_text() for text in axes.texts)


def line(axes, label):
    return next(one for one in axes.lines if one.get_label() == label)


def compared(make, **kept):
    return make_comparison(_chunks(make, ALL, ("tanh", "relu")), **kept)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["fig2", "fig3", "figS2", "figS3"])
def test_every_figure_is_within_its_page_and_its_numbers_have_units(name, case, tmp_path):
    draw = _draw if name in MAKERS else _draw_numbers
    png = draw(name, tmp_path, **CASES[case])
    with Image.open(png) as image:
        pixels = np.asarray(image.convert("L"))
    assert pixels.shape[1] == 1400
    assert pixels.min() < 60
    # Nothing runs off the page: its rim is blank.
    rim = [pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]]
    assert all((edge == 255).all() for edge in rim)
    numbers = load_dataset(png.with_suffix(".nc"))
    assert len(numbers.variables) > 5
    for variable in numbers.variables.values():
        assert variable.attrs["units"]
        assert variable.attrs["long_name"]


def test_the_map_shows_the_networks_that_are_compared_in_the_colours_of_their_label(axes):
    places = np.array([[0.0, 1.0], [np.nan, np.nan], [-2.0, 0.0], [1.0, 0.5]])
    draw_map(axes, places, ["gru", "gru", "vanilla", "vanilla"])
    vanilla, gru = scattered(axes)
    np.testing.assert_array_equal(vanilla.get_offsets(), places[2:])
    np.testing.assert_array_equal(gru.get_offsets(), places[:1])
    assert to_hex(gru.get_facecolor()[0][:3]) == NETWORKS["gru"][0].lower()
    assert axes.get_xlim() == axes.get_ylim() == pytest.approx((-2.3, 2.3))


def test_the_map_counts_networks_that_hide_each_other(axes):
    places = np.concatenate([np.zeros((6, 2)), [[1.0, 0.0], [0.0, -1.0]]])
    draw_map(axes, places, ["gru"] * 8)
    assert words(axes) == "6 of 8 in one spot"


def test_the_map_counts_nothing_where_networks_lie_apart(axes):
    draw_map(axes, np.random.default_rng(0).standard_normal((8, 2)), ["gru"] * 8)
    assert words(axes) == ""


def test_both_maps_of_a_pair_show_the_same_places_and_nothing_where_none_is_kept(figure):
    pair = figure.subplots(2, 2)
    map_panels(*pair[0], compared(make_oscillators), "topology", reach=7.0)
    left, right = (
        np.sort(np.concatenate([one.get_offsets() for one in scattered(axes)]), axis=0)
        for axes in pair[0]
    )
    np.testing.assert_array_equal(left, right)
    assert len(left) == 16  # of 24, the others are untrained
    assert pair[0, 0].get_xlim() == (-7.0, 7.0)
    map_panels(*pair[1], compared(make_oscillators, kept=False), "topology")
    assert all("no network" in words(axes) for axes in pair[1])


def test_the_reach_of_maps_is_that_of_the_farthest_network():
    assert reach_of(np.zeros((3, 2))) == 1.0
    assert reach_of([[np.nan, np.nan]], [[0.2, -4.0]]) == pytest.approx(4.6)


def test_the_matrix_is_ordered_by_cell_then_nonlinearity(axes):
    place = np.array([3.0, 0.0, 1.0, 2.0])
    distances = np.abs(place[:, None] - place)
    cells, kinds = ["lstm", "vanilla", "vanilla", "lstm"], ["relu", "tanh", "relu", "tanh"]
    draw_distance_matrix(axes, distances, cells, kinds, label="d")
    np.testing.assert_array_equal(axes.images[0].get_array()[0], [0, 1, 2, 3])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["vanilla", "LSTM"]


def test_cues_are_drawn_in_the_colours_of_their_cycles(axes, space):
    network = trained_network(make_oscillators(), 0)
    cues_panel(axes, network)
    cycles_panel(space, network)
    (levels,) = axes.collections
    heights = [segment[0, 1] for segment in levels.get_segments()]
    np.testing.assert_array_equal(heights, network.trial_input.values[:, 0, 0])
    paths = space.lines[: 2 * CUES : 2]
    assert [to_hex(one) for one in levels.get_colors()] == [to_hex(p.get_color()) for p in paths]


def test_cycles_go_around_their_fixed_points(space):
    network = trained_network(make_oscillators(), 0)
    cycles_panel(space, network)
    np.testing.assert_array_equal(
        np.transpose(space.lines[0].get_data_3d()), network.trajectory.values[0]
    )
    np.testing.assert_array_equal(
        np.transpose(space.lines[-1].get_data_3d()), network.cue_pc.values
    )
    assert words(space) == ""


@pytest.mark.parametrize(
    ("panel", "make", "missing"),
    [
        (cycles_panel, make_oscillators, "no fixed points"),
        (attractor_panel, make_integrators, "no slow points"),
    ],
)
def test_states_without_points_are_shown_and_the_panel_says_so(space, panel, make, missing):
    panel(space, trained_network(make(points=False), 0))
    assert missing in words(space)
    assert len(space.lines) == 2 * len(FREQUENCIES) == 2 * len(PROBES)


def test_eigenvalues_above_the_real_axis_are_drawn_cue_by_cue(axes):
    draw_rotations(axes, [[0.9, 0.9], [0.1, np.nan]], [[0.4, -0.4], [0.0, np.nan]], [0.1, 0.6])
    first, second = (one.get_offsets().data for one in scattered(axes))
    np.testing.assert_array_equal(first, [[0.9, 0.4]])
    np.testing.assert_array_equal(second, [[0.1, 0.0]])
    low, high = scattered(axes)
    assert not np.array_equal(low.get_facecolor(), high.get_facecolor())


def test_the_spectra_are_those_of_the_first_network_of_each_cell(figure):
    shown = [
        trained_network(make_oscillators(cell, kind), 0)
        for cell, kind in product(("gru", "vanilla"), ("tanh", "relu"))
    ]
    shown[2]["cue_eigenvalue_real"] = 3 * shown[2].cue_eigenvalue_real
    numbers = rotations_panels(figure, shown)
    assert len({axes.get_xlim() for axes in figure.axes}) == 1  # both have the wider scale
    assert figure.axes[0].get_xlim()[1] > 3
    assert [axes.get_title() for axes in figure.axes] == ["vanilla", "GRU"]
    assert "vanilla_tanh_cue_eigenvalue_real" in numbers[0]
    assert "gru_tanh_cue_eigenvalue_real" in numbers[1]


def test_frequencies_are_medians_of_the_kept_and_the_untrained_beside_them(axes):
    data = compared(make_oscillators)
    data["cue_linear_frequency"] = data.cue_linear_frequency.where(data.member == 0, np.nan)
    frequencies_panel(axes, data)
    for name in ("vanilla", "UGRNN", "GRU", "LSTM"):
        np.testing.assert_allclose(line(axes, name).get_ydata(), FREQUENCIES)
    np.testing.assert_allclose(line(axes, "untrained").get_ydata(), 0.1 * FREQUENCIES)


def test_bars_of_frequencies_reach_over_the_middle_half(axes):
    linear = {"gru": np.array([[0.1, np.nan], [0.2, np.nan], [0.3, np.nan]])}
    draw_frequencies(axes, [0.1, 0.5], linear, np.empty((0, 2)))
    (bars,) = [one for one in axes.collections if not isinstance(one, PathCollection)]
    np.testing.assert_allclose(bars.get_segments()[0][:, 1], [0.15, 0.25])
    assert np.isnan(line(axes, "GRU").get_ydata()[1])


def test_a_trial_of_the_second_context_has_its_second_stream_in_black(figure):
    panels = list(figure.subplots(1, 3))
    network = trained_network(make_integrators(), 0)
    trial_panels(panels, network, 2)
    for panel, first in zip(panels, (0, 2), strict=False):
        np.testing.assert_array_equal(
            line(panel, "chosen").get_ydata(), network.example_input.values[2, :, first + 1]
        )
    np.testing.assert_array_equal(
        line(panels[2], "target").get_ydata(), network.example_target.values[2, :, 0]
    )


def test_moduli_are_means_over_the_kept_and_end_with_a_cells_modes(axes):
    modes_panel(axes, compared(make_integrators))
    lstm, gru = line(axes, "LSTM").get_ydata(), line(axes, "GRU").get_ydata()
    np.testing.assert_allclose(lstm, [1.0, *np.linspace(0.5, 0.2, 7)])
    np.testing.assert_allclose(gru[:4], [1.0, *np.linspace(0.5, 0.2, 3)])
    assert np.isnan(gru[4:]).all()
    assert line(axes, "untrained").get_ydata()[0] == pytest.approx(0.6)


def test_responses_are_those_to_the_stream_that_each_context_asks_for(axes):
    data = make_comparison([make_integrators("vanilla"), make_integrators("gru", needed=3)])
    responses_panel(axes, data)
    np.testing.assert_allclose(line(axes, "vanilla").get_ydata(), [1, 1, 1, 1])
    np.testing.assert_allclose(line(axes, "GRU").get_ydata(), [0, 0, 1, 1])
    ignored = [one for one in axes.lines if one.get_linewidth() == 0.6 and len(one.get_xdata()) > 2]
    assert len(ignored) == 2
    assert all((one.get_ydata() == 0).all() for one in ignored)


def test_a_network_without_slow_points_leaves_the_mean_of_the_others_alone():
    means, errors = mean_and_error([[2.0, 4.0], [np.nan, np.nan], [4.0, np.nan]])
    np.testing.assert_allclose(means, [3.0, 4.0])
    np.testing.assert_allclose(errors, [1.0, 0.0])  # standard deviation sqrt(2) over sqrt(2)
    means, errors = mean_and_error(np.empty((0, 2)))
    assert np.isnan(means).all()
    assert np.isnan(errors).all()


def test_markers_stand_beside_their_null_and_infinite_ones_at_the_rim(axes):
    draw_against_null(
        axes, ["sine", "memory"],
        {"geometry": [0.5, np.nan], "topology": [np.inf, 0.25]},
        {"geometry": [[0.1, 0.2, 0.3]] * 2, "topology": [[np.nan] * 3, [0.0, 0.2, np.inf]]},
        ylabel="ratio",
    )  # fmt: skip
    np.testing.assert_array_equal(line(axes, "geometry").get_ydata(), [0.5, np.nan])
    np.testing.assert_array_equal(line(axes, "topology").get_ydata(), [np.nan, 0.25])
    assert words(axes) == "∞"
    boxes = [(box.get_y(), box.get_y() + box.get_height()) for box in axes.patches]
    np.testing.assert_allclose(boxes[:2], [(0.1, 0.3)] * 2)
    assert boxes[3] == pytest.approx((0.0, axes.get_ylim()[1]))


def test_planted_cells_stand_above_the_null_by_geometry_only(tmp_path):
    numbers = load_dataset(_draw_numbers("figS2", tmp_path).with_suffix(".nc"))
    data = load_dataset(tmp_path / "sine.nc")
    kept = np.flatnonzero(data.kept.values)
    rest = [f"{data.nonlinearity.values[one]} {data.units.values[one]}" for one in kept]
    ratio = individuality_ratio(
        data.geometry.values[1][np.ix_(kept, kept)], data.cell.values[kept], rest
    )
    np.testing.assert_allclose(numbers.geometry_cell_ratio, [ratio] * 3)
    assert ratio == 2
    assert (numbers.geometry_cell_ratio > numbers.null_geometry_cell_ratio[:, 2]).all()
    assert (numbers.topology_cell_ratio == numbers.null_topology_cell_ratio[:, 2]).all()
    np.testing.assert_allclose(numbers.geometry_cell_accuracy, data.attrs["geometry_cell_accuracy"])
    np.testing.assert_allclose(
        numbers.null_geometry_cell[1], np.quantile(data.null_geometry_cell, [0.05, 0.5, 0.95]),
        atol=0.05,
    )  # fmt: skip


def test_sensitivities_are_numbers_of_the_networks_of_one_size(tmp_path):
    numbers = load_dataset(_draw_numbers("figS3", tmp_path).with_suffix(".nc"))
    assert numbers.units.values.tolist() == [16, 32]
    assert numbers.penalty.values.tolist() == [1e-5]
    np.testing.assert_allclose(numbers.variance, [0.9, 0.95, 0.99])
    for setting in ("units", "penalty", "variance"):
        np.testing.assert_allclose(numbers[f"sine_geometry_individuality_by_{setting}"], 2)
        np.testing.assert_allclose(numbers[f"sine_topology_individuality_by_{setting}"], 1)
        assert (numbers[f"memory_geometry_cell_accuracy_by_{setting}"] == 1).all()


def test_a_setting_of_one_value_says_so_and_one_of_none_says_why(figure):
    single, several, none = figure.subplots(1, 3)
    curve = {("sine", "geometry"): [0.5]}
    draw_sensitivity(single, ["32"], curve, top=1.0)
    draw_sensitivity(several, ["16", "32"], {("sine", "geometry"): [0.5, np.inf]}, top=1.0)
    draw_sensitivity(none, ["32"], {("sine", "geometry"): [np.nan]}, top=1.0)
    assert words(single) == "one value only"
    assert words(several) == "∞"
    assert "no network" in words(none)
    np.testing.assert_array_equal(line(several, "sine, geometry").get_ydata(), [0.5, np.nan])


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: draw_rotations(axes, [[np.nan]], [[np.nan]], [0.1]),
        lambda axes: draw_frequencies(axes, [0.1, 0.2], {}, np.ones((2, 2))),
        lambda axes: draw_frequencies(
            axes, [0.1], {"gru": np.full((2, 1), np.nan)}, np.ones((2, 1))
        ),
        lambda axes: draw_modes(axes, {}, np.ones((1, 4))),
        lambda axes: draw_modes(axes, {"gru": np.full((2, 4), np.nan)}, np.empty((0, 4))),
        lambda axes: draw_responses(axes, {}, {}),
        lambda axes: draw_against_null(
            axes, ["sine"], {"geometry": [np.nan]}, {"geometry": [[np.nan] * 3]}, ylabel="n"
        ),
        lambda axes: draw_distance_matrix(axes, [[np.nan]], ["gru"], ["tanh"], label="d"),
    ],
)
def test_a_panel_with_nothing_to_draw_says_why(axes, draw):
    draw(axes)
    axes.figure.canvas.draw()
    assert words(axes).strip()


@pytest.mark.parametrize("name", ["fig2", "fig3", "figS2", "figS3"])
def test_every_figure_has_a_script_of_80_lines_at_most_and_a_caption(name):
    script = ROOT / "scripts/universality" / f"{name}.py"
    assert len(script.read_text().splitlines()) <= 80
    caption = Path(ROOT, "workflow/report/universality", f"{name}.rst").read_text()
    assert "cannot" in caption  # what this scale cannot show
    assert "control" in caption or "untrained" in caption
