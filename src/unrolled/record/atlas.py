"""The page: every figure, every claim and every source of a run, in one file.

Pictures, style and script are inside the file and nothing is fetched from outside, so the page
can be mailed, archived and read on a phone. Its bytes follow from its inputs alone; what differs
between two runs (times, commits, lineages, states) lies in scripts beside it, see
`unrolled.record.sidecars`.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
from markupsafe import Markup

from unrolled.files import load_yaml
from unrolled.record.captions import render_caption
from unrolled.record.faults import Fault, fault_groups
from unrolled.record.gate import count_verdicts
from unrolled.record.scoreboard import (
    ClaimGroup,
    Matrix,
    claim_groups,
    margin_words,
    matrix,
    run_words,
    strip,
)
from unrolled.record.tables import wide_table
from unrolled.record.teeth import breaks_of, count_caught
from unrolled.record.verdicts import VERDICTS, plain_number

__all__ = ["Figure", "PaperSection", "Picture", "build_page", "figures_of", "read_sources"]

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = 24  # bytes up to the height

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("page.js", "origin.js")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One PNG, ready to stand in the page."""

    name: str
    label: str
    data: str
    width: int
    height: int
    pdf: str
    numbers: str
    png: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure or table of a paper; a figure drawn for many cells has a picture for each."""

    name: str
    title: str
    caption: Markup
    pictures: list[Picture]
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class PaperSection:
    """Everything the page says of one paper.

    Parameters
    ----------
    slug : str
    sheet : mapping
        Content of its ``claims.json``.
    figures : list of Figure
    reference : mapping, optional
        Content of its reference numbers, see `unrolled.record.reference`: how other runs came out.
    """

    slug: str
    sheet: Mapping[str, Any]
    figures: list[Figure]
    reference: Mapping[str, Any] = field(default_factory=dict)

    @property
    def about(self) -> Mapping[str, Any]:
        """Title, authors, links and question, as far as the claims file gives them."""
        return self.sheet.get("about") or {"title": self.slug.replace("_", " ")}

    @property
    def verdicts(self) -> list[Mapping[str, Any]]:
        """Judged claims that have something to show: a number, or a want of one."""
        return [
            item
            for item in self.sheet["claims"]
            if item["verdict"] != "not judged" or item["value"] is not None
        ]

    @property
    def counts(self) -> dict[str, int]:
        """Number of claims by verdict."""
        return count_verdicts(self.verdicts)

    @property
    def runs(self) -> list[Mapping[str, Any]]:
        """Runs of the reference numbers, where there is more than one."""
        runs = self.reference.get("made", {}).get("runs", [])
        return runs if len(runs) > 1 else []

    @property
    def steady(self) -> tuple[int, int]:
        """Claims judged in the reference that came out alike in all its runs, and all judged."""
        judged = [
            claim["runs"]
            for claim in self.reference["claims"].values()
            if claim["verdict"] in ("holds", "fails")
        ]
        return sum(len(set(verdicts)) == 1 for verdicts in judged), len(judged)

    def runs_of(self, item: Mapping[str, Any]) -> str:
        """How many runs gave a verdict, in words where not all of them did."""
        claim = self.reference["claims"].get(item["id"], {}) if self.runs else {}
        return run_words(item["verdict"], claim.get("runs", []))

    @property
    def groups(self) -> list[ClaimGroup]:
        """Claims that differ only in the cell they are about, together."""
        return claim_groups(self.verdicts)

    @property
    def matrix(self) -> Matrix:
        """Verdicts by claim and cell."""
        return matrix(self.verdicts)


def build_page(
    papers: Sequence[PaperSection],
    *,
    scale: str,
    sources: Sequence[Mapping[str, Any]] = (),
    teeth: Mapping[str, Any] = MappingProxyType({}),
    faults: Sequence[Fault] = (),
    templates: str | Path = TEMPLATES,
) -> str:
    """The page as HTML; the same text for the same arguments.

    Parameters
    ----------
    papers : sequence of PaperSection
        In the order in which the page shows them.
    scale : str
        Scale of the run.
    sources : sequence of mapping
        Raw data sets, see `read_sources`.
    teeth : mapping
        What breaking the science does to the verdicts, see `unrolled.record.teeth`.
    faults : sequence of Fault
        What the tests did to the project on purpose.
    templates : path-like
        Folder with ``page.html``, ``page.css`` and the scripts.

    Returns
    -------
    html : str
    """
    templates = Path(templates)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        number=_shown_number,
        signed=_signed_number,
        slug=_anchor,
        bytes=_shown_bytes,
        plural=_plural,
    )
    environment.globals.update(
        strip=strip, margin_words=margin_words, breaks_of=partial(breaks_of, teeth)
    )
    counts = {name: sum(paper.counts[name] for paper in papers) for name in VERDICTS}
    return environment.get_template("page.html").render(
        papers=papers,
        scale=scale,
        sources=sources,
        faults=fault_groups(faults),
        counts=counts,
        total=sum(counts.values()),
        caught=count_caught(teeth, [paper.slug for paper in papers]),
        style=Markup((templates / "page.css").read_text(encoding="utf-8")),
        script=Markup("".join((templates / name).read_text("utf-8") for name in SCRIPTS)),
    )


def figures_of(
    names: Sequence[str],
    *,
    slug: str,
    pngs: Mapping[str, str | Path],
    captions: Mapping[str, str | Path],
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    context: Mapping[str, Any],
) -> list[Figure]:
    """Figures of one paper in the order of their names, many-celled ones gathered.

    Parameters
    ----------
    names : sequence of str
        ``fig2``, ``tab1``, or ``figA_film_gru``: all figures that share a caption, here ``figA``,
        become one figure with several pictures, and what follows its name names the cell.
    slug : str
        The paper, also the folder that links point to.
    pngs, captions : mapping of str to path-like
        For each name its picture and the caption's file (reStructuredText with Jinja).
    tables : mapping of str to sequence of mapping
        Rows of the tables among the names.
    context : mapping
        What captions may use: ``snakemake`` and ``scale``.

    Returns
    -------
    figures : list of Figure

    Raises
    ------
    ValueError
        If a picture is no PNG, or a caption cannot be rendered; the message names the file.
    """
    gathered: dict[str, list[str]] = {}
    for name in names:
        gathered.setdefault(Path(captions[name]).stem, []).append(name)
    figures = []
    for stem, members in gathered.items():
        rows = [dict(row) for name in members for row in tables.get(name, ())]
        columns, cells = wide_table(rows)
        figures.append(
            Figure(
                name=stem,
                title=_title(stem),
                caption=render_caption(captions[members[0]], context),
                pictures=[
                    _picture(name, stem, pngs[name], slug, "csv" if name in tables else "nc")
                    for name in members
                ],
                columns=columns,
                rows=cells,
            )
        )
    return figures


def read_sources(path: str | Path, corpora: Sequence[str]) -> list[dict[str, Any]]:
    """Raw data sets of a run as the page shows them.

    Parameters
    ----------
    path : path-like
        ``workflow/sources.yaml``.
    corpora : sequence of str
        Corpora of the run; a source is shown if one of its `corpora` is among them.

    Returns
    -------
    sources : list of dict
        Each with `title`, `file`, `home`, `licence`, `citation`, `sha256` and `bytes` (None
        where unknown).

    Raises
    ------
    ValueError
        If the file holds no mapping.
    """
    content = load_yaml(path)
    if not isinstance(content, dict) or not all(isinstance(x, dict) for x in content.values()):
        raise ValueError(f"{path} must be a mapping from names to sources; it is not.")
    keys = ("title", "file", "home", "licence", "citation", "sha256", "bytes")
    return [
        {"title": name} | {key: entry.get(key) for key in keys if key != "title" or key in entry}
        for name, entry in content.items()
        if set(entry.get("corpora", [name])) & set(corpora)
    ]


def _picture(name: str, stem: str, path: str | Path, slug: str, numbers: str) -> Picture:
    content = Path(path).read_bytes()
    header = content[:_PNG_HEADER]
    if len(header) < _PNG_HEADER or header[:8] != _PNG_START or header[12:16] != b"IHDR":
        raise ValueError(
            f"{path} is not a PNG picture ({len(content)} bytes). Delete it and run snakemake "
            "again to draw it anew."
        )
    width, height = struct.unpack(">II", header[16:])
    return Picture(
        name=name,
        label=" · ".join(name.removeprefix(stem).split("_")[1:]),
        data="data:image/png;base64," + base64.b64encode(content).decode("ascii"),
        width=width,
        height=height,
        pdf=f"{slug}/figures/{name}.pdf",
        numbers=f"{slug}/figures/{name}.{numbers}",
        png=f"{slug}/figures/{name}.png",
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _title(stem: str) -> str:
    """Figure 2 for ``fig2``, Figure S11 for ``s11``, Figure begin end for ``fig_begin_end``."""
    match = re.fullmatch(r"(fig|tab|(?=s\d))_?(\w+)", stem)
    if match is None:
        return stem.capitalize()
    name = match[2].replace("_", " ")
    return f"{'Table' if match[1] == 'tab' else 'Figure'} {name if match[1] else name.upper()}"


def _shown_number(value: float | str | None) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else plain_number(value)


def _signed_number(value: float | None) -> str:
    return _shown_number(value) if value is None or value <= 0 else f"+{plain_number(value)}"


def _shown_bytes(value: Any) -> str:
    if not isinstance(value, int):
        return ""
    size = float(value)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"


def _anchor(text: str) -> str:
    return re.sub(r"[^\w-]+", "-", text).strip("-")


def _plural(verdict: str, count: int) -> str:
    return {"holds": "hold", "fails": "fail"}.get(verdict, verdict) if count != 1 else verdict
