"""Classifiers of 12,000 generated reviews of 15 to 30 words, from documents to fitted weights.

The plain bag of words is also fitted by scikit-learn's `LogisticRegression`, with the same
objective, on counts that the package's `count_matrix` makes in the time that is measured. *Loss* is
the objective that was reached: mean logistic loss + penalty. The rungs above (12 modifiers on 5
words each, begin and end) have no peer.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from unrolled.baselines import RUNGS, ModifiedBagOfWords, count_matrix
from unrolled.record.determinism import generator
from unrolled.tasks import GeneratedReviews, generate_reviews

from .networks import SEED
from .rounds import FASTER, Bench, Row, ratios, rows_of

TITLE = "Baselines"
THREADS = 1

OURS, PEER = "Unrolled", "scikit-learn, counts"
DOCUMENTS, PENALTY = 12_000, 1e-5
ABOVE = ("B12", "B3", "B3k", "B4", "B4a")


def run(bench: Bench) -> list[Row]:
    """All rows of this group."""
    reviews = generate_reviews(
        DOCUMENTS,
        generator(SEED, "baselines"),
        length=[15, 30],
        valence_share=0.25,
        modifier_share=0.1,
        begin_weight=1.0,
        end_weight=1.0,
    )
    rows = plain(bench, reviews)
    modifiers = reviews.scoring.vocabulary.of_group("modifier")
    for name in ABOVE:
        rung = RUNGS[name]
        model = ModifiedBagOfWords(
            modifiers if rung.modifying else (),
            lags=rung.lags,
            begin=rung.begin,
            end=rung.end,
            own_weights=rung.own_weights,
            penalty=PENALTY,
        )
        case = f"{name}, {rung.title}"
        timed = bench.compare(case, {OURS: partial(fit, model, reviews)})[OURS]
        rows += rows_of(case, OURS, numbers(timed.seconds, timed.result, reviews))
    return rows


def plain(bench: Bench, reviews: GeneratedReviews) -> list[Row]:
    """The bag of words, beside scikit-learn's."""
    case = f"B0, {RUNGS['B0'].title}"
    model = ModifiedBagOfWords(penalty=PENALTY)
    timed = bench.compare(
        case, {OURS: partial(fit, model, reviews), PEER: partial(fit_counts, reviews)}
    )
    rows = rows_of(case, OURS, numbers(timed[OURS].seconds, timed[OURS].result, reviews))
    theirs = numbers(timed[PEER].seconds, timed[PEER].result, reviews)
    theirs[FASTER] = ratios(timed[PEER].seconds, timed[OURS].seconds)
    return rows + rows_of(case, PEER, theirs)


def fit(model: ModifiedBagOfWords, reviews: GeneratedReviews) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of the documents, and all weights that are penalised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(reviews.tokens, reviews.labels)
    weights = np.concatenate([model.coef_, model.own_coef_.ravel()])
    return model.decision_function(reviews.tokens), weights


def fit_counts(reviews: GeneratedReviews) -> tuple[np.ndarray, np.ndarray]:
    """The same from scikit-learn."""
    counts = count_matrix(list(reviews.tokens), int(reviews.tokens.max()) + 1)
    model = LogisticRegression(C=0.5 / (PENALTY * DOCUMENTS), tol=1e-5, max_iter=2000)
    model.fit(counts, reviews.labels)
    return model.decision_function(counts), model.coef_[0]


def numbers(
    seconds: tuple[float, ...], result: tuple[np.ndarray, np.ndarray], reviews: GeneratedReviews
) -> dict[tuple[str, str], tuple[float, ...]]:
    """Time, and the objective that was reached."""
    log_odds, weights = result
    loss = np.logaddexp(0, np.where(reviews.labels == 1, -log_odds, log_odds)).mean()
    return {
        ("time", "s"): seconds,
        ("loss", "nat"): (float(loss + PENALTY * (weights**2).sum()),),
    }
