"""The words of generated reviews: what each is worth, and what it does to the words after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PADDING, UNKNOWN = 0, 1

MODIFIERS: dict[str, tuple[float, ...]] = {
    "not4": (-1.0,) * 4,
    "not2": (-1.0,) * 2,
    "very1": (2.0,),
    "very3": (2.0,) * 3,
    # For measuring time scales; not among the default ones.
    "soft": tuple(1.0 + 1.5 * 0.5**lag for lag in range(6)),
    "slight1": (0.5,),
    "flip_damp": (-0.5,) * 2,
}
"""Factors of each kind of modifier on the 1st, 2nd, … word after it; 1 beyond."""

DEFAULT_MODIFIERS = ("not4", "not2", "very1", "very3")
_VALENCES = {"great": 2.0, "good": 1.0, "fine": 0.5, "dull": -0.5, "bad": -1.0, "awful": -2.0}
_VALENCE_COPIES = 8
_NEUTRAL = 60
_MODIFIER_COPIES = 3


@dataclass(frozen=True)
class ReviewVocabulary:
    """Words of generated reviews.

    Attributes
    ----------
    words : list of str
        0 is padding, 1 stands for unknown words (never generated).
    groups : list of str
        pad, unknown, valence, neutral, modifier or dummy.
    valences : ndarray of shape (n_words,)
        v(w); zero for all but the valence words.
    gains : ndarray of shape (n_words, n_lags)
        g(k) of each word on the word k + 1 further on; one for all but modifiers.
    """

    words: list[str]
    groups: list[str]
    valences: np.ndarray
    gains: np.ndarray

    def of_group(self, group: str) -> np.ndarray:
        """Numbers of the words of one group.

        Parameters
        ----------
        group : str

        Returns
        -------
        ndarray of int
        """
        return np.flatnonzero(np.array(self.groups) == group)

    def probabilities(self, *, valence_share: float, modifier_share: float) -> np.ndarray:
        """How likely each word is to be drawn.

        Parameters
        ----------
        valence_share : float
            Share of words with a valence, equally likely ones.
        modifier_share : float
            Share of modifiers, and once more the share of dummies; equally likely ones.

        Returns
        -------
        ndarray of shape (n_words,)
            The rest goes to neutral words, the r-th of them 1/r times as likely as the first.
        """
        shares = np.zeros(len(self.words))
        for group, share in (
            ("valence", valence_share),
            ("modifier", modifier_share),
            ("dummy", modifier_share),
        ):
            members = self.of_group(group)
            shares[members] = share / len(members)
        neutral = self.of_group("neutral")
        zipf = 1.0 / np.arange(1, len(neutral) + 1)
        shares[neutral] = zipf / zipf.sum() * (1.0 - valence_share - 2.0 * modifier_share)
        return shares


def review_vocabulary(modifiers: Sequence[str] = DEFAULT_MODIFIERS) -> ReviewVocabulary:
    """The words of generated reviews, in a fixed order.

    Parameters
    ----------
    modifiers : sequence of str
        Kinds of modifier, keys of ``MODIFIERS``; three words of each, and as many dummies in all.

    Returns
    -------
    ReviewVocabulary
        48 valence words (8 each of ±2, ±1, ±½), 60 neutral ones, the modifiers, the dummies.

    Raises
    ------
    ValueError
        If a kind is unknown, or there is none.
    """
    unknown = [kind for kind in modifiers if kind not in MODIFIERS]
    if unknown or not modifiers:
        raise ValueError(
            f"unknown modifiers {unknown or list(modifiers)}; valid are {', '.join(MODIFIERS)}."
        )
    kinds = [kind for kind in modifiers for _ in range(_MODIFIER_COPIES)]
    rows: list[tuple[str, str, float, tuple[float, ...]]]
    rows = [("<pad>", "pad", 0.0, ()), ("<unk>", "unknown", 0.0, ())]
    for stem, valence in _VALENCES.items():
        rows += [(f"{stem}{n}", "valence", valence, ()) for n in range(1, _VALENCE_COPIES + 1)]
    rows += [(f"neutral{n}", "neutral", 0.0, ()) for n in range(1, _NEUTRAL + 1)]
    rows += [
        (f"{kind}_{n % _MODIFIER_COPIES + 1}", "modifier", 0.0, MODIFIERS[kind])
        for n, kind in enumerate(kinds)
    ]
    rows += [(f"dummy{n}", "dummy", 0.0, ()) for n in range(1, len(kinds) + 1)]
    gains = np.ones((len(rows), max(len(MODIFIERS[kind]) for kind in kinds)))
    for number, (_, _, _, profile) in enumerate(rows):
        gains[number, : len(profile)] = profile
    return ReviewVocabulary(
        words=[word for word, *_ in rows],
        groups=[group for _, group, *_ in rows],
        valences=np.array([valence for _, _, valence, _ in rows]),
        gains=gains,
    )
