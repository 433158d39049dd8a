"""Training several networks one after another with one compiled step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from unrolled.networks import Network

from .batches import Batches
from .recipe import LabelledDocuments, Plan, checked_labels
from .stepper import CompiledStep, OptimiserState

LOSS_SHARE = 0.1  # of the validation loss in the score by which the best epoch is kept

Progress = Callable[[int, int, float], object]


@dataclass
class TrainingState:
    """Where a training stands between two epochs; all that is needed to go on.

    Parameters
    ----------
    optimiser : OptimiserState
    rng : numpy.random.Generator
    epoch : int
        Epochs made.
    history : list of dict
        One entry for each epoch: training and validation loss (nats), accuracy.
    best : dict of str to ndarray
        Parameters of the epoch with the best score so far.
    best_epoch : int
        Counted from 1; 0 before the first.
    """

    optimiser: OptimiserState
    rng: np.random.Generator
    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, np.ndarray] = field(default_factory=dict)
    best_epoch: int = 0


def train_networks(
    plans: Mapping[str, Plan],
    *,
    train: LabelledDocuments,
    validation: LabelledDocuments,
    longest: int | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[str, Network]]:
    """Train networks one after another.

    A network's bytes depend on its own plan and on the documents only, not on the others.
    Networks of the same cell and sizes share one compiled step.

    Parameters
    ----------
    plans : mapping of str to Plan
    train, validation : LabelledDocuments
        The same documents for all; a plan may bring labels of its own.
    longest : int, optional
        Words that a document may have. Memory and time of a step grow with the longest
        document, so one that slipped through the corpus's cap is refused.
    progress : callable, optional
        Called as ``progress(done, total, loss)`` after each step, counted over all plans.

    Yields
    ------
    name : str
    network : Network
        Of the epoch with the best validation accuracy less a tenth of the loss. Its
        metadata gain ``recipe``, ``history``, ``epoch``, ``validation_accuracy`` and
        ``validation_loss``.

    Raises
    ------
    ValueError
        If a token is not in a network's vocabulary, a document is longer than ``longest``,
        or a loss becomes infinite or NaN. Networks yielded before are not affected.
    """
    for labelled in (train, validation):
        _check_lengths(labelled, longest)
    for name, plan in plans.items():
        _check_tokens(name, plan.network, train)
        _check_tokens(name, plan.network, validation)
    total = sum(plan.recipe.epochs * _steps(plan, train) for plan in plans.values())
    compiled: dict[Any, CompiledStep] = {}
    done = 0
    for name, plan in plans.items():
        parameters = plan.network.parameters()
        cell = plan.network.cell
        key = (cell.name, cell.nonlinearity, *(value.shape for value in parameters.values()))
        if key not in compiled:
            compiled[key] = CompiledStep(cell, parameters)
        trainer = _Trainer(name, plan, train, validation, compiled[key])

        def report(step: int, loss: float, before: int = done) -> None:
            if progress is not None:
                progress(before + step, total, loss)

        yield name, trainer.train(report)
        done += trainer.steps


def _steps(plan: Plan, train: LabelledDocuments) -> int:
    """Steps in one epoch."""
    return -(-len(train.documents) // plan.recipe.batch)


class _Trainer:
    """Trains one network."""

    def __init__(
        self,
        name: str,
        plan: Plan,
        train: LabelledDocuments,
        validation: LabelledDocuments,
        compiled: CompiledStep,
    ) -> None:
        self._name, self._plan, self._compiled = name, plan, compiled
        self._labels = _labels(plan.labels, train)
        self._validation = LabelledDocuments(
            validation.documents, _labels(plan.validation_labels, validation)
        )
        network = plan.network
        self._batches = Batches(
            train, plan.recipe, inputs=network.cell.inputs, state_size=network.state_size
        )
        self.steps = plan.recipe.epochs * len(self._batches)

    def train(self, report: Callable[[int, float], None]) -> Network:
        """All epochs; returns the best epoch's network."""
        state = TrainingState(OptimiserState.fresh(self._plan.network.parameters()), self._plan.rng)
        self._compiled.load(state.optimiser)
        while state.epoch < self._plan.recipe.epochs:
            loss = self._epoch(state, report)
            state.optimiser = self._compiled.read()
            state.epoch += 1
            self._validate(state, loss)
        return self._result(state)

    def _epoch(self, state: TrainingState, report: Callable[[int, float], None]) -> float:
        """One pass over the documents; returns its mean loss."""
        recipe = self._plan.recipe
        losses = []
        first = state.epoch * len(self._batches)
        for step, batch in enumerate(self._batches.epoch(self._labels, state.rng), start=first):
            loss = self._compiled.run(batch, recipe=recipe, rate=recipe.rate(step, self.steps))
            self._check_finite(loss, step + 1)
            losses.append(loss)
            report(step + 1, loss)
        return float(np.mean(losses))

    def _check_finite(self, loss: float, step: int) -> None:
        """Stop a training that diverged, before its last good epoch passes for a result."""
        recipe = self._plan.recipe
        if not np.isfinite(loss):
            raise ValueError(
                f"Training of the network {self._name!r} diverged: the loss is {loss} at step "
                f"{step} of {self.steps}. Lower learning_rate ({recipe.learning_rate}) or clip "
                f"({recipe.clip}) in its training settings in config.yaml and run snakemake again."
            )

    def _validate(self, state: TrainingState, training_loss: float) -> None:
        """Note the epoch, and keep its parameters if none was better."""
        network = self._plan.network.with_parameters(state.optimiser.parameters, metadata={})
        with np.errstate(over="ignore", invalid="ignore"):
            accuracy, loss = evaluate(network, self._validation)
        self._check_finite(loss, state.epoch * len(self._batches))
        state.history.append(
            {
                "epoch": state.epoch,
                "training_loss": training_loss,
                "validation_accuracy": accuracy,
                "validation_loss": loss,
            }
        )
        scores = [
            entry["validation_accuracy"] - LOSS_SHARE * entry["validation_loss"]
            for entry in state.history
        ]
        if scores[-1] > max(scores[:-1], default=-np.inf):
            state.best, state.best_epoch = state.optimiser.parameters, state.epoch

    def _result(self, state: TrainingState) -> Network:
        """The best epoch's network with what is known about it."""
        best = state.history[state.best_epoch - 1]
        metadata = dict(self._plan.network.metadata) | {
            "recipe": asdict(self._plan.recipe),
            "history": state.history,
            "epoch": state.best_epoch,
            "validation_accuracy": best["validation_accuracy"],
            "validation_loss": best["validation_loss"],
        }
        return self._plan.network.with_parameters(state.best, metadata=metadata)


