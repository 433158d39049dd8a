"""Step universality_dynamics: what a chunk of networks does, and the dynamics that does it.

All networks of a task read the same trials.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.dynamics import (
    Measured,
    measure_identity,
    measure_integrator,
    measure_memory,
    measure_oscillator,
    measure_states,
    measure_trajectories,
    read_trials,
)
from unrolled.files import measured_dataset, save_dataset
from unrolled.networks import SequenceNetwork, load_networks
from unrolled.populations import stack_networks
from unrolled.record import run_step
from unrolled.tasks import Integration, Memory, Sine, Trials, make_task
from unrolled.training import mean_squared_error

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

KIND = ("task", "cell", "nonlinearity", "units", "penalty")
PROBES = np.linspace(-0.16, 0.16, 9)  # constant inputs of an integrator


def trials_of(task: Any, evaluation: dict, rng: np.random.Generator) -> Trials:
    """The trials on which networks are compared; sine waves have one for each cue."""
    return task.draw(task.cues if isinstance(task, Sine) else evaluation["trials"], rng)


def shown_trials(task: Any, trials: Trials, examples: int) -> Trials:
    """The trials that figures show: some, every cue, or constant inputs in the first context."""
    if isinstance(task, Integration):
        return task.probes(PROBES, 0)
    shown = len(trials) if isinstance(task, Sine) else examples
    return Trials(trials.inputs[:shown], trials.targets[:shown])


def measure_dynamics(
    network: SequenceNetwork, task: Any, read: Any, settings: dict, rng: np.random.Generator
) -> Measured:
    """Fixed points and what belongs to them, task by task."""
    common = {key: settings[key] for key in ("starts", "farthest")}
    search = common | {key: settings[key] for key in ("noise", "unique_within")}
    if isinstance(task, Memory):
        return measure_memory(read, rng, **search, unstable=settings["unstable"])
    if isinstance(task, Sine):
        return measure_oscillator(
            read, rng, **search, frequencies=task.frequencies,
            roll_out=step.params.evaluation["roll_out"],
        )  # fmt: skip
    line = common | {key: settings[key] for key in ("levels", "speed", "delay")}
    return measure_integrator(read, rng, **line, contexts=[task.context(0), task.context(1)])


with run_step(snakemake) as step:
    kind = {key: step.wildcards[key] for key in KIND}
    settings, evaluation = step.params.settings, step.params.evaluation
    task = make_task(kind["task"], step.params.task)
    rng = step.generator("universality", kind["task"], "evaluation")
    trials = trials_of(task, evaluation, rng)
    hold = None
    if isinstance(task, Memory):
        rare = replace(
            task,
            pulse_probability=evaluation["hold_probability"],
            steps=evaluation["hold_steps"],
        )
        hold = rare.draw(evaluation["trials"], rng)
    examples = evaluation["examples"]
    shown = shown_trials(task, trials, examples)
    networks = load_networks(step.input.networks)
    progress = step.progress(len(networks), f"dynamics {kind['task']} {kind['cell']}")
    measured = []
    for number, (name, network) in enumerate(networks.items(), start=1):
        read = read_trials(network, trials.inputs, trials.targets)
        drawn = replace(
            read, inputs=shown.inputs, targets=shown.targets, states=network.states(shown.inputs)
        )
        own = step.generator("universality", *kind.values(), name, "dynamics")
        hold_error = (
            mean_squared_error(network, hold.inputs, hold.targets).mean() if hold else np.nan
        )
        measured.append(
            {
                **measure_identity(network),
                **measure_states(read, n_components=evaluation["components"]),
                "hold_error": (
                    (), hold_error, "squared target units", "error on trials with rare pulses",
                ),
                **measure_trajectories(drawn),
                "example_output": (
                    ("example", "time", "output"), network.read(read.states[:examples]),
                    "target units", "output",
                ),
                **measure_dynamics(network, task, read, settings, own),
            }
        )  # fmt: skip
        progress.update(number)
    shared = {
        "example_input": (
            ("example", "time", "input"), trials.inputs[:examples], "input units", "input",
        ),
        "example_target": (
            ("example", "time", "output"), trials.targets[:examples], "target units", "target",
        ),
        "trial_input": (("trial", "time", "input"), shown.inputs, "input units", "input"),
    }  # fmt: skip
    data = stack_networks(measured, kind).assign(measured_dataset(shared, {}))
    save_dataset(data, step.output.analysis)
