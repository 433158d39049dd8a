"""From a bag of words upwards: what each ingredient adds on the same documents."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from .modified_bag_of_words import ModifiedBagOfWords


_SAME = 9  # decimals to which log losses are alike: the last bits choose no penalty


@dataclass(frozen=True)
class Rung:
    """What one classifier of the ladder has.

    Attributes
    ----------
    title : str
        For tables and figures.
    modifying : {"modifiers", "controls"} or None
        Which words may change the weights of those after them.
    lags : {"free", "exponential"}
        See `ModifiedBagOfWords`.
    begin, end, own_weights : bool
        See `ModifiedBagOfWords`.
    bigrams : bool
        Whether pairs of neighbouring words have weights.
    """

    title: str
    modifying: Literal["modifiers", "controls"] | None = None
    lags: Literal["free", "exponential"] = "free"
    begin: bool = False
    end: bool = False
    own_weights: bool = False
    bigrams: bool = False


RUNGS = {
    "B0": Rung("bag of words"),
    "B1": Rung("+ begin", begin=True),
    "B2": Rung("+ end", end=True),
    "B12": Rung("+ begin and end", begin=True, end=True),
    "B3": Rung("+ modifiers, exponential", "modifiers", "exponential"),
    "B3k": Rung("+ modifiers", "modifiers"),
    "B4": Rung("+ modifiers, begin and end", "modifiers", begin=True, end=True),
    "B4x": Rung(
        "+ modifiers, exponential, begin and end", "modifiers", "exponential", begin=True, end=True
    ),
    "B4a": Rung(
        "+ own weights for modifiers, begin and end",
        "modifiers",
        "exponential",
        begin=True,
        end=True,
        own_weights=True,
    ),
    "X0": Rung("+ control words, begin and end", "controls", begin=True, end=True),
    "X1": Rung("+ bigrams", bigrams=True),
}
"""The ladder: B4 holds B0, B1, B2, B12, B3, B3k and B4x as special cases; B4a adds where the others
multiply; X0 and X1 are controls."""


class LabelledDocuments(NamedTuple):
    """Rows of words, padded with 0 or each by itself, and their labels, shape (n_documents,)."""

    documents: Any
    labels: np.ndarray


@dataclass(frozen=True)
class FittedRung:
    """A rung with the penalty that was best on validation.

    Attributes
    ----------
    model : ModifiedBagOfWords
        Fitted; `gains_`, `modifier_times_`, `begin_` and `end_` are what it found.
    penalty : float
    train_accuracy, validation_accuracy, test_accuracy : float
    test_decisions : ndarray of shape (n_test_documents,)
        Log-odds, nat.
    test_right : ndarray of shape (n_test_documents,), bool
        Whether each test document is labelled right.
    tried : ndarray of shape (n_penalties,)
        Validation accuracy with each penalty, in the order given.
    """

    model: ModifiedBagOfWords
    penalty: float
    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    test_decisions: np.ndarray
    test_right: np.ndarray
    tried: np.ndarray


def fit_ladder(
    train: LabelledDocuments,
    validation: LabelledDocuments,
    test: LabelledDocuments,
    *,
    penalties: Sequence[float],
    modifiers: Sequence[int] | np.ndarray,
    controls: Sequence[int] | np.ndarray,
    rungs: Sequence[str] = tuple(RUNGS),
    reach: int = 5,
    minimum_count: int = 5,
    max_iter: int = 150,
) -> dict[str, FittedRung]:
    """Fit each rung, its penalty chosen on validation.

    The penalty with the best accuracy is taken; of equally good ones that with the least log
    loss, then the strongest.

    Parameters
    ----------
    train, validation, test : LabelledDocuments
    penalties : sequence of float
        To try, see `ModifiedBagOfWords`.
    modifiers : sequence or ndarray of int
        Words that modify others.
    controls : sequence or ndarray of int
        Words that X0 takes in their place, as many and as frequent.
    rungs : sequence of str
        Keys of ``RUNGS``.
    reach : int
        Words after a modifier that it acts on.
    minimum_count : int
        Bigrams that training has less often get no weight.
    max_iter : int
        Iterations of each fit. A fit that they end is used as it is; `converged_` tells.

    Returns
    -------
    dict of str to FittedRung
        In the order of ``rungs``.

    Raises
    ------
    ValueError
        If a rung is unknown, there are no penalties, or documents or labels will not do.
    """
    unknown = [name for name in rungs if name not in RUNGS]
    if unknown or not len(penalties):
        raise ValueError(
            f"rungs are {list(rungs)} and penalties {list(penalties)}; there must be at least one "
            f"penalty, and rungs are {', '.join(RUNGS)}."
        )
    known = set(np.unique(np.asarray(train.labels)).tolist())
    for name, part in (("validation", validation), ("test", test)):
        strange = set(np.unique(np.asarray(part.labels)).tolist()) - known
        if strange:
            raise ValueError(
                f"the {name} labels {sorted(strange)} are not among those of training, "
                f"{sorted(known)}."
            )
    words: dict[str | None, Sequence[int] | np.ndarray] = {
        None: (),
        "modifiers": modifiers,
        "controls": controls,
    }
    fitted = {}
    for name in rungs:
        rung = RUNGS[name]
        settings = {
            "modifiers": words[rung.modifying],
            "lags": rung.lags,
            "reach": reach,
            "begin": rung.begin,
            "end": rung.end,
            "own_weights": rung.own_weights,
            "bigrams": minimum_count if rung.bigrams else None,
            "max_iter": max_iter,
        }
        fitted[name] = _fit_rung(settings, train, validation, test, penalties)
    return fitted


def _fit_rung(
    settings: dict[str, Any],
    train: LabelledDocuments,
    validation: LabelledDocuments,
    test: LabelledDocuments,
    penalties: Sequence[float],
) -> FittedRung:
    from sklearn.exceptions import ConvergenceWarning

    from .modified_bag_of_words import ModifiedBagOfWords

    models, scores = [], []
    for penalty in penalties:
        model = ModifiedBagOfWords(**settings, penalty=penalty)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(train.documents, train.labels)
        log_odds = model.decision_function(validation.documents)
        is_second = np.asarray(validation.labels) == model.classes_[1]
        accuracy = float(((log_odds >= 0) == is_second).mean())
        log_loss = float(np.logaddexp(0.0, np.where(is_second, -log_odds, log_odds)).mean())
        models.append(model)
        scores.append((accuracy, -round(log_loss, _SAME), penalty))
    best = max(range(len(scores)), key=scores.__getitem__)
    model = models[best]
    decisions = model.decision_function(test.documents)
    right = (decisions >= 0) == (np.asarray(test.labels) == model.classes_[1])
    return FittedRung(
        model=model,
        penalty=float(penalties[best]),
        train_accuracy=float(model.score(train.documents, train.labels)),
        validation_accuracy=scores[best][0],
        test_accuracy=float(right.mean()),
        test_decisions=decisions,
        test_right=right,
        tried=np.array([accuracy for accuracy, *_ in scores]),
    )
