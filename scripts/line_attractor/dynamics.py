"""Step line_attractor_dynamics: states, points, modes and words of a network and its twins."""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.data import load_corpus, pad
from unrolled.dynamics import measure_network, read_documents
from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.networks import load_networks, rank_members
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    settings, rank = step.params.settings, int(step.wildcards.rank)
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    bag = load_dataset(step.input.bag_of_words)
    networks = {k: v for path in step.input.networks for k, v in load_networks(path).items()}
    member = rank_members(networks)[rank]
    documents, labels = corpus.documents("test"), corpus.labels_of("test")
    order = step.generator("documents").permutation(len(documents))
    chosen = np.sort(order[: settings["documents"]])
    read = [documents[index] for index in chosen]
    lengths = np.array([len(document) for document in read])
    for twin in ("trained", "untrained", "shuffled"):
        network = networks[f"{twin}_{member}"]
        rng = step.generator(step.wildcards.corpus, step.wildcards.cell, member, "dynamics")
        reading = read_documents(network, pad(read), lengths, labels[chosen])
        measured, numbers = measure_network(
            network,
            reading,
            counts=corpus.counts,
            words=(bag.word_id.values, bag.word_class.values, bag.word_weight.values[bag.word_id]),
            settings=settings,
            rng=rng,
        )
        right = (network.final_logits(documents) >= 0) == (labels > 0)
        step.log.info("%s: accuracy %.3f on test", twin, right.mean())
        save_dataset(
            measured_dataset(
                measured,
                {
                    **numbers,
                    "corpus": step.wildcards.corpus,
                    "cell": step.wildcards.cell,
                    "rank": rank,
                    "member": member,
                    "twin": twin,
                    "accuracy": right.mean(),
                    "validation_accuracy": network.metadata.get("validation_accuracy", np.nan),
                },
            ),
            step.output[twin],
        )
