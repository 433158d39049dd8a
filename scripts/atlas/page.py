"""Step atlas: the page of a run; see unrolled.record.atlas."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from unrolled.files import load_json, load_table
from unrolled.record import run_step
from unrolled.record.atlas import PaperSection, build_page, figures_of, read_sources
from unrolled.record.faults import read_faults

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    settings = step.params.settings
    # Captions are written for Snakemake's report, where they see the object `snakemake`.
    context = {
        "scale": step.params.scale,
        "snakemake": SimpleNamespace(config=settings, wildcards=SimpleNamespace()),
    }
    pictures, captions, tables = (
        iter(step.input[name]) for name in ("pictures", "captions", "tables")
    )
    references = {Path(path).stem: load_json(path) for path in step.input["references"]}
    papers = []
    for slug, sheet in zip(step.params.figures, step.input["claims"], strict=True):
        names = step.params.figures[slug]
        figures = figures_of(
            names,
            slug=slug,
            pngs={name: next(pictures) for name in names},
            captions={name: next(captions) for name in names},
            tables={name: load_table(next(tables)) for name in names if name.startswith("tab")},
            context=context,
        )
        papers.append(
            PaperSection(
                slug=slug,
                sheet=load_json(sheet),
                figures=figures,
                reference=references.get(slug, {}),
            )
        )
    page = build_page(
        papers,
        scale=step.params.scale,
        sources=read_sources(step.input["sources"], list(settings["corpora"])),
        teeth=load_json(step.input["teeth"]),
        faults=read_faults(step.input["faults"]),
    )
    target = Path(step.output.page)
    target.write_text(page, encoding="utf-8")
    step.log.info("%d papers, %.1f MB", len(papers), target.stat().st_size / 1e6)
