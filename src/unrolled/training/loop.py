"""Training several networks one after another with one compiled step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from unrolled.networks import Network

from .batches import Batches
from .checkpoint import Checkpoint, documents_identity, training_identity
from .recipe import Documents, LabelledDocuments, Plan, TargetedDocuments, checked_labels
from .state import Arrays, OptimiserState, TrainingState
from .stepper import CompiledStep

LOSS_SHARE = 0.1  # of the validation loss in the score by which the best epoch is kept

Progress = Callable[[int, int, float], object]


class TrainingDiverged(ValueError):
    """A loss became infinite or NaN.

    Attributes
    ----------
    network : str
        Name of its plan.
    step : int
        Counted from 1.
    """

    def __init__(self, network: str, plan: Plan, *, loss: float, step: int, steps: int) -> None:
        super().__init__(
            f"Training of the network {network!r} diverged: the loss is {loss} at step {step} of "
            f"{steps}. Lower learning_rate ({plan.recipe.learning_rate}) or clip "
            f"({plan.recipe.clip}) in its training settings in config.yaml and run snakemake again."
        )
        self.network, self.step = network, step


def train_networks(
    plans: Mapping[str, Plan],
    *,
    train: Documents,
    validation: Documents,
    longest: int | None = None,
    progress: Progress | None = None,
    checkpoint: str | Path | None = None,
) -> Iterator[tuple[str, Network]]:
    """Train networks one after another.

    A network's bytes depend on its own plan and on the documents only, not on the others.
    Networks of the same cell and sizes share one compiled step.

    Parameters
    ----------
    plans : mapping of str to Plan
    train, validation : LabelledDocuments or TargetedDocuments
        The same documents for all; a plan may bring labels of its own. With targets at every
        word a network learns to tell these numbers.
    longest : int, optional
        Words that a document may have. Memory and time of a step grow with the longest
        document, so one that slipped through the corpus's cap is refused.
    progress : callable, optional
        Called as ``progress(done, total, loss)`` after each step, counted over all plans.
    checkpoint : path, optional
        Folder for the state of each training. A run that finds there what an earlier one left
        goes on from it and ends in the same bytes; networks that were finished are not trained
        again. Documents and plans are compared, code and libraries are not: let the folder's
        name say these. Remove it when the networks are saved.

    Returns
    -------
    networks : iterator of (str, Network)
        Each is trained when it is asked for. It is that of the epoch with the best validation
        accuracy less a tenth of the loss, with targets that with the least loss. Its metadata
        gain ``recipe``, ``history``, ``epoch``, ``validation_loss`` and, without targets,
        ``validation_accuracy``.

    Raises
    ------
    ValueError
        If a token is not in a network's vocabulary, a document is longer than ``longest``,
        only one of the two sets has targets, or a plan does not go with targets.
    TrainingDiverged
        From the iterator, if a loss becomes infinite or NaN. Networks before are not affected,
        and the iterator may be asked for those behind.
    """
    for documents in (train, validation):
        _check_lengths(documents, longest)
    _check_objective(plans, train, validation)
    for name, plan in plans.items():
        _check_tokens(name, plan.network, train)
        _check_tokens(name, plan.network, validation)
    chunk = _Chunk(plans, train, validation, progress, checkpoint)
    # Not a generator, which could not go on after an error.
    return map(chunk.train, plans)


class _Chunk:
    """Trains networks that share documents, compiled steps and a count of their steps."""

    def __init__(
        self,
        plans: Mapping[str, Plan],
        train: Documents,
        validation: Documents,
        progress: Progress | None,
        checkpoint: str | Path | None,
    ) -> None:
        self._plans, self._progress = plans, progress
        self._train, self._validation = train, validation
        self._compiled: dict[Any, CompiledStep] = {}
        steps = [
            plan.recipe.epochs * -(-len(train.documents) // plan.recipe.batch)
            for plan in plans.values()
        ]
        self._total = sum(steps)
        self._before = dict(zip(plans, np.cumsum([0, *steps]).tolist(), strict=False))
        self._folder = None if checkpoint is None else Path(checkpoint)
        self._documents = "" if checkpoint is None else documents_identity(train, validation)

    def train(self, name: str) -> tuple[str, Network]:
        """One network, by the name of its plan."""
        plan = self._plans[name]
        parameters = plan.network.parameters()
        cell = plan.network.cell
        kind: dict[str, Any] = {
            "frozen": frozenset(plan.frozen),
            "penalised": plan.recipe.penalty > 0.0,
        }
        shapes = [value.shape for value in parameters.values()]
        key = (cell.name, cell.nonlinearity, *shapes, *kind.values())
        if key not in self._compiled:
            self._compiled[key] = CompiledStep(cell, parameters, **kind)
        checkpoint = None
        if self._folder is not None:
            path = self._folder / f"{quote(name, safe='')}.safetensors"
            checkpoint = Checkpoint(path, training_identity(plan, self._documents))
        trainer = _Trainer(
            name, plan, self._train, self._validation, self._compiled[key], checkpoint
        )

        def report(step: int, loss: float) -> None:
            if self._progress is not None:
                self._progress(self._before[name] + step, self._total, loss)

        return name, trainer.train(report)


class _Trainer:
    """Trains one network."""

    def __init__(
        self,
        name: str,
        plan: Plan,
        train: Documents,
        validation: Documents,
        compiled: CompiledStep,
        checkpoint: Checkpoint | None,
    ) -> None:
        self._name, self._plan, self._compiled = name, plan, compiled
        self._checkpoint = checkpoint
        self._labels = _labels(plan.labels, train)
        self._validation: Documents = validation
        if isinstance(validation, LabelledDocuments):
            own = _labels(plan.validation_labels, validation)
            self._validation = LabelledDocuments(validation.documents, own)
        network = plan.network
        self._batches = Batches(
            train, plan.recipe, inputs=network.cell.inputs, state_size=network.state_size
        )
        self._steps = plan.recipe.epochs * len(self._batches)

    def train(self, report: Callable[[int, float], None]) -> Network:
        """All epochs that are left; returns the best epoch's network."""
        state = None if self._checkpoint is None else self._checkpoint.load()
        if state is None:
            optimiser = OptimiserState.fresh(self._plan.network.parameters())
            state = TrainingState(optimiser, self._plan.rng.bit_generator.state)
        self._compiled.load(state.optimiser)
        while state.epoch < self._plan.recipe.epochs:
            self._epoch(state, report)
            self._validate(state)
        if self._checkpoint is not None:
            self._checkpoint.save(state)
        return self._result(state)

    def _epoch(self, state: TrainingState, report: Callable[[int, float], None]) -> None:
        """The rest of one pass over the documents."""
        recipe, rng = self._plan.recipe, self._plan.rng
        rng.bit_generator.state = state.generator
        batches = self._batches.epoch(self._labels, rng)
        # Batches that were made use of before a break are drawn again, to get to the same place.
        for batch in islice(batches, len(state.losses), None):
            step = state.epoch * len(self._batches) + len(state.losses)
            loss = self._compiled.run(batch, recipe=recipe, rate=recipe.rate(step, self._steps))
            self._check_finite(loss, step + 1)
            state.losses.append(loss)
            if self._checkpoint is not None and self._checkpoint.due:
                self._checkpoint.save(replace(state, optimiser=self._compiled.read()))
            report(step + 1, loss)

    def _check_finite(self, loss: float, step: int) -> None:
        """Stop a training that diverged, before its last good epoch passes for a result."""
        if not np.isfinite(loss):
            raise TrainingDiverged(self._name, self._plan, loss=loss, step=step, steps=self._steps)

    def _validate(self, state: TrainingState) -> None:
        """Note the epoch, keep its parameters if none was better, and open the next."""
        state.optimiser = self._compiled.read()
        network = self._network(state.optimiser.parameters, {})
        with np.errstate(over="ignore", invalid="ignore"):
            if isinstance(self._validation, TargetedDocuments):
                found = {"validation_loss": squared_error(network, self._validation)}
            else:
                accuracy, loss = evaluate(network, self._validation)
                found = {"validation_accuracy": accuracy, "validation_loss": loss}
        state.epoch += 1
        self._check_finite(found["validation_loss"], state.epoch * len(self._batches))
        state.history.append(
            {"epoch": state.epoch, "training_loss": float(np.mean(state.losses)), **found}
        )
        scores = [
            entry.get("validation_accuracy", 0.0) - LOSS_SHARE * entry["validation_loss"]
            for entry in state.history
        ]
        if scores[-1] > max(scores[:-1], default=-np.inf):
            state.best, state.best_epoch = state.optimiser.parameters, state.epoch
        state.losses, state.generator = [], self._plan.rng.bit_generator.state

    def _result(self, state: TrainingState) -> Network:
        """The best epoch's network with what is known about it."""
        best = state.history[state.best_epoch - 1]
        found = {key: best[key] for key in best if key.startswith("validation_")}
        metadata = dict(self._plan.network.metadata) | {
            "recipe": asdict(self._plan.recipe),
            "history": state.history,
            "epoch": state.best_epoch,
            **found,
        }
        return self._network(state.best, metadata)

    def _network(self, parameters: Arrays, metadata: Mapping[str, Any]) -> Network:
        """The plan's network with trained values; frozen ones do not even lose precision."""
        network = self._plan.network
        own = network.parameters()
        frozen = {key: own[key] for key in self._plan.frozen}
        return network.with_parameters({**parameters, **frozen}, metadata=metadata)


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


