"""What a training needs to be told, checked at the door."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from unrolled.networks import Network


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    Parameters
    ----------
    epochs : int
        Passes over the training documents.
    batch : int
        Documents in one step.
    learning_rate : float
        Adam's rate at the first step.
    final_rate : float
        Share of ``learning_rate`` that the schedule reaches at the last step.
    clip : float
        Largest global norm of the gradient.
    embedding_dropout, state_dropout : float
        Share of the entries of word vectors, and of the last state, set to 0.
    word_dropout : float
        Share of words shown as the unknown word.
    weight_decay : float
        Share of the recurrent, input and readout weights taken away in a step, times the
        rate; apart from Adam's moments. Embedding, biases and first state do not decay.
    schedule : {"cosine", "exponential"}
        Whether the rate falls along half a cosine, or by the same factor in every step.
    epsilon : float
        Adam's epsilon.
    penalty : float
        Factor of the sum of squares of all trained parameters, which is added to the loss.
    state_noise : float
        Standard deviation of Gaussian noise added to every entry of the state after each word.

    Raises
    ------
    ValueError
        If a value cannot work; the message names it and says what can.
    """

    epochs: int
    batch: int
    learning_rate: float
    final_rate: float = 1.0
    clip: float = 5.0
    embedding_dropout: float = 0.0
    state_dropout: float = 0.0
    word_dropout: float = 0.0
    weight_decay: float = 0.0
    schedule: str = "cosine"
    epsilon: float = 1e-7
    penalty: float = 0.0
    state_noise: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for key in ("epochs", "batch"):
            self._check(key, getattr(self, key) >= 1, "a whole number of 1 or more")
        for key in ("learning_rate", "clip", "epsilon"):
            valid = 0.0 < getattr(self, key) < np.inf
            self._check(key, valid, "a positive number")
        self._check("final_rate", 0.0 <= self.final_rate <= 1.0, "between 0 and 1")
        for key in ("weight_decay", "penalty", "state_noise"):
            self._check(key, 0.0 <= getattr(self, key) < np.inf, "0 or more")
        valid = self.schedule in ("cosine", "exponential")
        self._check("schedule", valid, "'cosine' or 'exponential'")
        if self.schedule == "exponential":
            self._check("final_rate", self.final_rate > 0.0, "above 0, to fall exponentially")
        for key in ("embedding_dropout", "state_dropout", "word_dropout"):
            self._check(key, 0.0 <= getattr(self, key) < 1.0, "0 or more and below 1")

    def _check(self, key: str, valid: bool, allowed: str) -> None:
        if not valid:
            raise ValueError(
                f"The training setting {key} is {getattr(self, key)!r}; it must be {allowed}. "
                "Change it in config.yaml."
            )

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of step ``step`` of ``steps``, between the two rates."""
        progress = step / max(steps - 1, 1)
        if self.schedule == "exponential":
            return float(self.learning_rate * self.final_rate**progress)
        return float(cosine(self.learning_rate, self.final_rate, progress))


def cosine(rate: float, final_share: float, progress: np.ndarray | float) -> np.ndarray:
    """Learning rate that falls along half a cosine.

    Parameters
    ----------
    rate : float
        At the beginning.
    final_share : float
        What is left of it at the end.
    progress : float or ndarray
        From 0 to 1.
    """
    share = 0.5 * (1.0 + np.cos(np.pi * np.asarray(progress)))
    return rate * (final_share + (1.0 - final_share) * share)


@dataclass(frozen=True)
class LabelledDocuments:
    """Documents and their classes.

    Parameters
    ----------
    documents : sequence of int ndarrays
        Word ids of each document, without padding; none empty.
    labels : int ndarray of shape (n,)
        0 or 1, both present.

    Raises
    ------
    ValueError
        If there are no documents, one is empty, the numbers of documents and labels
        differ, or the labels are not of two classes.
    """

    documents: Sequence[np.ndarray]
    labels: np.ndarray

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if len(self.documents) == 0:
            raise ValueError(
                "There are no documents to learn from. Look at the corpus file and at the "
                "settings that drop documents (limit, longest, minimum_rating)."
            )
        object.__setattr__(self, "labels", checked_labels(self.labels, len(self.documents)))
        lengths = self.lengths
        if lengths.min() < 1:
            raise ValueError(f"Document {int(lengths.argmin())} is empty; drop empty documents.")

    @property
    def lengths(self) -> np.ndarray:
        """Words in each document, (n,)."""
        return np.array([len(document) for document in self.documents], dtype=np.int64)


@dataclass(frozen=True)
class TargetedDocuments:
    """Documents with a number to tell at every word.

    Parameters
    ----------
    documents : sequence of int ndarrays
        Word ids of each document, without padding; none empty.
    targets : sequence of float ndarrays
        What the readout should be after each word, as long as the documents.

    Raises
    ------
    ValueError
        If there are no documents, one is empty, or targets are missing, of another shape, or
        not finite in single precision.
    """

    documents: Sequence[np.ndarray]
    targets: Sequence[np.ndarray]

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if len(self.documents) == 0 or len(self.targets) != len(self.documents):
            raise ValueError(
                f"There are {len(self.documents)} documents and targets for {len(self.targets)}; "
                "give at least one document, and targets for each."
            )
        for place, length in enumerate(self.lengths):
            if length < 1:
                raise ValueError(f"Document {place} is empty; drop empty documents.")
            shape = np.shape(self.targets[place])
            if shape != (length,):
                raise ValueError(
                    f"Document {place} has {length} words, but targets of shape {shape}; give one "
                    "number for each word."
                )
        with np.errstate(over="ignore"):
            unusable = np.flatnonzero(~np.isfinite(self.joined))
        if len(unusable) > 0:
            place = int(np.searchsorted(self.lengths.cumsum(), unusable[0], side="right"))
            raise ValueError(
                f"Targets of document {place} are NaN, infinite or above 3e38, the largest number "
                "in single precision; mend or drop the document."
            )

    @property
    def lengths(self) -> np.ndarray:
        """Words in each document, (n,)."""
        return np.array([len(document) for document in self.documents], dtype=np.int64)

    @property
    def joined(self) -> np.ndarray:
        """Targets of all words, one document after another, float32."""
        return np.concatenate([np.zeros(0), *self.targets]).astype(np.float32)


Documents = LabelledDocuments | TargetedDocuments


def checked_labels(labels: np.ndarray, documents: int) -> np.ndarray:
    """Labels as float32, one for each document.

    Raises
    ------
    ValueError
        If their number is wrong or they are not 0 and 1, both present.
    """
    labels = np.asarray(labels)
    if labels.shape != (documents,):
        raise ValueError(f"There are {documents} documents but labels of shape {labels.shape}.")
    classes = np.unique(labels)
    if not np.array_equal(classes, [0, 1]):
        raise ValueError(
            f"The labels must be of two classes, 0 and 1; these are {classes[:5].tolist()}. With "
            "one class there is nothing to learn: look at the corpus and its splits."
        )
    return labels.astype(np.float32)


@dataclass(frozen=True)
class Plan:
    """One network to train.

    Parameters
    ----------
    network : Network
        Its first values.
    recipe : Recipe
    rng : numpy.random.Generator
        Order of the documents and dropout; nothing else enters the training by chance.
        Training draws from it, so a second training needs a new one.
    labels, validation_labels : ndarray, optional
        Used instead of the documents' own: a twin that learns from shuffled labels
        differs in nothing else.
    frozen : collection of str
        Parameters that are not trained, as `Network.parameters` names them.

    Raises
    ------
    ValueError
        If a frozen parameter does not exist, or all are frozen.
    """

    network: Network
    recipe: Recipe
    rng: np.random.Generator
    labels: np.ndarray | None = None
    validation_labels: np.ndarray | None = None
    frozen: Collection[str] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        names = self.network.parameters()
        unknown = [name for name in self.frozen if name not in names]
        if unknown or set(self.frozen) == set(names):
            raise ValueError(
                f"frozen is {list(self.frozen)}; the network's parameters are {', '.join(names)}, "
                "of which at least one has to be trained."
            )
