"""Generated documents in the form of a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from unrolled.data.corpora import Corpus, check_corpus, join_documents
from unrolled.data.texts import SPLITS


class Documents(Protocol):
    """Generated documents: rows padded with 0, with lengths, labels and true scores."""

    tokens: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


class Vocabulary(Protocol):
    """What is known of every word."""

    words: list[str]
    groups: list[str]
    valences: np.ndarray
    gains: np.ndarray


def generated_corpus(
    parts: Mapping[str, Any],
    vocabulary: Any,
    *,
    name: str,
    settings: Mapping[str, Any] | None = None,
) -> Corpus:
    """A corpus of generated documents, with the truth about them.

    Parameters
    ----------
    parts : dict
        Split -> generated documents (see `Documents`).
    vocabulary : object
        What is known of the words (see `Vocabulary`); its order is kept, whatever the counts.
    name : str
        Key under ``corpora`` in the settings, for messages.
    settings : dict, optional
        What the documents were generated with; numbers are stored with them.

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        If a split is empty or has one label only.
    """
    documents: list[np.ndarray] = []
    for split in SPLITS:
        part: Documents = parts[split]
        documents += [row[:n] for row, n in zip(part.tokens, part.lengths, strict=True)]
    words: Vocabulary = vocabulary
    joined = join_documents(documents)
    n_train = int(parts["train"].lengths.sum())
    numbers = {key: value for key, value in (settings or {}).items() if value is not None}
    corpus = Corpus(
        **joined._asdict(),
        labels=np.concatenate([parts[split].labels for split in SPLITS]),
        splits=np.repeat(
            np.arange(len(SPLITS), dtype=np.int8), [len(parts[split].labels) for split in SPLITS]
        ),
        words=list(words.words),
        counts=np.bincount(joined.tokens[:n_train], minlength=len(words.words)),
        groups=list(words.groups),
        valences=words.valences,
        scores=np.concatenate([parts[split].scores for split in SPLITS]),
        gains={
            words.words[index]: words.gains[index].tolist()
            for index, group in enumerate(words.groups)
            if group == "modifier"
        },
        attrs={
            "title": "Generated reviews",
            "source": "generated here",
            "licence": "none needed",
            "citation": "none",
            **{key: value for key, value in numbers.items() if not isinstance(value, dict)},
        },
    )
    check_corpus(corpus, name=name)
    return corpus
