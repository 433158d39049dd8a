"""The toy language's figures and those on gains, places and the ladder, from made-up analyses."""

import numpy as np
import pytest
from modifier_files import make_modifiers
from PIL import Image
from render import run_script

from unrolled.figures import draw_gain_courses, draw_profiles
from unrolled.figures.style import KIND_NAMES
from unrolled.files import load_dataset, load_table, measured_dataset, save_dataset

RUNGS = ["B0", "B3k", "B4", "X0"]
PHRASES = [f"{m}{w}" for m in ("", "very ", "not ", "not nnn ") for w in ("good", "bad")]


def toy(points=30, modes=8):
    rng = np.random.default_rng(0)
    values = np.linspace(1, 0.1, modes)
    values = np.where(np.isin(np.arange(modes), (2, 3)), 0.5, values)
    turn = np.where(np.arange(modes) == 2, 0.3, np.where(np.arange(modes) == 3, -0.3, 0.0))
    effect = rng.standard_normal(len(PHRASES))
    measured = {
        "phrase": ("phrase_number", np.array(PHRASES), "1", "phrase"),
        "step_after": ("after", np.array(["noise", "very", "not", "not nnn"]), "1", "words"),
        "step_length": ("after", rng.random(4), "state units", "step"),
        "point_pc": (("point", "pc"), rng.standard_normal((points, 3)), "state units", "points"),
        "point_logit": ("point", rng.standard_normal(points), "1", "readout"),
        "path_name": ("path", np.array(["good", "very bad", "not good"]), "1", "phrase"),
        "path_pc": (
            ("path", "path_step", "pc"), rng.standard_normal((3, 5, 3)), "state units", "path",
        ),
    }  # fmt: skip
    for name in ("phrase_value", "linear_effect", "resting_effect", "true_change"):
        measured[name] = ("phrase_number", effect, "1", name)
    for name in ("rest", "zero_input"):
        for part, numbers in (("real", values), ("imag", turn)):
            measured[f"{name}_eigenvalue_{part}"] = (f"{name}_mode", numbers, "1", part)
    for name in ("very", "not", "noise_very", "noise_not"):
        for key, numbers in (
            ("eigenvalue_real", values),
            ("eigenvalue_imag", turn),
            ("angle", np.linspace(90, 50, modes)),
            ("highlighted", turn != 0),
        ):
            measured[f"{name}_{key}"] = (f"{name}_mode", numbers, "1", key)
        measured[f"{name}_effect"] = (f"{name}_group", np.linspace(1, -1, 5), "1", "effect")
        measured[f"{name}_dimensions"] = (f"{name}_group", np.arange(5) * 2, "1", "modes")
        measured[f"{name}_bare"] = ((), -1.0, "1", "bare")
        measured[f"{name}_chance"] = (f"{name}_draw", rng.random(20), "1", "chance")
    return measured_dataset(measured, {"very_carried": 0.6, "not_carried": 0.9})


def ladder(corpus="ctx", share=0.8):
    rungs = np.arange(len(RUNGS))
    words = [f"{kind}_{n}" for kind in ("not4", "not2", "very1", "very3") for n in range(3)]
    gains = np.repeat([-1.0, -1.0, 2.0, 2.0], 3)[:, None] * np.ones(5)
    measured = {
        "rung": ("rung_number", np.array(RUNGS), "1", "rung"),
        "rung_title": ("rung_number", np.array(["bag of words", "+ a", "+ b", "+ c"]), "1", "t"),
        "test_accuracy": ("rung_number", 0.8 + 0.05 * rungs, "1", "accuracy"),
        "modifier_word": ("modifier", np.array(words), "1", "word"),
        "true_gain": (("modifier", "lag"), gains, "1", "true"),
        "fitted_gain": (("modifier", "lag"), 0.8 * gains, "1", "fitted"),
    }
    for name in ("share", "share_low", "share_high"):
        measured[name] = ("rung_number", share * rungs / 3, "1", name)
    for name in ("place", "true_place", "true_begin", "true_end"):
        measured[f"{name}_weight"] = ("position", np.linspace(2, 1, 22), "1", name)
    attributes = {"B0_accuracy_equal_data": 0.8, "B4_accuracy_equal_data": 0.9}
    return measured_dataset(measured, {"corpus": corpus, "network_accuracy": 0.95, **attributes})


@pytest.fixture
def files(tmp_path):
    datasets = {
        "toy": toy(),
        "ladder": ladder(),
        "written_ladder": ladder("film", share=np.nan),
        "trained": make_modifiers(),
        "written": make_modifiers(kinds=("word",), corpus="film"),
        "control": make_modifiers(corpus="ctx_nopos", seed=1),
    }
    for name, dataset in datasets.items():
        save_dataset(dataset, tmp_path / f"{name}.nc")
    return {name: tmp_path / f"{name}.nc" for name in datasets}


