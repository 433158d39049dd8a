"""What a search for fixed or slow points gives back, and which points are distinct."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SearchReport:
    """What became of each start of a search.

    Attributes
    ----------
    converged : ndarray of shape (n_starts,), bool
        Whether q fell to the tolerance at a place that is not saturated.
    kept : ndarray of shape (n_starts,), bool
        Whether the search's end is accepted: converged for an exact search, slow enough
        for a search for slow points.
    speeds : ndarray of shape (n_starts,)
        q where the search from this start ended; inf where the step is not finite.
    ends : ndarray of shape (n_starts, d)
        The states where it ended.
    saturated : ndarray of shape (n_starts,), bool
        Whether the search ended where a unit is frozen, though at the mean of the starts it
        is not: a gate is shut, and the unit's row of dF/dh - I is nearly 0. Such an end is
        stuck even where q vanishes, since it does by rounding alone. Always false for slow
        points.
    """

    converged: np.ndarray
    kept: np.ndarray
    speeds: np.ndarray
    ends: np.ndarray
    saturated: np.ndarray

    @property
    def n_starts(self) -> int:
        """Number of starts."""
        return len(self.speeds)

    @property
    def n_converged(self) -> int:
        """Number of starts that led to an exact fixed point."""
        return int(self.converged.sum())

    @property
    def n_stuck(self) -> int:
        """Number of starts whose end is not accepted, those with non-finite steps included."""
        return int((~self.kept).sum())

    @property
    def n_not_finite(self) -> int:
        """Number of starts at which the step is NaN or infinite."""
        return int((~np.isfinite(self.speeds)).sum())

    def __str__(self) -> str:
        """Say it in one line, for a log."""
        return (
            f"{self.n_starts} starts: {self.n_converged} converged, {self.n_stuck} stuck "
            f"({int(self.saturated.sum())} of them saturated, {self.n_not_finite} with steps that "
            "are not finite)"
        )


@dataclass(frozen=True)
class FixedPoints:
    """Points where the state stands still, or nearly so.

    Attributes
    ----------
    states : ndarray of shape (n, d)
        The points.
    speeds : ndarray of shape (n,)
        q = |F(h) - h|^2 / 2, summed over the entries of the state.
    starts : ndarray of shape (n,), int
        Index of a start that led to the point; -1 where none did and it was found from
        between points that starts led to.
    converged : ndarray of shape (n,), bool
        Whether q is within the tolerance: true of all points of an exact search, and of
        those slow points that happen to be exact.
    on_kink : ndarray of shape (n,), bool
        Whether the map has no derivative at the point, as ReLU units on their threshold:
        linearised, it has different modes on either side.
    report : SearchReport
        What became of each start, the stuck ones included.
    """

    states: np.ndarray
    speeds: np.ndarray
    starts: np.ndarray
    converged: np.ndarray
    on_kink: np.ndarray
    report: SearchReport

    def __len__(self) -> int:
        """Number of points."""
        return len(self.states)

    @property
    def step_lengths(self) -> np.ndarray:
        """Distance |F(h) - h| that the state moves in one step, shape (n,)."""
        return np.sqrt(2 * self.speeds)

    def only(self, which: np.ndarray) -> "FixedPoints":
        """Some of the points, by a mask or by indices; the report stays that of the search."""
        return FixedPoints(
            self.states[which], self.speeds[which], self.starts[which], self.converged[which],
            self.on_kink[which], self.report,
        )  # fmt: skip


def distinct(states: np.ndarray, within: float) -> np.ndarray:
    """Rows of which none is within that distance of an earlier such row."""
    kept: list[int] = []
    waiting = np.arange(len(states))
    while waiting.size:
        kept.append(int(waiting[0]))
        gaps = states[waiting] - states[waiting[0]]
        waiting = waiting[np.einsum("ij,ij->i", gaps, gaps) > within**2]
    return np.array(kept, dtype=np.intp)
