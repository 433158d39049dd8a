"""Step contextual_sentiment_baselines: what a bag of words recovers that knows the modifiers."""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.baselines import (
    RUNGS,
    FittedRung,
    LabelledDocuments,
    accuracy_difference,
    fit_ladder,
    recovered_share,
)
from unrolled.data import Corpus, load_corpus
from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

EQUAL = ("B0", "B4")  # rungs that are also fitted to all that the network has read
STEPS = {
    "modifiers": ("B3k", "B0"),
    "places": ("B4", "B3k"),
    "edges": ("B12", "B0"),
    "controls": ("X0", "B12"),
}


def documents_of(corpus: Corpus, split: str, most: int | None = None) -> LabelledDocuments:
    """The first documents of a split."""
    return LabelledDocuments(corpus.documents(split)[:most], corpus.labels_of(split)[:most])


def describe(fitted: dict[str, FittedRung], network_right: np.ndarray, resamples: int) -> dict:
    """Accuracy of each rung, and the share of the network's advance that it recovers."""
    rng = step.generator(step.wildcards.corpus, "bootstrap")
    words = fitted["B0"].test_right
    shares = np.array(
        [
            recovered_share(network_right, one.test_right, words, rng, resamples=resamples)
            for one in fitted.values()
        ]
    )
    # Where a resample has no gap to recover, an interval is without an end.
    measured = {
        "rung": ("rung_number", np.array(list(fitted)), "1", "rung of the ladder"),
        "rung_title": (
            "rung_number", np.array([RUNGS[name].title for name in fitted]), "1", "what it has",
        ),
    }  # fmt: skip
    for key, name in (
        ("train_accuracy", "accuracy on training documents"),
        ("validation_accuracy", "accuracy on validation documents"),
        ("test_accuracy", "accuracy on test documents"),
        ("penalty", "L2 penalty, chosen on validation"),
    ):
        values = np.array([getattr(one, key) for one in fitted.values()])
        measured[key] = ("rung_number", values, "1", name)
    for column, suffix in enumerate(("", "_low", "_high")):
        measured[f"share{suffix}"] = (
            "rung_number", shares[:, column], "1",
            "share of the network's advance that is recovered",
        )  # fmt: skip
    for name, (upper, lower) in STEPS.items():
        estimate = accuracy_difference(
            fitted[upper].test_right, fitted[lower].test_right, rng, resamples=resamples
        )
        measured[f"{name}_gain"] = (
            "estimate", np.array(estimate), "percentage points",
            f"accuracy of {upper} less that of {lower}, with its 95 % interval",
        )  # fmt: skip
    return measured


def describe_gains(corpus: Corpus, fitted: FittedRung, modifiers: np.ndarray) -> dict:
    """What the best rung found of each modifier and place, beside the truth where it is known."""
    gains = 1.0 + fitted.model.gains_
    # Of a length that there is: between the two middle ones may be none, and so no truth.
    length = int(np.quantile(corpus.lengths, 0.5, method="lower"))
    places = fitted.model.place_weights(length)
    measured = {
        "modifier_word": ("modifier", np.array(corpus.words)[modifiers], "1", "word"),
        "fitted_gain": (
            ("modifier", "lag"), gains, "1", "fitted factor on words so many words later",
        ),
        "place_weight": (
            "position", places / places[length // 2], "1",
            "fitted weight of a position against the middle of the document",
        ),
    }  # fmt: skip
    if corpus.valences is None:
        return measured
    truth = np.ones_like(gains)
    for row, word in enumerate(modifiers):
        profile = corpus.gains.get(corpus.words[word], [])[: gains.shape[1]]
        truth[row, : len(profile)] = profile
    weights = corpus.position_weights[length][:length]
    decay = np.exp(-np.arange(length) / corpus.attrs["position_time"])
    return measured | {
        **{
            f"true_{edge}_weight": (
                "position", 1.0 + corpus.attrs[f"{edge}_weight"] * decay, "1",
                f"true weight of a position by its words to the {edge}, far from the other",
            )
            for edge in ("begin", "end")
        },
        "true_gain": (("modifier", "lag"), truth, "1", "true factor"),
        "true_place_weight": (
            "position", weights / weights[length // 2], "1", "true weight of a position",
        ),
    }  # fmt: skip


with run_step(snakemake) as step:
    settings = step.params.settings
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    network = load_dataset(step.input.network)
    generated = corpus.valences is not None
    modifiers = network.modifier_id.values
    common = {
        "validation": documents_of(corpus, "validation"),
        "test": documents_of(corpus, "test"),
        "modifiers": modifiers,
        "controls": network.inserted_id.values[len(modifiers) :],
        "reach": settings["lags"],
        "minimum_count": settings["minimum_count"],
        "max_iter": settings["iterations"],
    }
    fitted = fit_ladder(
        documents_of(corpus, "train", settings["documents"] if generated else None),
        penalties=settings["penalties" if generated else "written_penalties"],
        **common,
    )
    for name, one in fitted.items():
        step.log.info("%s: %.3f on test, penalty %g", name, one.test_accuracy, one.penalty)
    right = (network.test_logit.values >= 0) == (network.test_label.values > 0)
    measured = describe(fitted, right, settings["resamples"])
    measured |= describe_gains(corpus, fitted["B4"], modifiers)
    equal = {
        name: fit_ladder(
            documents_of(corpus, "train"),
            penalties=[fitted[name].penalty],
            rungs=(name,),
            **common,
        )[name].test_accuracy
        for name in EQUAL
    }
    save_dataset(
        measured_dataset(
            measured,
            {
                "corpus": step.wildcards.corpus,
                "cell": network.attrs["cell"],
                "network_accuracy": right.mean(),
                **{f"{name}_accuracy_equal_data": value for name, value in equal.items()},
            },
        ),
        step.output.analysis,
    )
