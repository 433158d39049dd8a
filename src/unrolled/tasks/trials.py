"""Trials of a task: signals that a network reads and what it should say, step by step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Trials:
    """Signals and targets.

    Parameters
    ----------
    inputs : ndarray of shape (n, T, m)
    targets : ndarray of shape (n, T, k)
        What the readout should be after each step.
    """

    inputs: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        """Number of trials, n."""
        return len(self.inputs)


class Task(ABC):
    """What a network is to do.

    Attributes
    ----------
    steps : int
        Steps of time in a trial, T.
    input_names, output_names : tuple of str
        What the m inputs and the k outputs are.
    """

    steps: int
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    name: ClassVar[str]

    @abstractmethod
    def draw(self, n: int, rng: np.random.Generator) -> Trials:
        """Draw n trials."""


@dataclass(frozen=True)
class TrialStream:
    """Batches of new trials without end, the same for every network that reads the stream.

    Each batch follows from the seed and its own number alone, so a training may begin anywhere.

    Parameters
    ----------
    task : Task
    batch : int
        Trials in a batch, B.
    seed : int
        Of all batches.
    """

    task: Task
    batch: int
    seed: int

    def batches(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Batches number ``first`` to ``last - 1``.

        Parameters
        ----------
        first, last : int
            Counted from 0.

        Returns
        -------
        inputs : float32 ndarray of shape (last - first, T, B, m)
        targets : float32 ndarray of shape (last - first, T, B, k)
        """
        shape = (last - first, self.task.steps, self.batch)
        inputs = np.empty((*shape, len(self.task.input_names)), np.float32)
        targets = np.empty((*shape, len(self.task.output_names)), np.float32)
        for place, number in enumerate(range(first, last)):
            trials = self.task.draw(self.batch, np.random.default_rng([self.seed, number]))
            inputs[place] = trials.inputs.swapaxes(0, 1)
            targets[place] = trials.targets.swapaxes(0, 1)
        return inputs, targets


def checked_count(name: str, value: int, least: int = 1) -> None:
    """Refuse a number of things that is too small.

    Raises
    ------
    ValueError
        If it is below ``least``; the message names it.
    """
    if value < least:
        raise ValueError(f"{name} is {value}; it has to be {least} or more.")
