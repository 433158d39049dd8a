"""Step contextual_sentiment_modifiers: which words of a network change others, and how.

Networks are numbered by their accuracy on validation. The twins, untrained and trained on shuffled
labels, are asked only which words change the input Jacobian.
"""

from typing import TYPE_CHECKING

import numpy as np

from unrolled.data import Corpus, load_corpus, pad
from unrolled.dynamics import (
    choose_points,
    matched_words,
    mean_input,
    measure_changes,
    measure_modifiers,
    measure_sentences,
    portray,
    read_documents,
)
from unrolled.files import load_dataset, measured_dataset, save_dataset
from unrolled.networks import load_networks, rank_members
from unrolled.record import run_step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

SEARCH = ("starts", "settling", "ridge", "iterations", "speed", "neighbours")
TWINS = ("trained", "untrained", "shuffled")
UNKNOWN = 1


def word_kinds(corpus: Corpus) -> np.ndarray:
    """The group of each word; of modifiers their kind, not4 for not4_1."""
    return np.array(
        [
            word.rpartition("_")[0] if group == "modifier" else group
            for word, group in zip(corpus.words, corpus.groups, strict=True)
        ]
    )


def word_classes(corpus: Corpus, bags: list[str]) -> list[np.ndarray]:
    """Negative, neutral and positive words; the strongest first where the bag ordered them."""
    groups = np.array(corpus.groups)
    if corpus.valences is not None:
        neutral = np.flatnonzero(groups == "neutral")
        return [np.flatnonzero(corpus.valences < 0), neutral, np.flatnonzero(corpus.valences > 0)]
    (bag,) = map(load_dataset, bags)
    return [bag.word_id.values[bag.word_class.values == one] for one in range(3)]


def choose_modifiers(
    corpus: Corpus, contexts: np.ndarray, changes: np.ndarray, valence_words: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """The words that change the input Jacobian most, and controls as frequent as they.

    Dummies, made as frequent as modifiers, are the controls where there are some; else words
    without a valence that change it less than most.
    """
    modifiers = contexts[np.argsort(-changes, kind="stable")[:n]]
    free = np.flatnonzero(np.array(corpus.groups) == "dummy")
    if not len(free):
        free = np.setdiff1d(contexts[changes <= np.median(changes)], valence_words)
    return modifiers, matched_words(modifiers, np.setdiff1d(free, modifiers), corpus.counts)


with run_step(snakemake) as step:
    settings, name = step.params.settings, step.wildcards.corpus
    corpus = load_corpus(step.input.corpus, step.input.vocabulary)
    words, kinds = np.array(corpus.words), word_kinds(corpus)
    networks = {k: v for path in step.input.networks for k, v in load_networks(path).items()}
    member = rank_members(networks)[int(step.wildcards.rank)]
    documents, labels = corpus.documents("test"), corpus.labels_of("test")
    read = documents[: settings["documents"]]
    lengths = np.array([len(document) for document in read])
    negative, neutral, positive = word_classes(corpus, step.input.bag_of_words)
    valence_words = np.concatenate([negative, positive])
    inserted_words = np.concatenate([one[: settings["inserted"]] for one in (negative, positive)])
    contexts = np.arange(2, len(words))
    if corpus.valences is None:
        contexts = contexts[corpus.counts[contexts] >= settings["word_count"]]
    sentences = [sentence.split() for sentence in step.params.sentences]
    number = {word: index for index, word in enumerate(corpus.words)}
    for twin in TWINS:
        network = networks[f"{twin}_{member}"]
        rng = step.generator(name, step.wildcards.cell, member, "modifiers")
        reading = read_documents(network, pad(read), lengths, labels[: len(read)])
        portrait = portray(
            network,
            reading,
            mean_input(network, corpus.counts),
            rng=rng,
            **{key: settings[key] for key in SEARCH},
        )
        line = choose_points(portrait, settings["points"])
        logits = network.final_logits(documents)
        right = (logits >= 0) == (labels > 0)
        step.log.info(
            "%s: accuracy %.3f on test, %d slow points", twin, right.mean(), len(portrait.points)
        )
        measured = measure_changes(line, contexts, valence_words)
        measured["context_word"] = ("context", words[contexts], "1", "word")
        measured["context_kind"] = ("context", kinds[contexts], "1", "kind of word")
        if twin == "trained":
            modifiers, controls = choose_modifiers(
                corpus,
                contexts,
                measured["jacobian_change_beside"][1],
                valence_words,
                settings["modifiers"][name],
            )
            both = np.concatenate([modifiers, controls])
            shape = settings["backgrounds"], settings["background_length"]
            chances = corpus.counts[neutral] / corpus.counts[neutral].sum()
            measured |= measure_modifiers(
                line,
                modifiers=modifiers,
                controls=controls,
                valence_words=valence_words,
                inserted_words=inserted_words,
                backgrounds=rng.choice(neutral, shape, p=chances),
                settings=settings,
                rng=rng,
            )
            measured |= measure_sentences(
                line, [[number.get(word, UNKNOWN) for word in one] for one in sentences]
            )
            measured |= {
                "inserted_word": ("inserted", words[both], "1", "word"),
                "inserted_kind": ("inserted", kinds[both], "1", "kind of word"),
                "inserted_count": ("inserted", corpus.counts[both], "1", "times in training"),
                "test_logit": ("document", logits, "logit", "readout after a test document"),
                "test_label": ("document", labels, "1", "0 negative, 1 positive"),
            }
        save_dataset(
            measured_dataset(
                measured,
                {
                    "corpus": name,
                    "cell": step.wildcards.cell,
                    "rank": int(step.wildcards.rank),
                    "member": member,
                    "twin": twin,
                    "accuracy": right.mean(),
                    "n_points": len(portrait.points),
                    "units": network.state_size,
                    "sentences": " / ".join(step.params.sentences),
                },
            ),
            step.output[twin],
        )
