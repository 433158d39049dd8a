"""Step line_attractor_dynamics: states, points, modes and words of a network and its twins."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from unrolled.data import load_corpus, pad
from unrolled.dynamics import line_attractors as measure
from unrolled.dynamics.portraits import mean_input, portray, read_documents
from unrolled.files import load_dataset, save_dataset, variable
from unrolled.networks import load_networks
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

SEARCH = ("starts", "settling", "ridge", "iterations", "speed", "neighbours")

with run_step(snakemake) as step:
    settings, rank = step.params.settings, int(step.wildcards.rank)
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    bag = load_dataset(step.input.bag_of_words)
    networks = {k: v for path in step.input.networks for k, v in load_networks(path).items()}
    trained = [name for name in networks if name.startswith("trained_")]
    # Networks are chosen on validation; ties go to the lower number.
    trained.sort(
        key=lambda name: (
            -networks[name].metadata["validation_accuracy"],
            networks[name].metadata["member"],
        )
    )
    member = networks[trained[rank]].metadata["member"]
    documents, labels = corpus.documents("test"), corpus.labels_of("test")
    order = step.generator("documents").permutation(len(documents))
    chosen = np.sort(order[: settings["documents"]])
    read = [documents[index] for index in chosen]
    lengths = np.array([len(document) for document in read])
    for twin in ("trained", "untrained", "shuffled"):
        network = networks[f"{twin}_{member}"]
        rng = step.generator(step.wildcards.corpus, step.wildcards.cell, member, "dynamics")
        reading = read_documents(network, pad(read), lengths, labels[chosen])
        search = {key: settings[key] for key in SEARCH}
        reference = mean_input(network, corpus.counts)
        portrait = portray(network, reading, reference, rng=rng, **search)
        without = portray(network, reading, np.zeros_like(reference), rng=rng, **search)
        measured = {
            **measure.measure_states(portrait, rng),
            **measure.measure_examples(portrait),
            **measure.measure_relaxation(portrait, settings["relaxation"], rng),
            **measure.measure_points(portrait),
            **measure.measure_words(
                portrait, bag.word_id.values, bag.word_class.values,
                bag.word_weight.values[bag.word_id.values],
            ),
            **measure.measure_overlap(portrait, settings["null_vectors"], rng),
            **measure.measure_fixed_points(portrait, settings["exact_starts"], rng),
            **measure.measure_prediction(portrait, rng),
        }  # fmt: skip
        open_loop, full = measure.open_loop_accuracy(portrait)
        right = (network.final_logits(documents) >= 0) == (labels > 0)
        step.log.info(
            "%s: %d slow and %d exact points", twin, len(portrait.points),
            len(measured["fixed_speed"][1]),
        )  # fmt: skip
        norms = np.linalg.norm(network.embedding[corpus.counts > 0], axis=1)
        save_dataset(
            xr.Dataset(
                {
                    name: variable(dims, values, units=units, long_name=long_name)
                    for name, (dims, values, units, long_name) in measured.items()
                },
                attrs={
                    "corpus": step.wildcards.corpus, "cell": step.wildcards.cell,
                    "rank": rank, "member": member, "twin": twin,
                    "accuracy": right.mean(),
                    "validation_accuracy": network.metadata.get("validation_accuracy", np.nan),
                    "open_loop_accuracy": open_loop, "accuracy_on_open_loop_documents": full,
                    "longest_document": int(lengths.max()),
                    "input_mean_ratio": np.linalg.norm(reference) / norms.mean(),
                    "zero_input_time_constant": measure.median_time_constant(without),
                    "zero_input_overlap": measure.median_overlap(without),
                },
            ),
            step.output[twin],
        )  # fmt: skip
