"""Sums over words, each weighted by what stands before it and by its place, with their gradients.

Notation: word w_t at t = 0, ..., T - 1 of a document; mu_m[t] = 1 where modifier m stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.sparse import csr_array
from scipy.special import expit

from .documents import Documents, Hits

Parameters = Mapping[str, np.ndarray]
PullBack = Callable[[np.ndarray], dict[str, np.ndarray]]

START_AMPLITUDE, START_TIME = 0.3, 3.0
# A time constant of 0.1 words leaves one word, one of 100 makes no difference between places.
TIME_BOUNDS = (0.1, 100.0)
# A word at an edge counts at most five times as much as in the middle, and never the other way
# round. Without a bound the penalty on weights is evaded by small weights and large amplitudes.
AMPLITUDE_BOUNDS = (-1.0, 4.0)
_PENALISED = ("weights", "bigrams")
_TIMES = ("modifier_times", "edge_times")
# Steps that L-BFGS remembers: weights times factors curve, and with 40 steps it takes about half of
# the iterations that it takes with the usual 10.
_MEMORY = 40


@dataclass(frozen=True)
class Model:
    """Which parameters there are.

    Attributes
    ----------
    n_words : int
        Words of the vocabulary, padding included.
    n_modifiers, reach : int
        Modifiers, and the words after each that it acts on (K).
    n_edges : int
        Edges of a document (begin, end) near which a word counts differently.
    n_bigrams : int
    free_lags : bool
        Whether a modifier's effects on the words after it are parameters of their own; if not,
        they decay exponentially.
    own_weights : bool
        Whether modifiers and edges bring weights of their own for every word, instead of
        multiplying the one weight that a word has.
    """

    n_words: int
    n_modifiers: int
    reach: int
    n_edges: int
    n_bigrams: int
    free_lags: bool
    own_weights: bool

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter; time constants are natural logarithms, of words."""
        modifiers, edges = (self.n_modifiers,), (self.n_edges,)
        shared: dict[str, tuple[int, ...]] = {"intercept": (), "bigrams": (self.n_bigrams,)}
        if self.own_weights:
            vectors = 1 + self.n_modifiers + self.n_edges
            shared |= {"weights": (vectors, self.n_words), "modifier_times": modifiers}
            return shared | {"edge_times": edges}
        shared |= {"weights": (self.n_words,), "edge_amplitudes": edges, "edge_times": edges}
        if self.free_lags:
            return shared | {"gains": (self.n_modifiers, self.reach)}
        return shared | {"amplitudes": modifiers, "modifier_times": modifiers}

    def start(self) -> dict[str, np.ndarray]:
        """Parameters to start from: all are 0, but edges have A = 0.3, and every tau is 3."""
        first = {"edge_amplitudes": START_AMPLITUDE} | dict.fromkeys(_TIMES, np.log(START_TIME))
        return {name: np.full(shape, first.get(name, 0.0)) for name, shape in self.shapes.items()}

    def pack(self, parameters: Parameters) -> np.ndarray:
        """All parameters in one vector."""
        return np.concatenate([np.ravel(parameters[name]) for name in self.shapes])

    def unpack(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Parameters from one vector, of which they are views."""
        sizes = [prod(shape) for shape in self.shapes.values()]
        parts = np.split(vector, np.cumsum(sizes)[:-1])
        return {
            name: part.reshape(shape)
            for part, (name, shape) in zip(parts, self.shapes.items(), strict=True)
        }

    def bounds(self) -> np.ndarray:
        """Least and largest value of each entry of the vector, shape (n, 2)."""
        low, high = np.log(TIME_BOUNDS)
        limits = {name: (low, high) for name in _TIMES}
        limits["edge_amplitudes"] = AMPLITUDE_BOUNDS
        return np.column_stack(
            [
                self.pack(
                    {
                        name: np.full(shape, limits.get(name, (-np.inf, np.inf))[side])
                        for name, shape in self.shapes.items()
                    }
                )
                for side in (0, 1)
            ]
        )


@dataclass(frozen=True)
class Evidence:
    """What a model reads in documents; it does not change while parameters do.

    Attributes
    ----------
    documents : Documents
    hits : Hits
    edges : tuple of ndarray of shape (n_positions,), int
        Words between each word and each edge.
    bigrams : csr_array of shape (n_documents, n_bigrams)
        Counts.
    """

    documents: Documents
    hits: Hits
    edges: tuple[np.ndarray, ...]
    bigrams: csr_array


class Decay(NamedTuple):
    """A exp(-n / tau) at n = 0, 1, ..., and its derivatives; all of shape (n_profiles, size)."""

    values: np.ndarray
    by_amplitude: np.ndarray
    by_log_time: np.ndarray


def decay(amplitudes: np.ndarray, log_times: np.ndarray, size: int) -> Decay:
    """Exponential profiles.

    Parameters
    ----------
    amplitudes, log_times : ndarray of shape (n_profiles,)
        A, and ln tau.
    size : int

    Returns
    -------
    Decay
    """
    elapsed = np.arange(size) / np.exp(log_times)[:, None]
    profile = np.exp(-elapsed)
    values = amplitudes[:, None] * profile
    return Decay(values, profile, values * elapsed)


def decisions(
    model: Model, parameters: Parameters, evidence: Evidence
) -> tuple[np.ndarray, PullBack]:
    """Log-odds of documents, and the way back from changes of them to those of parameters.

    Parameters
    ----------
    model : Model
    parameters : mapping of str to ndarray
        Of the model's shapes.
    evidence : Evidence

    Returns
    -------
    log_odds : ndarray of shape (n_documents,)
        z, in nat.
    pull_back : callable
        From dL/dz, of shape (n_documents,), to dL/dtheta of every parameter.
    """
    documents = evidence.documents
    of_words = _own_weights if model.own_weights else _shared_weights
    terms, pull_terms = of_words(model, parameters, evidence)
    log_odds = np.add.reduceat(terms, documents.starts)
    log_odds += evidence.bigrams @ parameters["bigrams"] + parameters["intercept"]

    def pull_back(by_log_odds: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "intercept": by_log_odds.sum(),
            "bigrams": evidence.bigrams.T @ by_log_odds,
            **pull_terms(np.repeat(by_log_odds, documents.lengths)),
        }

    return log_odds, pull_back


def penalised_loss(
    vector: np.ndarray, model: Model, evidence: Evidence, labels: np.ndarray, penalty: float
) -> tuple[float, np.ndarray]:
    """Mean logistic loss + penalty * (sum of squared word weights), and its gradient.

    Parameters
    ----------
    vector : ndarray of shape (n_parameters,)
    model : Model
    evidence : Evidence
    labels : ndarray of shape (n_documents,), bool
    penalty : float

    Returns
    -------
    loss : float
        In nat.
    gradient : ndarray of shape (n_parameters,)
    """
    parameters = model.unpack(vector)
    log_odds, pull_back = decisions(model, parameters, evidence)
    loss = np.logaddexp(0.0, np.where(labels, -log_odds, log_odds)).mean()
    gradient = pull_back((expit(log_odds) - labels) / len(labels))
    for name in _PENALISED:
        loss += penalty * (parameters[name] ** 2).sum()
        gradient[name] = gradient[name] + 2.0 * penalty * parameters[name]
    return float(loss), model.pack(gradient)


def minimise_loss(
    model: Model,
    evidence: Evidence,
    labels: np.ndarray,
    *,
    penalty: float,
    max_iter: int,
    tol: float,
) -> OptimizeResult:
    """L-BFGS from the model's start.

    Parameters
    ----------
    model : Model
    evidence : Evidence
    labels : ndarray of shape (n_documents,), bool
    penalty : float
    max_iter : int
    tol : float
        It has converged where no entry of the projected gradient is larger.

    Returns
    -------
    scipy.optimize.OptimizeResult
    """
    return minimize(
        penalised_loss,
        model.pack(model.start()),
        args=(model, evidence, labels, penalty),
        jac=True,
        method="L-BFGS-B",
        bounds=model.bounds(),
        options={"maxiter": max_iter, "gtol": tol, "ftol": 0.0, "maxcor": _MEMORY},
    )


def gain_profiles(model: Model, parameters: Parameters) -> Decay:
    """What each modifier does to the words after it, of shape (n_modifiers, reach).

    Free gains have no derivative but by themselves; with weights of their own, profiles begin
    at 1.
    """
    if "gains" in parameters:
        ones = np.ones_like(parameters["gains"])
        return Decay(parameters["gains"], ones, 0.0 * ones)
    amplitudes = parameters.get("amplitudes", np.ones(model.n_modifiers))
    return decay(amplitudes, parameters["modifier_times"], model.reach)


def _edge_profiles(model: Model, parameters: Parameters, evidence: Evidence) -> Decay:
    amplitudes = parameters.get("edge_amplitudes", np.ones(model.n_edges))
    return decay(amplitudes, parameters["edge_times"], int(evidence.documents.lengths.max()))


def _shared_weights(
    model: Model, parameters: Parameters, evidence: Evidence
) -> tuple[np.ndarray, PullBack]:
    """beta[w_t] G_t p_t: the terms of the sum over words, and the way back from them."""
    words, hits, edges = evidence.documents.words, evidence.hits, evidence.edges
    lags, near = gain_profiles(model, parameters), _edge_profiles(model, parameters, evidence)
    weights = parameters["weights"][words]
    gains = 1.0 + _sums(hits.positions, lags.values[hits.modifiers, hits.lags], len(words))
    places = np.ones(len(words))
    for profile, distance in zip(near.values, edges, strict=True):
        places += profile[distance]

    def pull_back(by_term: np.ndarray) -> dict[str, np.ndarray]:
        by_gain = (by_term * weights * places)[hits.positions]
        by_place = by_term * weights * gains
        return {
            "weights": _sums(words, by_term * gains * places, model.n_words),
            **_by_modifiers(model, lags, hits, by_gain),
            **_by_edges(near, edges, [by_place] * len(edges)),
        }

    return weights * gains * places, pull_back


def _own_weights(
    model: Model, parameters: Parameters, evidence: Evidence
) -> tuple[np.ndarray, PullBack]:
    """beta[w_t] + sum of each modifier's and each edge's own weights, and the way back."""
    words, hits, edges = evidence.documents.words, evidence.hits, evidence.edges
    lags, near = gain_profiles(model, parameters), _edge_profiles(model, parameters, evidence)
    plain, modified, at_edges = np.split(parameters["weights"], [1, 1 + model.n_modifiers])
    exposure = lags.values[hits.modifiers, hits.lags]
    modified_weights = modified[hits.modifiers, words[hits.positions]]
    edge_weights = at_edges[:, words]
    terms = plain[0, words] + _sums(hits.positions, exposure * modified_weights, len(words))
    for profile, distance, weights in zip(near.values, edges, edge_weights, strict=True):
        terms += profile[distance] * weights

    def pull_back(by_term: np.ndarray) -> dict[str, np.ndarray]:
        by_hit = by_term[hits.positions]
        cells = hits.modifiers * model.n_words + words[hits.positions]
        by_weights = [
            _sums(words, by_term, model.n_words),
            _sums(cells, by_hit * exposure, modified.size),
            *(
                _sums(words, by_term * profile[distance], model.n_words)
                for profile, distance in zip(near.values, edges, strict=True)
            ),
        ]
        return {
            "weights": np.concatenate(by_weights).reshape(parameters["weights"].shape),
            **_by_modifiers(model, lags, hits, by_hit * modified_weights),
            **_by_edges(near, edges, by_term * edge_weights),
        }

    return terms, pull_back


def _by_modifiers(
    model: Model, lags: Decay, hits: Hits, by_hit: np.ndarray
) -> dict[str, np.ndarray]:
    size = (model.n_modifiers, model.reach)
    by_value = _sums(hits.modifiers * model.reach + hits.lags, by_hit, prod(size)).reshape(size)
    return {
        "gains": by_value,
        "amplitudes": (by_value * lags.by_amplitude).sum(axis=1),
        "modifier_times": (by_value * lags.by_log_time).sum(axis=1),
    }


def _by_edges(near: Decay, edges: tuple[np.ndarray, ...], by_place) -> dict[str, np.ndarray]:
    by_value = np.zeros(near.values.shape)
    for row, distance, by_one in zip(by_value, edges, by_place, strict=True):
        row[:] = _sums(distance, by_one, len(row))
    return {
        "edge_amplitudes": (by_value * near.by_amplitude).sum(axis=1),
        "edge_times": (by_value * near.by_log_time).sum(axis=1),
    }


def _sums(places: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Sum of the values at each place."""
    return np.bincount(places, weights=values, minlength=size)
