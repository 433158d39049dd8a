"""Documents laid end to end, and what stands where in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array


class Hits(NamedTuple):
    """Words that have a modifier shortly before them.

    Attributes
    ----------
    positions : ndarray of shape (n_hits,), int
        Of the word that is modified.
    modifiers : ndarray of shape (n_hits,), int
        Which modifier it is.
    lags : ndarray of shape (n_hits,), int
        Words from the modifier to the modified word, less one: 0 for the next word.
    """

    positions: np.ndarray
    modifiers: np.ndarray
    lags: np.ndarray


@dataclass(frozen=True)
class Documents:
    """Documents laid end to end, without padding; none is empty.

    Attributes
    ----------
    words : ndarray of shape (n_positions,), int
        1 or more; 0 for a word that a vocabulary lacks.
    lengths : ndarray of shape (n_documents,), int
    """

    words: np.ndarray
    lengths: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """Position of each document's first word, shape (n_documents,)."""
        return np.cumsum(self.lengths) - self.lengths

    @cached_property
    def from_begin(self) -> np.ndarray:
        """Words before each word in its document, shape (n_positions,)."""
        return np.arange(len(self.words)) - np.repeat(self.starts, self.lengths)

    @cached_property
    def to_end(self) -> np.ndarray:
        """Words after each word in its document, shape (n_positions,)."""
        return np.repeat(self.lengths, self.lengths) - 1 - self.from_begin

    def within(self, n_words: int) -> Documents:
        """The same documents where words of n_words or more are unknown, 0."""
        return Documents(np.where(self.words < n_words, self.words, 0), self.lengths)

    def hits(self, modifiers: np.ndarray, reach: int) -> Hits:
        """Words with a modifier at most ``reach`` words before them.

        Parameters
        ----------
        modifiers : ndarray of shape (n_modifiers,), int
            Words that modify.
        reach : int

        Returns
        -------
        Hits
            A word with several modifiers before it is there once for each.
        """
        which = np.full(max(self.words.max(), modifiers.max(initial=0)) + 1, -1)
        which[modifiers] = np.arange(len(modifiers))
        modifying = np.flatnonzero(which[self.words] >= 0)
        position = modifying[:, None] + np.arange(1, reach + 1)
        row, lag = np.nonzero(np.arange(reach) < self.to_end[modifying, None])
        return Hits(position[row, lag], which[self.words[modifying[row]]], lag)

    def bigrams(self) -> tuple[np.ndarray, np.ndarray]:
        """Neighbouring words, and the documents that they are in.

        Returns
        -------
        pairs : ndarray of shape (n_pairs, 2), int
        rows : ndarray of shape (n_pairs,), int
        """
        first = np.flatnonzero(self.to_end > 0)
        rows = np.repeat(np.arange(len(self.lengths)), self.lengths)[first]
        return np.column_stack([self.words[first], self.words[first + 1]]), rows


def lay_out(documents: Any) -> Documents:
    """Take the padding out of documents and lay them end to end.

    Parameters
    ----------
    documents : sequence of ndarray of int, or ndarray of shape (n_documents, n_positions), int
        Numbers of words. 0 is padding, wherever it stands.

    Returns
    -------
    Documents

    Raises
    ------
    ValueError
        If there is no document, one has no words, or a word is no whole number of 0 or more.
    """
    rows = _rows(documents)
    lengths = np.array([len(row) for row in rows], dtype=np.intp)
    words = np.concatenate(rows)
    if not np.issubdtype(words.dtype, np.integer):
        raise ValueError(
            f"the words are of type {words.dtype}; they must be whole numbers, the words' places "
            "in a vocabulary. Convert them, e.g. by documents.astype(int)."
        )
    if len(words) and words.min() < 0:
        raise ValueError(
            f"Negative values in data: word {words.min()}. Words are numbered from 1; 0 is padding."
        )
    real = words > 0
    ends = np.cumsum(lengths)
    counted = np.concatenate([[0], np.cumsum(real)])
    kept = counted[ends] - counted[ends - lengths]
    if not kept.all():
        empty = np.flatnonzero(kept == 0)
        raise ValueError(
            f"{len(empty)} of {len(kept)} documents have no words, the first is number {empty[0]}. "
            "Leave them out."
        )
    return Documents(words[real].astype(np.intp), kept)


def frequent_bigrams(documents: Documents, minimum_count: int) -> np.ndarray:
    """Pairs of neighbouring words that are seen often enough.

    Parameters
    ----------
    documents : Documents
    minimum_count : int
        Times in all documents together.

    Returns
    -------
    ndarray of shape (n_bigrams, 2), int
        In the order of their words' numbers.
    """
    pairs, counts = np.unique(documents.bigrams()[0], axis=0, return_counts=True)
    return pairs[counts >= minimum_count]


def count_bigrams(documents: Documents, bigrams: np.ndarray) -> csr_array:
    """How often each pair of neighbouring words is in each document.

    Parameters
    ----------
    documents : Documents
    bigrams : ndarray of shape (n_bigrams, 2), int
        Those to count, in the order of their words' numbers.

    Returns
    -------
    scipy.sparse.csr_array of shape (n_documents, n_bigrams), float64
    """
    pairs, rows = documents.bigrams()
    base = int(max(documents.words.max(), bigrams.max(initial=0))) + 1
    known, seen = (np.asarray(part) @ [base, 1] for part in (bigrams, pairs))
    column = np.minimum(np.searchsorted(known, seen), max(len(known) - 1, 0))
    found = known[column] == seen if len(known) else np.zeros(len(seen), dtype=bool)
    entries = (np.ones(int(found.sum())), (rows[found], column[found]))
    return csr_array(entries, shape=(len(documents.lengths), len(bigrams)))


def _rows(documents: Any) -> Sequence[np.ndarray]:
    from sklearn.utils import check_array

    ragged = isinstance(documents, np.ndarray) and documents.dtype == object and documents.ndim == 1
    if not (ragged or isinstance(documents, (list, tuple))):
        return list(check_array(documents, dtype=None))
    if not len(documents):
        raise ValueError("there are no documents (0 samples); at least one is needed.")
    rows = [np.asarray(row) for row in documents]
    odd = [number for number, row in enumerate(rows) if row.ndim != 1]
    if odd:
        raise ValueError(
            f"document {odd[0]} has {rows[odd[0]].ndim} dimensions; it must be a row of words, "
            "or all documents one array (documents, positions) padded with 0. "
            "A single document goes into a list: [document]."
        )
    # An empty list becomes an array of floats; it is told as an empty document.
    return [row if len(row) else row.astype(int) for row in rows]
