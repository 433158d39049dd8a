"""Fixed points of networks that remember three bits: how many, how exact, how fast, what size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from unrolled.dynamics import find_fixed_points, linearise, sample_starts
from unrolled.networks import Autonomous
from unrolled.record.determinism import generator

from .memory_task import BITS, MemoryNetwork, visited_states
from .networks import CELL_TITLES, SEED, Spec, memory_networks, noisy_starts
from .peers import (
    RATES,
    TOLERANCE,
    check_same_step,
    descend,
    without_duplicates,
    without_outliers,
)
from .rounds import FASTER, Bench, Row, Timed, ratios, rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Fixed points"
THREADS = 1

OURS = "Unrolled"
OWN_STARTS = "Unrolled, sample_starts"
MAIN = 64  # units of the networks on which the learning rates are tried
# Starts at each size: fewer where one search of the peer would take minutes.
STARTS = {16: 1024, 64: 1024, 128: 512, 256: 128, 512: 16}
# The growth is measured from as many starts at every size.
SAME_STARTS, GROWTH = 1024, (16, 64, 128, 256)
# All fixed points are sought first, up to this size, from so many starts of either kind.
KNOWN, TRUTH_STARTS = 128, 4096
EXACT = 1e-20
NEAR = 1e-2  # an accepted end this near to a true point has found it


@dataclass(frozen=True)
class Truth:
    """All fixed points of a network, and how many of them have 0, 1, 2 ... unstable directions."""

    states: np.ndarray
    indices: np.ndarray

    def __str__(self) -> str:
        """Counts by number of unstable directions."""
        counts = " / ".join(str(count) for count in np.bincount(self.indices))
        return f"of {len(self.states)}: {counts} with 0 / 1 / ... unstable directions"

    def found_by(self, states: np.ndarray) -> int:
        """How many of the points have one of the states beside them."""
        if not len(states):
            return 0
        gaps = np.linalg.norm(self.states[:, None] - states[None], axis=2)
        return int((gaps.min(axis=1) < NEAR).sum())


@dataclass(frozen=True)
class Search:
    """What a search gave: an end for each start, and the points that it reports.

    Points need not be ends: the package also searches from between the points found.
    """

    ends: np.ndarray
    points: np.ndarray
    note: str = ""

    def accepted(self, speeds: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Ends and points whose q, as ``speeds`` gives it, is small enough."""
        states = np.concatenate([self.ends, self.points])
        return states[speeds(states) < TOLERANCE]


@dataclass(frozen=True)
class Problem:
    """A network at zero input, starts, and the truth about it."""

    spec: Spec
    step: Autonomous
    starts: np.ndarray
    own_starts: np.ndarray
    truth: Truth | None

    @classmethod
    def of(cls, spec: Spec, network: MemoryNetwork) -> Problem:
        """The problem that a network poses."""
        step = network.cell.autonomous(inputs=np.zeros(BITS))
        starts = noisy_starts(network, STARTS[spec.units])
        check_same_step(step, starts[:64])
        rng = generator(SEED, "own starts", spec.cell, str(spec.units))
        states = visited_states(network, trials=64, rng=rng)
        own = sample_starts(states, len(starts), rng)
        truth = true_points(step, network, states, rng) if spec.units <= KNOWN else None
        return cls(spec, step, starts, own, truth)

    @property
    def title(self) -> str:
        """For a reader."""
        return f"{self.spec.title}, {len(self.starts):,} starts"

    @property
    def about(self) -> dict[str, str | int]:
        """For a program."""
        return {
            "cell": self.spec.cell,
            "units": self.spec.units,
            "starts": len(self.starts),
        }

    def ours(self) -> Search:
        """Search with the package from the starts that the peer gets."""
        return search(self.step, self.starts)

    def ours_from_own_starts(self) -> Search:
        """Search with the package from as many starts that it draws itself."""
        return search(self.step, self.own_starts)

    def peer(self, rate: float) -> Search:
        """Search as the published tools do."""
        descent = descend(self.step, self.starts, rate=rate)
        kept = without_duplicates(descent.states)
        kept = kept[without_outliers(descent.states[kept], self.starts)]
        ends = descent.states.astype(np.float64)
        return Search(ends, ends[kept], f"{descent.iterations:,} iterations")

    def speeds(self, states: np.ndarray) -> np.ndarray:
        """q of each state, in float64 whoever found it; inf where no network could hold it."""
        speeds = 0.5 * np.sum((self.step(states) - states) ** 2, axis=1)
        return np.where(possible(states), speeds, np.inf)


