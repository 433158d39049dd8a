"""Documents cut into batches of similar length, in a new order every epoch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .recipe import LabelledDocuments, Recipe

UNKNOWN = 1  # the word id that word dropout shows


@dataclass(frozen=True)
class Batch:
    """One step's documents, times first; every array has the same shape in every batch.

    Parameters
    ----------
    tokens : int32 ndarray of shape (T, B)
        Padded with 0 to the longest document of the corpus.
    lengths : int32 ndarray of shape (B,)
    labels : float32 ndarray of shape (B,)
    weights : float32 ndarray of shape (B,)
        Sum to 1; 0 for rows that only fill the last batch.
    kept_inputs : bool ndarray of shape (T, B, m), or (1, 1, 1)
        Entries of the word vectors that dropout keeps; a single true where it is off.
    kept_states : bool ndarray of shape (B, d), or (1, 1)
    """

    tokens: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    kept_inputs: np.ndarray
    kept_states: np.ndarray


class Batches:
    """Cuts a corpus into batches.

    Parameters
    ----------
    train : LabelledDocuments
    recipe : Recipe
    inputs, state_size : int
        Sizes of the dropout masks, m and d.
    """

    def __init__(
        self, train: LabelledDocuments, recipe: Recipe, *, inputs: int, state_size: int
    ) -> None:
        self._recipe = recipe
        self._inputs, self._state_size = inputs, state_size
        self._tokens = np.concatenate(train.documents).astype(np.int32)
        self._lengths = train.lengths
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)[:-1]])
        self._longest = int(self._lengths.max())

    def __len__(self) -> int:
        """Batches in one epoch."""
        return -(-len(self._lengths) // self._recipe.batch)

    def epoch(self, labels: np.ndarray, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield the batches of one epoch.

        Shuffled, then sorted by length without disturbing ties, cut, and the batches put
        in random order: who meets whom changes every epoch, and little is padded.
        """
        shuffled = rng.permutation(len(self._lengths))
        ordered = shuffled[np.argsort(self._lengths[shuffled], kind="stable")]
        size = self._recipe.batch
        for place in rng.permutation(len(self)):
            yield self._batch(ordered[place * size : (place + 1) * size], labels, rng)

    def _batch(self, chosen: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> Batch:
        """Gather the chosen documents and draw their dropout."""
        size, used = self._recipe.batch, len(chosen)
        lengths = np.ones(size, dtype=np.int32)
        lengths[:used] = self._lengths[chosen]
        longest = int(lengths.max())
        times = np.arange(longest)[:, None]
        inside = times < lengths[:used]
        words = self._tokens[np.where(inside, self._starts[chosen] + times, 0)]
        if self._recipe.word_dropout > 0.0:
            hidden = rng.random(words.shape, dtype=np.float32) < self._recipe.word_dropout
            words[hidden] = UNKNOWN
        tokens = np.zeros((self._longest, size), dtype=np.int32)
        tokens[:longest, :used] = np.where(inside, words, 0)
        weights = np.zeros(size, dtype=np.float32)
        weights[:used] = 1.0 / used
        targets = np.zeros(size, dtype=np.float32)
        targets[:used] = labels[chosen]
        return Batch(
            tokens=tokens,
            lengths=lengths,
            labels=targets,
            weights=weights,
            kept_inputs=self._kept_inputs(longest, rng),
            kept_states=_kept(self._recipe.state_dropout, (size, self._state_size), rng),
        )

    def _kept_inputs(self, longest: int, rng: np.random.Generator) -> np.ndarray:
        """Mask of the word vectors, drawn only as far as this batch's documents reach."""
        shape = (longest, self._recipe.batch, self._inputs)
        drawn = _kept(self._recipe.embedding_dropout, shape, rng)
        if drawn.size == 1:
            return drawn
        kept = np.zeros((self._longest, *shape[1:]), dtype=bool)
        kept[:longest] = drawn
        return kept


def _kept(dropout: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """True where dropout keeps an entry; one true entry, to broadcast, where it is off."""
    if dropout == 0.0:
        return np.ones((1,) * len(shape), dtype=bool)
    return rng.random(shape, dtype=np.float32) >= dropout
