"""Which documents train, which choose, which test: fixed by the text itself and the seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from unrolled.data.texts import SPLITS, UNASSIGNED, LabelledTexts, normal_form

TRAIN, VALIDATION, TEST = range(len(SPLITS))


def stable_shares(keys: Sequence[str], *, seed: int, purpose: str) -> np.ndarray:
    """A number in [0, 1) for each key that depends on nothing but key, seed and purpose.

    Parameters
    ----------
    keys : sequence of str
    seed : int
    purpose : str
        Different purposes give independent numbers.

    Returns
    -------
    ndarray of shape (n_keys,)
        Adding, dropping or reordering documents leaves the numbers of the others alone.
    """
    start = hashlib.sha256(f"{seed}\n{purpose}\n".encode())
    words = np.empty(len(keys), dtype=np.uint64)
    for index, key in enumerate(keys):
        digest = start.copy()
        digest.update(key.encode())
        words[index] = int.from_bytes(digest.digest()[:8])
    return (words >> np.uint64(11)) * 2.0**-53


def group_keys(texts: LabelledTexts) -> list[str]:
    """A name for each document that copies, and documents about one subject, have in common.

    Parameters
    ----------
    texts : LabelledTexts

    Returns
    -------
    list of str
        Documents linked by any chain of equal normal forms and equal subjects share a key.
    """
    forms = [normal_form(text) for text in texts.texts]
    if texts.subjects is None:
        return forms
    names = [*dict.fromkeys(f"subject {subject}" for subject in texts.subjects)]
    names += dict.fromkeys(f"text {form}" for form in forms)
    number = {name: index for index, name in enumerate(names)}
    ends = [
        [number[f"subject {subject}"] for subject in texts.subjects],
        [number[f"text {form}"] for form in forms],
    ]
    links = coo_array((np.ones(len(forms)), ends), shape=(len(names), len(names)))
    _, component = connected_components(links, directed=False)
    # The alphabetically first member names the whole component, whatever the documents' order.
    key: dict[int, str] = {}
    for name in sorted(names):
        key.setdefault(int(component[number[name]]), name)
    return [key[int(component[node])] for node in ends[0]]


def split_texts(
    texts: LabelledTexts, *, validation: float, test: float = 0.0, seed: int
) -> tuple[LabelledTexts, np.ndarray]:
    """Assign each document to a split without leakage between them.

    Parameters
    ----------
    texts : LabelledTexts
    validation, test : float
        Shares of the documents. A source's own split is kept: then `test` is not used, and
        `validation` is a share of its training part, unless it has a validation part too.
    seed : int

    Returns
    -------
    texts : LabelledTexts
        Without training documents of which a copy is in the source's own validation or test
        part (counted in ``dropped``).
    splits : ndarray of shape (n_documents,), int8
        Index into ``SPLITS``.
    """
    keys = group_keys(texts)
    shares = stable_shares(keys, seed=seed, purpose="split")
    if texts.splits is None:
        drawn = np.where(shares < test, TEST, TRAIN)
        drawn[(shares >= test) & (shares < test + validation)] = VALIDATION
        return texts, drawn.astype(np.int8)
    splits = texts.splits.copy()
    ours = splits == UNASSIGNED
    splits[ours] = np.where(shares[ours] < validation, VALIDATION, TRAIN)
    # The source's own parts stay whole; copies of their texts leave the parts before them.
    forms = [normal_form(text) for text in texts.texts]
    leaks = np.zeros(len(texts), dtype=bool)
    for part in (VALIDATION, TEST):
        held_out = {form for form, own in zip(forms, texts.splits, strict=True) if own == part}
        leaks |= np.array([form in held_out for form in forms], dtype=bool) & (splits < part)
    kept = np.flatnonzero(~leaks)
    left = texts.take(kept)
    left.dropped["copies_of_held_out"] = int(leaks.sum())
    return left, splits[kept]


def limit_texts(
    texts: LabelledTexts, splits: np.ndarray, *, limit: int, balance: bool, seed: int
) -> tuple[LabelledTexts, np.ndarray]:
    """At most `limit` documents, every split and label keeping its share.

    Parameters
    ----------
    texts : LabelledTexts
    splits : ndarray of shape (n_documents,)
    limit : int
    balance : bool
        Take as many documents of each label as the rarer one can give.
    seed : int

    Returns
    -------
    texts : LabelledTexts
    splits : ndarray
    """
    order = stable_shares(texts.texts, seed=seed, purpose="limit")
    cells = {}
    for split in np.unique(splits):
        found = [np.flatnonzero((splits == split) & (texts.labels == label)) for label in (0, 1)]
        if balance:
            fewer = min(map(len, found))
            found = [cell[np.argsort(order[cell], kind="stable")[:fewer]] for cell in found]
        cells.update({(split, label): cell for label, cell in enumerate(found)})
    total = sum(map(len, cells.values()))
    share = min(1.0, limit / max(total, 1))
    chosen = [
        cell[np.argsort(order[cell], kind="stable")[: int(len(cell) * share)]]
        for cell in cells.values()
    ]
    kept = np.sort(np.concatenate(chosen)).astype(int)
    return texts.take(kept), splits[kept]


def balance_labels(
    labels: np.ndarray, splits: np.ndarray, keys: Sequence[str], *, seed: int
) -> np.ndarray:
    """Documents to keep so that each split has as many of one label as of the other.

    Parameters
    ----------
    labels, splits : ndarray of shape (n_documents,)
    keys : sequence of str
        What the choice among the more frequent label hangs on (the texts).
    seed : int

    Returns
    -------
    ndarray of int
        Increasing indices: all of the rarer label, a seeded choice of the other.
    """
    order = stable_shares(keys, seed=seed, purpose="balance")
    kept = []
    for split in np.unique(splits):
        cells = [np.flatnonzero((splits == split) & (labels == label)) for label in (0, 1)]
        fewer = min(map(len, cells))
        kept += [cell[np.argsort(order[cell], kind="stable")[:fewer]] for cell in cells]
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, dtype=int)