def possible(states: np.ndarray) -> np.ndarray:
    """Whether all entries lie in [-1, 1], where a GRU or a tanh network keeps its state.

    Far outside, a GRU's update gates saturate and any state seems to stand still: q can be
    zero there without a fixed point.
    """
    return np.abs(states).max(axis=1) <= 1


def search(step: Autonomous, starts: np.ndarray) -> Search:
    """Search with the package."""
    points = find_fixed_points(step, starts)
    return Search(points.report.ends, points.states)


def true_points(
    step: Autonomous, network: MemoryNetwork, states: np.ndarray, rng: np.random.Generator
) -> Truth:
    """All points that the package finds from many more starts of either kind."""
    starts = [sample_starts(states, TRUTH_STARTS, rng), noisy_starts(network, TRUTH_STARTS)]
    points = find_fixed_points(step, np.concatenate(starts))
    states = points.states[possible(points.states)]
    return Truth(states, linearise(step, states).n_unstable)


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    specs = [Spec(cell, units) for cell in ("gru", "vanilla") for units in STARTS]
    networks = bench.prepare(
        "training networks to remember three bits",
        lambda: memory_networks(specs, workers=bench.cores),
    )
    problems = [
        bench.prepare(f"{spec.title}: all fixed points", partial(Problem.of, spec, networks[spec]))
        for spec in specs
    ]
    rows = []
    for cell in ("gru", "vanilla"):
        of_cell = {problem.spec.units: problem for problem in problems if problem.spec.cell == cell}
        main, best = compare_rates(bench, of_cell[MAIN])
        rows += main
        for units, problem in of_cell.items():
            if units != MAIN:
                rows += compare_sizes(bench, problem, best)
    return rows + [row for cell in CELL_TITLES for row in growth(bench, cell, networks)]


def compare_rates(bench: Bench, problem: Problem) -> tuple[list[Row], float]:
    """Every learning rate of the peer once, its best in every round; the best comes back too."""
    tried = bench.compare(
        problem.title, {name_of(rate): peer(problem, rate) for rate in RATES}, rounds=1
    )

    def merit(rate: float) -> tuple[float, int, float]:
        """Share that converged in whole per cent, then points found, then speed."""
        measured = tried[name_of(rate)]
        search: Search = measured.result
        share = float(np.mean(problem.speeds(search.ends) < TOLERANCE))
        found = problem.truth.found_by(search.accepted(problem.speeds)) if problem.truth else 0
        return round(share, 2), found, -measured.seconds[0]

    best = max(RATES, key=merit)
    ours = {OURS: problem.ours, OWN_STARTS: problem.ours_from_own_starts}
    timed = bench.compare(problem.title, ours | {name_of(best): peer(problem, best)})
    # In the order of the rates, the best one with all its rounds.
    return outcomes(problem, {name: timed[name] for name in ours} | tried | timed), best


def compare_sizes(bench: Bench, problem: Problem, rate: float) -> list[Row]:
    """Ours in every round, the peer at one rate in one."""
    theirs = bench.compare(problem.title, {name_of(rate): peer(problem, rate)}, rounds=1)
    ours = bench.compare(problem.title, {OURS: problem.ours})
    return outcomes(problem, ours | theirs)


def peer(problem: Problem, rate: float) -> Callable[[], Search]:
    """The peer's search as something to run."""
    return lambda: problem.peer(rate)


