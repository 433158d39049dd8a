"""A bag of words that knows about modifiers and about the place of a word, as a classifier."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted

from .documents import Documents, count_bigrams, frequent_bigrams, lay_out
from .word_models import Evidence, Model, decisions, gain_profiles, minimise_loss


class ModifiedBagOfWords(ClassifierMixin, BaseEstimator):
    """Logistic regression on words whose weights depend on modifiers and on the words' places.

    A document of words w_0, ..., w_{T-1} has the log-odds

        z = c + sum_t beta[w_t] G_t p_t
        G_t = 1 + sum_m sum_{k=1..reach} alpha_m(k) mu_m[t-k]
        p_t = 1 + A_b exp(-t / tau_b) + A_e exp(-(T-1-t) / tau_e)

    where mu_m[t] is 1 where modifier m stands. Without modifiers, begin and end it is a plain
    bag of words. The objective is the mean logistic loss + penalty * |weights|^2, minimised by
    L-BFGS from beta = 0, alpha = 0, A = 0.3, tau = 3. The same documents in the same order always
    give the same numbers.

    Parameters
    ----------
    modifiers : sequence or ndarray of int
        Words that may change the weights of the words after them. They keep a weight of their
        own as well.
    lags : {"free", "exponential"}
        Whether alpha_m(k) is a parameter for each lag k, or alpha_m exp(-(k - 1) / tau_m).
    reach : int
        K, the number of words after a modifier that it acts on.
    begin, end : bool
        Whether words near the begin, and the end, of a document count differently.
    own_weights : bool
        Modifiers, begin and end bring a weight of their own for every word instead of
        multiplying the one it has:
        z = c + sum_t (beta[w_t] + sum_m (f_m * mu_m)[t] beta^m[w_t] + f_b(t) beta^b[w_t]
        + f_e(T-1-t) beta^e[w_t]), where every f decays exponentially from 1. Asks for
        exponential lags.
    bigrams : int, optional
        Pairs of neighbouring words get a weight each if training has them so often.
    penalty : float
        On the sum of squares of all weights of words and bigrams; alpha, A, tau and c are free.
        For the plain bag of words it is `sklearn.linear_model.LogisticRegression` with
        C = 1 / (2 * penalty * n_documents).
    max_iter : int
        Iterations of L-BFGS at most; where they do not do, a ConvergenceWarning says so.
    tol : float
        It has converged where no entry of the gradient is larger.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels; positive log-odds speak for the second.
    coef_ : ndarray of shape (n_words,)
        beta: change of the log-odds (nat) by one more of each word, without modifiers and far
        from begin and end. n_words is the largest word in training + 1.
    intercept_ : float
        c, nat.
    gains_ : ndarray of shape (n_modifiers, reach)
        alpha_m(k): a word k + 1 words after modifier m counts 1 + ``gains_[m, k]`` times. With
        own_weights the least-squares slope of the weights beta^m on beta, times f_m.
    modifier_times_ : ndarray of shape (n_modifiers,)
        tau_m in words; NaN with free lags, which have none.
    begin_, end_ : tuple of two float, or None
        Amplitude (A) and time constant (tau, words), or None where that is not part of the
        model. With own_weights the amplitude is a slope as in ``gains_``.
    own_coef_ : ndarray of shape (n_modifiers + begin + end, n_words)
        beta^m, beta^b, beta^e, in this order; no rows without own_weights.
    bigrams_ : ndarray of shape (n_bigrams, 2), int
    bigram_coef_ : ndarray of shape (n_bigrams,)
    n_iter_ : int
        Iterations of L-BFGS.
    converged_ : bool
        Whether ``tol`` was reached.

    Notes
    -----
    Documents are rows of numbers of words, in a list or in one array padded with 0, which is
    left out wherever it stands. A word that training did not have counts nothing, as if the
    penalty had kept its weight at zero, but takes its place.

    Labels identify alpha only up to what classification needs: trust signs, spans and order, not
    values. And as the weights are penalised but the amplitudes are not, a strong penalty is evaded
    by small weights and large A_b, A_e: read them by `place_weights`, relative to mid-document.

    The equations after Maheswaranathan and Sussillo, "How recurrent networks implement contextual
    processing in sentiment analysis", ICML 2020, who describe them in words.

    Examples
    --------
    Documents of one's own become numbers by a vocabulary; 0 stays free for padding.

    >>> from unrolled.baselines import ModifiedBagOfWords
    >>> texts = ["a good film", "a bad film", "good", "bad", "a really good film", "really bad",
    ...          "not good", "not a bad film"]
    >>> liked = ["yes", "no", "yes", "no", "yes", "no", "no", "yes"]
    >>> vocabulary = sorted({word for text in texts for word in text.split()})
    >>> number = {word: place for place, word in enumerate(vocabulary, start=1)}
    >>> documents = [[number[word] for word in text.split()] for text in texts]

    To count words is not enough here: "not" turns the words after it.

    >>> float(ModifiedBagOfWords().fit(documents, liked).score(documents, liked))
    0.75
    >>> model = ModifiedBagOfWords(modifiers=[number["not"]], reach=2).fit(documents, liked)
    >>> float(model.score(documents, liked))
    1.0
    >>> (1 + model.gains_ < 0).tolist()  # one and two words after "not"
    [[True, True]]
    >>> model.predict([[number["not"], number["bad"]]]).tolist()
    ['yes']
    """

    def __init__(
        self,
        modifiers: Sequence[int] | np.ndarray = (),
        *,
        lags: Literal["free", "exponential"] = "free",
        reach: int = 5,
        begin: bool = False,
        end: bool = False,
        own_weights: bool = False,
        bigrams: int | None = None,
        penalty: float = 1e-4,
        max_iter: int = 150,
        tol: float = 1e-5,
    ) -> None:
        self.modifiers = modifiers
        self.lags = lags
        self.reach = reach
        self.begin = begin
        self.end = end
        self.own_weights = own_weights
        self.bigrams = bigrams
        self.penalty = penalty
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: Any, y: Any) -> ModifiedBagOfWords:
        """Find the weights.

        Parameters
        ----------
        X : sequence of ndarray of int, or ndarray of shape (n_documents, n_positions), int
            Words of each document; 0 is padding.
        y : array-like of shape (n_documents,)
            Labels, two different ones.

        Returns
        -------
        ModifiedBagOfWords
            Itself.

        Raises
        ------
        ValueError
            If documents, labels or parameters are not as described, or a modifier is not among
            the words.
        """
        self._check_parameters()
        is_second = self._read_labels(y)
        documents = lay_out(X)
        check_consistent_length(documents.lengths, is_second)
        n_words = int(documents.words.max()) + 1
        self.bigrams_ = np.zeros((0, 2), dtype=np.intp)
        if self.bigrams is not None:
            self.bigrams_ = frequent_bigrams(documents, self.bigrams)
        self._read_modifiers(n_words)
        self._model = Model(
            n_words=n_words,
            n_modifiers=len(self._modifiers),
            reach=self.reach,
            n_edges=self.begin + self.end,
            n_bigrams=len(self.bigrams_),
            free_lags=self.lags == "free",
            own_weights=self.own_weights,
        )
        found = minimise_loss(
            self._model,
            self._evidence(documents),
            is_second,
            penalty=self.penalty,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.n_iter_, self.converged_ = int(found.nit), bool(found.success)
        if not self.converged_:
            warnings.warn(
                f"after {self.n_iter_} iterations the fit has not come to rest: {found.message}. "
                "Raise max_iter or tol.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self._parameters = self._model.unpack(found.x)
        self._name_parameters()
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds of the second label.

        Parameters
        ----------
        X : as in fit

        Returns
        -------
        ndarray of shape (n_documents,)
            In nat.
        """
        check_is_fitted(self)
        documents = lay_out(X).within(self._model.n_words)
        return decisions(self._model, self._parameters, self._evidence(documents))[0]

    def predict(self, X: Any) -> np.ndarray:
        """The more likely label of each document, the second where both are equally likely.

        Parameters
        ----------
        X : as in fit

        Returns
        -------
        ndarray of shape (n_documents,)
        """
        is_second = self.decision_function(X) >= 0
        return self.classes_[is_second.astype(int)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each label.

        Parameters
        ----------
        X : as in fit

        Returns
        -------
        ndarray of shape (n_documents, 2)
        """
        log_odds = self.decision_function(X)
        return expit(np.column_stack([-log_odds, log_odds]))

    def place_weights(self, length: int) -> np.ndarray:
        """How much a word counts at each place of a document.

        Parameters
        ----------
        length : int
            Of the document, in words.

        Returns
        -------
        ndarray of shape (length,)
            p_t; 1 throughout without begin and end.
        """
        check_is_fitted(self)
        place, weights = np.arange(length), np.ones(length)
        for edge, distance in ((self.begin_, place), (self.end_, place[::-1])):
            if edge is not None:
                amplitude, time = edge
                weights += amplitude * np.exp(-distance / time)
        return weights

    def __sklearn_tags__(self) -> Any:
        """Two labels; words are categories, numbered from 0."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        return tags

    def _check_parameters(self) -> None:
        if self.lags not in ("free", "exponential"):
            raise ValueError(f'lags is {self.lags!r}; it must be "free" or "exponential".')
        if self.own_weights and self.lags == "free":
            raise ValueError(
                'own_weights=True asks for lags="exponential": weights of their own for every '
                "lag as well would be more than documents can tell."
            )
        for name, least in (("reach", 1), ("max_iter", 1), ("penalty", 0), ("tol", 0)):
            if not getattr(self, name) >= least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {least}.")

    def _read_labels(self, y: Any) -> np.ndarray:
        if y is None:
            raise ValueError("fit requires y to be passed, but the target y is None.")
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise ValueError(
                f"the labels of {len(labels)} documents are all one class, "
                f"{self.classes_.tolist()}; two classes are needed."
            )
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(labels)}, with {len(self.classes_)} labels."
            )
        return labels == self.classes_[1]

    def _read_modifiers(self, n_words: int) -> None:
        modifiers = np.asarray(self.modifiers)
        self._modifiers = modifiers.astype(np.intp)
        valid = np.unique(self._modifiers[(modifiers >= 1) & (modifiers < n_words)])
        if len(valid) != len(modifiers) or (self._modifiers != modifiers).any():
            raise ValueError(
                f"modifiers are {modifiers.tolist()}; they must be different words from 1 to "
                f"{n_words - 1}, the largest in these documents."
            )

    def _evidence(self, documents: Documents) -> Evidence:
        edges = [(self.begin, documents.from_begin), (self.end, documents.to_end)]
        return Evidence(
            documents,
            documents.hits(self._modifiers, self.reach),
            tuple(distance for is_there, distance in edges if is_there),
            count_bigrams(documents, self.bigrams_),
        )

    def _name_parameters(self) -> None:
        """What was found, in the field's terms."""
        found, n_modifiers = self._parameters, len(self._modifiers)
        weights = np.atleast_2d(found["weights"])
        self.coef_, self.own_coef_ = weights[0], weights[1:]
        self.intercept_, self.bigram_coef_ = float(found["intercept"]), found["bigrams"]
        self.gains_ = gain_profiles(self._model, found).values
        self.modifier_times_ = np.full(n_modifiers, np.nan)
        if "modifier_times" in found:
            self.modifier_times_ = np.exp(found["modifier_times"])
        amplitudes = found.get("edge_amplitudes", np.zeros(0))
        if self._model.own_weights:
            size = self.coef_ @ self.coef_
            slopes = self.own_coef_ @ self.coef_ / size if size else 0.0 * self.own_coef_[:, 0]
            amplitudes = slopes[n_modifiers:]
            self.gains_ = slopes[:n_modifiers, None] * self.gains_
        edges = iter(zip(amplitudes.tolist(), np.exp(found["edge_times"]).tolist(), strict=True))
        self.begin_ = next(edges) if self.begin else None
        self.end_ = next(edges) if self.end else None
