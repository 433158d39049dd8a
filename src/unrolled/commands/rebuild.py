"""``unrolled rebuild``: results made anew from nothing, and compared file by file."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from unrolled.commands.checkout import find_checkout
from unrolled.settings.model import SCALES

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text

    from unrolled.record.comparison import Comparison, Difference

NAME = "rebuild"
SUMMARY = "Build results anew from nothing, elsewhere, and say whether they are the same bytes."
EXAMPLE = """\
Two builds in unlike circumstances beside each other, or one beside results/:

  unrolled rebuild --twice line_attractor_fig2
  unrolled rebuild --twice --scale smoke
  unrolled rebuild results/demo/line_attractor/metrics.json

It exits with 0 only where every file is identical. docs/rebuild.md says what is changed.
"""
#: Differing files that are named.
LISTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="rules or files of the "
        "workflow (default: everything)")  # fmt: skip
    parser.add_argument("--twice", action="store_true", help="build twice, with another hash seed, "
        "time zone, locale, folder name, job order and number of cores, and compare the two; else "
        "one build is compared with results/")  # fmt: skip
    parser.add_argument("--scale", choices=SCALES, default="demo", help="(default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Build, compare, print, and give the exit status: 0 where all is identical, 1 where not.

    Raises
    ------
    ValueError
        If a build fails, or there is nothing to compare with.
    """
    from rich.console import Console
    from rich.progress import Progress

    from unrolled.record.rebuild import rebuild

    parent = Path(tempfile.mkdtemp(prefix="unrolled_"))
    console = Console()
    with Progress(console=Console(stderr=True)) as progress:
        rebuilt = rebuild(
            arguments.targets,
            scale=arguments.scale,
            root=find_checkout(arguments.targets),
            parent=parent,
            twice=arguments.twice,
            tell=_shown_on(progress),
        )
    for part in describe(rebuilt.comparison):
        console.print(part)
    if rebuilt.comparison.is_identical:
        shutil.rmtree(parent)
        return 0
    console.print("To look at both:", *map(str, rebuilt.folders), sep="\n  ", soft_wrap=True)
    return 1


def _shown_on(progress: Progress) -> Callable[[str, int, int], None]:
    """A bar for each build."""
    bars: dict[str, int] = {}

    def tell(label: str, done: int, total: int) -> None:
        if label not in bars:
            bars[label] = progress.add_task(f"building in “{label}”")  # type: ignore[assignment]
        progress.update(bars[label], completed=done, total=total)  # type: ignore[arg-type]

    return tell


def describe(comparison: Comparison) -> Iterator[RenderableType]:
    """What came of it, for a terminal: what differs, upstream first, and counts by kind.

    Parameters
    ----------
    comparison : Comparison
        See `unrolled.record.comparison`.
    """
    from rich.text import Text

    if not comparison.is_identical:
        first, *others = comparison.differences
        yield Text.assemble(("The first that differs: ", "bold red"), _sentence(first))
        for each in others[:LISTED]:
            yield Text.assemble("  then ", _sentence(each))
        if len(others) > LISTED:
            yield Text(f"  and {len(others) - LISTED} more")
    yield _table(comparison)


def _sentence(difference: Difference) -> Text:
    """Where, from what, to what."""
    from rich.text import Text

    shown = [each or "none" for each in (difference.first, difference.second)]
    note = f" ({difference.note})" if difference.note else ""
    return Text(f"{difference.path}, {difference.where}: {' → '.join(shown)}{note}")


def _table(comparison: Comparison) -> Table:
    from rich.table import Table

    table = Table("kind", "identical", title="Rebuilt", title_justify="left")
    for kind, (identical, total) in comparison.counts().items():
        style = "green" if identical == total else "bold red"
        table.add_row(kind, f"{identical} of {total}", style=style)
    return table
