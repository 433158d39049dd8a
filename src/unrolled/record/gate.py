"""The gate: a run whose claims fail ends with an error, its evidence kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unrolled.record.verdicts import VERDICTS, plain_number

__all__ = ["ClaimsFailed", "count_verdicts", "failing", "pass_gate", "verdict_table"]

STYLES = {
    "holds": "green",
    "fails": "bold red",
    "missing": "bold red",
    "reported": "cyan",
    "not judged": "dim",
}


class ClaimsFailed(ValueError):
    """Some claim that counts does not hold, or cannot be judged for want of its number."""


def failing(verdicts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Verdicts that close the gate: fails or missing, of claims that are not only reported.

    Parameters
    ----------
    verdicts : iterable of mapping
        The `claims` of a ``claims.json``.

    Returns
    -------
    failing : list of mapping
    """
    return [
        item
        for item in verdicts
        if item["verdict"] in ("fails", "missing") and not item.get("reported", False)
    ]


def count_verdicts(verdicts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many claims came out which way, every verdict named, also those at zero."""
    counts = dict.fromkeys(VERDICTS, 0)
    for item in verdicts:
        counts[item["verdict"]] += 1
    return counts


def verdict_table(sheets: Sequence[Mapping[str, Any]], *, all_verdicts: bool = False) -> Table:
    """Table for a terminal: the claims that need a look, and counts for each paper.

    Parameters
    ----------
    sheets : sequence of mapping
        Contents of the papers' ``claims.json``.
    all_verdicts : bool
        Show every claim, not only those that fail or are missing.

    Returns
    -------
    table : rich.table.Table
    """
    table = Table(title="Claims", title_justify="left", caption_justify="left")
    for name, justify in (
        ("verdict", "left"),
        ("claim", "left"),
        ("ours", "right"),
        ("accepted", "left"),
        ("margin", "right"),
    ):
        wide = name == "accepted"
        table.add_column(name, justify=justify, no_wrap=not wide)  # type: ignore[arg-type]
    counted = []
    for sheet in sheets:
        counts = count_verdicts(sheet["claims"])
        said = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        counted.append(f"{sheet['paper']}: {said or 'no claims'}")
        for item in sheet["claims"] if all_verdicts else failing(sheet["claims"]):
            table.add_row(
                Text(item["verdict"], style=STYLES[item["verdict"]]),
                item["id"],
                _number(item["value"]),
                item["accept_words"],
                _number(item["margin"]),
            )
        table.add_section()
    table.caption = "\n".join(counted)
    return table


def pass_gate(
    sheets: Sequence[Mapping[str, Any]], *, console: Console | None = None, log: Any = None
) -> None:
    """Print the table; raise where a claim that counts fails or is missing.

    Parameters
    ----------
    sheets : sequence of mapping
        Contents of the papers' ``claims.json``.
    console : rich.console.Console, optional
        Where the table goes; standard error by default.
    log : logging.Logger, optional
        Gets one line for each failing claim.

    Raises
    ------
    ClaimsFailed
        Names the claims, and where to read on.
    """
    (console or Console(stderr=True)).print(verdict_table(sheets))
    closed = [(sheet["paper"], item) for sheet in sheets for item in failing(sheet["claims"])]
    for paper, item in closed:
        if log is not None:
            log.error("%s %s %s: %s", paper, item["id"], item["verdict"], item["message"])
    if closed:
        total = sum(len(sheet["claims"]) for sheet in sheets)
        names = ", ".join(f"{paper} {item['id']}" for paper, item in closed[:8])
        more = f" and {len(closed) - 8} more" if len(closed) > 8 else ""
        raise ClaimsFailed(
            f"{len(closed)} of {total} claims do not hold: {names}{more}. Their numbers are in "
            "each paper's claims.json and on the page: snakemake --cores all atlas. A finding "
            "that should not stop a run is marked `reported: true` in "
            "workflow/claims/<paper>.yaml."
        )


def _number(value: float | None) -> str:
    return "" if value is None else plain_number(value)
