"""Figures that are the same bytes each time, and say where they come from."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from unrolled.figures import (
    draw_class_projections,
    make_figure,
    publication_style,
    save_figure,
)

HERE = Path(__file__).parent
DRAW = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from analysis_files import Toy, make_analysis
from render import run_script
from unrolled.files import save_dataset

folder = Path(sys.argv[1])
for twin in ("trained", "untrained", "shuffled"):
    save_dataset(make_analysis(Toy(units=16), points=12, twin=twin), folder / f"{{twin}}.nc")
run_script("figA", inputs={{t: folder / f"{{t}}.nc" for t in ("trained", "untrained", "shuffled")}},
           folder=folder)
"""


def _draw(folder, **environment):
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", DRAW.format(here=str(HERE)), str(folder)],
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", **environment},
    )
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def _small_figure():
    figure = make_figure(height=2.0)
    values = np.random.default_rng(0).normal([-1, 0, 1], 0.1, (50, 3))
    draw_class_projections(figure.subplots(), values)
    return figure


@pytest.fixture
def saved(tmp_path):
    with publication_style():
        save_figure(
            _small_figure(), pdf=tmp_path / "a.pdf", png=tmp_path / "a.png", record="feedbeef"
        )
    return tmp_path


def test_two_processes_with_other_hash_seeds_and_time_zones_give_the_same_bytes(tmp_path):
    first = _draw(tmp_path / "first", PYTHONHASHSEED="1", TZ="Asia/Tokyo")
    second = _draw(
        tmp_path / "second", PYTHONHASHSEED="77", TZ="America/Lima", SOURCE_DATE_EPOCH="86400"
    )
    assert set(first) >= {"figA.pdf", "figA.png", "figA.nc"}
    assert first == second


def test_the_record_stands_in_the_metadata_of_both_files(saved):
    assert b"record feedbeef" in (saved / "a.pdf").read_bytes()
    with Image.open(saved / "a.png") as image:
        assert image.info["Record"] == "feedbeef"


def test_neither_file_knows_what_time_it_is(saved):
    for name in ("a.pdf", "a.png"):
        content = (saved / name).read_bytes()
        assert b"CreationDate" not in content
        assert b"ModDate" not in content
        assert b"tIME" not in content


def test_the_png_has_200_dots_per_inch_at_page_width(saved):
    with Image.open(saved / "a.png") as image:
        assert image.size == (1400, 400)
        assert image.info["dpi"] == pytest.approx((200, 200), abs=0.1)  # PNG counts per metre


def test_the_fonts_are_embedded_as_outlines_that_stay_text(saved):
    content = (saved / "a.pdf").read_bytes()
    assert b"/FontFile2" in content  # TrueType
    assert b"/Type3" not in content
    # Every font is a subset that travels with the file: six letters and a plus sign.
    names = re.findall(rb"/BaseFont\s*/(\S+)", content)
    assert names
    assert all(re.match(rb"[A-Z]{6}\+", name) for name in names)


def test_a_figure_without_a_record_is_refused(tmp_path):
    with publication_style(), pytest.raises(ValueError, match="without a record id"):
        save_figure(_small_figure(), pdf=tmp_path / "a.pdf", png=tmp_path / "a.png", record="")


def test_the_style_ignores_and_restores_a_persons_own_settings():
    with mpl.rc_context({"font.size": 33.0, "axes.facecolor": "pink"}):
        with publication_style():
            assert mpl.rcParams["font.size"] == 8.0
            assert mpl.rcParams["axes.facecolor"] == "white"
        assert mpl.rcParams["font.size"] == 33.0


def test_drawing_never_starts_pyplot_or_tensorflow(tmp_path):
    code = (
        "import sys, unrolled.figures as f; [getattr(f, name) for name in f.__all__];"
        "print([m for m in ('matplotlib.pyplot', 'tensorflow') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "[]"
