"""Rows become tables, lines of CSV and one page that needs nothing from outside."""

import json
import re

import pytest
from benchmarks.machine import describe
from benchmarks.rounds import Row

from benchmarks import group, page


def row(case, variant, quantity, values=(1.0,), **more):
    return Row(case=case, variant=variant, quantity=quantity, unit="s", values=values, **more)


def test_cases_that_were_measured_alike_share_a_table():
    tables = page.tables_of(
        [
            row("a", "ours", "time"),
            row("a", "peer", "time"),
            row("a", "peer", "ratio"),
            row("growth", "ours", "exponent"),
            row("b", "ours", "time"),
            row("b", "peer", "ratio"),
        ]
    )
    assert [table.columns for table in tables] == [["time", "ratio"], ["exponent"]]
    assert [list(table.cases) for table in tables] == [["a", "b"], ["growth"]]


@pytest.mark.parametrize(
    ("unit", "values", "expected"),
    [
        ("s", (0.5218,), "0.522 s"),
        ("s", (2.0, 1.0, 4.0), "2 s (1–4)"),
        ("times", (41.26,), "41.3 ×"),
        ("points", (27.0,), "27"),
        ("s", (1234.5,), "1,234 s"),
    ],
)
def test_a_cell_shows_the_median_and_a_range_only_where_there_is_one(unit, values, expected):
    one = Row(case="", variant="", quantity="", unit=unit, values=values)
    assert page.shown(one) == expected


@pytest.fixture
def measured(monkeypatch):
    """A run with one group, written and read again as JSON does it."""
    monkeypatch.setattr(page, "GROUPS", {"linearisation": group.GROUPS["linearisation"]})
    rows = [
        Row(
            case=f"GRU, {units} units",
            variant=variant,
            quantity="time",
            unit="s",
            values=(1.0 * units, 2.0 * units, 4.0 * units),
            note="a <note>",
            about={"units": units},
        )
        for units in (64, 512)
        for variant in ("Unrolled", "PyTorch", "NumPy")
    ]
    entry = {"machine": describe(1), "rows": [one.record() for one in rows]}
    return json.loads(json.dumps({"linearisation": entry}))


def test_the_page_is_whole_in_itself_and_escapes_what_it_shows(measured, tmp_path):
    page.write_pages(measured, tmp_path)
    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "128 s (64–256)" in html
    assert "a &lt;note&gt;" in html
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!data:)""", html)
    lines = (tmp_path / "bench.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].split(",")[:4] == ["group", "case", "variant", "quantity"]
    assert len(lines) == 7


@pytest.mark.parametrize("name", group.GROUPS)
def test_every_group_says_its_title_its_threads_and_how_it_runs(name):
    module = page.module_of(name)
    assert module.TITLE
    assert module.__doc__
    assert callable(module.run)
    assert group.environment(name)["OMP_NUM_THREADS"] == str(module.THREADS)


def test_a_group_leaves_the_choice_of_kernels_to_numpy(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "OPENBLAS_CORETYPE" not in group.environment("fixed_points")
