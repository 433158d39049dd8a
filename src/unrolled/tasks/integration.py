"""Integration in context: add up one of two noisy streams, as a constant context says.

References
----------
.. [1] Mante, Sussillo, Shenoy and Newsome, "Context-dependent computation by recurrent dynamics
   in prefrontal cortex", Nature 503, 2013.
.. [2] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figure 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unrolled.tasks.trials import Task, Trials, checked_count

STREAMS = 2


@dataclass(frozen=True)
class Integration(Task):
    """Context-dependent integration.

    Each of two streams is a bias, drawn anew in every trial, and white noise. A context, one-hot
    over the streams and constant in a trial, says which stream's sum has to be told.

    Parameters
    ----------
    bias_spread : float
        Standard deviation of the biases' Gaussian part, input units a step.
    bias_mean : float
        Their mean.
    noise : float
        Standard deviation of the noise at each step.
    steps : int
        Steps of a trial.

    Raises
    ------
    ValueError
        If a number cannot work.
    """

    bias_spread: float
    bias_mean: float
    noise: float
    steps: int

    name: ClassVar[str] = "integration"
    input_names: ClassVar[tuple[str, ...]] = (  # type: ignore[misc]
        "stream 1", "stream 2", "context 1", "context 2",
    )  # fmt: skip
    output_names: ClassVar[tuple[str, ...]] = ("sum",)  # type: ignore[misc]

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        checked_count("steps", self.steps)
        for key in ("bias_spread", "noise"):
            if not 0.0 <= getattr(self, key) < np.inf:
                raise ValueError(f"{key} is {getattr(self, key)}; it has to be 0 or more.")
        if not np.isfinite(self.bias_mean):
            raise ValueError(f"bias_mean is {self.bias_mean}; it has to be a finite number.")

    def context(self, number: int) -> np.ndarray:
        """Input (4,) of context ``number``, 0 or 1, with both streams silent."""
        if number not in range(STREAMS):
            raise ValueError(f"There is no context {number}; there are 0 and 1.")
        return np.eye(2 * STREAMS)[STREAMS + number]

    def draw(self, n: int, rng: np.random.Generator) -> Trials:
        """Draw n trials; targets are running sums of the chosen stream."""
        biases = self.bias_mean + self.bias_spread * rng.standard_normal((n, 1, STREAMS))
        noise = self.noise * rng.standard_normal((n, self.steps, STREAMS))
        chosen = rng.integers(STREAMS, size=n)
        streams = biases + noise
        contexts = np.repeat(np.eye(STREAMS)[chosen, None], self.steps, axis=1)
        sums = np.take_along_axis(streams, chosen[:, None, None], axis=2).cumsum(axis=1)
        return Trials(np.concatenate([streams, contexts], axis=2), sums)

    def probes(self, levels: np.ndarray, number: int, *, ignored: bool = False) -> Trials:
        """Trials in which one stream is held at a level and the other at 0.

        Parameters
        ----------
        levels : ndarray of shape (n,)
            One trial for each.
        number : int
            The context, 0 or 1.
        ignored : bool
            Hold the stream that the context does not ask for.

        Returns
        -------
        Trials
        """
        levels = np.asarray(levels, dtype=np.float64)
        inputs = np.zeros((len(levels), self.steps, 2 * STREAMS))
        inputs += self.context(number)
        inputs[:, :, 1 - number if ignored else number] = levels[:, None]
        return Trials(inputs, inputs[:, :, [number]].cumsum(axis=1))
