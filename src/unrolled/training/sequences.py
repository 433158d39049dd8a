"""Training populations of networks on signals: one compiled program, network after network.

What TensorFlow needs to start a computation is paid once in `BLOCK` steps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import numpy as np

from unrolled.networks import SequenceNetwork

from .checkpoint import Checkpoint, digest
from .course import Course
from .sequence_program import Program
from .state import OptimiserState, TrainingState

# Steps in one call of the compiled program. A checkpoint lies between two calls.
BLOCK = 50

Progress = Callable[[int, int, float], object]


class Stream(Protocol):
    """Batches without end; see `unrolled.tasks.TrialStream`."""

    def batches(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (S, T, B, m) and targets (S, T, B, k) of batches ``first`` to ``last - 1``."""
        ...


@dataclass(frozen=True)
class SequencePlan:
    """One network to train.

    Parameters
    ----------
    network : SequenceNetwork
        Its first values; its first state is not trained.
    stream : Stream
        What it learns from.
    course : Course
    """

    network: SequenceNetwork
    stream: Stream
    course: Course


def train_sequences(
    plans: Mapping[str, SequencePlan],
    *,
    side_by_side: int = 1,
    progress: Progress | None = None,
    checkpoint: str | Path | None = None,
) -> Iterator[tuple[str, SequenceNetwork]]:
    """Train networks to follow targets: mean squared error over trials, steps and outputs.

    Networks of one cell and the same sizes share one compiled program. Trained one at a time,
    a network's bytes depend on its own plan only; side by side they agree with these to the
    precision of float32. A network whose loss or gradient is no longer finite keeps the values
    it had and is not trained on; the others do not notice.

    Parameters
    ----------
    plans : mapping of str to SequencePlan
    side_by_side : int
        Networks that one program trains at once, of those that follow each other in ``plans``
        and share sizes, first state, stream and course. More than 1 is for GPUs.
    progress : callable, optional
        Called as ``progress(done, total, loss)`` after each block of steps, counted over all
        plans.
    checkpoint : path, optional
        Folder for the state of each training; see `train_networks`.

    Returns
    -------
    networks : iterator of (str, SequenceNetwork)
        Each is trained when it is asked for. Their metadata gain ``course``, ``losses`` (mean
        of each block of steps, without the penalty; None once it is not finite) and ``diverged``
        (the step, counted from 1, at which training failed; None if it did not).

    Raises
    ------
    ValueError
        If a stream's signals do not fit a network, or ``side_by_side`` is below 1.
    """
    if side_by_side < 1:
        raise ValueError(f"side_by_side is {side_by_side}; at least one network is trained.")
    for name, plan in plans.items():
        _check_widths(name, plan)
    return _in_groups(plans, side_by_side, progress, checkpoint)