def name_of(rate: float) -> str:
    """The peer's name at a learning rate."""
    return f"Adam on q, rate {rate:g}"


def outcomes(problem: Problem, timed: dict[str, Timed]) -> list[Row]:
    """Time and outcome of each variant, and how many times as long as ours it took."""
    rows = []
    for variant, measured in timed.items():
        search: Search = measured.result
        speeds = problem.speeds(search.ends)
        numbers = {
            ("time", "s"): measured.seconds,
            ("starts with q < 1e-12", "%"): (100 * float(np.mean(speeds < TOLERANCE)),),
            ("starts with q < 1e-20", "%"): (100 * float(np.mean(speeds < EXACT)),),
            ("points reported", "points"): (float(len(search.points)),),
        }
        if problem.truth:
            found = problem.truth.found_by(search.accepted(problem.speeds))
            numbers["true points found", "points"] = (float(found),)
        if variant not in (OURS, OWN_STARTS):
            numbers[FASTER] = ratios(measured.seconds, timed[OURS].seconds)
        notes = {"time": search.note, "true points found": str(problem.truth)}
        rows += rows_of(problem.title, variant, numbers, notes=notes, about=problem.about)
    return rows


def growth(bench: Bench, cell: str, networks: dict[Spec, MemoryNetwork]) -> list[Row]:
    """Exponent with which the time of one start grows with the units, by a line in logarithms."""
    case = f"{CELL_TITLES[cell]}, growth with the units, {SAME_STARTS:,} starts"
    searches = {}
    for units in GROWTH:
        network = networks[Spec(cell, units)]
        step = network.cell.autonomous(inputs=np.zeros(BITS))
        starts = noisy_starts(network, SAME_STARTS)
        searches[units] = partial(find_fixed_points, step, starts)
    timed = bench.compare(case, {f"{units} units": run for units, run in searches.items()})
    rounds = np.array([timed[f"{units} units"].seconds for units in GROWTH])
    exponents = np.polyfit(np.log(GROWTH), np.log(rounds), 1)[0]
    return [
        Row(
            case=case,
            variant=OURS,
            quantity=f"exponent of the time per start, {GROWTH[0]} to {GROWTH[-1]} units",
            unit="1",
            values=tuple(exponents),
            note="goal: at most 3",
        )
    ]


def times_by_units(rows: list[Row], cell: str, variant: str) -> dict[int, Row]:
    """The rows of time of one variant, by size."""
    chosen = {
        int(row.about["units"]): row
        for row in rows
        if (row.quantity, row.variant, row.about.get("cell")) == ("time", variant, cell)
    }
    return dict(sorted(chosen.items()))


def draw(axes: Axes, rows: list[Row]) -> None:
    """Time of one start against the units, ours and the peer's best."""
    from unrolled.figures.style import BLUE, VERMILION

    for cell, line in (("gru", "-"), ("vanilla", "--")):
        # The rate that was best at the main size is the one that other sizes were run with.
        best = next(
            row.variant
            for row in rows
            if row.about.get("cell") == cell
            and row.about["units"] != MAIN
            and row.variant not in (OURS, OWN_STARTS)
        )
        for variant, colour in ((OURS, BLUE), (best, VERMILION)):
            curve = times_by_units(rows, cell, variant)
            scale = np.array([1e3 / STARTS[units] for units in curve])
            middle, low, high = (
                scale * np.array([getattr(row, name) for row in curve.values()])
                for name in ("median", "low", "high")
            )
            axes.errorbar(
                list(curve), middle, [middle - low, high - middle], color=colour, linestyle=line,
                marker="o", markersize=3, label=f"{CELL_TITLES[cell]}, {variant}",
            )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="units", ylabel="time per start (ms)")
    axes.set_xticks(list(STARTS), [str(units) for units in STARTS])
    axes.minorticks_off()
    axes.legend(handlelength=3.5)
