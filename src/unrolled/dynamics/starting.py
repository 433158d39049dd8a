"""Where searches for fixed points begin."""

import numpy as np


def sample_starts(
    states, n: int, rng: np.random.Generator, *, noise: float = 0.5, noisy_share: float = 0.25
) -> np.ndarray:
    """Draw starts for a search from the states that a network visits.

    Most are mixtures of two visited states with a random weight, which lie between the
    attractors, where the saddles are; the rest are visited states with Gaussian noise.

    Parameters
    ----------
    states : array_like of shape (n_states, d)
        Visited states.
    n : int
        Number of starts.
    rng : numpy.random.Generator
        Source of all randomness.
    noise : float
        Standard deviation of the noise, in standard deviations of the states' entries
        about their own means (root mean square over entries).
    noisy_share : float
        Share of noisy starts, 0 to 1; they come last.

    Returns
    -------
    ndarray of shape (n, d)
        The starts, float64.

    Raises
    ------
    ValueError
        If there are no states, some are not finite, or a number is out of range.

    Examples
    --------
    >>> sample_starts(np.eye(3), 5, np.random.default_rng(0)).shape
    (5, 3)
    """
    states = np.asarray(states, dtype=np.float64)
    if states.ndim != 2 or 0 in states.shape:
        raise ValueError(
            f"states have shape {states.shape}; (n_states, d) with at least one is needed."
        )
    if not np.isfinite(states).all():
        raise ValueError("states contain NaN or infinity; remove the padding first.")
    if n < 1 or not noise >= 0 or not 0 <= noisy_share <= 1:
        raise ValueError(
            f"n={n}, noise={noise}, noisy_share={noisy_share}: n has to be 1 or more, noise "
            "0 or more and noisy_share between 0 and 1."
        )
    n_noisy = round(noisy_share * n)
    pairs = rng.integers(len(states), size=(n - n_noisy, 2))
    weights = rng.random((n - n_noisy, 1))
    mixtures = weights * states[pairs[:, 0]] + (1 - weights) * states[pairs[:, 1]]
    chosen = states[rng.integers(len(states), size=n_noisy)]
    spread = np.sqrt(np.mean(states.var(axis=0)))
    shifts = noise * spread * rng.standard_normal(chosen.shape)
    return np.concatenate([mixtures, chosen + shifts])
