"""Labelled texts as the readers of raw files hand them on."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field

import numpy as np

SPLITS = ("train", "validation", "test")
UNASSIGNED = -1

_BREAK = re.compile(r"<\s*+br\s*+/?\s*+>", re.IGNORECASE)  # possessive: long runs of blanks
_SPACE = re.compile(r"\s+")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with two labels, before anything is tokenised or left out.

    Attributes
    ----------
    texts : list of str
        One for each document.
    labels : ndarray of shape (n_documents,), int8
        1 positive, 0 negative.
    subjects : list of str or None
        What each document is about (a film, a product), where the source says so: documents
        about the same thing never stand on two sides of a split.
    splits : ndarray of shape (n_documents,), int8, or None
        The source's own split (index into ``SPLITS``); ``UNASSIGNED`` where it is ours to choose.
    dropped : dict
        Reason -> number of documents that the reader left out.
    """

    texts: list[str]
    labels: np.ndarray
    subjects: list[str] | None = None
    splits: np.ndarray | None = None
    dropped: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.texts)

    def take(self, chosen: np.ndarray) -> LabelledTexts:
        """The documents with these indices, in this order.

        Parameters
        ----------
        chosen : ndarray of int

        Returns
        -------
        LabelledTexts
        """
        return LabelledTexts(
            texts=[self.texts[index] for index in chosen],
            labels=self.labels[chosen],
            subjects=None if self.subjects is None else [self.subjects[i] for i in chosen],
            splits=None if self.splits is None else self.splits[chosen],
            dropped=dict(self.dropped),
        )


def clean_text(text: str) -> str:
    """Text without HTML line breaks and entities, each run of white space one blank.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> clean_text("Good.<br /><br />Very&nbsp;good. ")
    'Good. Very good.'
    """
    return _SPACE.sub(" ", html.unescape(_BREAK.sub(" ", text))).strip()


def normal_form(text: str) -> str:
    """What two copies of a text share, whatever their case, spacing and punctuation.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Case-folded letters and digits, nothing else; the text itself if it has none.

    Examples
    --------
    >>> normal_form("It's GOOD !") == normal_form("it ' s good.")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_ALPHANUMERIC.sub("", folded) or text
