"""A corpus: labelled documents as numbers, with their vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from unrolled.data.texts import SPLITS
from unrolled.data.tokens import PADDING, UNKNOWN
from unrolled.files import load_dataset, load_table, save_dataset, save_table, variable

if TYPE_CHECKING:  # it takes most of a second to import
    import xarray as xr


@dataclass(frozen=True)
class Corpus:
    """Labelled documents as word numbers.

    Attributes
    ----------
    tokens : ndarray of shape (n_tokens,), int32
        All documents one after another. 0 is padding (never in here), 1 unknown.
    starts, lengths : ndarray of shape (n_documents,), int32
        Where each document begins in `tokens`, and its number of tokens.
    labels : ndarray of shape (n_documents,), int8
        1 positive, 0 negative.
    splits : ndarray of shape (n_documents,), int8
        0 train, 1 validation, 2 test.
    words : list of str
        The word of each number.
    counts : ndarray of shape (n_words,), int64
        How often each is in the training documents.
    groups : list of str
        Kind of each word: pad, unknown, word; of generated ones valence, neutral, modifier, dummy.
    valences : ndarray of shape (n_words,) or None
        True valence; None for documents that people wrote.
    scores : ndarray of shape (n_documents,) or None
        True score whose sign is the label; None for documents that people wrote.
    gains : dict
        Modifier word -> its factors on the 1st, 2nd, … following word. Empty for written ones.
    token_gains : ndarray of shape (n_tokens,), float32, or None
        Factor that the modifiers before it put on each token's valence; None for written ones.
    position_weights : dict
        Length of a document -> true weight of each position, padded with 0. Empty for written ones.
    attrs : dict
        Title, source, licence, citation, numbers of dropped documents.
    """

    tokens: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    splits: np.ndarray
    words: list[str]
    counts: np.ndarray
    groups: list[str]
    valences: np.ndarray | None = None
    scores: np.ndarray | None = None
    gains: dict[str, list[float]] = field(default_factory=dict)
    token_gains: np.ndarray | None = None
    position_weights: dict[int, np.ndarray] = field(default_factory=dict)
    attrs: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.starts)

    def documents(self, split: str | int) -> list[np.ndarray]:
        """The documents of one split, as views into `tokens`.

        Parameters
        ----------
        split : {"train", "validation", "test"} or int

        Returns
        -------
        list of ndarray of int32
        """
        chosen = self._where(split)
        return [
            self.tokens[start : start + length]
            for start, length in zip(self.starts[chosen], self.lengths[chosen], strict=True)
        ]

    def labels_of(self, split: str | int) -> np.ndarray:
        """The labels of one split, in the order of `documents`.

        Parameters
        ----------
        split : {"train", "validation", "test"} or int

        Returns
        -------
        ndarray of shape (n_documents_of_split,), int8
        """
        return self.labels[self._where(split)]

    def running_scores(self, split: str | int) -> list[np.ndarray]:
        """True score up to every word, modifiers counted and all positions alike.

        Parameters
        ----------
        split : {"train", "validation", "test"} or int

        Returns
        -------
        list of ndarray of float
            For each document of the split, in the order of `documents`.

        Raises
        ------
        ValueError
            If people wrote the documents, so that nobody knows.
        """
        if self.valences is None or self.token_gains is None:
            raise ValueError("the true scores of documents that people wrote are not known.")
        terms = self.valences[self.tokens] * self.token_gains
        chosen = self._where(split)
        return [
            np.cumsum(terms[start : start + length])
            for start, length in zip(self.starts[chosen], self.lengths[chosen], strict=True)
        ]

    def _where(self, split: str | int) -> np.ndarray:
        names = [*SPLITS, *range(len(SPLITS))]
        if split not in names:
            raise ValueError(f"there is no split {split!r}; there are {', '.join(SPLITS)}.")
        return np.flatnonzero(self.splits == names.index(split) % len(SPLITS))


class Joined(NamedTuple):
    """Documents one after another; the arrays are those of `Corpus`."""

    tokens: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray


def join_documents(documents: Sequence[np.ndarray]) -> Joined:
    """Documents one after another, with where each begins and how long it is.

    Parameters
    ----------
    documents : sequence of ndarray of int

    Returns
    -------
    Joined
        ``tokens``, ``starts`` and ``lengths``.
    """
    lengths = np.array([len(document) for document in documents], dtype=np.int32)
    ends = np.cumsum(lengths, dtype=np.int64)
    joined = np.concatenate([np.zeros(0, dtype=np.int32), *documents]).astype(np.int32)
    return Joined(joined, (ends - lengths).astype(np.int32), lengths)


def pad(documents: Sequence[np.ndarray], longest: int | None = None) -> np.ndarray:
    """Documents as rows of equal length, filled up with padding at the end.

    Parameters
    ----------
    documents : sequence of ndarray of int
    longest : int, optional
        Length of a row; the longest document's by default.

    Returns
    -------
    ndarray of shape (n_documents, longest), int32

    Raises
    ------
    ValueError
        If a document is longer than `longest`: nothing is cut off silently.

    Examples
    --------
    >>> pad([np.array([5, 3]), np.array([4])]).tolist()
    [[5, 3], [4, 0]]
    """
    lengths = np.array([len(document) for document in documents], dtype=int)
    width = int(lengths.max(initial=0)) if longest is None else longest
    if lengths.max(initial=0) > width:
        raise ValueError(
            f"a document of {lengths.max()} tokens does not fit rows of {width}. Give a larger "
            "`longest`, or leave it out."
        )
    padded = np.full((len(documents), width), PADDING, dtype=np.int32)
    padded[np.arange(width) < lengths[:, None]] = join_documents(documents).tokens
    return padded


def save_corpus(corpus: Corpus, corpus_path: str | Path, vocabulary_path: str | Path) -> None:
    """Write a corpus as NetCDF (documents) and CSV (vocabulary).

    Parameters
    ----------
    corpus : Corpus
    corpus_path, vocabulary_path : str or pathlib.Path
    """
    import xarray as xr

    def documents(values: np.ndarray, units: str, long_name: str) -> tuple[Any, ...]:
        return variable("document", values, units=units, long_name=long_name)

    variables = {
        "tokens": variable("token", corpus.tokens, units="1", long_name="vocabulary id"),
        "start": documents(corpus.starts, "token", "first token of the document"),
        "length": documents(corpus.lengths, "token", "tokens of the document"),
        "label": documents(corpus.labels, "1", "0 negative, 1 positive"),
        "split": documents(corpus.splits, "1", "0 train, 1 validation, 2 test"),
    }
    if corpus.scores is not None:
        variables["score"] = documents(corpus.scores, "valence", "true score of the document")
    if corpus.gains:
        table = np.array([corpus.gains[word] for word in corpus.gains])
        ids = [corpus.words.index(word) for word in corpus.gains]
        variables["modifier"] = variable(
            "modifier_word", np.array(ids), units="1", long_name="vocabulary id"
        )
        variables["gain"] = variable(
            ("modifier_word", "lag"),
            table,
            units="1",
            long_name="factor on the valence of the word lag + 1 further on",
        )
    if corpus.token_gains is not None:
        variables["token_gain"] = variable(
            "token", corpus.token_gains, units="1", long_name="product of the gains before a token"
        )
    if corpus.position_weights:
        variables["weighed_length"] = variable(
            "document_length",
            np.array(list(corpus.position_weights)),
            units="token",
            long_name="tokens of a document",
        )
        variables["position_weight"] = variable(
            ("document_length", "position"),
            np.stack(list(corpus.position_weights.values())),
            units="1",
            long_name="weight of a position in a document of this length",
        )
    save_dataset(xr.Dataset(variables, attrs=corpus.attrs), corpus_path)
    unknown = [None] * len(corpus.words)
    columns = {
        "id": range(len(corpus.words)),
        "word": corpus.words,
        "count": corpus.counts,
        "valence": unknown if corpus.valences is None else corpus.valences.tolist(),
        "group": corpus.groups,
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    save_table(rows, vocabulary_path, list(columns))


def load_corpus(corpus_path: str | Path, vocabulary_path: str | Path) -> Corpus:
    """Read a corpus that `save_corpus` wrote.

    Parameters
    ----------
    corpus_path, vocabulary_path : str or pathlib.Path

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        If a file is cut short or is no such file, or the two do not belong together.
    """
    dataset = load_dataset(corpus_path)
    rows = load_table(vocabulary_path)
    needed = {"tokens", "start", "length", "label", "split"}
    if missing := needed - set(map(str, dataset.variables)):
        raise ValueError(f"{corpus_path} is no corpus: it lacks {', '.join(sorted(missing))}.")
    try:
        corpus = _assembled(dataset, rows)
        _check_documents(corpus)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{corpus_path} and {vocabulary_path} are no corpus with its vocabulary: {error}. "
            "Delete both and run `snakemake --cores all` again."
        ) from error
    return corpus


def check_corpus(corpus: Corpus, *, name: str) -> None:
    """Refuse a corpus that nothing can be learned from or judged on.

    Parameters
    ----------
    corpus : Corpus
    name : str
        Its key under ``corpora`` in the settings, for the message.

    Raises
    ------
    ValueError
        If a split is empty or, for training, has one label only.
    """
    where = f"corpora.{name} (config.yaml, workflow/scales/ or --config)"
    for split in SPLITS:
        labels = corpus.labels_of(split)
        if not len(labels):
            raise ValueError(
                f"{where} has no documents left for {split}. Dropped: "
                f"{_dropped(corpus) or 'none'}. Raise `limit`, `longest` or the share of {split}; "
                "see what is planned: snakemake -n"
            )
        if len(set(labels.tolist())) < 2:
            raise ValueError(
                f"{where}: all {len(labels)} {split} documents have the label {labels[0]}; a "
                f"classifier needs both. Raise `limit` or the share of {split}; see what is "
                "planned: snakemake -n"
            )


def describe_corpus(corpus: Corpus) -> str:
    """Sizes of a corpus in one line, for the log.

    Parameters
    ----------
    corpus : Corpus

    Returns
    -------
    str
    """
    parts = [f"{split} {len(corpus.labels_of(split))}" for split in SPLITS]
    unknown = float((corpus.tokens == UNKNOWN).mean()) if corpus.tokens.size else 0.0
    return (
        f"documents: {', '.join(parts)}; {100 * corpus.labels.mean():.1f} % positive; "
        f"{len(corpus.words)} words, {100 * unknown:.1f} % of tokens unknown; median length "
        f"{np.median(corpus.lengths):g}, longest {corpus.lengths.max(initial=0)}; dropped: "
        f"{_dropped(corpus) or 'none'}"
    )


def _assembled(dataset: xr.Dataset, rows: list[dict[str, str]]) -> Corpus:
    """A corpus from its two files."""
    words = [row["word"] for row in rows]
    valences = [row["valence"] for row in rows]
    gains = {}
    if "gain" in dataset:
        table = dataset["gain"].values.tolist()
        gains = {words[i]: gain for i, gain in zip(dataset["modifier"].values, table, strict=True)}
    weights = {}
    if "position_weight" in dataset:
        lengths = dataset["weighed_length"].values.tolist()
        weights = dict(zip(lengths, dataset["position_weight"].values, strict=True))
    return Corpus(
        tokens=dataset["tokens"].values,
        starts=dataset["start"].values,
        lengths=dataset["length"].values,
        labels=dataset["label"].values,
        splits=dataset["split"].values,
        words=words,
        counts=np.array([row["count"] for row in rows], dtype=np.int64),
        groups=[row["group"] for row in rows],
        valences=np.array(valences, dtype=float) if all(valences) else None,
        scores=dataset["score"].values if "score" in dataset else None,
        gains=gains,
        token_gains=dataset["token_gain"].values if "token_gain" in dataset else None,
        position_weights=weights,
        attrs=dict(dataset.attrs),
    )


def _check_documents(corpus: Corpus) -> None:
    """Refuse documents that do not lie within the tokens, and labels and splits that are none."""
    n_tokens, n_documents = corpus.tokens.size, corpus.starts.size
    for name in ("tokens", "starts", "lengths", "labels", "splits"):
        values = getattr(corpus, name)
        shape = (n_tokens if name == "tokens" else n_documents,)
        if values.shape != shape or values.dtype.kind != "i":
            raise ValueError(f"{name} are {values.dtype} of shape {values.shape}, not of {shape}")
    ends = corpus.starts.astype(np.int64) + corpus.lengths
    inside = (corpus.starts >= 0) & (corpus.lengths >= 0) & (ends <= n_tokens)
    if not inside.all():
        raise ValueError(f"document {inside.argmin()} does not lie within the {n_tokens} tokens")
    n_words = len(corpus.words)
    limits = {"tokens": (1, n_words - 1), "labels": (0, 1), "splits": (0, len(SPLITS) - 1)}
    for name, (least, most) in limits.items():
        values = getattr(corpus, name)
        if values.size and not least <= values.min() <= values.max() <= most:
            raise ValueError(
                f"{name} run from {values.min()} to {values.max()}, not from {least} to {most}; "
                f"with {n_words} words, they do not belong together"
            )
    if corpus.valences is not None and not np.isfinite(corpus.valences).all():
        raise ValueError("a valence is not a finite number")


def _dropped(corpus: Corpus) -> str:
    found = {key: value for key, value in corpus.attrs.items() if key.startswith("dropped_")}
    return ", ".join(f"{key[8:]} {value}" for key, value in found.items() if value)