def mean_squared_error(
    network: SequenceNetwork, inputs: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """Error of a network's outputs over trials and steps, in NumPy.

    Parameters
    ----------
    network : SequenceNetwork
    inputs : ndarray of shape (n, T, m)
    targets : ndarray of shape (n, T, k)

    Returns
    -------
    errors : ndarray of shape (k,)
        Squared units of the targets.
    """
    return np.mean((network.read(network.states(inputs)) - targets) ** 2, axis=(0, 1))


def _check_widths(name: str, plan: SequencePlan) -> None:
    """Refuse signals that a network cannot read or follow."""
    inputs, targets = plan.stream.batches(0, 1)
    widths = inputs.shape[-1], targets.shape[-1]
    own = plan.network.cell.inputs, plan.network.outputs
    if widths != own:
        raise ValueError(
            f"The network {name!r} reads {own[0]} and tells {own[1]} numbers a step, but its "
            f"stream has {widths[0]} inputs and {widths[1]} targets."
        )


def _in_groups(
    plans: Mapping[str, SequencePlan],
    side_by_side: int,
    progress: Progress | None,
    checkpoint: str | Path | None,
) -> Iterator[tuple[str, SequenceNetwork]]:
    """Train the plans, group after group."""
    programs: dict[tuple, Program] = {}
    total, done = sum(plan.course.steps for plan in plans.values()), 0
    for names in _groups(plans, side_by_side):
        group = [plans[name] for name in names]
        lead = () if side_by_side == 1 else (len(names),)
        key = (*_kind(group[0]), lead)
        if key not in programs:
            programs[key] = Program(group[0].network, lead)
        training = _Training(programs[key], names, group, checkpoint)

        def report(steps: int, loss: float, before: int = done, n: int = len(names)) -> None:
            if progress is not None:
                progress(before + n * steps, total, loss)

        yield from training.run(report)
        done += sum(plan.course.steps for plan in group)


def _groups(plans: Mapping[str, SequencePlan], size: int) -> Iterator[list[str]]:
    """Names of plans that go side by side."""

    def alike(name: str) -> tuple:
        plan = plans[name]
        return (*_kind(plan), id(plan.stream), plan.course)

    for _, names in groupby(plans, key=alike):
        waiting = list(names)
        while waiting:
            yield waiting[:size]
            del waiting[:size]


def _kind(plan: SequencePlan) -> tuple:
    """What decides a compiled program, but for the batches' shapes."""
    network, cell = plan.network, plan.network.cell
    first = network.initial_state.tobytes()  # which the program holds as a constant
    return (cell.name, cell.nonlinearity, cell.units, cell.inputs, network.outputs, first)


class _Training:
    """Trains one group of networks, from its checkpoint where there is one."""

    def __init__(
        self,
        program: "Program",
        names: list[str],
        plans: list[SequencePlan],
        folder: str | Path | None,
    ) -> None:
        self._program, self._names, self._plans = program, names, plans
        self._course, self._stream = plans[0].course, plans[0].stream
        self._checkpoint = None
        if folder is not None:
            file = f"{quote('+'.join(names), safe='+')}.safetensors"
            self._checkpoint = Checkpoint(Path(folder) / file, self._identity())

    def run(self, report: Callable[[int, float], None]) -> Iterator[tuple[str, SequenceNetwork]]:
        """All blocks that are left; yields the networks."""
        state = None if self._checkpoint is None else self._checkpoint.load()
        if state is None:
            first = self._program.pack([plan.network for plan in self._plans])
            state = TrainingState(OptimiserState.fresh(first), {})
        self._program.load(state.optimiser)
        while state.optimiser.step < self._course.steps:
            self._block(state)
            if self._checkpoint is not None and self._checkpoint.due:
                self._checkpoint.save(state)
            means = [loss for loss in state.history[-1]["losses"] if loss is not None]
            report(state.optimiser.step, float(np.mean(means)) if means else float("nan"))
        if self._checkpoint is not None:
            self._checkpoint.save(state)
        yield from self._results(state)

    def _block(self, state: TrainingState) -> None:
        """The next block of steps."""
        first = state.optimiser.step
        last = min(first + BLOCK, self._course.steps)
        going = np.array([step is None for step in self._failures(state)])
        batches = self._stream.batches(first, last)
        losses = self._program.run(*batches, self._course, first, going)
        state.optimiser = self._program.read()
        failed = [np.flatnonzero(~np.isfinite(column)) for column in losses.T]
        with np.errstate(all="ignore"):
            means = losses.mean(axis=0)
        state.history.append(
            {
                "losses": [float(m) if np.isfinite(m) else None for m in means],
                "diverged": [first + 1 + int(f[0]) if len(f) else None for f in failed],
            }
        )

    def _results(self, state: TrainingState) -> Iterator[tuple[str, SequenceNetwork]]:
        """The trained networks with what is known about them."""
        values = self._program.unpack(state.optimiser.parameters)
        failures = self._failures(state)
        for place, (name, plan) in enumerate(zip(self._names, self._plans, strict=True)):
            metadata = dict(plan.network.metadata) | {
                "course": asdict(plan.course),
                "losses": [entry["losses"][place] for entry in state.history],
                "diverged": failures[place],
            }
            yield name, plan.network.with_parameters(values[place], metadata=metadata)

    def _failures(self, state: TrainingState) -> list[int | None]:
        """Step at which the training of each network failed first; None where it did not."""
        noted = [entry["diverged"] for entry in state.history]
        return [
            next((steps[place] for steps in noted if steps[place] is not None), None)
            for place in range(len(self._plans))
        ]

    def _identity(self) -> str:
        """Digest of all that decides the bytes, but for the code and its libraries."""
        facts = [[*map(str, _kind(plan)), asdict(plan.course)] for plan in self._plans]
        arrays = {
            f"{place}/{key}": value
            for place, plan in enumerate(self._plans)
            for key, value in plan.network.parameters().items()
        }
        inputs, targets = self._stream.batches(0, 2)
        return digest({"sequences": facts}, arrays | {"inputs": inputs, "targets": targets})
