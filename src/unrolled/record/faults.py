"""The table of faults: what was tried on purpose, and whether anything complete was lost.

The tests marked ``faults`` write ``workflow/faults.json`` (``make faults``); the README and the
page show it by groups.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

__all__ = [
    "OUTCOMES", "Fault", "FaultGroup", "fault_groups", "read_faults", "update_readme",
    "write_faults",
]  # fmt: skip

# From the best to the worst: a fault tried by several tests has the worst outcome of theirs.
SURVIVED, NOT_TRIED, FAILED, LOST = OUTCOMES = ("survived", "not tried", "failed", "data lost")
_BEGIN, _END = "<!-- faults: written by make faults -->\n", "<!-- end of faults -->"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that goes wrong on purpose.

    Parameters
    ----------
    group : str
        What it is a fault of.
    fault : str
        In plain words.
    outcome : str
        One of `OUTCOMES`. Survived: a clear message or none needed, nothing complete was lost, and
        the same command went on to the same bytes. Not tried: this machine could not play it.
    tests : int
        How many tests play it.
    """

    group: str
    fault: str
    outcome: str
    tests: int


@dataclass(frozen=True)
class FaultGroup:
    """Faults of one kind."""

    name: str
    faults: Sequence[Fault]

    def count(self, *outcomes: str) -> int:
        """How many faults ended in one of some outcomes."""
        return sum(each.outcome in outcomes for each in self.faults)

    @property
    def tried(self) -> int:
        """How many were tried."""
        return len(self.faults) - self.count(NOT_TRIED)

    @property
    def survived(self) -> int:
        """How many were survived."""
        return self.count(SURVIVED)

    @property
    def lost(self) -> int:
        """How many lost something that was complete."""
        return self.count(LOST)


def fault_groups(faults: Iterable[Fault]) -> list[FaultGroup]:
    """Faults by group, both in the order of the alphabet.

    Parameters
    ----------
    faults : iterable of Fault
    """
    ordered = sorted(faults)
    return [
        FaultGroup(name, list(members))
        for name, members in groupby(ordered, key=lambda each: each.group)
    ]


def write_faults(faults: Iterable[Fault], path: str | Path) -> None:
    """Write the table as JSON; the same bytes for the same faults.

    Parameters
    ----------
    faults : iterable of Fault
    path : path
        File to write.
    """
    rows = [asdict(each) for each in sorted(faults)]
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def read_faults(path: str | Path) -> list[Fault]:
    """Read what `write_faults` wrote.

    Parameters
    ----------
    path : path

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    try:
        faults = [Fault(**row) for row in json.loads(Path(path).read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{path} is no table of faults ({error}). Make it anew: make faults"
        ) from (error)
    unknown = sorted({each.outcome for each in faults} - set(OUTCOMES))
    if unknown:
        raise ValueError(f"{path} has outcomes {unknown}; valid are {', '.join(OUTCOMES)}.")
    return faults


def update_readme(readme: str | Path, table: str | Path) -> None:
    """Put the table between its two marks in the README.

    Parameters
    ----------
    readme : path
        File to change.
    table : path
        From `write_faults`.

    Raises
    ------
    ValueError
        If the marks are missing.
    """
    path = Path(readme)
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        raise ValueError(f"{readme} has no lines {_BEGIN.strip()!r} and {_END!r} for the table.")
    shown = _markdown(fault_groups(read_faults(table)))
    path.write_text(f"{before}{begin}{shown}{end}{after}", encoding="utf-8")


def _markdown(groups: Sequence[FaultGroup]) -> str:
    everything = FaultGroup("**all**", [each for group in groups for each in group.faults])
    rows = [
        f"| {group.name} | {group.tried} | {group.survived} | {group.lost} |"
        for group in [*groups, everything]
    ]
    return "\n".join(
        ["| faults of | tried | survived | data lost |", "|---|---|---|---|", *rows, ""]
    )
