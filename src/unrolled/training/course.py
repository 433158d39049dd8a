"""How networks that follow signals are trained."""

from dataclasses import dataclass

import numpy as np

from .recipe import cosine


@dataclass(frozen=True)
class Course:
    """Settings of one training.

    Parameters
    ----------
    steps : int
        Steps of Adam, each on a new batch.
    learning_rate : float
        Adam's rate at the first step; half a cosine brings it down.
    final_rate : float
        Share of it that is left at the last step.
    clip : float
        Largest global norm of a network's gradient.
    penalty : float
        Factor of the sum of squares of all trained parameters, which is added to the loss.

    Raises
    ------
    ValueError
        If a value cannot work; the message names it and says what can.
    """

    steps: int
    learning_rate: float
    final_rate: float
    clip: float
    penalty: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        allowed = {
            "steps": (self.steps >= 1, "a whole number of 1 or more"),
            "learning_rate": (0.0 < self.learning_rate < np.inf, "a positive number"),
            "final_rate": (0.0 <= self.final_rate <= 1.0, "between 0 and 1"),
            "clip": (0.0 < self.clip < np.inf, "a positive number"),
            "penalty": (0.0 <= self.penalty < np.inf, "0 or more"),
        }
        for key, (valid, what) in allowed.items():
            if not valid:
                raise ValueError(
                    f"The training setting {key} is {getattr(self, key)!r}; it must be {what}. "
                    "Change it in config.yaml."
                )

    def rates(self, first: int, last: int) -> np.ndarray:
        """Learning rates of steps ``first`` to ``last - 1``, counted from 0."""
        progress = np.arange(first, last) / max(self.steps - 1, 1)
        return cosine(self.learning_rate, self.final_rate, progress)