def squared_error(network: Network, told: TargetedDocuments, *, batch: int = 256) -> float:
    """Mean squared error of a network's readout over all words, in NumPy.

    Parameters
    ----------
    network : Network
    told : TargetedDocuments
    batch : int
        Documents run side by side.

    Returns
    -------
    float
        In squared units of the targets.
    """
    total, all_lengths = 0.0, told.lengths
    for first in range(0, len(told.documents), batch):
        documents = told.documents[first : first + batch]
        lengths = all_lengths[first : first + batch]
        inside = np.arange(lengths.max()) < lengths[:, None]
        tokens = np.zeros(inside.shape, dtype=np.int64)
        tokens[inside] = np.concatenate(documents)
        readouts = network.logits(network.states(tokens))[inside]
        total += float(
            ((readouts - np.concatenate(told.targets[first : first + batch])) ** 2).sum()
        )
    return total / int(all_lengths.sum())


def _labels(own: np.ndarray | None, documents: Documents) -> np.ndarray:
    """A plan's own labels if it has some, else what the documents' are, or all their targets."""
    if isinstance(documents, TargetedDocuments):
        return documents.joined
    return documents.labels if own is None else checked_labels(own, len(documents.documents))


def _check_objective(plans: Mapping[str, Plan], train: Documents, validation: Documents) -> None:
    """Refuse sets of two kinds, and plans that do not go with targets."""
    if type(train) is not type(validation):
        raise ValueError(
            f"train are {type(train).__name__} and validation {type(validation).__name__}; give "
            "both labels, or both targets."
        )
    if isinstance(train, LabelledDocuments):
        return
    for name, plan in plans.items():
        if plan.labels is not None or plan.validation_labels is not None:
            raise ValueError(f"The plan {name!r} brings labels, but the documents have targets.")
        if plan.recipe.state_dropout > 0.0:
            raise ValueError(
                f"The plan {name!r} has a state_dropout of {plan.recipe.state_dropout}, which is "
                "for a readout after the last word; with targets at every word it has to be 0."
            )


def _check_lengths(labelled: Documents, longest: int | None) -> None:
    """Refuse documents longer than the corpus's cap."""
    found = int(labelled.lengths.max())
    if longest is not None and found > longest:
        raise ValueError(
            f"Document {int(labelled.lengths.argmax())} has {found} words, but the cap is "
            f"{longest} (longest, in the corpus's settings in config.yaml). Build the corpus again "
            "with snakemake, or raise longest."
        )


def _check_tokens(name: str, network: Network, labelled: Documents) -> None:
    """Refuse documents with words that the embedding does not have."""
    lowest = min(int(document.min()) for document in labelled.documents)
    highest = max(int(document.max()) for document in labelled.documents)
    if lowest < 0 or highest >= network.vocabulary:
        raise ValueError(
            f"The documents hold the token ids {lowest} to {highest}, but the network {name!r} has "
            f"a vocabulary of {network.vocabulary} words (ids 0 to {network.vocabulary - 1}). Make "
            "the network with the corpus's vocabulary."
        )
