"""Step contextual_sentiment_train_toy: a GRU that tells the running score of toy reviews."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.data import load_corpus
from unrolled.networks import Network, make_network, save_networks
from unrolled.record import run_step
from unrolled.training import Plan, Recipe, TargetedDocuments, train_networks

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

SPECIAL = 2  # padding and unknown: no words


def one_hot(words: int) -> np.ndarray:
    """An input of its own for each word; nothing for padding and the unknown word."""
    return np.eye(words)[:, SPECIAL:]


def new_network(words: int, settings: dict, rng: np.random.Generator) -> Network:
    """A GRU with the paper's first values."""
    network = make_network(
        "gru",
        units=settings["units"],
        embedding=words - SPECIAL,
        vocabulary=words,
        embedding_scale=1.0,
        rng=rng,
        metadata={"corpus": settings["corpus"], "twin": "untrained", "member": 0},
    )
    first = settings["initial_state_scale"] * rng.standard_normal(network.state_size)
    bias = network.cell.parameters["bias"].copy()
    bias[: settings["units"]] = settings["update_bias"]
    cell = replace(network.cell, parameters={**network.cell.parameters, "bias": bias})
    # Training runs in single precision; on its grid the untrained twin has the same numbers.
    first = first.astype(np.float32).astype(np.float64)
    return replace(network, cell=cell, embedding=one_hot(words), initial_state=first)


with run_step(snakemake) as step:
    settings = step.params.settings
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    untrained = new_network(len(corpus.words), settings, step.generator("toy", "initial"))
    recipe = Recipe(**settings["training"])
    sets: dict[str, Any] = {
        split: TargetedDocuments(corpus.documents(split), corpus.running_scores(split))
        for split in ("train", "validation")
    }
    plan = Plan(
        replace(untrained, metadata={**untrained.metadata, "twin": "trained"}),
        recipe,
        step.generator("toy", "training"),
        frozen=("embedding",),
    )
    steps = recipe.epochs * -(-len(sets["train"].documents) // recipe.batch)
    progress = step.progress(steps, "train toy gru")
    trained = train_networks(
        {"trained_0": plan},
        **sets,
        progress=lambda done, _, loss: progress.update(done, loss=loss),
        checkpoint=step.checkpoint,
    )
    save_networks(step.output.networks, {"untrained_0": untrained, **dict(trained)})
