"""Every figure of the paper from analysis files, whatever the networks are like."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from analysis_files import Toy, make_analysis
from PIL import Image
from render import ROOT, run_script

from unrolled.figures import join_numbers, take_numbers
from unrolled.files import load_dataset, load_table, save_dataset, save_table

ALL = ("fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "figA")
CASES = {
    "a usual network": ({}, ALL),
    "no slow and no fixed point": ({"points": 0, "fixed": 0}, ALL),
    "a single slow point": ({"points": 1, "fixed": 0}, ("fig2", "fig3", "fig4")),
    "two slow points and complex modes outside the unit circle": (
        {"toy": Toy(units=16, twist=1.2), "cell": "vanilla", "points": 2, "fixed": 1},
        ("fig2", "fig3", "figA"),
    ),
    "an LSTM of 128 dimensions and a document of two words": (
        {"toy": Toy(units=128), "cell": "lstm", "points": 3, "lengths": (160, 2)},
        ("fig1", "fig3", "fig5"),
    ),
}
TWINS = ("trained", "untrained", "shuffled")


def _files(folder, case):
    """Paths of an analysis file for each twin."""
    settings = {"toy": Toy(units=16), "points": 20, **case}
    datasets = {
        "trained": make_analysis(**settings),
        "untrained": make_analysis(Toy(units=16, gain=0.3, seed=5), points=9, twin="untrained"),
        "shuffled": make_analysis(Toy(units=16, gain=0.1), points=0, fixed=0, twin="shuffled"),
    }
    for twin, dataset in datasets.items():
        save_dataset(dataset, folder / f"{twin}.nc")
    return {twin: folder / f"{twin}.nc" for twin in TWINS}


def _inputs(name, files, other):
    if name == "fig1":
        return {"analysis": files["trained"]}
    if name == "fig6":
        return {key: [files[key], other[key]] for key in ("trained", "untrained")}
    return files


@pytest.fixture(params=CASES, ids=str)
def inputs(request, tmp_path):
    (tmp_path / "other").mkdir()
    usual = {"corpus": "plain", "points": 5}
    case, figures = CASES[request.param]
    return figures, _files(tmp_path, case), _files(tmp_path / "other", usual)


def test_every_figure_is_drawn_and_its_numbers_have_units(inputs, tmp_path):
    figures, files, other = inputs
    for name in figures:
        png = run_script(name, inputs=_inputs(name, files, other), folder=tmp_path)
        with Image.open(png) as image:
            pixels = np.asarray(image.convert("L"))
        assert pixels.shape[1] == 1400
        assert pixels.min() < 60
        # Nothing runs off the page: its rim is blank.
        rim = [pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]]
        assert all((edge == 255).all() for edge in rim), name
        numbers = load_dataset(png.with_suffix(".nc"))
        assert len(numbers.variables) >= 3
        for variable in numbers.variables.values():
            assert variable.attrs["units"]
            assert variable.attrs["long_name"]


def test_the_numbers_beside_a_figure_are_those_of_the_analysis(tmp_path):
    files = _files(tmp_path, {})
    run_script("fig4", inputs=files, folder=tmp_path)
    numbers = load_dataset(tmp_path / "fig4.nc")
    for twin, prefix in (("trained", ""), ("untrained", "untrained_")):
        analysis = load_dataset(files[twin])
        np.testing.assert_array_equal(
            numbers[f"{prefix}class_projection"], analysis.class_projection
        )
        np.testing.assert_array_equal(numbers[f"{prefix}overlap"], analysis.overlap)


def test_numbers_of_two_networks_stand_side_by_side():
    first = xr.Dataset({"a": ("x", [1, 2], {"units": "1", "long_name": "a"})})
    second = xr.Dataset({"a": ("x", [3, 4, 5], {"units": "1", "long_name": "a"})})
    joined = join_numbers(
        [take_numbers(first, ["a"]), take_numbers(second, ["a"], prefix="untrained")], title="t"
    )
    assert joined["a"].dims == ("x",)
    assert joined["untrained_a"].dims == ("untrained_x",)
    assert joined["untrained_a"].attrs["units"] == "1"


def test_an_analysis_without_a_variable_is_named_with_the_way_out():
    dataset = xr.Dataset(attrs={"corpus": "film", "cell": "gru", "twin": "trained"})
    with pytest.raises(KeyError, match=r"film/gru/trained has no overlap.*snakemake"):
        take_numbers(dataset, ["overlap"])


def test_table_1_stands_beside_the_papers_values(tmp_path):
    columns = ["corpus", "model", "accuracy", "low", "high", "networks"]
    rows = [
        dict(zip(columns, ("film", model, 0.8, 0.79, 0.81, 3), strict=True))
        for model in ("bag_of_words", "gru")
    ]
    save_table(rows, tmp_path / "table1.csv", columns)
    published = ROOT / "workflow/published/line_attractor/table1.csv"
    inputs = {"table": tmp_path / "table1.csv", "published": published}
    run_script("tab1", inputs=inputs, folder=tmp_path, data=".csv")
    lines = load_table(tmp_path / "tab1.csv")
    assert sum(line["source"] == "paper" for line in lines) == 15
    ours = [line for line in lines if line["source"] == "here"]
    assert [line["accuracy_percent"] for line in ours] == ["80", "80"]


@pytest.mark.parametrize("figure", [*(f"fig{n}" for n in range(1, 7)), "figA", "tab1"])
def test_every_figure_has_a_script_of_80_lines_at_most_and_a_caption(figure):
    script = ROOT / "scripts/line_attractor" / f"{figure}.py"
    assert len(script.read_text().splitlines()) <= 80
    caption = Path(ROOT, "workflow/report/line_attractor", f"{figure}.rst").read_text()
    assert "cannot" in caption  # what this scale cannot show
