"""Step line_attractor_table1: test accuracy of every model on every corpus."""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.data import load_corpus
from unrolled.files import load_dataset, save_table
from unrolled.networks import load_networks
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

COLUMNS = ["corpus", "model", "accuracy", "low", "high", "networks"]


def linear_accuracies(corpora: dict, paths: list[str]) -> dict[tuple[str, str], list[float]]:
    """Test accuracy of each linear network, by corpus."""
    found: dict[tuple[str, str], list[float]] = {}
    for path in paths:
        for network in load_networks(path).values():
            if network.metadata["twin"] == "trained":
                corpus = corpora[network.metadata["corpus"]]
                logits = network.final_logits(corpus.documents("test"))
                right = (logits >= 0) == (corpus.labels_of("test") > 0)
                found.setdefault((network.metadata["corpus"], "linear"), []).append(right.mean())
    return found


with run_step(snakemake) as step:
    bags = [load_dataset(path) for path in step.input.bags_of_words]
    names = [bag.attrs["corpus"] for bag in bags]
    corpora = {
        name: load_corpus(*paths)
        for name, *paths in zip(names, step.input.corpora, step.input.vocabularies, strict=True)
    }
    accuracies: dict[tuple[str, str], list[float]] = {
        (name, "bag_of_words"): [float(bag.attrs["accuracy"])]
        for name, bag in zip(names, bags, strict=True)
    }
    for path in step.input.trained:
        attrs = load_dataset(path).attrs
        accuracies.setdefault((attrs["corpus"], attrs["cell"]), []).append(float(attrs["accuracy"]))
    accuracies |= linear_accuracies(corpora, step.input.linear)
    save_table(
        [
            {
                "corpus": corpus,
                "model": model,
                "accuracy": round(float(np.median(values)), 6),
                "low": round(min(values), 6),
                "high": round(max(values), 6),
                "networks": len(values),
            }
            for (corpus, model), values in accuracies.items()
        ],
        step.output.table,
        COLUMNS,
    )
