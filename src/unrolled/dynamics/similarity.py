"""How alike the geometries of two networks' states are: canonical correlations of principal parts.

References
----------
.. [1] Raghu, Gilmer, Yosinski and Sohl-Dickstein, "SVCCA: singular vector canonical correlation
   analysis for deep learning dynamics and interpretability", NeurIPS 2017.
.. [2] Maheswaranathan, Williams, Golub, Ganguli and Sussillo, "Universality and individuality in
   neural dynamics across large populations of recurrent networks", NeurIPS 2019, figure 1c.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SAME = 10  # decimals to which entries are alike: the last bits decide no sign
_ORTHONORMAL = 1e-8  # what a basis may be off by
_BLOCK_BYTES = 64 * 2**20  # that one block of products between networks may take


def principal_basis(states, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal time courses of the first principal components of a network's states.

    Parameters
    ----------
    states : array_like of shape (P, d) or (n, T, d)
        States at P = n T moments, the same moments of the same inputs for all networks that
        are to be compared. Each unit's mean is taken away.
    n_components : int
        Number of components wanted.

    Returns
    -------
    basis : ndarray of shape (P, k)
        Left singular vectors of the centred states in columns, by falling variance, each
        with its largest entry positive; k is ``n_components``, or the states' rank where
        that is smaller.
    shares : ndarray of shape (min(P, d),)
        Share of the variance along *every* component, kept or not.

    Raises
    ------
    ValueError
        If the states are not finite, nothing varies, or ``n_components`` is below 1.

    Notes
    -----
    The truncation of SVCCA [1]_. The basis does not change when the units are rotated,
    permuted, scaled together or shifted, which is why distances between bases do not either.

    Examples
    --------
    >>> basis, shares = principal_basis([[1.0, 5.0], [-1.0, 5.0]], 1)
    >>> shares.tolist(), (basis**2).round(6).tolist()
    ([1.0, 0.0], [[0.5], [0.5]])
    """
    states = _flattened(states)
    if n_components < 1:
        raise ValueError(f"n_components is {n_components}; it has to be 1 or more.")
    # The square root of P of the largest entry bounds what centring leaves of constant units.
    scale = np.abs(states).max() * np.sqrt(len(states))
    vectors, lengths, _ = np.linalg.svd(states - states.mean(axis=0), full_matrices=False)
    rounding = max(states.shape) * np.finfo(np.float64).eps
    if lengths[0] <= rounding * scale:
        raise ValueError(
            f"The states of shape {states.shape} do not vary: all {len(states)} moments have "
            "the same state. Leave the network out of comparisons."
        )
    kept = min(n_components, int((lengths > rounding * lengths[0]).sum()))
    return upright(vectors[:, :kept]), lengths**2 / np.sum(lengths**2)


def components_for(shares, variance: float) -> int:
    """Smallest number of components that together reach a share of the variance.

    Parameters
    ----------
    shares : array_like of shape (m,)
        Shares by falling size, as `principal_basis` gives.
    variance : float
        Above 0, at most 1.

    Raises
    ------
    ValueError
        If ``variance`` is out of range, or the shares do not reach it.

    Examples
    --------
    >>> components_for([0.6, 0.3, 0.1], 0.9)
    2
    """
    shares = np.asarray(shares, dtype=np.float64)
    if not 0 < variance <= 1:
        raise ValueError(f"variance is {variance}; it has to be above 0 and at most 1.")
    reached = np.cumsum(shares) >= variance - 1e-12
    if not reached.any():
        raise ValueError(
            f"The {len(shares)} shares sum to {shares.sum():.3g} and variance is {variance}; give "
            "the shares of all components."
        )
    return int(reached.argmax()) + 1


def canonical_correlations(first, second) -> np.ndarray:
    """Correlations that linear readings of one set of states can have with readings of another.

    Parameters
    ----------
    first : array_like of shape (P, a) or (n, T, a)
    second : array_like of shape (P, b) or (n, T, b)
        At the same moments.

    Returns
    -------
    ndarray of shape (k,)
        Falling, from 0 to 1; k is the smaller of the two ranks.

    Raises
    ------
    ValueError
        If the numbers of moments differ, or either set cannot be used (see
        `principal_basis`).

    Notes
    -----
    Singular values of Q_1^T Q_2 for orthonormal bases Q of the centred states. As a rank comes
    near to P every correlation becomes 1 whatever the states are: truncate first, as
    `svcca_distance` does.
    """
    bases = [
        principal_basis(states, np.shape(states)[-1] if np.ndim(states) else 1)[0]
        for states in (first, second)
    ]
    return _correlations(*_checked_bases(bases, 1, whole=True))


