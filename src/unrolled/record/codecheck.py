"""``codecheck.yml``: which files a person who checks the computations is to make again.

CODECHECK [1]_ has a configuration file with a ``manifest`` of output files and one ``paper``. This
repository rebuilds several papers, of other authors, and the specification has no list of papers:
so ``paper`` is about the rebuild, whose authors ask for the check, its ``reference`` names all
papers that are rebuilt, and a node of our own, ``unrolled_papers``, has title, authors and
reference of each (the specification lets further nodes be added, with a prefix that tells whose
they are). The comment of each file in the manifest begins with the paper that it belongs to. What
a codechecker adds, name, report and certificate, is not there: nobody has checked.

The file is generated from the rule files' figures, the captions and the claims files, and a test
keeps it in step: ``make format`` writes it.

References
----------
.. [1] Nüst and Eglen, "CODECHECK: an Open Science initiative for the independent execution of
   computations underlying research articles during peer review", F1000Research 10:253, 2021;
   https://codecheck.org.uk/spec/config/1.0/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from markupsafe import Markup

from unrolled.record.captions import caption_path, render_caption
from unrolled.record.claims import Paper, read_claims
from unrolled.record.present import present_jobs

__all__ = ["codecheck_text", "write_codecheck"]

SPECIFICATION = "https://codecheck.org.uk/spec/config/1.0/"
SCALE = "demo"
_NOTE = "# Written by `make format` from the rule files' figures, the captions and the claims.\n"


def write_codecheck(root: str | Path) -> None:
    """Write ``codecheck.yml`` at the top of the repository.

    Parameters
    ----------
    root : path
        Folder of the Snakefile.
    """
    Path(root, "codecheck.yml").write_text(codecheck_text(root), encoding="utf-8")


def codecheck_text(root: str | Path) -> str:
    """What ``codecheck.yml`` must hold.

    Parameters
    ----------
    root : path
        Folder of the Snakefile.

    Returns
    -------
    str
        YAML.

    Raises
    ------
    ValueError
        If the workflow cannot be read, a caption is missing, or a claims file says nothing of its
        paper.
    """
    root = Path(root)
    (page,) = present_jobs([("atlas", {})], scale=SCALE, root=root)["jobs"]
    figures, settings = page["params"]["figures"], page["params"]["settings"]
    papers = {slug: _paper(root, slug) for slug in figures}
    content = {
        "version": SPECIFICATION,
        "manifest": [
            {
                "file": f"results/{SCALE}/{slug}/figures/{name}.{_suffix(name)}",
                "comment": f"{slug}, {name}: {_headline(root, slug, name, settings)}",
            }
            for slug, names in figures.items()
            for name in names
        ],
        "paper": _rebuild(root, papers),
        "unrolled_papers": [_described(slug, paper) for slug, paper in papers.items()],
    }
    text = yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, width=98, explicit_start=True, version=(1, 1)
    )
    return text.replace("---\n", f"---\n{_NOTE}", 1)


def _paper(root: Path, slug: str) -> Paper:
    path = root / "workflow" / "claims" / f"{slug}.yaml"
    paper = read_claims(path).paper
    if paper is None:
        raise ValueError(
            f"{path} says nothing of its paper. Add paper: {{title: …, authors: …, links: …}}."
        )
    return paper


def _rebuild(root: Path, papers: Mapping[str, Paper]) -> dict[str, Any]:
    """The rebuild as ``CITATION.cff`` has it; what it rebuilds is its reference."""
    about = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    rebuilt = "; ".join(f"{paper.title}, {_reference(paper)}" for paper in papers.values())
    return {
        "title": about["title"],
        "authors": [{"name": author["name"]} for author in about["authors"]],
        "reference": f"Rebuilds published papers: {rebuilt}",
    }


def _described(slug: str, paper: Paper) -> dict[str, Any]:
    return {
        "slug": slug,
        "title": paper.title,
        "authors": [{"name": name} for name in re.split(r", | and ", paper.authors)],
        "reference": _reference(paper),
    }


def _reference(paper: Paper) -> str:
    """First link of a paper, or where it was published."""
    return next(iter(paper.links.values()), paper.published)


def _suffix(name: str) -> str:
    """Figures are pictures, tables are numbers."""
    return "csv" if name.startswith("tab") else "pdf"


def _headline(root: Path, slug: str, name: str, settings: Mapping[str, Any]) -> str:
    """First sentence of a caption, which is the one in bold."""
    path = caption_path(root / "workflow" / "report" / slug, name)
    described = SimpleNamespace(config=settings, wildcards=SimpleNamespace())
    caption = render_caption(path, {"scale": SCALE, "snakemake": described})
    bold = re.search(r"<strong>(.*?)</strong>", caption, re.DOTALL)
    if bold is None:
        raise ValueError(f"{path} has no sentence in bold to say in short what its figure shows.")
    return Markup(bold[1]).striptags().rstrip(".")
