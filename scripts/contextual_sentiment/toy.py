"""Step contextual_sentiment_toy: phrases of the toy language, taken apart in a trained GRU."""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.data import load_corpus, pad
from unrolled.dynamics import (
    measure_modes,
    measure_paths,
    measure_predictions,
    measure_resting_spectrum,
    measure_step_lengths,
    portray,
    read_documents,
    read_phrases,
)
from unrolled.files import measured_dataset, save_dataset
from unrolled.networks import load_networks
from unrolled.record import run_step
from unrolled.tasks import toy_probes

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

SEARCH = ("settling", "ridge", "iterations", "speed", "neighbours")
SHOWN = ["good", "bad", "very good", "very bad", "not good", "not bad"]

with run_step(snakemake) as step:
    toy, dynamics = step.params.toy, step.params.dynamics
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    number = {word: index for index, word in enumerate(corpus.words)}
    groups = np.array(corpus.groups)
    networks = load_networks(step.input.networks)
    network = networks["trained_0"]
    documents = corpus.documents("test")
    tokens = pad(documents)
    lengths = np.array([len(document) for document in documents])
    inside = np.arange(tokens.shape[1]) < lengths[:, None]
    targets = np.concatenate(corpus.running_scores("test"))
    errors = {
        twin: float(np.mean((one.logits(one.states(tokens))[inside] - targets) ** 2))
        for twin, one in (("trained", network), ("untrained", networks["untrained_0"]))
    }
    read = slice(0, dynamics["documents"])
    reading = read_documents(network, tokens[read], lengths[read], corpus.labels_of("test")[read])
    noise = network.embedding[groups == "neutral"].mean(axis=0)
    search = {key: dynamics[key] for key in SEARCH} | {"starts": toy["starts"]}
    portraits = [
        portray(network, reading, reference, rng=step.generator("toy", name), **search)
        for name, reference in (("noise", noise), ("nothing", np.zeros_like(noise)))
    ]
    portrait, without = portraits
    probes = toy_probes(
        step.generator("toy", "probes"), length=tokens.shape[1], copies=toy["copies"]
    )
    phrases = read_phrases(network, probes)
    after = {"very": [number["bad"]], "not": [number[word] for word in ("a", "a", "bad")]}
    rng = step.generator("toy", "modes")
    # The paper linearises without input; with the mean noise word as input modes are others.
    modes, carried = measure_modes(without, phrases, after, rng)
    other_modes, also_carried = measure_modes(portrait, phrases, after, rng, prefix="noise_")
    measured = {
        **measure_predictions(portrait, phrases),
        **measure_resting_spectrum(portrait, without),
        **measure_step_lengths(portrait, phrases),
        **measure_paths(portrait, phrases, SHOWN),
        **modes,
        **other_modes,
    }
    step.log.info("mean squared error %.4f on test", errors["trained"])
    save_dataset(
        measured_dataset(
            measured,
            {
                **carried,
                **also_carried,
                "squared_error": errors["trained"],
                "squared_error_untrained": errors["untrained"],
                "squared_error_of_zero": float(np.mean(targets**2)),
                "n_points": len(portrait.points),
                "starts": toy["starts"],
            },
        ),
        step.output.analysis,
    )
