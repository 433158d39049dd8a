"""Sentences of film reviews, each rated by some twenty people (Hutto and Gilbert 2014)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from unrolled.data.archives import check_archive, read_member, split_lines
from unrolled.data.texts import LabelledTexts, clean_text

_LARGEST_RATING = 4.0


def read_film(
    archive: str | Path, source: Mapping[str, Any], *, minimum_rating: float
) -> LabelledTexts:
    """Film sentences whose mean rating is clear, positive ones labelled 1.

    Parameters
    ----------
    archive : str or pathlib.Path
        The source distribution that holds the rated sentences.
    source : dict
        Its entry in ``workflow/sources.yaml``: ``sha256``, ``members`` and ``rows``.
    minimum_rating : float
        Sentences whose mean rating (-4 to 4) is smaller in size are dropped; so is exactly 0.

    Returns
    -------
    LabelledTexts
        Without subjects: the file does not say which film a sentence is about, so that only
        copies of a sentence can be kept together.

    Raises
    ------
    ValueError
        If the archive is missing or another one, or a line is not of the known form.

    References
    ----------
    .. [1] Hutto and Gilbert, "VADER: a parsimonious rule-based model for sentiment analysis of
       social media text", ICWSM, 2014.
    """
    check_archive(archive, source["sha256"])
    content = read_member(archive, source["members"]["snippets"])
    lines = split_lines(content, f"{archive}: the sentences")
    if len(lines) != source["rows"]["snippets"]:
        raise ValueError(
            f"{archive}: {len(lines)} sentences, but workflow/sources.yaml says "
            f"{source['rows']['snippets']}."
        )
    texts, ratings = [], []
    for number, line in enumerate(lines, start=1):
        try:
            _, rating, text = line.split("\t", 2)
            ratings.append(float(rating))
            if not abs(ratings[-1]) <= _LARGEST_RATING:
                raise ValueError(rating)
        except ValueError as error:
            raise ValueError(
                f"{archive}, line {number} of the sentences is not `id TAB rating TAB text` with a "
                f"rating from -4 to 4: {line[:80]!r}"
            ) from error
        texts.append(clean_text(text))
    values = np.array(ratings)
    clear = (np.abs(values) >= minimum_rating) & (values != 0)
    kept = LabelledTexts(texts, (values > 0).astype(np.int8)).take(np.flatnonzero(clear))
    kept.dropped["near_neutral"] = int((~clear).sum())
    return kept
