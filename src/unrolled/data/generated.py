"""Generated documents in the form of a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from unrolled.data.corpora import Corpus, check_corpus, join_documents
from unrolled.data.texts import SPLITS


class Vocabulary(Protocol):
    """What is known of every word."""

    words: list[str]
    groups: list[str]
    valences: np.ndarray
    gains: np.ndarray


class Scoring(Protocol):
    """How words make the score of a document."""

    vocabulary: Vocabulary

    def gains(self, tokens: np.ndarray) -> np.ndarray:
        """Product of the gains of all modifiers before each word of padded documents."""

    def position_weights(self, lengths: np.ndarray, width: int) -> np.ndarray:
        """Weight of each position of documents of these lengths; 0 beyond their end."""


class Documents(Protocol):
    """Generated documents: rows padded with 0, with lengths, labels and true scores."""

    tokens: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    scoring: Scoring


def generated_corpus(
    parts: Mapping[str, Any], *, name: str, settings: Mapping[str, Any] | None = None
) -> Corpus:
    """A corpus of generated documents, with the truth about them.

    Parameters
    ----------
    parts : dict
        Split -> generated documents (see `Documents`).
        The order of their vocabulary is kept, whatever the counts.
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
    factors: list[np.ndarray] = []
    for split in SPLITS:
        part: Documents = parts[split]
        documents += [row[:n] for row, n in zip(part.tokens, part.lengths, strict=True)]
        inside = np.arange(part.tokens.shape[1]) < part.lengths[:, None]
        factors.append(part.scoring.gains(part.tokens)[inside])
    scoring = part.scoring
    words = scoring.vocabulary
    joined = join_documents(documents)
    n_train = int(parts["train"].lengths.sum())
    lengths = np.unique(joined.lengths)
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
        token_gains=np.concatenate(factors).astype(np.float32),
        position_weights=dict(
            zip(lengths.tolist(), scoring.position_weights(lengths, lengths.max()), strict=True)
        ),
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
