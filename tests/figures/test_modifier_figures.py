"""Figures on modifiers: each draws the numbers of the analysis, whatever the networks are like."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from modifier_files import GAINS, SENTENCES, make_modifiers
from PIL import Image
from render import ROOT, run_script

from unrolled.figures import (
    draw_accuracies_without,
    draw_alignments,
    draw_deflection_lengths,
    draw_deflection_paths,
    draw_effects_after,
    draw_gains_without,
    draw_off_shares,
    draw_ranking,
    draw_sentences,
    draw_slopes,
    draw_subspace_shares,
    make_figure,
    name_ranked,
    publication_style,
    take_numbers,
    write_sentences,
)
from unrolled.files import load_dataset, measured_dataset, save_dataset

FIGURES = ("fig_probe", "fig_modjac", "fig_modsub", "fig_perturb")
TWINS = ("trained", "untrained", "shuffled")
LONG = ["this " * 11 + "great", "this is not " + "incomprehensibility " * 9, "a"]
CASES = {
    "a usual network": {},
    "a single point of comparison": {"points": 1},
    "a network whose words do nothing": {"dead": True},
    "no modifier among the words that were found": {"kinds": ("valence",), "cell": "vanilla"},
    "a kind of modifier without a look of its own": {"kinds": ("soft", "not4")},
    "long words and long sentences": {
        "word": "{kind}incomprehensibility_{number}", "sentences": LONG,
    },
}  # fmt: skip


def _files(folder, case):
    """Inputs of every figure, from networks of one kind."""
    generated = {twin: make_modifiers(twin=twin, **case) for twin in TWINS}
    written = {
        twin: make_modifiers(**{**case, "kinds": ("word",), "corpus": "film", "twin": twin})
        for twin in TWINS
    }
    paths = {}
    for name, datasets in (("", generated), ("written_", written)):
        for twin, dataset in datasets.items():
            paths[name + twin] = folder / f"{name}{twin}.nc"
            save_dataset(dataset, paths[name + twin])
    paths["second"] = folder / "second.nc"
    save_dataset(make_modifiers(seed=1, **case), paths["second"])
    paths["lstm"] = folder / "lstm.nc"
    save_dataset(make_modifiers(**{**case, "cell": "lstm"}), paths["lstm"])
    several = {
        "trained": [paths["trained"], paths["second"]], "written": paths["written_trained"],
    }  # fmt: skip
    return {
        "fig_probe": {"trained": paths["trained"], "written": paths["written_trained"]},
        "fig_modjac": paths,
        "fig_modsub": {**several, "cells": [paths["lstm"]]},
        "fig_perturb": {**several, "ladders": [_ladder(folder), _ladder(folder)]},
    }


def _ladder(folder):
    """What is needed of a ladder of baselines: how well words are counted."""
    accuracy = ("rung_number", [0.81, 0.9], "1", "accuracy on test documents")
    path = folder / "ladder.nc"
    save_dataset(measured_dataset({"test_accuracy": accuracy}, {}), path)
    return path


def _draw(name, inputs, folder):
    return run_script(name, inputs=inputs, folder=folder, paper="contextual_sentiment")


@pytest.fixture
def axes():
    with publication_style():
        yield make_figure(height=3.0).subplots()


def scattered(axes):
    return [c.get_offsets().data for c in axes.collections if isinstance(c, PathCollection)]


def line(axes, label):
    return next(line for line in axes.lines if line.get_label() == label)


@pytest.mark.parametrize("case", CASES)
def test_every_figure_is_drawn_and_its_numbers_have_units(case, tmp_path):
    files = _files(tmp_path, CASES[case])
    for name in FIGURES:
        png = _draw(name, files[name], tmp_path)
        with Image.open(png) as image:
            pixels = np.asarray(image.convert("L"))
        assert pixels.shape[1] == 1400
        assert pixels.min() < 60
        # Nothing runs off the page: its rim is blank.
        rim = [pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]]
        assert all((edge == 255).all() for edge in rim), name
        for variable in load_dataset(png.with_suffix(".nc")).variables.values():
            assert variable.attrs["units"]
            assert variable.attrs["long_name"]


def test_the_numbers_beside_the_figures_are_those_of_the_analysis(tmp_path):
    files = _files(tmp_path, {})
    expected = {
        "fig_probe": {"": ["sentence_logit", "linearised_gain"], "written": ["gain"]},
        "fig_modjac": {"": ["linear_slope", "shown_true_effect"], "written": ["context_word"]},
        "fig_modsub": {"": ["deflection", "mode_time_constant"], "written": ["off_share"]},
        "fig_perturb": {"rank0": ["random_gain"], "written": ["removed_effect_ratio"]},
    }
    for name, parts in expected.items():
        numbers = load_dataset(_draw(name, files[name], tmp_path).with_suffix(".nc"))
        for prefix, variables in parts.items():
            twin = "written_trained" if prefix == "written" else "trained"
            analysis = load_dataset(files["fig_modjac"][twin])
            for variable in variables:
                taken = numbers[f"{prefix}_{variable}" if prefix else variable]
                np.testing.assert_array_equal(taken, analysis[variable])


def test_text_of_an_analysis_file_can_be_written_again(tmp_path):
    save_dataset(make_modifiers(), tmp_path / "a.nc")
    taken = take_numbers(load_dataset(tmp_path / "a.nc"), ["inserted_word"])
    save_dataset(taken, tmp_path / "b.nc")
    again = load_dataset(tmp_path / "b.nc")
    assert again.inserted_word.values.tolist() == make_modifiers().inserted_word.values.tolist()


def test_words_stand_under_the_readout_that_they_lead_to(axes):
    readouts = make_modifiers().sentence_logit.values
    draw_sentences(axes, readouts)
    write_sentences(axes, SENTENCES)
    np.testing.assert_array_equal(line(axes, "negated").get_ydata(), readouts[1])
    places = {(text.get_text(), text.xy[0]) for text in axes.texts}
    assert {("not", 3), ("great", 3), ("great", 4), ("very", 3)} <= places
    np.testing.assert_array_equal(line(axes, "plain").get_xdata(), range(readouts.shape[1]))


def test_words_are_ranked_by_their_change_and_twins_by_their_own(axes):
    draw_ranking(
        axes, ["dummy", "not4", "dummy", "not4"], [0.2, 3.0, np.nan, 2.0],
        twins={"untrained": [0.1, 0.3, 0.2, np.nan]},
    )  # fmt: skip
    negators, dummies = scattered(axes)
    np.testing.assert_array_equal(negators, [[1, 3.0], [2, 2.0]])
    np.testing.assert_array_equal(dummies, [[3, 0.2]])
    np.testing.assert_array_equal(line(axes, "untrained").get_ydata(), [0.3, 0.2, 0.1])


def test_marked_words_are_named_at_their_rank_and_missing_ones_returned(axes):
    words, changes = ["worst", "the", "not", "a"], [3.0, 0.5, 1.0, 0.2]
    draw_ranking(axes, ["word"] * 4, changes)
    assert name_ranked(axes, words, changes, ["not", "extremely"], top=1) == ["extremely"]
    assert {(text.get_text(), text.xy) for text in axes.texts} == {
        ("worst", (1, 3.0)),
        ("not", (2, 1.0)),
    }


def test_the_line_through_word_effects_has_the_slope_of_the_analysis(axes):
    plain = np.array([-2.0, 0.0, 4.0])
    after = {"word": "not", "kind": "not4", "linear": 1 - plain, "true": plain, "slope": -1.0}
    draw_effects_after(axes, plain, [after])
    np.testing.assert_allclose(line(axes, "not: −1.00").get_ydata(), [3.0, -3.0])
    hollow, filled = scattered(axes)
    np.testing.assert_array_equal(hollow[:, 1], plain)
    np.testing.assert_array_equal(filled[:, 1], 1 - plain)


def test_a_context_without_a_slope_is_named_without_one(axes):
    plain = np.array([-2.0, 0.0, 4.0])
    after = {"word": "not", "kind": "not4", "linear": plain, "true": plain, "slope": np.nan}
    draw_effects_after(axes, plain, [after])
    assert line(axes, "not")


def test_slopes_stand_in_the_column_of_their_kind_with_their_median(axes):
    draw_slopes(axes, ["dummy", "not4", "not4"], [[1.0, 1.1], [-1.0, -0.5], [-0.8, np.nan]])
    negators, dummies = scattered(axes)
    assert sorted(negators[:, 1]) == [-1.0, -0.8, -0.5]
    assert np.abs(negators[:, 0]).max() < 0.5
    assert np.abs(dummies[:, 0] - 1).max() < 0.5
    bars = [entry.get_ydata()[0] for entry in axes.lines if entry.get_linewidth() == 1.4]
    np.testing.assert_allclose(bars, [-0.8, 1.05])


def test_shares_of_the_subspace_are_cumulative_and_in_per_cent(axes):
    draw_subspace_shares(axes, {"GRU": [0.6, 0.3, 0.1], "LSTM": [np.nan] * 3})
    np.testing.assert_allclose(line(axes, "GRU").get_ydata(), [60, 90, 100])


def test_paths_begin_at_a_marker_and_the_first_state_is_a_star(axes):
    paths = np.arange(12.0).reshape(1, 4, 3)
    draw_deflection_paths(axes, ["not4"], paths, initial=[0.5, 0.25, 9.0])
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), paths[0, :, :2])
    assert axes.lines[2].get_xydata().tolist() == [[0.0, 1.0]]
    np.testing.assert_array_equal(line(axes, "first state").get_xydata(), [[0.5, 0.25]])


def test_lengths_are_means_of_a_kind_and_modes_fall_by_e_in_their_time_constant(axes):
    lengths = np.array([[[4.0, 2.0, 1.0]], [[2.0, 1.0, 0.5]]])
    draw_deflection_lengths(axes, ["not4", "not4"], lengths, time_constants=[2.0, np.nan, np.inf])
    np.testing.assert_allclose(line(axes, "not (4)").get_ydata(), [3, 1.5, 0.75])
    modes = [entry.get_ydata() for entry in axes.lines if entry.get_linewidth() == 0.6]
    assert len(modes) == 1
    assert modes[0][2] / modes[0][0] == pytest.approx(np.exp(-1))


def test_a_word_takes_no_more_room_under_the_axis_than_its_column_has(axes):
    words = " ".join(["incomprehensibility"] * 12)
    write_sentences(axes, [words])
    assert max(len(text.get_text()) for text in axes.texts if "…" in text.get_text()) == 8


def test_slopes_that_are_unknown_are_said_in_words(axes):
    draw_slopes(axes, ["not4"], [[np.nan]])
    assert "no slopes" in axes.texts[0].get_text()


def test_deflections_that_are_nowhere_are_said_in_words(axes):
    draw_deflection_lengths(axes, ["not4"], np.zeros((1, 2, 3)))
    assert "no deflections" in axes.texts[0].get_text()


def test_off_shares_are_in_per_cent_beside_that_of_a_random_direction(axes):
    draw_off_shares(axes, ["not4", "found"], [0.5, 0.25], chance=0.75)
    assert [place[0, 1] for place in scattered(axes)] == [50, 25]
    assert axes.lines[0].get_ydata()[0] == 75


def test_alignments_of_the_first_network_are_filled(axes):
    draw_alignments(axes, [["not4"], ["not4"]], [[0.3], [0.1]], chance=0.2)
    first, second = (c for c in axes.collections if isinstance(c, PathCollection))
    assert first.get_offsets()[0][1] == 0.3
    assert first.get_facecolors()[0].tolist() == first.get_edgecolors()[0].tolist()
    assert second.get_facecolors()[0, :3].tolist() == [1, 1, 1]
    assert first.get_offsets()[0][0] < second.get_offsets()[0][0]


def test_gains_are_the_median_and_range_over_the_networks_that_have_the_kind(axes):
    whole = [[-1.0, 1.5], [-0.5, np.nan], [-0.9, np.nan]]
    random = np.full((3, 2, 2), -0.8)
    draw_gains_without(axes, ["not4", "very1"], whole, np.ones((3, 2)), random)
    bar, marker = axes.lines[2:4]
    np.testing.assert_array_equal(bar.get_ydata(), [-1.0, -0.5])
    np.testing.assert_array_equal(marker.get_ydata(), [-0.9])
    (negated, _) = scattered(axes)
    assert len(negated) == 6


def test_the_bag_of_words_is_a_line_only_where_it_is_known(axes):
    draw_accuracies_without(
        axes, ["generated", "film"], [[0.98], [0.8]], [[0.8], [0.78]], [[0.97], [0.8]],
        words_accuracy=[0.81, np.nan],
    )  # fmt: skip
    np.testing.assert_allclose(line(axes, "bag of words").get_ydata(), [81, 81])
    assert sum(entry.get_linestyle() == "--" for entry in axes.lines) == 1


def test_an_analysis_that_knows_a_bag_of_words_gets_its_line(tmp_path, monkeypatch):
    import unrolled.figures.contextual_sentiment as panels

    given = []
    monkeypatch.setattr(
        panels, "draw_accuracies_without", lambda *_, words_accuracy: given.append(words_accuracy)
    )
    known = make_modifiers().assign_attrs(words_accuracy=0.81)
    panels.accuracies_without_panel(
        None, {"generated": {"rank0": known}, "film": {"written": make_modifiers()}}
    )
    np.testing.assert_array_equal(given, [[0.81, np.nan]])


def test_the_means_of_a_kind_are_over_its_own_words(tmp_path):
    import unrolled.figures.contextual_sentiment as panels

    data = make_modifiers()
    kinds = [*GAINS, "dummy", "soft"]
    means = panels._means(data.gain.values[0], data, kinds)
    np.testing.assert_allclose(means, [*GAINS.values(), 1.0, np.nan])


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_has_a_script_of_80_lines_at_most_and_a_caption(figure):
    script = ROOT / "scripts/contextual_sentiment" / f"{figure}.py"
    assert len(script.read_text().splitlines()) <= 80
    caption = Path(ROOT, "workflow/report/contextual_sentiment", f"{figure}.rst").read_text()
    assert caption.startswith("**")
    assert "How to read it:" in caption
    assert "cannot" in caption  # what this scale cannot show
