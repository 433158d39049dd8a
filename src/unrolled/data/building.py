"""From labelled texts to a corpus: split, tokenise, drop, balance, number."""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.data.corpora import Corpus, check_corpus, join_documents
from unrolled.data.splitting import TRAIN, balance_labels, limit_texts, split_texts
from unrolled.data.texts import LabelledTexts
from unrolled.data.tokens import SPECIAL, encode_wordpiece, encode_words, number_tokens

_TOKENISERS = ("words", "wordpiece")


def build_corpus(
    texts: LabelledTexts,
    *,
    name: str,
    tokeniser: str,
    vocabulary: int,
    minimum_count: int,
    longest: int,
    validation: float,
    test: float = 0.0,
    limit: int | None = None,
    balance: bool = False,
    seed: int = 0,
    attrs: dict[str, Any] | None = None,
) -> Corpus:
    """A corpus from texts, with nothing learned from any but the training documents.

    Parameters
    ----------
    texts : LabelledTexts
    name : str
        Key under ``corpora`` in the settings, for messages.
    tokeniser : {"words", "wordpiece"}
    vocabulary : int
        Most different tokens, padding and unknown included.
    minimum_count : int
        A word seen less often in training is unknown.
    longest : int
        Documents with more tokens are dropped, as are those without any.
    validation, test : float
        Shares of the documents; see `split_texts` for sources with a split of their own.
    limit : int, optional
        Keep at most so many documents.
    balance : bool
        Keep, in each split, as many documents of the commoner label as there are of the rarer.
    seed : int
    attrs : dict, optional
        Title, source, licence and citation to store with it.

    Returns
    -------
    Corpus
        Documents in the order of `texts`. What was dropped is counted in ``attrs``.

    Raises
    ------
    ValueError
        If the tokeniser is unknown, a split ends up empty, or has one label only.
    """
    if tokeniser not in _TOKENISERS:
        raise ValueError(
            f"corpora.{name}.tokeniser is {tokeniser!r}; valid are {' and '.join(_TOKENISERS)}."
        )
    given = len(texts)
    texts, splits = split_texts(texts, validation=validation, test=test, seed=seed)
    if limit is not None:
        texts, splits = limit_texts(texts, splits, limit=limit, balance=balance, seed=seed)
    train = np.flatnonzero(splits == TRAIN).tolist()
    if tokeniser == "words":
        encoded, words = encode_words(texts.texts)
    else:
        encoded, words = encode_wordpiece(
            texts.texts,
            learn_from=train,
            vocabulary=vocabulary,
            minimum_count=minimum_count,
        )
    lengths = np.array([len(document) for document in encoded], dtype=int)
    kept = np.flatnonzero((lengths > 0) & (lengths <= longest))
    n_fitting = len(kept)
    if balance:
        chosen = [texts.texts[index] for index in kept]
        kept = kept[balance_labels(texts.labels[kept], splits[kept], chosen, seed=seed)]
    documents, vocabulary_words, counts = number_tokens(
        [encoded[index] for index in kept],
        words,
        count_in=splits[kept] == TRAIN,
        vocabulary=vocabulary,
        minimum_count=minimum_count,
    )
    dropped = {
        **texts.dropped,
        "beyond_limit": given - len(texts) - texts.dropped.get("copies_of_held_out", 0),
        "too_long": int((lengths > longest).sum()),
        "empty": int((lengths == 0).sum()),
        "for_balance": n_fitting - len(kept),
    }
    corpus = Corpus(
        **join_documents(documents)._asdict(),
        labels=texts.labels[kept],
        splits=splits[kept],
        words=vocabulary_words,
        counts=counts,
        groups=["pad", "unknown", *["word"] * (len(vocabulary_words) - len(SPECIAL))],
        attrs={**(attrs or {}), **{f"dropped_{key}": value for key, value in dropped.items()}},
    )
    check_corpus(corpus, name=name)
    return corpus
