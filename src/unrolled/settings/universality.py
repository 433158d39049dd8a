"""Settings of the paper `universality`, one block for each kind of rule."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from unrolled.settings.networks import Cell
from unrolled.settings.values import (
    Block,
    Count,
    CountOrZero,
    Counts,
    Distinct,
    NetworkCount,
    NotNegative,
    Positive,
    Real,
    Share,
    listed,
)

TaskName = Literal["memory", "sine", "integration"]


def _six_digits(value: float) -> float:
    """Files are named by a penalty's first six digits, which have to be all."""
    if float(f"{value:g}") != value:
        raise PydanticCustomError("long_number", "at most six digits are needed, which name files")
    return value + 0.0  # 0 for -0


Penalties = Annotated[
    list[Annotated[NotNegative, AfterValidator(_six_digits)]],
    BeforeValidator(listed),
    Field(min_length=1),
    Distinct,
    NetworkCount,
]


class MemoryTask(Block):
    """Memory of K bits."""

    bits: Count
    """Channels of pulses, K."""
    pulse_probability: Share
    """Chance of a pulse on each channel at each step after the first, which has one on all."""
    steps: Count
    """Steps of a trial."""


class SineTask(Block):
    """Sine waves whose frequency a constant input commands."""

    cues: Annotated[Count, Field(ge=4)]
    """Number of frequencies, equally spaced."""
    slowest: Positive
    """The lowest frequency, rad/step."""
    fastest: Positive
    """The highest, rad/step."""
    steps: Count
    """Steps of a trial."""


class IntegrationTask(Block):
    """Running sum of one of two noisy streams, as a context says."""

    bias_spread: NotNegative
    """Standard deviation over trials of a stream's bias."""
    bias_mean: Real
    """Mean bias."""
    noise: NotNegative
    """Standard deviation of the noise at each step."""
    steps: Count
    """Steps of a trial."""


class Tasks(Block):
    """What networks are trained to do."""

    memory: MemoryTask
    """Three bits, in the paper."""
    sine: SineTask
    """Frequency-cued sine waves."""
    integration: IntegrationTask
    """Context-dependent integration."""


class Networks(Block):
    """How many networks of each cell, nonlinearity, size and penalty there are for each task."""

    memory: NetworkCount
    """For the memory."""
    sine: NetworkCount
    """For the sine waves."""
    integration: NetworkCount
    """For the integration."""


class Population(Block):
    """Which networks there are."""

    cells: Annotated[list[Cell], Field(min_length=2), Distinct]
    """Architectures."""
    nonlinearities: Annotated[list[Literal["tanh", "relu"]], Field(min_length=1), Distinct]
    """What bends the candidate; in an LSTM its output as well."""
    units: Annotated[Counts, Distinct]
    """Hidden units; every one of the list is combined with everything else."""
    penalties: Penalties
    """Factors of the sum of squared parameters in the loss; likewise."""
    networks: Networks
    """Networks that differ in their first weights only."""
    controls: Count
    """Of each, so many have twins: untrained, and trained on a memory with a dead channel."""
    chunk: Count
    """Networks that one job trains; it changes no bytes."""
    side_by_side: Count
    """Networks that one program trains at once: 1 on a CPU, where more are slower."""


class Course(Block):
    """How the networks of a task are trained."""

    steps: Count
    """Steps of Adam, each on a new batch; the same number for every network of a task."""
    batch: Count
    """Trials in a batch."""
    learning_rate: Positive
    """Adam's rate at the first step."""
    final_rate: Share
    """Share of it that half a cosine ends at."""
    clip: Positive
    """Largest global norm of the gradient."""


class FirstWeights(Block):
    """The recurrent weights before training."""

    gain: NotNegative
    """Standard deviation of the recurrent weights, times the square root of the units."""
    vanilla_relu_gain: NotNegative
    """The same for rectified networks without gates, which need more care."""
    vanilla_relu_identity: Real
    """How much of the identity is added to their recurrent weights."""


class Training(Block):
    """How networks are trained."""

    memory: Course
    """On the memory."""
    sine: Course
    """On the sine waves; a batch as large as the number of cues holds each once."""
    integration: Course
    """On the integration."""
    first_weights: FirstWeights
    """Where training begins."""


class Evaluation(Block):
    """Trials on which trained networks are compared, the same for all networks of a task."""

    trials: Count
    """Whose states are compared, and on which errors are measured; sine waves have their cues."""
    hold_steps: Count
    """Steps of the memory's trials with rare pulses, which tell an attractor from a slow leak."""
    hold_probability: Share
    """Chance of a pulse in these."""
    roll_out: Count
    """How many times as long as in training sine waves are produced."""
    components: Count
    """Principal components of a network's states that are kept for comparisons."""
    examples: Count
    """Trials whose trajectories are kept for figures."""


class Dynamics(Block):
    """The fixed points of one network and what leads from one to the other."""

    starts: Count
    """Starts of the search for fixed points, beside the structured ones."""
    noise: NotNegative
    """Noise of the starts, in standard deviations of the states."""
    unique_within: Positive
    """Points nearer than this share of the states' radius are one."""
    farthest: Positive
    """Points farther than this many radii from the visited states are dropped."""
    unstable: Positive
    """Modulus above which an eigenvalue counts as unstable."""
    levels: Annotated[Count, Field(ge=8)]
    """Bins of the readout into which the points of an integrator are sorted."""
    speed: Positive
    """An integrator's point is slow if it moves at most this share of the median step on trials."""
    delay: Count
    """Steps after which the response to a unit input is read out."""


class Comparison(Block):
    """Networks compared with each other."""

    variances: Annotated[list[Share], Field(min_length=3, max_length=3)]
    """Shares of variance that decide the number of components; the middle one is judged."""
    neighbours: Count
    """Nearest networks that vote on a network's label."""
    permutations: Count
    """Shuffles of the labels for the null, and resamples for intervals."""


class Figures(Block):
    """What the figures show."""

    member: CountOrZero
    """Number of the network of each cell and nonlinearity that is drawn."""
    trial: CountOrZero
    """Number of the trial that shows the task."""


class Universality(Block):
    """All settings of the paper."""

    tasks: Tasks
    """What networks learn to do."""
    population: Population
    """Which networks there are."""
    training: Training
    """How they are trained."""
    evaluation: Evaluation
    """What they are compared on."""
    dynamics: Dynamics
    """The analysis of one network."""
    comparison: Comparison
    """The analysis of all."""
    figures: Figures
    """What the figures show."""
