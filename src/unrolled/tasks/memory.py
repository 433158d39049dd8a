"""Memory of K bits: say what came last on each of K channels of rare pulses.

References
----------
.. [1] Sussillo and Barak, "Opening the black box: low-dimensional dynamics in high-dimensional
   recurrent neural networks", Neural Computation 25, 2013.
.. [2] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figure 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unrolled.tasks.trials import Task, Trials, checked_count


@dataclass(frozen=True)
class Memory(Task):
    """K-bit memory.

    Pulses of +1 and -1 arrive at random times on K channels; output k has to hold the sign of
    the last pulse of channel k. Every channel has a pulse at the first step, so that the target
    is known from there on.

    Parameters
    ----------
    bits : int
        Channels, K.
    pulse_probability : float
        Chance of a pulse on each channel at each later step; its sign is fair.
    steps : int
        Steps of a trial.
    dead : tuple of int
        Channels on which nothing ever comes and whose target is 0: a network that learned this
        looks like one of K bits from outside and holds fewer.

    Raises
    ------
    ValueError
        If a number cannot work.
    """

    bits: int
    pulse_probability: float
    steps: int
    dead: tuple[int, ...] = ()

    name: ClassVar[str] = "memory"

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        checked_count("bits", self.bits)
        checked_count("steps", self.steps)
        if not 0.0 <= self.pulse_probability <= 1.0:
            raise ValueError(
                f"pulse_probability is {self.pulse_probability}; it has to be between 0 and 1."
            )
        unknown = [channel for channel in self.dead if not 0 <= channel < self.bits]
        if unknown or len(set(self.dead)) == self.bits:
            raise ValueError(
                f"dead is {list(self.dead)}; channels are 0 to {self.bits - 1}, and one at least "
                "has to live."
            )

    @property
    def input_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """One channel of pulses for each bit."""
        return tuple(f"channel {number + 1}" for number in range(self.bits))

    @property
    def output_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """One output for each bit."""
        return tuple(f"bit {number + 1}" for number in range(self.bits))

    def draw(self, n: int, rng: np.random.Generator) -> Trials:
        """Draw n trials; inputs are -1, 0 or 1, targets -1 or 1 (0 on dead channels)."""
        shape = (n, self.steps, self.bits)
        present = rng.random(shape) < self.pulse_probability
        present[:, 0] = True
        positive = rng.random(shape) >= 0.5
        # Twice the time of a pulse, and 1 more if it is positive: the largest so far is the last.
        times = 2 * np.arange(1, self.steps + 1, dtype=np.int32)[:, None]
        last = np.maximum.accumulate(present * (times + positive), axis=1)
        alive = np.ones(self.bits)
        alive[list(self.dead)] = 0.0
        # Adding 0 turns -0 into 0.
        return Trials(
            present * (2.0 * positive - 1.0) * alive + 0.0, (2.0 * (last % 2) - 1.0) * alive + 0.0
        )
