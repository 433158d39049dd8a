"""Trainings on signals of one library, in a process of its own; see `benchmarks.workers`.

A step is the training of a whole network, every library's on the same stream of batches: cell,
readout at every step of time, mean squared error, Adam on a clipped gradient. The first one is
as short as the library allows: it is there to compile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, repeat
from typing import Any

import numpy as np

from unrolled.networks import make_sequence_network
from unrolled.tasks import TrialStream, make_task
from unrolled.training import Course

from .trainers import keras_layer
from .workers import Step, serve

NETWORKS = 100  # that one process trains at most


@dataclass(frozen=True, kw_only=True)
class Signals:
    """What is trained: one cell of so many units on one task.

    Parameters
    ----------
    cell : str
    units : int
    task : str
    settings : mapping
        Of the task.
    batch : int
        Trials in a step.
    course : mapping
        Settings of `unrolled.training.Course`.
    """

    cell: str
    units: int
    task: str
    settings: Mapping[str, float]
    batch: int
    course: Mapping[str, Any]

    @property
    def about(self) -> dict[str, str | int]:
        """For a program that reads the rows."""
        return {"cell": self.cell, "units": self.units}

    def stream(self) -> TrialStream:
        """Batches without end."""
        return TrialStream(make_task(self.task, self.settings), self.batch, seed=0)


def unrolled_step(training: Signals, threads: int) -> Step:
    """Ours, a job as the workflow runs it: network after network, one compiled program."""
    from unrolled.training import SequencePlan, train_sequences
    from unrolled.training.sequences import BLOCK

    if threads != 1:
        raise ValueError(f"Unrolled trains one network on one thread, not on {threads}.")
    stream, course = training.stream(), Course(**training.course)
    network = make_sequence_network(
        training.cell,
        units=training.units,
        inputs=len(stream.task.input_names),
        outputs=len(stream.task.output_names),
        rng=np.random.default_rng(0),
    )
    plans = {"compilation": SequencePlan(network, stream, replace(course, steps=BLOCK))}
    plans |= {str(number): SequencePlan(network, stream, course) for number in range(NETWORKS)}
    trained = train_sequences(plans)
    return lambda: next(trained)[1].metadata["losses"][-1]


def keras_step(training: Signals, threads: int, *, xla: bool = True) -> Step:
    """A Keras model whose step is a `tf.function`, under XLA where all its layers allow that.

    Without decay of the rate and without a penalty, which cost it nothing.
    """
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    import keras

    stream, course = training.stream(), Course(**training.course)
    model = keras.Sequential(
        [
            keras.Input((stream.task.steps, len(stream.task.input_names))),
            keras_layer(training.cell, training.units, every_step=True),
            keras.layers.Dense(len(stream.task.output_names)),
        ]
    )
    optimiser = keras.optimizers.Adam(course.learning_rate, global_clipnorm=course.clip)
    optimiser.build(model.trainable_variables)
    loss_of = keras.losses.MeanSquaredError()

    @tf.function(jit_compile=xla and all(layer.supports_jit for layer in model.layers))
    def step(inputs, targets):
        with tf.GradientTape() as tape:
            loss = loss_of(targets, model(inputs, training=True))
        values = [variable.value for variable in model.trainable_variables]
        optimiser.apply(tape.gradient(loss, values), model.trainable_variables)
        return loss

    steps = chain([1], repeat(course.steps))

    def train() -> float:
        for number in range(next(steps)):
            trials = stream.task.draw(training.batch, np.random.default_rng([0, number]))
            inputs, targets = np.float32(trials.inputs), np.float32(trials.targets)
            loss = step(tf.constant(inputs), tf.constant(targets))
        return float(loss)

    return train


STEPS: dict[str, Callable[[Signals, int], Step]] = {
    "unrolled": unrolled_step,
    "keras": keras_step,
    "keras without XLA": partial(keras_step, xla=False),
}


if __name__ == "__main__":
    serve(STEPS, Signals)
