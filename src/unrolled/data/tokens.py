"""From texts to numbered tokens."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

PADDING, UNKNOWN = 0, 1
SPECIAL = ("<pad>", "<unk>")
UNKNOWN_PIECE = -1

_WORD = re.compile(r"(?:[^\W\d_]|')+|[!?]")
_LEARNING_WORDS = 5_000_000
_LONGEST_WORD = 50
_ALPHABET = 1000
_BATCH = 1000
_INSIDE = "##"  # begins a piece that does not begin its word


def split_words(text: str) -> list[str]:
    """Lower-case runs of letters and apostrophes, and ``!`` and ``?``.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str

    Examples
    --------
    >>> split_words("It isn't 'good' at 100%: WHY?!")
    ['it', "isn't", 'good', 'at', 'why', '?', '!']
    """
    found = _WORD.findall(text.lower().replace("’", "'"))
    # Quotation marks are written as apostrophes too: only those inside a word belong to it.
    return [word for word in (word.strip("'") for word in found) if word]


def encode_words(texts: Iterable[str]) -> tuple[list[np.ndarray], list[str]]:
    """Each text as numbers of its words, numbered as they first appear.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    documents : list of ndarray of shape (n_tokens,), int32
    words : list of str
        The word of each number.
    """
    numbers: dict[str, int] = {}
    documents = [
        np.array([numbers.setdefault(w, len(numbers)) for w in split_words(text)], dtype=np.int32)
        for text in texts
    ]
    return documents, list(numbers)


def encode_wordpiece(
    texts: Sequence[str], *, learn_from: Iterable[int], vocabulary: int, minimum_count: int
) -> tuple[list[np.ndarray], list[str]]:
    """Each text as numbers of word pieces, which are learned from some of the texts.

    Text is case-folded and split at white space only; a piece inside a word begins with ``##``.
    Learning looks at no more than five million words; words of more than 50 characters are
    unknown. Differs from the paper's authors: they learned IMDB's pieces on its unlabelled
    reviews, we learn every corpus' pieces on its own training documents; and the learner of the
    `tokenizers` library merges pairs of pieces instead of pruning a list of substrings.

    Parameters
    ----------
    texts : sequence of str
    learn_from : iterable of int
        Indices of the texts to learn pieces from: those to train on.
    vocabulary : int
        Most pieces.
    minimum_count : int
        A pair of pieces is merged if seen at least so often.

    Returns
    -------
    documents : list of ndarray of shape (n_tokens,), int32
        ``UNKNOWN_PIECE`` where a word cannot be put together.
    words : list of str
        The piece of each number.

    References
    ----------
    .. [1] Schuster and Nakajima, "Japanese and Korean voice search", ICASSP, 2012.
    """
    # One thread: the order in which threads count pairs must not decide anything.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from tokenizers import Tokenizer, models, pre_tokenizers

    learned = _learn_pieces(
        list(_first_words(texts, learn_from)), vocabulary=vocabulary, minimum_count=minimum_count
    )
    pieces = [SPECIAL[UNKNOWN], *learned]
    tokenizer = Tokenizer(
        models.WordPiece(
            {piece: number for number, piece in enumerate(pieces)},
            unk_token=SPECIAL[UNKNOWN],
            max_input_chars_per_word=_LONGEST_WORD,
            continuing_subword_prefix=_INSIDE,
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    documents = []
    for first in range(0, len(texts), _BATCH):
        batch = [text.casefold() for text in texts[first : first + _BATCH]]
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            # The unknown piece is numbered 0 there, and has no number of its own here.
            documents.append(np.array(encoding.ids, dtype=np.int32) + np.int32(UNKNOWN_PIECE))
    return documents, learned


def _learn_pieces(texts: list[str], *, vocabulary: int, minimum_count: int) -> list[str]:
    """Pieces of words, the same in every process.

    The learner numbers letters inside words in the random order of a hash table, and the numbers
    decide which of two equally frequent pairs is merged first. Told all letters beforehand, in
    both forms, it has nothing left to number at random.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    counts = Counter(letter for text in texts for letter in text if not letter.isspace())
    frequent = sorted(counts, key=lambda letter: (-counts[letter], letter))[:_ALPHABET]
    rare = {ord(letter): None for letter in counts.keys() - set(frequent)}
    tokenizer = Tokenizer(models.WordPiece(unk_token=SPECIAL[UNKNOWN]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary,
        min_frequency=minimum_count,
        special_tokens=[*sorted(frequent), *(_INSIDE + letter for letter in sorted(frequent))],
        continuing_subword_prefix=_INSIDE,
        show_progress=False,
    )
    tokenizer.train_from_iterator((text.translate(rare) for text in texts), trainer)
    numbers = tokenizer.get_vocab(with_added_tokens=True)
    return sorted(numbers, key=lambda piece: numbers[piece])


def _first_words(texts: Sequence[str], chosen: Iterable[int]) -> Iterator[str]:
    """Case-folded texts until enough words have been seen."""
    seen = 0
    for index in chosen:
        words = [word for word in texts[index].casefold().split() if len(word) <= _LONGEST_WORD]
        seen += len(words)
        yield " ".join(words)
        if seen >= _LEARNING_WORDS:
            return


def number_tokens(
    documents: Sequence[np.ndarray],
    words: Sequence[str],
    *,
    count_in: np.ndarray,
    vocabulary: int,
    minimum_count: int,
) -> tuple[list[np.ndarray], list[str], np.ndarray]:
    """Final numbers: 0 padding, 1 unknown, then words by falling count in some documents.

    Parameters
    ----------
    documents : sequence of ndarray of int32
        Provisional numbers, below `len(words)`; negative ones are unknown.
    words : sequence of str
    count_in : ndarray of shape (n_documents,), bool
        Documents that words are counted in: those to train on.
    vocabulary : int
        Most numbers, padding and unknown included.
    minimum_count : int
        Words counted less often are unknown.

    Returns
    -------
    documents : list of ndarray of int32
    words : list of str
        ``SPECIAL``, then the words; ties in alphabetical order.
    counts : ndarray of shape (n_words,)
        Their counts, those of unknown words together under ``UNKNOWN``.
    """
    flat = np.concatenate(
        [
            np.zeros(0, dtype=np.int32),
            *(documents[index] for index in np.flatnonzero(count_in).tolist()),
        ]
    )
    # A negative number takes the place behind the last word, here and in `number` below.
    counts = np.bincount(np.where(flat < 0, len(words), flat), minlength=len(words) + 1)
    frequent = np.flatnonzero(counts[:-1] >= minimum_count).tolist()
    order = sorted(frequent, key=lambda index: (-counts[index], words[index]))
    order = order[: max(vocabulary - len(SPECIAL), 0)]
    number = np.full(len(words) + 1, UNKNOWN, dtype=np.int32)
    number[order] = np.arange(len(SPECIAL), len(SPECIAL) + len(order), dtype=np.int32)
    kept = np.concatenate([[0, 0], counts[order]]).astype(np.int64)
    kept[UNKNOWN] = counts.sum() - kept.sum()
    kept_words = [*SPECIAL, *(words[index] for index in order)]
    return [number[document] for document in documents], kept_words, kept
