"""Trainings on documents of one library, in a process of its own; see `benchmarks.workers`.

Every library gets the same batch of documents without padding and makes the same step: embedding,
cell, logit after the last word, cross-entropy, Adam.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from unrolled.networks import CELLS

from .workers import Step, serve

RATE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Training:
    """What is trained: one cell of so many units on one batch."""

    cell: str
    units: int
    embedding: int
    vocabulary: int
    words: int
    documents: int

    @property
    def about(self) -> dict[str, str | int]:
        """For a program that reads the rows."""
        return {"cell": self.cell, "units": self.units}

    @property
    def tokens(self) -> int:
        """Words in one step."""
        return self.words * self.documents

    @property
    def operations(self) -> int:
        """Floating-point operations of the cell's matrix products in one step.

        Each weight takes part in a product and a sum for each word forward, and in twice as
        many backward: for the gradients of what it is multiplied with and of itself.
        """
        shapes = CELLS[self.cell].shapes(self.units, self.embedding).values()
        return self.tokens * 3 * 2 * sum(int(np.prod(shape)) for shape in shapes if len(shape) == 2)

    def batch(self) -> tuple[np.ndarray, np.ndarray]:
        """Word ids (documents, words) and labels (documents,)."""
        rng = np.random.default_rng(0)
        tokens = rng.integers(0, self.vocabulary, (self.documents, self.words))
        return tokens.astype(np.int32), np.arange(self.documents, dtype=np.float32) % 2


def unrolled_step(training: Training, threads: int) -> Step:
    """Ours: gradient clipped, as every training here is, which the others leave out."""
    from unrolled.networks import make_network
    from unrolled.training import Recipe
    from unrolled.training.batches import Batch
    from unrolled.training.state import OptimiserState
    from unrolled.training.stepper import CompiledStep

    if threads != 1:
        raise ValueError(f"Unrolled trains one network on one thread, not on {threads}.")
    tokens, labels = training.batch()
    network = make_network(
        training.cell,
        units=training.units,
        embedding=training.embedding,
        vocabulary=training.vocabulary,
        embedding_scale=0.1,
        rng=np.random.default_rng(0),
    )
    step = CompiledStep(network.cell, network.parameters())
    step.load(OptimiserState.fresh(network.parameters()))
    batch = Batch(
        tokens=np.ascontiguousarray(tokens.T),
        lengths=np.full(training.documents, training.words, np.int32),
        labels=labels,
        weights=np.full(training.documents, 1 / training.documents, np.float32),
        kept_inputs=np.ones((1, 1, 1), dtype=bool),
        kept_states=np.ones((1, 1), dtype=bool),
    )
    recipe = Recipe(epochs=1, batch=training.documents, learning_rate=RATE)
    return lambda: step.run(batch, recipe=recipe, rate=RATE)


def keras_step(training: Training, threads: int, *, xla: bool = True) -> Step:
    """A Keras model in a `tf.function`; the UGRNN is a cell in `keras.layers.RNN`.

    It runs under XLA where all its layers allow that, as Keras's own training does unless it is
    told otherwise; without ``xla`` it does not.
    """
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    import keras

    tokens, labels = training.batch()
    model = keras.Sequential(
        [
            keras.Input((training.words,), dtype="int32"),
            keras.layers.Embedding(training.vocabulary, training.embedding),
            keras_layer(training.cell, training.units),
            keras.layers.Dense(1),
        ]
    )
    optimiser = keras.optimizers.Adam(RATE)
    optimiser.build(model.trainable_variables)
    loss_of = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function(jit_compile=xla and all(layer.supports_jit for layer in model.layers))
    def step(tokens, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(tokens, training=True)[:, 0])
        values = [variable.value for variable in model.trainable_variables]
        optimiser.apply(tape.gradient(loss, values), model.trainable_variables)
        return loss

    return lambda: float(step(tf.constant(tokens), tf.constant(labels)))


def keras_layer(cell: str, units: int, *, every_step: bool = False):
    """The recurrent layer; it tells its state after the last step, or after every one."""
    import keras

    kinds = {
        "vanilla": keras.layers.SimpleRNN,
        "gru": keras.layers.GRU,
        "lstm": keras.layers.LSTM,
        "ugrnn": lambda units, **how: keras.layers.RNN(keras_ugrnn(units), **how),
    }
    return kinds[cell](units, return_sequences=every_step)


def keras_ugrnn(units: int):
    """A cell for `keras.layers.RNN`; Keras has no UGRNN."""
    import keras

    class Ugrnn(keras.layers.Layer):
        state_size = output_size = units

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 2 * units))
            self.recurrent = self.add_weight(shape=(units, 2 * units))
            self.bias = self.add_weight(shape=(2 * units,), initializer="zeros")

        def call(self, inputs, states):
            sums = inputs @ self.kernel + states[0] @ self.recurrent + self.bias
            update, candidate = keras.ops.split(sums, 2, axis=-1)
            update, candidate = keras.ops.sigmoid(update), keras.ops.tanh(candidate)
            following = candidate + update * (states[0] - candidate)
            return following, [following]

    return Ugrnn()


def torch_step(training: Training, threads: int) -> Step:
    """PyTorch's layers and fused Adam; the UGRNN is a loop over time, which it has no layer for."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers = {"vanilla": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
    sizes = training.embedding, training.units
    embedding = torch.nn.Embedding(training.vocabulary, training.embedding)
    layer = torch_ugrnn(*sizes) if training.cell == "ugrnn" else layers[training.cell](*sizes)
    readout = torch.nn.Linear(training.units, 1)
    model = torch.nn.ModuleList([embedding, layer, readout])
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    ids, labels = training.batch()
    tokens, targets = torch.from_numpy(np.ascontiguousarray(ids.T)), torch.from_numpy(labels)

    def step() -> float:
        states, _ = layer(embedding(tokens))
        logits = readout(states[-1])[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def torch_ugrnn(inputs: int, units: int):
    """A layer of a UGRNN for (words, documents, inputs); TorchScript makes it no faster."""
    import torch

    class Ugrnn(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.input = torch.nn.Linear(inputs, 2 * units)
            self.recurrent = torch.nn.Parameter(torch.randn(units, 2 * units) / units**0.5)

        def forward(self, vectors):
            state = torch.zeros(vectors.shape[1], units)
            for drive in self.input(vectors).unbind(0):
                update, candidate = torch.addmm(drive, state, self.recurrent).chunk(2, 1)
                state = torch.lerp(candidate.tanh(), state, update.sigmoid())
            return state[None], state

    return Ugrnn()


STEPS: dict[str, Callable[[Training, int], Step]] = {
    "unrolled": unrolled_step,
    "keras": keras_step,
    "keras without XLA": partial(keras_step, xla=False),
    "torch": torch_step,
}


if __name__ == "__main__":
    serve(STEPS, Training)
