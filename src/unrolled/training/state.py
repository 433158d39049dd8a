"""Where a training stands: all that is needed to go on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass
class OptimiserState:
    """Everything that a step changes.

    Parameters
    ----------
    parameters, first_moments, second_moments : dict of str to float32 ndarray
        Named as `Network.parameters`.
    step : int
        Steps made.
    """

    parameters: Arrays
    first_moments: Arrays
    second_moments: Arrays
    step: int = 0

    @classmethod
    def fresh(cls, parameters: Mapping[str, np.ndarray]) -> "OptimiserState":
        """Before the first step: moments of 0."""
        values = {key: np.asarray(value, np.float32) for key, value in parameters.items()}
        zeros = {key: np.zeros_like(value) for key, value in values.items()}
        return cls(values, zeros, {key: value.copy() for key, value in zeros.items()})


@dataclass
class TrainingState:
    """Where the training of one network stands, between two steps.

    Parameters
    ----------
    optimiser : OptimiserState
    generator : dict
        State of the random generator's bits at the beginning of this epoch; an epoch's order
        and dropout follow from it.
    epoch : int
        Whole epochs made.
    losses : list of float
        Loss of each step made in this epoch, with its penalty.
    history : list of dict
        One entry for each whole epoch: training and validation loss, and accuracy where
        documents have labels.
    best : dict of str to float32 ndarray
        Parameters of the epoch with the best score so far.
    best_epoch : int
        Counted from 1; 0 before the first.
    """

    optimiser: OptimiserState
    generator: Mapping[str, Any]
    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    best: Arrays = field(default_factory=dict)
    best_epoch: int = 0