def inputs_of(figure, files):
    if figure in ("fig2", "s11", "s12", "s13", "s14"):
        return {"toy": files["toy"]}
    if figure == "tab_bow":
        return {"ladders": [files["ladder"], files["written_ladder"]]}
    both = {"trained": [files["trained"]] * 2, "ladder": files["ladder"]}
    return {
        "fig_time": {**both, "cells": [files["control"]], "written": files["written"]},
        "fig_begin_end": {**both, "controls": [files["control"]]},
        "fig_truth": {"trained": files["trained"], "ladder": files["ladder"]},
    }[figure]


FIGURES = ["fig2", "s11", "s12", "s13", "s14", "fig_time", "fig_begin_end", "fig_truth", "tab_bow"]


@pytest.mark.parametrize("figure", FIGURES)
def test_the_figure_is_drawn_within_its_page(figure, files, tmp_path):
    png = run_script(
        figure, inputs=inputs_of(figure, files), folder=tmp_path, paper="contextual_sentiment"
    )
    with Image.open(png) as image:
        pixels = np.asarray(image.convert("L"))
    assert pixels.shape[1] == 1400
    assert pixels.min() < 60
    rim = [pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]]
    assert all((edge == 255).all() for edge in rim)


def test_the_numbers_are_those_of_the_analysis(files, tmp_path):
    png = run_script(
        "s12", inputs={"toy": files["toy"]}, folder=tmp_path, paper="contextual_sentiment"
    )
    numbers, analysis = load_dataset(png.with_suffix(".nc")), load_dataset(files["toy"])
    for name in ("linear_effect", "true_change", "phrase"):
        np.testing.assert_array_equal(numbers[name], analysis[name])


def test_the_table_beside_the_ladder_has_every_rung_of_every_corpus(files, tmp_path):
    png = run_script(
        "tab_bow",
        inputs=inputs_of("tab_bow", files),
        folder=tmp_path,
        paper="contextual_sentiment",
    )
    (table,) = [one for one in png.parent.glob("tab_bow.*") if one.suffix not in (".png", ".pdf")]
    rows = load_table(table)
    assert [row["rung"] for row in rows] == [*RUNGS, "GRU"] * 2
    assert rows[2]["accuracy_percent"] == "90"


def test_networks_that_take_other_words_keep_the_gains_of_their_own_kinds(axes):
    kinds = [["not4", "dummy", "very1"], ["dummy", "very3", "not4"]]
    gains = [[[-0.8, 1.0, 1.6]], [[1.2, 1.5, -0.6]]]
    draw_gain_courses(axes, kinds, gains)
    found = {line.get_label(): float(line.get_ydata()[0]) for line in axes.lines}
    expected = {"not4": -0.7, "very1": 1.6, "very3": 1.5, "dummy": 1.1}
    for kind, gain in expected.items():
        assert found[KIND_NAMES[kind]] == pytest.approx(gain)
    ranges = [bars.get_segments()[0][:, 1].tolist() for bars in axes.collections]
    np.testing.assert_allclose(ranges[0], [-0.8, -0.6])
    np.testing.assert_allclose(ranges[-1], [1.0, 1.2])


@pytest.mark.parametrize(
    ("known", "drawn"),
    [
        ([-1.0, -1.0, 1.0], [-1, -1, 1, 1, 1]),
        ([-1.0, -1.0], [-1, -1, np.nan, np.nan, np.nan]),
        ([2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [2, 1, 1, 1, 1]),
    ],
)
def test_a_true_gain_is_drawn_as_far_as_it_is_known(axes, known, drawn):
    draw_gain_courses(axes, [["not4"]], [np.ones((5, 1))], truth={"not4": known})
    np.testing.assert_array_equal(axes.lines[-1].get_ydata(), drawn)


def test_the_end_is_compared_with_as_many_words_later_as_were_measured(
    files, tmp_path, monkeypatch
):
    short = make_modifiers().isel(delay=slice(6))
    save_dataset(short, tmp_path / "short.nc")
    drawn = {}

    def recorded(axes, profiles, *, xlabel, ylabel):
        drawn[ylabel] = profiles
        return draw_profiles(axes, profiles, xlabel=xlabel, ylabel=ylabel)

    monkeypatch.setattr("unrolled.figures.draw_profiles", recorded)
    inputs = {**inputs_of("fig_begin_end", files), "trained": [tmp_path / "short.nc"]}
    run_script("fig_begin_end", inputs=inputs, folder=tmp_path, paper="contextual_sentiment")
    (truth,) = drawn["effect against 5 words later"]["truth"]
    assert len(truth) == 6
