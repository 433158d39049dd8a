"""Variants timed in interleaved rounds, and the rows of numbers that come of it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Protocol

FASTER = ("Unrolled is faster by", "times")


class Reporter(Protocol):
    """Whoever shows the progress."""

    def expect(self, runs: int) -> None:
        """So many more runs will come."""

    def begin(self, label: str) -> None:
        """This run begins."""

    def end(self) -> None:
        """The run that began has ended."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One quantity of one variant in one case.

    Parameters
    ----------
    case : str
        What was run, the same for all variants that are compared.
    variant : str
        Who ran it.
    quantity, unit : str
        What was measured; ``"1"`` is the unit of a share or a ratio.
    values : tuple of float
        One for each round; a single one where rounds cannot differ.
    note : str, optional
        What a reader has to know beside the number.
    about : mapping, optional
        What the case says in words, as values: network, units, starts ...
    """

    case: str
    variant: str
    quantity: str
    unit: str
    values: tuple[float, ...]
    note: str = ""
    about: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """Median over the rounds."""
        return median(self.values)

    @property
    def low(self) -> float:
        """Least of the rounds."""
        return min(self.values)

    @property
    def high(self) -> float:
        """Most of the rounds."""
        return max(self.values)

    def record(self) -> dict[str, Any]:
        """Everything, the summary included, as plain values."""
        return asdict(self) | {"median": self.median, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Timed:
    """Seconds of each round of one variant, and what its last round gave."""

    seconds: tuple[float, ...]
    result: Any


@dataclass
class Bench:
    """Runs what a group wants to compare.

    Parameters
    ----------
    rounds : int
        Rounds of each comparison, unless it asks for fewer.
    reporter : Reporter
    cores : int
        Of the machine.
    """

    rounds: int
    reporter: Reporter
    cores: int

    def compare(
        self, case: str, variants: Mapping[str, Callable[[], Any]], *, rounds: int | None = None
    ) -> dict[str, Timed]:
        """Run every variant once a round, so that a change of the machine's load meets all.

        Each round begins with another variant. Nothing is left out: a variant that needs
        warming up has to be warm when it comes.

        Parameters
        ----------
        case : str
            Shown while it runs.
        variants : mapping of str to callable
        rounds : int, optional
            At most so many.

        Returns
        -------
        timed : dict of str to Timed
        """
        rounds = min(self.rounds, rounds or self.rounds)
        names = list(variants)
        seconds: dict[str, list[float]] = {name: [] for name in names}
        results: dict[str, Any] = {}
        self.reporter.expect(rounds * len(names))
        for number in range(rounds):
            for name in rotated(names, number):
                self.reporter.begin(f"{case}: {name}, round {number + 1} of {rounds}")
                gc.collect()
                begin = time.perf_counter()
                results[name] = variants[name]()
                seconds[name].append(time.perf_counter() - begin)
                self.reporter.end()
        return {name: Timed(tuple(seconds[name]), results[name]) for name in names}

    def prepare(self, label: str, work: Callable[[], Any]) -> Any:
        """Run something that is needed but not measured."""
        self.reporter.expect(1)
        self.reporter.begin(label)
        result = work()
        self.reporter.end()
        return result


def rows_of(
    case: str,
    variant: str,
    numbers: Mapping[tuple[str, str], Sequence[float]],
    *,
    notes: Mapping[str, str] | None = None,
    about: Mapping[str, str | int] | None = None,
) -> list[Row]:
    """A row for each quantity of one variant.

    Parameters
    ----------
    case, variant : str
    numbers : mapping of (quantity, unit) to sequence of float
    notes : mapping of quantity to str, optional
    about : mapping, optional
        Of the case.
    """
    return [
        Row(
            case=case,
            variant=variant,
            quantity=quantity,
            unit=unit,
            values=tuple(values),
            note=(notes or {}).get(quantity, ""),
            about=about or {},
        )
        for (quantity, unit), values in numbers.items()
    ]


def rotated(names: Sequence[str], number: int) -> list[str]:
    """The names in order, beginning with another one each round.

    Examples
    --------
    >>> rotated(["a", "b", "c"], 1)
    ['b', 'c', 'a']
    """
    first = number % max(len(names), 1)
    return [*names[first:], *names[:first]]


def ratios(slow: Sequence[float], fast: Sequence[float]) -> tuple[float, ...]:
    """How many times as long the first took, round by round; `FASTER` names it.

    Rounds are paired, for they met the same load of the machine. Where one side has fewer
    rounds, its last one stands for those that it lacks.

    Examples
    --------
    >>> ratios([6.0, 8.0], [2.0, 2.0, 4.0])
    (3.0, 4.0, 2.0)
    """
    rounds = max(len(slow), len(fast))
    return tuple(
        slow[min(number, len(slow) - 1)] / fast[min(number, len(fast) - 1)]
        for number in range(rounds)
    )
