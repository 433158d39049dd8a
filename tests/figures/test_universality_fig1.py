"""Figure 1, table 1 and figure S1 of the population: what is drawn, counted and left out."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from population_files import CODES, INDEX, make_comparison, make_errors, make_memories
from render import ROOT, run_script, scattered

from unrolled.figures import (
    INDICES,
    NETWORKS,
    count_memories,
    draw_bits,
    draw_error_strips,
    draw_fixed_points,
    draw_mean_graph,
    draw_memory_counts,
    draw_state_paths,
    errors_on_holds_panel,
    fixed_points_panel,
    geometry_panel,
    mean_graph_panel,
    space_panels,
    unexplained_error,
)
from unrolled.files import load_dataset, load_table, save_dataset
from unrolled.populations import trained_network

FIGURES = {"fig1": ".nc", "tab1": ".csv", "figS1": ".nc"}
ALL = ("vanilla", "ugrnn", "gru", "lstm")
CASES = {
    "all cells and nonlinearities": {},
    "nothing solved and no fixed points": {
        "cells": ("vanilla", "gru"), "kinds": ("tanh",), "kept": False, "points": False,
        "dead": False,
    },
    "one network kept": {
        "cells": ("vanilla", "gru"), "kinds": ("tanh",), "kept": [True, False, False, False],
    },
    "one cell, states and errors that are not finite": {
        "cells": ("lstm",), "kept": False, "finite": False, "error": np.nan,
    },
}  # fmt: skip


def _files(folder, cells=ALL, kinds=("tanh", "relu"), kept=True, error=0.002, **chunk):
    """Inputs of every figure."""
    parts = [
        make_memories(cell, kind, seed=seed, error=error, **chunk)
        for seed, (cell, kind) in enumerate(product(cells, kinds))
    ]
    shown = [folder / f"memory_{number}.nc" for number in range(len(parts))]
    for part, path in zip(parts, shown, strict=True):
        save_dataset(part, path)
    comparisons = [folder / f"{task}.nc" for task in ("memory", "sine", "integration")]
    save_dataset(make_comparison(parts, kept=kept), comparisons[0])
    for path in comparisons[1:]:
        part = make_errors(path.stem, cells, kinds, error=error)
        save_dataset(make_comparison([part], task=path.stem), path)
    return {
        "fig1": {"compared": comparisons[0], "shown": shown},
        "tab1": {"compared": comparisons[0]},
        "figS1": {"comparisons": comparisons},
    }


def _draw(name, files, folder):
    return run_script(
        name, inputs=files[name], folder=folder, data=FIGURES[name], paper="universality",
        params={"figures": {"member": 0, "trial": 0}},
    )  # fmt: skip


def words(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


@pytest.fixture(scope="module", params=CASES)
def drawn(request, tmp_path_factory):
    """The files that the figures of a case are drawn from, and the figures."""
    folder = tmp_path_factory.mktemp("figures")
    files = _files(folder, **CASES[request.param])
    return files, {name: _draw(name, files, folder) for name in FIGURES}


def test_every_figure_is_within_its_page_and_its_numbers_have_units(drawn):
    for name, png in drawn[1].items():
        with Image.open(png) as image:
            pixels = np.asarray(image.convert("L"))
        assert pixels.shape[1] == 1400
        assert pixels.min() < 60
        # Nothing runs off the page: its rim is blank.
        rim = [pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]]
        assert all((edge == 255).all() for edge in rim), name
        if FIGURES[name] == ".nc":
            for variable in load_dataset(png.with_suffix(".nc")).variables.values():
                assert variable.attrs["units"]
                assert variable.attrs["long_name"]


def test_the_numbers_beside_the_figures_are_those_of_the_files(drawn):
    files, pngs = drawn
    numbers = load_dataset(pngs["fig1"].with_suffix(".nc"))
    compared = load_dataset(files["fig1"]["compared"])
    np.testing.assert_array_equal(numbers.geometry, compared.geometry[1])  # the middle one
    np.testing.assert_array_equal(numbers.topology_map, compared.topology_map)
    for path in files["fig1"]["shown"]:
        shown = trained_network(load_dataset(path), 0)
        kind = f"{shown.cell.values}_{shown.nonlinearity.values}"
        np.testing.assert_array_equal(numbers[f"{kind}_point_pc"], shown.point_pc)
        np.testing.assert_array_equal(numbers[f"{kind}_trajectory"], shown.trajectory)
    errors = load_dataset(pngs["figS1"].with_suffix(".nc"))
    sine = load_dataset(files["figS1"]["comparisons"][1])
    np.testing.assert_array_equal(errors.sine_error, sine.error)


def test_the_file_beside_the_table_has_its_numbers(drawn):
    files, pngs = drawn
    compared = load_dataset(files["tab1"]["compared"])
    rows = {row["name"]: row for row in load_table(pngs["tab1"].with_suffix(".csv"))}
    kept = int(compared.kept.sum())
    assert int(rows["all"]["networks"]) == (compared.twin.values == "trained").sum()
    assert int(rows["all"]["kept"]) == kept
    assert int(rows["all"]["edges_right"]) == int(rows["all"]["edges_all"]) == 12 * kept
    ideal = ["8", "12", "6", "1"] if kept else 4 * ["nan"]
    assert [rows["all"][f"index_{index}"] for index in range(4)] == ideal


def test_pulses_bits_and_outputs_stand_on_their_channel_the_first_on_top(axes):
    inputs = np.array([[1.0, 0.0], [0.0, -1.0]])
    draw_bits(axes, inputs, np.sign(inputs + 0.5), 0.5 * inputs)
    named = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_array_equal(named["input"], [1, 0])
    np.testing.assert_array_equal(named["target"], [1, 1])
    np.testing.assert_array_equal(named["output"], [0.5, 0])
    first, second = axes.get_yticks()
    assert first > second
    drawn = [list(line.get_ydata()) for line in axes.lines]
    assert [second, second - 1] in drawn


def test_points_have_the_look_of_their_index_and_departures_that_end_nowhere_no_line(space):
    index = [0, 0, 1, 5, 9]
    draw_fixed_points(space, np.eye(5, 3), index, sources=[2, 2, 3, 3], ends=[0, 1, 0, -1])
    assert [len(one.get_offsets()) for one in scattered(space)] == [2, 1, 2]
    assert len(space.lines) == 3
    colours = {line.get_color() for line in space.lines}
    assert len(colours) == 2  # from index 1, and from higher


def test_a_departure_whose_ends_do_not_agree_is_not_drawn(space):
    memories = make_memories(networks=1, dead=False)
    memories["departure_agreed"][:5] = 0
    fixed_points_panel(space, trained_network(memories, 0))
    assert len(space.lines) == 24 - 5


@pytest.mark.parametrize("draw", ["points", "paths"])
def test_a_panel_in_space_says_when_there_is_nothing_to_see(space, draw):
    if draw == "points":
        draw_fixed_points(space, np.empty((0, 3)), [], [], [])
        assert words(space) == ["no fixed points\nwere found"]
    else:
        draw_state_paths(space, np.full((2, 5, 3), np.nan), colour="black")
        assert words(space) == ["its states are\nnot finite"]


def test_three_components_have_one_scale(space):
    paths = np.zeros((1, 9, 3))
    paths[0, :, 1] = np.arange(9)
    draw_state_paths(space, paths, colour="black")
    spans = [np.diff(getattr(space, f"get_{name}lim")())[0] for name in "xyz"]
    np.testing.assert_allclose(spans, spans[0])
    assert spans[0] > 8


def test_a_marker_is_filled_as_far_as_networks_have_the_point(axes):
    compared = make_comparison([make_memories(dead=False)])
    compared["graph_index_matches"][0, INDEX == 0] = 0.0  # the first of two networks has no corner
    mean_graph_panel(axes, compared)
    rings, filled = scattered(axes)[::2], scattered(axes)[1::2]
    shares = [np.unique(f.get_sizes() / r.get_sizes()) for r, f in zip(rings, filled, strict=True)]
    np.testing.assert_allclose(np.concatenate(shares), [0.5, 1, 1, 1])
    assert [len(one.get_offsets()) for one in rings] == [8, 12, 6, 1]


def test_the_mean_graph_of_cubes_has_the_twelve_edges_in_halves(axes):
    compared = make_comparison([make_memories(dead=False)])
    edges = compared.graph_edges.values[:2] * (INDEX == 1)[:, None]
    draw_mean_graph(axes, edges, compared.graph_index_matches.values[:2])
    assert len(axes.lines) == 24
    assert {line.get_linewidth() for line in axes.lines} == {1.5}  # half of 3
    ways = {tuple(np.round(line.get_xydata(), 6).ravel()) for line in axes.lines}
    assert len(ways) == 24


def test_excluded_and_untrained_networks_are_not_in_the_mean_graph(axes):
    mean_graph_panel(axes, make_comparison([make_memories()], kept=False))
    assert words(axes) == ["no network has\nsolved the task"]
    assert not axes.lines


def test_a_graph_of_four_bits_is_not_drawn_but_said(axes):
    draw_mean_graph(axes, np.zeros((1, 81, 82)), np.zeros((1, 81)))
    assert words(axes) == ["a graph of 4 bits\nis not drawn"]


def test_only_kept_networks_are_in_the_matrix_by_the_components_that_are_judged(axes):
    parts = [make_memories("vanilla"), make_memories("lstm")]
    compared = make_comparison(parts, kept=[True, False, True, True])
    geometry_panel(axes, compared)
    kept = np.flatnonzero(compared.kept.values)
    np.testing.assert_array_equal(
        axes.images[0].get_array(), compared.geometry.values[1][np.ix_(kept, kept)]
    )


def test_panels_stand_by_cell_and_nonlinearity_and_say_who_is_excluded(figure):
    parts = [make_memories(c, k) for c, k in product(("gru", "vanilla"), ("tanh", "relu"))]
    compared = make_comparison(parts, kept=[True, True, False, True, True, True, True, True])
    networks = [trained_network(part, 0) for part in parts]
    panels = space_panels(figure, networks, compared)
    assert [axes.get_title() for axes in panels] == ["GRU", "", "vanilla", ""]
    assert ["(excluded)" in words(axes) for axes in panels] == [False, True, False, False]
    # The order of cells is the house's, whatever the files' order.
    lefts = [axes.get_subplotspec().colspan.start for axes in panels]
    assert lefts == [1, 1, 0, 0]


def test_ideal_cubes_are_counted_as_such_and_controls_as_they_are():
    rows = {row.name: row for row in count_memories(make_comparison([make_memories()]))}
    assert list(rows) == ["GRU, tanh", "all", "untrained", "taught two bits of three"]
    cube = rows["GRU, tanh"]
    assert (cube.kept, cube.networks, cube.points) == (2, 2, (8, 12, 6, 1))
    assert (cube.saddles, cube.edges, cube.corners) == ((38, 38), (24, 24), (2, 2))
    assert rows["untrained"].points == (1, 0, 0, 0)
    assert rows["untrained"].corners == (0, 1)
    assert rows["taught two bits of three"].points == (0, 4, 0, 0)
    assert [row.control for row in rows.values()] == [False, False, True, True]


def test_what_excluded_networks_have_is_not_counted():
    compared = make_comparison([make_memories("vanilla"), make_memories("lstm")], kept=[1, 0, 0, 0])
    compared["n_edges_right"][0] = 10
    vanilla, lstm, both, *_ = count_memories(compared)
    assert (vanilla.kept, vanilla.networks) == (1, 2)
    assert vanilla.edges == both.edges == (10, 12)
    assert np.isnan(lstm.points).all()
    assert lstm.saddles == (0, 0)


def test_points_of_a_higher_index_than_bits_count_with_the_last():
    compared = make_comparison([make_memories(networks=1, dead=False)])
    own = np.flatnonzero((compared.point_network.values == 0) & (compared.point_index.values == 2))
    compared["point_index"][own[:2]] = 7
    assert count_memories(compared)[0].points == (8, 12, 4, 3)


def test_the_table_shows_the_ideal_first_and_dashes_where_nothing_was_counted(axes):
    compared = make_comparison([make_memories("vanilla"), make_memories("lstm")], kept=[1, 1, 0, 0])
    draw_memory_counts(axes, count_memories(compared))
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    cells = {
        name: [t.get_text() for t in axes.texts if t.get_position()[1] == heights[name]]
        for name in ("ideal cube", "vanilla, tanh", "LSTM, tanh", "untrained (control)")
    }
    assert cells["ideal cube"][1:] == ["8", "12", "6", "1", "all", "all", "all"]
    assert cells["vanilla, tanh"][1:] == [
        "2 of 2", "8", "12", "6", "1", "38 of 38", "24 of 24", "2 of 2",
    ]  # fmt: skip
    assert cells["LSTM, tanh"][1:] == ["0 of 2", *7 * ["–"]]
    assert cells["untrained (control)"][1:] == ["2", "1", "0", "0", "0", "–", "–", "0 of 2"]


def strips(axes, marker):
    return [line for line in axes.lines if line.get_marker() == marker]


def test_every_error_stands_in_its_strip_and_excluded_ones_have_a_cross(axes):
    cells, kinds = ["gru", "vanilla", "vanilla", "vanilla"], ["tanh", "tanh", "relu", "relu"]
    errors = np.array([0.1, 0.2, 0.3, 0.4])
    draw_error_strips(
        axes, errors, cells, kinds, kept=[True, True, True, False], threshold=0.35,
        training=errors / 2,
    )  # fmt: skip
    across = {}
    for cell in ("vanilla", "gru"):
        for line in strips(axes, NETWORKS[cell][1]):
            across |= dict(zip(line.get_ydata(), line.get_xdata(), strict=True))
    assert across[0.2] < across[0.3] < across[0.4] < across[0.1]
    assert across[0.4] < 0.5 < across[0.1]
    (cross,) = [line for line in strips(axes, "x") if len(line.get_xdata())]
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (across[0.4], 0.4)
    beside = {
        y: x for line in strips(axes, "_") for x, y in zip(*line.get_data(), strict=True)
    }  # fmt: skip
    assert beside == {error / 2: across[error] for error in errors}
    assert [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"] == [0.35]


@pytest.mark.parametrize("diverged", [np.inf, 1e20, 1001.0])
def test_an_error_far_off_or_no_number_stands_at_the_rim(axes, diverged):
    draw_error_strips(
        axes, [diverged, 0.2, np.nan], ["gru"] * 3, ["tanh"] * 3, kept=[False, True, False],
        threshold=0.1,
    )  # fmt: skip
    assert axes.get_ylim()[1] < 1.0
    rim = [line for line in axes.lines if line.get_transform() == axes.get_xaxis_transform()]
    shown = [line for line in rim if line.get_marker() == NETWORKS["gru"][1]]
    assert [len(line.get_xdata()) for line in shown] == [2]
    assert 0 < shown[0].get_ydata()[0] < 1


def test_networks_taught_less_are_no_failures_and_not_drawn(axes):
    compared = make_comparison([make_memories()])
    errors_on_holds_panel(axes, compared, 0.02)
    trained = strips(axes, NETWORKS["gru"][1])
    assert sum(len(line.get_xdata()) for line in trained) == 2
    assert sum(len(line.get_xdata()) for line in strips(axes, "+")) == 1
    assert not sum(len(line.get_xdata()) for line in strips(axes, "x"))


def test_without_any_finite_error_the_panel_says_so(axes):
    draw_error_strips(axes, [np.nan], ["gru"], ["tanh"], kept=[False], threshold=0.1)
    assert words(axes) == ["no network has\na finite error"]


def test_the_limit_of_integrators_is_a_share_of_the_targets_variance():
    compared = make_comparison(
        [make_errors("integration", ("gru",), ("tanh",))], task="integration"
    )
    # The builder's targets have variance 1/2.
    assert unexplained_error(compared, 0.05) == pytest.approx(0.025)


def test_the_network_shown_is_trained_and_has_its_number():
    memories = make_memories(networks=3)
    network = trained_network(memories, 2)
    assert (str(network.twin.values), int(network.member)) == ("trained", 2)
    assert network.sizes["point"] == len(CODES)
    assert network.sizes["departure"] == 24


def test_a_network_that_was_not_made_is_named_with_the_way_out():
    with pytest.raises(ValueError, match=r"0 trained networks of number 5.*figures\.member"):
        trained_network(make_memories(), 5)


def test_looks_of_indices_differ_in_colour_and_in_marker():
    colours, markers = zip(*INDICES, strict=True)
    assert len(set(colours)) == len(set(markers)) == len(INDICES)


@pytest.mark.parametrize("figure_name", FIGURES)
def test_every_figure_has_a_script_of_80_lines_at_most_and_a_caption(figure_name):
    script = ROOT / "scripts/universality" / f"{figure_name}.py"
    assert len(script.read_text().splitlines()) <= 80
    caption = Path(ROOT, "workflow/report/universality", f"{figure_name}.rst").read_text()
    assert "cannot" in caption  # what this scale cannot show
    rules = (ROOT / "workflow/rules/universality.smk").read_text()
    assert f"report/universality/{figure_name}.rst" in rules
