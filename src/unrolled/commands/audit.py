"""``unrolled audit``: from a figure back to the raw bytes, and what no longer holds."""

from __future__ import annotations

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unrolled.commands.checkout import find_checkout
from unrolled.record.report import DIGITS

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text
    from rich.tree import Tree

    from unrolled.record.report import Node, Report

NAME = "audit"
SUMMARY = "Follow results back to the raw bytes and say what is intact, stale or tampered with."
EXAMPLE = """\
A figure with everything it was made from, a paper, everything, and the same for a program:

  unrolled audit results/demo/line_attractor/figures/fig2.pdf
  unrolled audit results/demo/line_attractor
  unrolled audit
  unrolled audit --json > audit.json

It exits with 0 only where all is intact. docs/audit.md says what each word means. Where a scale is
audited as a whole, its page (results/<scale>/index.html) shows the states from then on.
"""
STYLES = {
    "intact": "green",
    "drifted": "magenta",
    "stale": "yellow",
    "unrecorded": "cyan",
    "tampered": "bold red",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="figures, tables, claims.json, "
        "raw files or folders of them, or ids of claims (default: every result)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="write the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Audit, print, and give the exit status: 0 where all is intact, 1 where not.

    Raises
    ------
    ValueError
        If a path is none that can be audited, or the workflow cannot be read.
    """
    from unrolled.record.audit import audit, whole_scales

    root = find_checkout(arguments.paths)
    report = audit(arguments.paths, root)
    _tell_the_pages(report, whole_scales(arguments.paths, root))
    if arguments.json:
        print(json.dumps(report.as_dict(), indent=1, ensure_ascii=False))
    else:
        from rich.console import Console

        console = Console()
        for part in describe(report):
            console.print(part)
    return 0 if report.verdict == "intact" else 1


def _tell_the_pages(report: Report, scales: Iterable[Path]) -> None:
    """Leave the states beside each scale's page, where the folder may be written to."""
    from unrolled.record.sidecars import write_states

    for folder in scales:
        try:
            write_states(report, folder)
        except OSError as error:
            warnings.warn(f"The page cannot show these states: {error}", stacklevel=2)


def describe(report: Report) -> Iterator[RenderableType]:
    """The report for a terminal: a tree of one target, or what is amiss among many.

    Parameters
    ----------
    report : Report
        See `unrolled.record.audit`.
    """
    from rich.text import Text

    if len(report.targets) == 1:
        yield lineage_tree(report, report.targets[0])
    else:
        for node in report.nodes.values():
            if node.changes:
                yield _branch(node)
    counts = Counter(node.verdict for node in report.nodes.values())
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in STYLES if counts[verdict])
    total = len(report.nodes)
    asked = len(report.targets)
    yield Text.assemble(
        (report.verdict, STYLES[report.verdict]),
        f": {said or 'nothing to audit'} "
        f"({asked} asked for, {total} with all that they were made from).",
    )


def lineage_tree(report: Report, path: str) -> Tree:
    """A file and what it was made from, as branches; each file is opened up once.

    Parameters
    ----------
    report : Report
    path : str
        One of its nodes.
    """
    shown: set[str] = set()

    def branch(path: str) -> Tree:
        node = report.nodes[path]
        if path in shown:
            from rich.tree import Tree

            return Tree(_headline(node, "as above" if node.links else ""))
        shown.add(path)
        tree = _branch(node)
        for source in dict.fromkeys(link.input for link in node.links):
            tree.children.append(branch(source))
        return tree

    return branch(path)


def _branch(node: Node) -> Tree:
    """One file: verdict and sum, what changed, and how it was made."""
    from rich.console import Group
    from rich.text import Text
    from rich.tree import Tree

    changes = [Text(f"  {change.words}", STYLES[change.verdict]) for change in node.changes]
    facts = [Text(f"  {fact}", "dim", no_wrap=True, overflow="ellipsis") for fact in _facts(node)]
    return Tree(Group(_headline(node), *changes, *facts))


def _headline(node: Node, note: str = "") -> Text:
    from rich.text import Text

    return Text.assemble(
        (node.verdict, STYLES[node.verdict]),
        f" {node.path} ",
        (f"{node.kind} {(node.sha256 or 'missing')[:DIGITS]} {note}".rstrip(), "dim"),
    )


def _facts(node: Node) -> Iterator[str]:
    """Home and licence of a raw file; job, code, settings and seed of what was made."""
    if node.source:
        yield f"home {node.source['home']}, licence {node.source['licence']}"
        yield f"sha256 {node.sha256}, {node.bytes} bytes"
    if not node.record:
        return
    record = node.record
    names = ", ".join(f"{name}={value}" for name, value in record["wildcards"].items())
    yield f"rule {record['rule']}{f' ({names})' if names else ''}, seed {record['seed']}, " + (
        f"{_commit(record['git'])}, lock {record['lock']}, {len(record['code'])} pieces of code"
    )
    if notes := record.get("notes"):
        said = ", ".join(f"{name} {value}" for name, value in notes.items())
        yield f"{said}, at {record['started']}"
    settings = json.dumps(record["params"], ensure_ascii=False)
    if record["params"] and not node.source:
        yield f"settings {settings}"


def _commit(git: dict[str, Any]) -> str:
    if not git["commit"]:
        return "no commit"
    return f"commit {git['commit'][:DIGITS]}{' and changes to it' if git['dirty'] else ''}"
