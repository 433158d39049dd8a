"""Sine waves on command: a constant input says which frequency to produce.

References
----------
.. [1] Sussillo and Barak, "Opening the black box: low-dimensional dynamics in high-dimensional
   recurrent neural networks", Neural Computation 25, 2013.
.. [2] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figure 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unrolled.tasks.trials import Task, Trials, checked_count


@dataclass(frozen=True)
class Sine(Task):
    """Frequency-cued sine waves.

    Cue j = 1, ..., M is the constant input ``j / M + 0.25``; the target is ``sin(w_j t)`` at
    t = 0, 1, ..., the frequencies w_j equally spaced.

    Parameters
    ----------
    cues : int
        Number of frequencies, M.
    slowest, fastest : float
        The first and the last of them, rad/step.
    steps : int
        Steps of a trial.

    Raises
    ------
    ValueError
        If a number cannot work.
    """

    cues: int
    slowest: float
    fastest: float
    steps: int

    name: ClassVar[str] = "sine"
    input_names: ClassVar[tuple[str, ...]] = ("cue",)  # type: ignore[misc]
    output_names: ClassVar[tuple[str, ...]] = ("wave",)  # type: ignore[misc]

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        checked_count("cues", self.cues, 2)
        checked_count("steps", self.steps)
        if not 0.0 < self.slowest < self.fastest < np.pi:
            raise ValueError(
                f"slowest is {self.slowest} and fastest {self.fastest} rad/step; they have to "
                "rise, between 0 and pi, where a wave has two steps a period."
            )

    @property
    def levels(self) -> np.ndarray:
        """Constant input of each cue, (M,)."""
        return np.arange(1, self.cues + 1) / self.cues + 0.25

    @property
    def frequencies(self) -> np.ndarray:
        """Frequency of each cue in rad/step, (M,)."""
        return np.linspace(self.slowest, self.fastest, self.cues)

    def draw(self, n: int, rng: np.random.Generator) -> Trials:
        """Trials of cue 1, 2, ... in turn: with n = M the whole task. Nothing is random."""
        cue = np.arange(n) % self.cues
        phases = self.frequencies[cue, None] * np.arange(self.steps)
        inputs = np.repeat(self.levels[cue, None], self.steps, axis=1)
        return Trials(inputs[..., None], np.sin(phases)[..., None])
