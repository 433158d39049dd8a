"""Step line_attractor_bag_of_words: logistic regression on counts, and the classes of words.

Where the true valence of words is known (generated corpora) it stands in for the coefficients
in the classes and in the weights that projections are compared with.
"""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from unrolled.baselines import fit_bag_of_words, word_classes
from unrolled.data import load_corpus
from unrolled.files import save_dataset, variable
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with run_step(snakemake) as step:
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    settings = step.params.settings
    bag = fit_bag_of_words(corpus, strengths=settings["strengths"])
    weights = bag.coefficients if corpus.valences is None else np.asarray(corpus.valences)
    classes = word_classes(
        weights, corpus.counts, settings["class_words"], minimum_count=settings["class_count"]
    )
    positive = float(np.mean(corpus.labels_of("test")))
    save_dataset(
        xr.Dataset(
            {
                "coefficient": variable(
                    "vocabulary", bag.coefficients, units="nat", long_name="change of log-odds"
                ),
                "word_weight": variable(
                    "vocabulary", weights, units="1", long_name="coefficient, or true valence"
                ),
                "word_id": variable(
                    "word", np.concatenate(classes), units="1", long_name="vocabulary id"
                ),
                "word_class": variable(
                    "word",
                    np.repeat(np.arange(3), [len(one) for one in classes]),
                    units="1",
                    long_name="0 negative, 1 neutral, 2 positive",
                ),
            },
            attrs={
                "corpus": step.wildcards.corpus,
                "strength": bag.strength,
                "validation_accuracy": bag.validation_accuracy,
                "accuracy": bag.test_accuracy,
                "majority_accuracy": max(positive, 1 - positive),
            },
        ),
        step.output.analysis,
    )
