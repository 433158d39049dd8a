"""Documents cut into batches of similar length, in a new order every epoch."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .recipe import Documents, Recipe, TargetedDocuments

UNKNOWN = 1  # the word id that word dropout shows


@dataclass(frozen=True)
class Batch:
    """One step's documents, times first; every array has the same shape in every batch.

    Parameters
    ----------
    tokens : int32 ndarray of shape (T, B)
        Padded with 0 to the longest document of the corpus.
    lengths : int32 ndarray of shape (B,)
    labels : float32 ndarray of shape (B,) or (T, B)
        Classes of the documents, or a number to tell at every word.
    weights : float32 ndarray of shape (B,)
        Sum to 1 over documents, or over all words of all documents; 0 for rows that only fill
        the last batch.
    kept_inputs : bool ndarray of shape (T, B, m), or (1, 1, 1)
        Entries of the word vectors that dropout keeps; a single true where it is off.
    kept_states : bool ndarray of shape (B, d), or (1, 1)
    noise : float32 ndarray of shape (T, B, d), or (1, 1, 1)
        Added to the states; a single 0 where there is none.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    kept_inputs: np.ndarray
    kept_states: np.ndarray
    noise: np.ndarray = field(default_factory=lambda: np.zeros((1, 1, 1), dtype=np.float32))


class Batches:
    """Cuts a corpus into batches.

    Parameters
    ----------
    train : LabelledDocuments or TargetedDocuments
    recipe : Recipe
    inputs, state_size : int
        Sizes of the dropout masks and of the noise, m and d.
    """

    def __init__(self, train: Documents, recipe: Recipe, *, inputs: int, state_size: int) -> None:
        self._recipe = recipe
        self._inputs, self._state_size = inputs, state_size
        self._tokens = np.concatenate(train.documents).astype(np.int32)
        self._lengths = train.lengths
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)[:-1]])
        self._longest = int(self._lengths.max())
        self._every_word = isinstance(train, TargetedDocuments)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return -(-len(self._lengths) // self._recipe.batch)

    def epoch(self, labels: np.ndarray, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield the batches of one epoch.

        ``labels`` are one number for each document, or the targets of all words of all documents,
        one document after another.

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
        targets = np.zeros((self._longest, size) if self._every_word else size, dtype=np.float32)
        if self._every_word:
            weights[:used] = 1.0 / lengths[:used].sum()
            told = labels[np.where(inside, self._starts[chosen] + times, 0)]
            targets[:longest, :used] = np.where(inside, told, 0.0)
        else:
            weights[:used] = 1.0 / used
            targets[:used] = labels[chosen]
        return Batch(
            tokens=tokens,
            lengths=lengths,
            labels=targets,
            weights=weights,
            kept_inputs=self._kept_inputs(longest, rng),
            kept_states=_kept(self._recipe.state_dropout, (size, self._state_size), rng),
            noise=self._noise(longest, rng),
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

    def _noise(self, longest: int, rng: np.random.Generator) -> np.ndarray:
        """Noise of the states, drawn only as far as this batch's documents reach."""
        deviation = self._recipe.state_noise
        if deviation == 0.0:
            return np.zeros((1, 1, 1), dtype=np.float32)
        # Two rows at least, or it would be taken for no noise.
        noise = np.zeros(
            (max(self._longest, 2), self._recipe.batch, self._state_size), dtype=np.float32
        )
        drawn = rng.standard_normal((longest, *noise.shape[1:]), dtype=np.float32)
        noise[:longest] = np.float32(deviation) * drawn
        return noise


def _kept(dropout: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """True where dropout keeps an entry; one true entry, to broadcast, where it is off."""
    if dropout == 0.0:
        return np.ones((1,) * len(shape), dtype=bool)
    return rng.random(shape, dtype=np.float32) >= dropout
