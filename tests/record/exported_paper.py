"""The small workflow with a page and a paper's name, so that it can be exported, under git."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.record import tiny_paper
from tests.workflow.toy import REPOSITORY, Toy

CRATE = "results/demo/ro-crate-metadata.json"
ARCHIVE = "results/demo/unrolled-demo.zip"
PAGE = "results/demo/index.html"
TITLE = "Some states, and why"

RULES = """
rule atlas:
    input:
        "<results>/tiny/figures/fig2.pdf",
        "<results>/tiny/claims.json",
    output:
        page="<results>/index.html",
    params:
        *code_of("scripts/page.py"),
    script:
        "scripts/page.py"

include: "workflow/rules/export.smk"
"""

FILES = {
    "Snakefile": tiny_paper.SNAKEFILE + RULES,
    "workflow/claims/tiny.yaml": f"""
        paper:
          title: {TITLE}
          authors: A. One and B. Two
          published: Somewhere, 2019
          links: {{DOI: "https://example.org/states"}}
        claims:
        - id: T1
          statement: There are some states.
          source: section 2
          quantity: states
          accept: {{demo: {{min: 1}}, smoke: {{min: 1}}}}
          cannot_show: anything
        """,
    "scripts/page.py": f"""{tiny_paper.STEP}
    with run_step(snakemake) as step:
        Path(step.output.page).write_text("<p>All of it.</p>")
    """,
    ".gitignore": "results/\nlogs/\nresources/\n.snakemake/\n__pycache__/\n",
}
COPIED = (
    "envs/python.yaml",
    "scripts/atlas/crate.py",
    "scripts/atlas/archive.py",
    "workflow/rules/export.smk",
)


def make(root: Path) -> Toy:
    """The workflow in an empty folder, committed, not yet run."""
    toy = tiny_paper.make(root)
    for name, text in FILES.items():
        toy.write(name, text)
    for name in COPIED:
        Path(root, name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, root / name)
    git(toy, "init", "--quiet")
    commit(toy)
    return toy


def commit(toy: Toy) -> str:
    """Commit everything; the commit."""
    git(toy, "add", "--all")
    git(toy, "commit", "--quiet", "--message", "as it is")
    return git(toy, "rev-parse", "HEAD").strip()


def git(toy: Toy, *arguments: str) -> str:
    """What git says in the workflow's folder."""
    someone = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Someone"), ("EMAIL", "someone@example.org"))
    }
    nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.check_output(
        ["git", *arguments], cwd=toy.root, env={**os.environ, **someone, **nowhere}, text=True
    )
