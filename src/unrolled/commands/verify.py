"""``unrolled verify``: this machine's numbers beside those that the repository ships."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from unrolled.commands.checkout import find_checkout
from unrolled.settings.model import SCALES

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from unrolled.record.verify import ArrayCheck, ClaimCheck, QuantityCheck, Verification

NAME = "verify"
SUMMARY = "Compare results with the reference numbers that the repository ships."
EXAMPLE = """\
Every paper that has reference numbers, or one:

  unrolled verify
  unrolled verify --scale smoke line_attractor

It exits with 0 only where every number is within its tolerance and every claim comes out the same
way. docs/rebuild.md says what the tolerances are.
"""
#: Numbers and arrays outside their tolerance that are named.
LISTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("papers", nargs="*", metavar="PAPER", help="slugs, line_attractor for "
        "instance (default: every paper that has reference numbers)")  # fmt: skip
    parser.add_argument("--scale", choices=SCALES, default="demo", help="(default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and give the exit status: 0 where everything agrees, 1 where not.

    Raises
    ------
    ValueError
        If there are no reference numbers, or no results.
    """
    from rich.console import Console

    from unrolled.record.verify import verify

    console = Console()
    verified = verify(arguments.papers, scale=arguments.scale, root=find_checkout())
    for each in verified:
        for part in describe(each):
            console.print(part)
    return 0 if all(each.holds for each in verified) else 1


def describe(verification: Verification) -> Iterator[RenderableType]:
    """One paper for a terminal: claims with margins, what is outside, largest differences.

    Parameters
    ----------
    verification : Verification
        See `unrolled.record.verify`.
    """
    from rich.text import Text

    yield _claims(verification)
    outside = [
        *(_quantity(each) for each in verification.quantities if not each.is_inside),
        *(_array(each) for each in verification.arrays if not each.is_inside),
    ]
    for line in outside[:LISTED]:
        yield Text(f"outside: {line}", "bold red")
    if len(outside) > LISTED:
        yield Text(f"and {len(outside) - LISTED} more outside", "bold red")
    yield _largest("quantities", verification.quantities)
    for kind in ("numerics", "training"):
        arrays = [each for each in verification.arrays if each.kind == kind]
        yield _largest(f"arrays ({kind})", arrays)
    made = verification.made
    holds = verification.holds
    yield Text.assemble(
        ("agrees" if holds else "differs", "green" if holds else "bold red"),
        f": {verification.paper}, reference made on {made['processor']} at commit "
        f"{(made['commit'] or 'none')[:12]}",
    )


def _claims(verification: Verification) -> Table:
    from rich.table import Table

    table = Table(title=f"Claims of {verification.paper}", title_justify="left")
    for name, justify in (("claim", "left"), ("reference", "left"), ("here", "left"),
                          ("margin there", "right"), ("margin here", "right")):  # fmt: skip
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for each in verification.claims:
        table.add_row(
            each.id,
            _verdicts(each),
            each.here or "none",
            _number(each.reference_margin),
            _number(each.margin),
            style="" if each.is_inside else "bold red",
        )
    return table


def _verdicts(check: ClaimCheck) -> str:
    """The verdict of the reference, and how many of its runs gave it where not all did."""
    n, same = len(check.runs), check.runs.count(check.reference)
    return (check.reference or "none") + (f" ({same} of {n})" if same < n else "")


def _quantity(check: QuantityCheck) -> str:
    return (
        f"{check.name} is {_number(check.here) or 'no number'}, the reference is "
        f"{_number(check.reference) or 'no number'}, allowed {_number(check.within)} "
        f"({check.kind}: {check.reason})"
    )


def _array(check: ArrayCheck) -> str:
    apart = f"apart by {check.absolute:.3g}, a share of {check.relative:.3g}"
    return f"{check.name} ({check.kind}): {check.unlike or apart}"


def _largest(what: str, checks: Sequence[QuantityCheck | ArrayCheck]) -> Text:
    """How many agree, and the largest differences with their names."""
    from rich.text import Text

    if not checks:
        return Text(f"{what}: none")
    inside = sum(each.is_inside for each in checks)
    absolute = max(checks, key=lambda each: each.absolute)
    relative = max(checks, key=lambda each: each.relative)
    return Text(
        f"{what}: {inside} of {len(checks)} within tolerance; largest difference "
        f"{absolute.absolute:.3g}{_of(absolute)}, as a share {relative.relative:.3g}{_of(relative)}"
    )


def _of(check: QuantityCheck | ArrayCheck) -> str:
    """Which one, where there is a difference at all."""
    return f" ({check.name})" if check.absolute else ""


def _number(value: float | None) -> str:
    from unrolled.record.verdicts import plain_number

    return "" if value is None else plain_number(value)
