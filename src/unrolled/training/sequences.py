"""Training populations of networks on signals: one compiled program, network after network.

A program makes many steps of Adam at once, backpropagation through time written out, so that what
TensorFlow needs to start a computation is paid once in `BLOCK` steps. On a CPU a network at a time
is fastest; where a GPU makes several at once faster, the same program takes a leading axis of
networks: every parameter is (..., rows, columns), and so are the states.

References
----------
.. [1] Werbos, "Backpropagation through time: what it does and how to do it",
   Proceedings of the IEEE, 1990.
.. [2] Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import numpy as np

from unrolled.networks import Cell, SequenceNetwork

from .checkpoint import Checkpoint, digest
from .recipe import cosine
from .state import OptimiserState, TrainingState
from .stepper import BETA_1, BETA_2, prepare_tensorflow

# Steps in one call of the compiled program. A checkpoint lies between two calls.
BLOCK = 50

Tensor = Any  # tensorflow.Tensor; TensorFlow is imported where it runs
Progress = Callable[[int, int, float], object]


class Stream(Protocol):
    """Batches without end; see `unrolled.tasks.TrialStream`."""

    def batches(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (S, T, B, m) and targets (S, T, B, k) of batches ``first`` to ``last - 1``."""
        ...


@dataclass(frozen=True)
class Course:
    """Settings of one training.

    Parameters
    ----------
    steps : int
        Steps of Adam, each on a new batch.
    learning_rate : float
        Adam's rate at the first step; half a cosine brings it down.
    final_rate : float
        Share of it that is left at the last step.
    clip : float
        Largest global norm of a network's gradient.
    penalty : float
        Factor of the sum of squares of all trained parameters, which is added to the loss.
    epsilon : float
        Adam's epsilon.

    Raises
    ------
    ValueError
        If a value cannot work; the message names it and says what can.
    """

    steps: int
    learning_rate: float
    final_rate: float
    clip: float
    penalty: float = 0.0
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        allowed = {
            "steps": (self.steps >= 1, "a whole number of 1 or more"),
            "learning_rate": (0.0 < self.learning_rate < np.inf, "a positive number"),
            "final_rate": (0.0 <= self.final_rate <= 1.0, "between 0 and 1"),
            "clip": (0.0 < self.clip < np.inf, "a positive number"),
            "penalty": (0.0 <= self.penalty < np.inf, "0 or more"),
            "epsilon": (0.0 < self.epsilon < np.inf, "a positive number"),
        }
        for key, (valid, what) in allowed.items():
            if not valid:
                raise ValueError(
                    f"The training setting {key} is {getattr(self, key)!r}; it must be {what}. "
                    "Change it in config.yaml."
                )

    def rates(self, first: int, last: int) -> np.ndarray:
        """Learning rates of steps ``first`` to ``last - 1``, counted from 0."""
        progress = np.arange(first, last) / max(self.steps - 1, 1)
        return cosine(self.learning_rate, self.final_rate, progress)


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
    widths, own = (
        (inputs.shape[-1], targets.shape[-1]),
        (
            plan.network.cell.inputs,
            plan.network.outputs,
        ),
    )
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