def svcca_distance(first_basis, second_basis, n_components: int) -> float:
    """One less the mean canonical correlation of two networks' leading components.

    Parameters
    ----------
    first_basis, second_basis : array_like of shape (P, >= n_components)
        From `principal_basis`, at the same moments.
    n_components : int
        Components of either that count. One number for all networks of a comparison: with
        numbers of their own the mean would depend on which of a pair has fewer.

    Returns
    -------
    float
        From 0 (the same up to a linear map) to 1 (at right angles).

    Raises
    ------
    ValueError
        If a basis has too few components or is not orthonormal, or the moments differ.

    References
    ----------
    The distance of [2]_, from the method of [1]_.
    """
    first, second = _checked_bases([first_basis, second_basis], n_components)
    return float(1 - _correlations(first, second).mean())


def svcca_distances(bases: Sequence[np.ndarray] | np.ndarray, n_components: int) -> np.ndarray:
    """`svcca_distance` between all pairs of networks.

    Parameters
    ----------
    bases : sequence of array_like of shape (P, >= n_components), or array (n, P, k)
        From `principal_basis`, one for each network.
    n_components : int

    Returns
    -------
    ndarray of shape (n, n)
        Exactly symmetric, with zeros on the diagonal.

    Raises
    ------
    ValueError
        As for `svcca_distance`; the message names the network by its number.
    """
    checked = _checked_bases(bases, n_components)
    n_networks, width = len(checked), n_components
    distances = np.zeros((n_networks, n_networks))
    if not n_networks:
        return distances
    stacked = np.concatenate(checked, axis=1)
    block = max(1, _BLOCK_BYTES // (8 * width * width * n_networks))
    for first in range(0, n_networks, block):
        rows = slice(first * width, (first + block) * width)
        # Only the upper half: networks before this block have met it already.
        products = stacked[:, rows].T @ stacked[:, first * width :]
        pairs = products.reshape(-1, width, n_networks - first, width).transpose(0, 2, 1, 3)
        correlations = np.clip(np.linalg.svd(pairs, compute_uv=False), 0.0, 1.0)
        distances[first : first + block, first:] = 1 - correlations.mean(axis=2)
    upper = np.triu(distances, 1)
    return upper + upper.T


def upright(columns: np.ndarray) -> np.ndarray:
    """Columns (P, k), each turned round where its largest entry, the first of equals, is negative.

    Examples
    --------
    >>> upright(np.array([[1.0, 0.0], [-2.0, 1.0]])).tolist()
    [[-1.0, 0.0], [2.0, 1.0]]
    """
    largest = np.round(np.abs(columns), _SAME).argmax(axis=0)
    return columns * np.where(columns[largest, np.arange(columns.shape[1])] < 0, -1.0, 1.0)


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.clip(np.linalg.svd(first.T @ second, compute_uv=False), 0.0, 1.0)


def _flattened(states) -> np.ndarray:
    """States as (P, d), checked."""
    states = np.asarray(states, dtype=np.float64)
    if states.ndim not in (2, 3) or 0 in states.shape:
        raise ValueError(
            f"The states have shape {states.shape}; (P, d) or (n, T, d) with at least one is "
            "needed."
        )
    states = states.reshape(-1, states.shape[-1])
    broken = np.flatnonzero(~np.isfinite(states).all(axis=1))
    if broken.size:
        raise ValueError(
            f"{broken.size} of {len(states)} states are NaN or infinite (first: row {broken[0]}). "
            "Leave the network out, or these moments out of all networks."
        )
    return states


def _checked_bases(bases, n_components: int, *, whole: bool = False) -> list[np.ndarray]:
    """The first components of each basis, or all, if they can be compared."""
    if n_components < 1:
        raise ValueError(f"n_components is {n_components}; it has to be 1 or more.")
    checked: list[np.ndarray] = []
    for number, basis in enumerate(bases):
        basis = np.asarray(basis, dtype=np.float64)
        if basis.ndim != 2 or basis.shape[1] < n_components:
            raise ValueError(
                f"The basis of network {number} has shape {basis.shape}; n_components="
                f"{n_components} needs (P, {n_components}) or more. Leave the network out, or "
                "lower n_components for all."
            )
        basis = basis if whole else basis[:, :n_components]
        if checked and len(basis) != len(checked[0]):
            raise ValueError(
                f"Network {number} has {len(basis)} moments and network 0 has "
                f"{len(checked[0])}; all have to run on the same inputs."
            )
        if not np.abs(basis.T @ basis - np.eye(basis.shape[1])).max() < _ORTHONORMAL:
            raise ValueError(
                f"The columns of network {number} are not orthonormal; principal_basis makes "
                "such a basis from states."
            )
        checked.append(basis)
    return checked
