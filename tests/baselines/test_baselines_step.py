"""The script that fits the ladder, run on documents that are few and of any length."""

import contextlib
import logging
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import unrolled.record
from unrolled.data import generated_corpus, save_corpus
from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.tasks import generate_reviews, review_vocabulary

SCRIPT = Path(__file__).parents[2] / "scripts" / "contextual_sentiment" / "baselines.py"
SETTINGS = {
    "lags": 3, "minimum_count": 2, "iterations": 5, "documents": 100, "penalties": [1e-3],
    "resamples": 20,
}  # fmt: skip
VOCABULARY = review_vocabulary()


def uneven_corpus():
    """Half of the documents have 20 words, half 60: none has the mean of the two."""
    rng = np.random.default_rng(0)
    rules = {"valence_share": 0.3, "modifier_share": 0.2, "begin_weight": 1.0, "end_weight": 1.0}
    parts = {}
    for split, n in (("train", 60), ("validation", 20), ("test", 20)):
        drawn = generate_reviews(n, rng, length=[60, 60], **rules)
        drawn.tokens[::2, 20:] = 0
        drawn.lengths[::2] = 20
        parts[split] = drawn
    settings = {"begin_weight": 1.0, "end_weight": 1.0, "position_time": 4.0}
    return generated_corpus(parts, name="uneven", settings=settings)


def network_of(corpus):
    """What the step reads of a network: the words that it takes, and its answers."""
    words = [VOCABULARY.of_group(group)[:2] for group in ("modifier", "dummy")]
    labels = corpus.labels_of("test")
    measured = {
        "modifier_id": ("modifier", words[0], "1", "vocabulary id"),
        "inserted_id": ("inserted", np.concatenate(words), "1", "vocabulary id"),
        "test_logit": ("document", labels - 0.5, "logit", "readout"),
        "test_label": ("document", labels, "1", "label"),
    }
    return measured_dataset(measured, {"cell": "gru"})


def run(corpus, folder, monkeypatch):
    """The analysis file that the script writes."""
    save_corpus(corpus, folder / "corpus.nc", folder / "vocabulary.csv")
    save_dataset(network_of(corpus), folder / "network.nc")
    step = SimpleNamespace(
        input=SimpleNamespace(
            corpus=folder / "corpus.nc",
            vocabulary=folder / "vocabulary.csv",
            network=folder / "network.nc",
        ),
        output=SimpleNamespace(analysis=folder / "analysis.nc"),
        params=SimpleNamespace(settings=SETTINGS),
        wildcards=SimpleNamespace(corpus="uneven"),
        generator=lambda *names: np.random.default_rng(0),
        log=logging.getLogger("test"),
    )
    monkeypatch.setattr(unrolled.record, "run_step", lambda _: contextlib.nullcontext(step))
    runpy.run_path(str(SCRIPT), init_globals={"snakemake": None})
    return load_dataset(folder / "analysis.nc")


def test_places_are_those_of_a_document_that_there_is(tmp_path, monkeypatch):
    corpus = uneven_corpus()
    assert np.median(corpus.lengths) not in corpus.lengths
    found = run(corpus, tmp_path, monkeypatch)
    assert found.sizes["position"] == 20
    truth = found.true_place_weight.values
    np.testing.assert_allclose(truth[[0, -1]], truth.max())
    assert truth[10] == 1