class Program:
    """The values of one network, or of several side by side, and the program that trains them.

    Parameters
    ----------
    network : SequenceNetwork
        For its equations, its shapes and its first state.
    lead : tuple of int
        The leading axis of networks; empty for a single one without such an axis.
    """

    def __init__(self, network: SequenceNetwork, lead: tuple[int, ...]) -> None:
        prepare_tensorflow()
        import tensorflow as tf

        self._cell, self._lead = network.cell, lead
        first = self.pack([network])
        self._shapes = {key: value.shape[len(lead) :] for key, value in first.items()}
        size = sum(int(np.prod(shape)) for shape in self._shapes.values())
        # All matrices in one row: Adam is compiled once instead of once for each.
        self._rows = [tf.Variable(tf.zeros((*lead, size))) for _ in range(3)]
        self._step = 0
        self._initial = np.float32(network.initial_state)
        # Nothing here has to be rewritten as a graph: to look for it takes as long as to trace.
        self._compiled = tf.function(self._steps, jit_compile=True, autograph=False)

    def pack(self, networks: list[SequenceNetwork]) -> dict[str, np.ndarray]:
        """Trained values as float32 matrices, with the leading axis if there is one."""
        packed = [
            {
                key: np.atleast_2d(value).astype(np.float32)
                for key, value in network.parameters().items()
                if key != "initial_state"
            }
            for network in networks
        ]
        if not self._lead:
            return packed[0]
        return {key: np.stack([one[key] for one in packed]) for key in packed[0]}

    def unpack(self, values: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
        """The values of each network, biases as vectors; the inverse of `pack`."""
        places = range(self._lead[0]) if self._lead else [Ellipsis]
        return [
            {
                key: value[place][0] if key.endswith("bias") else value[place]
                for key, value in values.items()
            }
            for place in places
        ]

    def load(self, state: OptimiserState) -> None:
        """Continue from ``state``."""
        groups = (state.parameters, state.first_moments, state.second_moments)
        for row, values in zip(self._rows, groups, strict=True):
            row.assign(self._join(values))
        self._step = state.step

    def read(self) -> OptimiserState:
        """Copies of everything that a step changes."""
        parameters, first, second = (
            {key: value.numpy().copy() for key, value in self._split(row).items()}
            for row in self._rows
        )
        return OptimiserState(parameters, first, second, self._step)

    def _join(self, matrices: Mapping[str, Tensor]) -> Tensor:
        """All entries of the matrices in one row (..., entries)."""
        import tensorflow as tf

        rows = [tf.reshape(matrices[key], (*self._lead, -1)) for key in self._shapes]
        return tf.concat(rows, axis=-1)

    def _split(self, row: Tensor) -> dict[str, Tensor]:
        """The inverse of `_join`."""
        import tensorflow as tf

        sizes = [int(np.prod(shape)) for shape in self._shapes.values()]
        parts = zip(self._shapes.items(), tf.split(row, sizes, axis=-1), strict=True)
        return {key: tf.reshape(part, (*self._lead, *shape)) for (key, shape), part in parts}

    def run(
        self,
        inputs: np.ndarray,
        targets: np.ndarray,
        course: Course,
        first: int,
        going: np.ndarray,
    ) -> np.ndarray:
        """Make a step on each of some batches.

        Parameters
        ----------
        inputs : float32 ndarray of shape (S, T, B, m)
        targets : float32 ndarray of shape (S, T, B, k)
        course : Course
        first : int
            Steps made before.
        going : bool ndarray of shape (networks,)
            Which networks are trained on; the training of the others has failed.

        Returns
        -------
        losses : ndarray of shape (S, networks)
            Mean squared error before each step, without the penalty; NaN from where the
            training of a network failed.
        """
        last = first + len(inputs)
        steps = np.arange(first + 1, last + 1)
        # Adam's corrections of its two running means, together one factor of the rate.
        corrections = np.sqrt(1.0 - BETA_2**steps) / (1.0 - BETA_1**steps)
        rates = (course.rates(first, last) * corrections).astype(np.float32)
        numbers = np.array([course.clip, course.penalty, course.epsilon], np.float32)
        going = going.reshape(self._lead)
        losses = self._compiled(inputs, targets, rates, numbers, going).numpy()
        self._step = last
        return losses.reshape(len(inputs), -1).astype(np.float64)

    def _steps(self, inputs, targets, rates, numbers, going):
        """All steps as one graph, each from the values that the one before left."""
        import tensorflow as tf

        clip, penalty, epsilon = tf.unstack(numbers)
        store = tf.TensorArray(tf.float32, inputs.shape[0], element_shape=self._lead)

        def body(step, going, values, first, second, losses):
            loss, gradients = loss_and_gradients(
                self._cell, self._split(values), self._initial, inputs[step], targets[step]
            )
            gradient = self._join(gradients) + 2.0 * penalty * values
            norm = tf.norm(gradient, axis=-1, keepdims=True)
            going &= tf.math.is_finite(loss) & tf.math.is_finite(norm[..., 0])
            losses = losses.write(step, tf.where(going, loss, float("nan")))
            gradient *= clip / tf.maximum(norm, clip)
            mean = first + (1.0 - BETA_1) * (gradient - first)
            square = second + (1.0 - BETA_2) * (gradient**2 - second)
            value = values - rates[step] * mean / (tf.sqrt(square) + epsilon)
            pairs = ((value, values), (mean, first), (square, second))
            sound = going[..., None]
            return step + 1, going, *(tf.where(sound, new, old) for new, old in pairs), losses

        rows = (row.read_value() for row in self._rows)
        _, _, *rows, losses = tf.while_loop(
            lambda step, *_: step < inputs.shape[0], body, (0, going, *rows, store)
        )
        for row, values in zip(self._rows, rows, strict=True):
            row.assign(values)
        return losses.stack()


def loss_and_gradients(
    cell: Cell,
    parameters: Mapping[str, Tensor],
    initial_state: Tensor,
    inputs: Tensor,
    targets: Tensor,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Mean squared error over trials, steps and outputs, and its gradient.

    Parameters
    ----------
    cell : Cell
        For its equations; its own parameters are not used.
    parameters : mapping of str to tensor of shape (..., rows, columns)
        As `SequenceNetwork.parameters` names them, biases as single rows.
    initial_state : tensor of shape (d,)
    inputs : tensor of shape (T, B, m)
    targets : tensor of shape (T, B, k)

    Returns
    -------
    loss : tensor of shape (...)
    gradients : dict of str to tensor
        One for each parameter.
    """
    import tensorflow as tf

    weights = {key[5:]: value for key, value in parameters.items() if key.startswith("cell.")}
    lead = tuple(weights["input"].shape[:-2])
    times, trials, _ = inputs.shape
    # All times' drives in one product: what is read does not depend on the state.
    middle = (times, *(1,) * len(lead), trials, -1)
    drives = cell.drive(weights, tf.reshape(inputs, middle))
    start = tf.broadcast_to(initial_state, (*lead, trials, len(initial_state)))
    states, after, trace = _forward(cell, weights, start, drives)

    units = parameters["readout"].shape[-2]
    hidden = after[..., :units]
    gaps = hidden @ parameters["readout"] + parameters["readout_bias"]
    gaps -= tf.reshape(targets, middle)
    count = float(np.prod(targets.shape))
    loss = tf.reduce_sum(_sum(gaps**2), axis=0) / count
    errors = (2.0 / count) * gaps
    to_hidden = tf.linalg.matmul(errors, parameters["readout"], transpose_b=True)
    told = tf.pad(to_hidden, [[0, 0]] * (len(lead) + 2) + [[0, after.shape[-1] - units]])
    drive_adjoints = _backward(cell, weights, states, trace, told)

    rows = _as_rows
    gradients = {
        f"cell.{key}": value
        for key, value in cell.recurrent_gradients(
            rows(states), tuple(rows(part) for part in trace), rows(drive_adjoints)
        ).items()
    }
    read = rows(tf.broadcast_to(tf.reshape(inputs, middle), (times, *lead, *inputs.shape[1:])))
    gradients["cell.input"] = tf.linalg.matmul(read, rows(drive_adjoints), transpose_a=True)
    gradients["cell.bias"] = tf.reduce_sum(rows(drive_adjoints), axis=-2, keepdims=True)
    gradients["readout"] = tf.linalg.matmul(rows(hidden), rows(errors), transpose_a=True)
    gradients["readout_bias"] = tf.reduce_sum(rows(errors), axis=-2, keepdims=True)
    return loss, gradients


def _forward(cell, weights, start, drives):
    """States before and after each step, and its trace; all times along the first axis."""
    import tensorflow as tf

    times = drives.shape[0]
    pieces = cell.advance(weights, start, drives[0])[1]

    def store(like):
        return tf.TensorArray(like.dtype, times, element_shape=like.shape)

    def body(time, state, states, trace):
        following, activations = cell.advance(weights, state, drives[time])
        trace = tuple(a.write(time, b) for a, b in zip(trace, activations, strict=True))
        return time + 1, following, states.write(time, following), trace

    first = (0, start, store(start), tuple(store(piece) for piece in pieces))
    _, _, states, trace = tf.while_loop(lambda time, *_: time < times, body, first)
    after = states.stack()
    return tf.concat([start[None], after[:-1]], axis=0), after, tuple(a.stack() for a in trace)


def _backward(cell, weights, states, trace, told):
    """Gradient with respect to the drive at every time."""
    import tensorflow as tf

    times = states.shape[0]
    store = tf.TensorArray(
        states.dtype, times, element_shape=(*states.shape[1:-1], weights["bias"].shape[-1])
    )

    def body(time, adjoint, drives):
        activations = tuple(part[time] for part in trace)
        adjoint, drive = cell.adjoint(weights, adjoint + told[time], states[time], activations)
        return time - 1, adjoint, drives.write(time, drive)

    first = (times - 1, tf.zeros_like(states[0]), store)
    return tf.while_loop(lambda time, *_: time >= 0, body, first)[2].stack()


def _as_rows(values):
    """(T, ..., B, n) as (..., T B, n): all times and trials are rows of one matrix."""
    import tensorflow as tf

    rank = len(values.shape)
    order = [*range(1, rank - 2), 0, rank - 2, rank - 1]
    moved = tf.transpose(values, order) if rank > 3 else values
    return tf.reshape(moved, (*moved.shape[:-3], -1, moved.shape[-1]))


def _sum(values):
    """Over the last two axes."""
    import tensorflow as tf

    return tf.reduce_sum(values, axis=(-2, -1))
