"""Panels of fixed points draw each point once, by its stability."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from unrolled.figures import (
    draw_mode_time_constants,
    draw_phase_portrait,
    draw_spectra,
    make_figure,
    publication_style,
)

BLUE, ORANGE, VERMILION = "#0072b2", "#e69f00", "#d55e00"


@pytest.fixture
def axes():
    with publication_style():
        yield make_figure(height=3.0).subplots()


@pytest.fixture
def paths():
    return np.random.default_rng(0).uniform(-1, 1, (7, 12, 2))


def by_colour(axes):
    return {
        to_hex(each.get_facecolor()[0]): each.get_offsets().data
        for each in axes.collections
        if isinstance(each, PathCollection)
    }


def words(axes):
    return " ".join(text.get_text() for text in axes.texts)


def test_points_wear_the_colour_of_their_stability(axes, paths):
    points = np.array([[0.0, 0.0], [0.5, 0.5], [-0.5, 0.0], [0.1, 0.2]])
    draw_phase_portrait(axes, paths, points, [0, 1, 0, 5])
    drawn = by_colour(axes)
    np.testing.assert_array_equal(drawn[BLUE], points[[0, 2]])
    np.testing.assert_array_equal(drawn[ORANGE], points[[1]])
    np.testing.assert_array_equal(drawn[VERMILION], points[[3]])
    labels = axes.get_legend_handles_labels()[1]
    assert labels == [
        "attractors (2)",
        "saddles, 1 unstable mode (1)",
        "2 or more unstable modes (1)",
    ]


def test_paths_are_lines_that_end_where_they_end(axes, paths):
    paths[2, 5:] = np.nan
    draw_phase_portrait(axes, paths, np.empty((0, 2)), [])
    (lines,) = [each for each in axes.collections if isinstance(each, LineCollection)]
    lengths = [np.isfinite(segment).all(axis=1).sum() for segment in lines.get_segments()]
    assert lengths == [12, 12, 5, 12, 12, 12, 12]
    assert axes.get_legend() is None


def test_states_without_an_order_are_dots(axes, paths):
    draw_phase_portrait(axes, paths[:, :1], np.empty((0, 2)), [])
    assert not any(isinstance(each, LineCollection) for each in axes.collections)
    np.testing.assert_array_equal(by_colour(axes)["#d0d0d0"], paths[:, 0])


def test_the_frame_follows_the_states_and_counts_what_it_leaves_out(axes, paths):
    draw_phase_portrait(axes, paths, [[0.0, 0.0], [50.0, 0.0], [0.0, -9.0]], [0, 0, 1])
    assert axes.get_xlim()[1] < 2
    assert words(axes) == "2 fixed points lie outside"


def test_slow_points_and_unstable_lines_are_added(axes, paths):
    line = np.array([[[-0.1, 0.0], [0.1, 0.0]]])
    draw_phase_portrait(axes, paths, [[0.0, 0.0]], [1], slow=paths[0], unstable=line)
    np.testing.assert_array_equal(by_colour(axes)["#009e73"], paths[0])
    segments = [each for each in axes.collections if isinstance(each, LineCollection)]
    np.testing.assert_array_equal(segments[-1].get_segments(), line)


def test_spectra_show_every_eigenvalue_within_the_limits(axes):
    real, imaginary = np.array([[0.9, 0.2], [1.7, -0.3]]), np.array([[0.1, -0.1], [0.0, 0.0]])
    draw_spectra(axes, real, imaginary, [0, 1])
    drawn = by_colour(axes)
    np.testing.assert_array_equal(drawn[BLUE], [[0.9, 0.1], [0.2, -0.1]])
    np.testing.assert_array_equal(drawn[ORANGE], [[1.7, 0.0], [-0.3, 0.0]])
    assert axes.get_xlim()[1] > 1.7
    assert axes.get_aspect() == 1


def test_growing_modes_are_filled_and_endless_ones_capped(axes):
    draw_mode_time_constants(axes, [[np.inf, 5.0, 2.0, 0.0]], [1])
    _, growing, decaying = axes.lines
    assert growing.get_ydata().tolist() == [1e4]
    assert growing.get_markerfacecolor() == growing.get_markeredgecolor()
    assert decaying.get_markerfacecolor() == "white"
    np.testing.assert_array_equal(decaying.get_ydata(), [5.0, 2.0, np.nan])


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: draw_spectra(axes, np.empty((0, 3)), np.empty((0, 3)), []),
        lambda axes: draw_mode_time_constants(axes, np.empty((0, 3)), []),
    ],
)
def test_no_points_are_said_in_words(axes, draw):
    draw(axes)
    assert words(axes) == "no fixed points\nwere found"