def evaluate(network: Network, labelled: LabelledDocuments) -> tuple[float, float]:
    """Accuracy (share right) and mean cross-entropy (nats) of a network, in NumPy.

    Parameters
    ----------
    network : Network
    labelled : LabelledDocuments

    Returns
    -------
    accuracy, loss : float
    """
    logits = network.final_logits(labelled.documents)
    right = (logits >= 0.0) == (labelled.labels > 0.5)
    losses = np.logaddexp(0.0, logits) - labelled.labels * logits
    return float(right.mean()), float(losses.mean())


def _labels(own: np.ndarray | None, documents: LabelledDocuments) -> np.ndarray:
    """A plan's own labels if it has some, else the documents'."""
    return documents.labels if own is None else checked_labels(own, len(documents.documents))


def _check_lengths(labelled: LabelledDocuments, longest: int | None) -> None:
    """Refuse documents longer than the corpus's cap."""
    found = int(labelled.lengths.max())
    if longest is not None and found > longest:
        raise ValueError(
            f"Document {int(labelled.lengths.argmax())} has {found} words, but the cap is "
            f"{longest} (longest, in the corpus's settings in config.yaml). Build the corpus again "
            "with snakemake, or raise longest."
        )


def _check_tokens(name: str, network: Network, labelled: LabelledDocuments) -> None:
    """Refuse documents with words that the embedding does not have."""
    lowest = min(int(document.min()) for document in labelled.documents)
    highest = max(int(document.max()) for document in labelled.documents)
    if lowest < 0 or highest >= network.vocabulary:
        raise ValueError(
            f"The documents hold the token ids {lowest} to {highest}, but the network {name!r} has "
            f"a vocabulary of {network.vocabulary} words (ids 0 to {network.vocabulary - 1}). Make "
            "the network with the corpus's vocabulary."
        )
