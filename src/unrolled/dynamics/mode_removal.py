"""Which modes of the linearised dynamics carry what a modifier does.

References
----------
.. [1] Maheswaranathan and Sussillo, "How recurrent networks implement contextual processing in
   sentiment analysis", ICML 2020, section 4 and supplementary figures 11 to 14.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SAME = 1e-9  # relative difference up to which two eigenvalues are conjugates


def mode_groups(eigenvalues) -> list[tuple[int, ...]]:
    """Modes that belong together: each real one alone, conjugate pairs in twos.

    Parameters
    ----------
    eigenvalues : array_like of shape (d,), complex
        In any order.

    Returns
    -------
    list of tuple of int
        Indices, in the order of the first of each group.

    Examples
    --------
    >>> mode_groups([0.9, 0.4 + 0.5j, 0.1, 0.4 - 0.5j])
    [(0,), (1, 3), (2,)]
    """
    eigenvalues = np.asarray(eigenvalues, dtype=complex)
    left = list(range(len(eigenvalues)))
    groups: list[tuple[int, ...]] = []
    while left:
        first = left.pop(0)
        value = eigenvalues[first]
        partner = next(
            (
                other
                for other in left
                if value.imag != 0
                and abs(eigenvalues[other] - value.conj()) <= _SAME * max(abs(value), _SAME)
            ),
            None,
        )
        if partner is None:
            groups.append((first,))
        else:
            left.remove(partner)
            groups.append((first, partner))
    return groups


def principal_angles(left, deflection) -> np.ndarray:
    """Angle between a deflection and what each left eigenvector reads, in degrees.

    Parameters
    ----------
    left : array_like of shape (k, d), complex
        Left eigenvectors in rows; a complex one reads a plane.
    deflection : array_like of shape (d,)

    Returns
    -------
    ndarray of shape (k,)
        0 where the deflection lies within what the vector reads, 90 where it is not read.
    """
    deflection = np.asarray(deflection, dtype=np.float64)
    length = np.linalg.norm(deflection)
    angles = np.empty(len(left))
    for number, vector in enumerate(np.asarray(left)):
        inside = _orthonormal(vector[None]) @ deflection
        angles[number] = np.degrees(np.arccos(np.clip(np.linalg.norm(inside) / length, 0.0, 1.0)))
    return angles


def without_modes(deflection, left) -> np.ndarray:
    """The part of a deflection that some modes do not read.

    Their coefficients l . delta become 0. (To take away their right eigenvectors instead would
    leave these coefficients as they are, for the matrix is not normal.)

    Parameters
    ----------
    deflection : array_like of shape (d,)
    left : array_like of shape (k, d), complex
        Left eigenvectors of the modes; of a pair one or both.

    Returns
    -------
    ndarray of shape (d,)
    """
    deflection = np.asarray(deflection, dtype=np.float64)
    if not len(left):
        return deflection
    axes = _orthonormal(left)
    return deflection - axes.T @ (axes @ deflection)


def _orthonormal(vectors) -> np.ndarray:
    """Orthonormal rows that span the real and imaginary parts of complex rows."""
    from scipy.linalg import qr

    vectors = np.asarray(vectors)
    parts = np.concatenate([vectors.real, vectors.imag])
    # The rows of a pair are the same twice, but for a sign: pivots tell how many differ.
    axes, triangle, _ = qr(parts.T, mode="economic", pivoting=True)
    sizes = np.abs(np.diag(triangle))
    return axes.T[sizes > 1e-10 * sizes[0]]


def removal_course(effect, deflection, left, groups: Sequence[tuple[int, ...]]) -> dict:
    """Effect of a deflection as modes are taken out of it one after another.

    Parameters
    ----------
    effect : callable
        Deflections (n, d) -> effects (n,).
    deflection : ndarray of shape (d,)
    left : ndarray of shape (d, d), complex
        Left eigenvectors in rows.
    groups : sequence of tuple of int
        Modes to be taken out together.

    Returns
    -------
    dict
        ``order`` (n_groups,): groups, the one that alone carries most first; ``alone``
        (n_groups,): effect without each alone, in that order; ``effects`` (n_groups + 1,):
        without the first 0, 1, 2, ... of them; ``dimensions`` (n_groups + 1,): modes out.
    """
    bare = float(effect(np.zeros((1, len(deflection))))[0])
    alone = effect(np.stack([without_modes(deflection, left[list(group)]) for group in groups]))
    whole = float(effect(deflection[None])[0])
    carried = (whole - alone) / (whole - bare)
    order = np.argsort(-carried, kind="stable")
    out = [
        np.concatenate([np.array(groups[k]) for k in order[:n]]) if n else np.zeros(0, int)
        for n in range(len(groups) + 1)
    ]
    effects = effect(np.stack([without_modes(deflection, left[modes]) for modes in out]))
    return {
        "order": order,
        "alone": alone[order],
        "effects": effects,
        "dimensions": np.array([len(modes) for modes in out]),
        "whole": whole,
        "bare": bare,
    }


def carried_share(course: dict, dimensions: int) -> float:
    """Largest share of a modifier's effect that goes with at most so many modes.

    Parameters
    ----------
    course : dict
        From `removal_course`.
    dimensions : int

    Returns
    -------
    float
        1 where the effect is that of the bare word.
    """
    able = course["dimensions"] <= dimensions
    return float(
        ((course["whole"] - course["effects"][able]) / (course["whole"] - course["bare"])).max()
    )


def random_carried_shares(
    effect, deflection, left, groups: Sequence[tuple[int, ...]], *, dimensions: int, draws: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """The same of groups of modes picked at random, shape (draws,): what chance carries."""
    bare = float(effect(np.zeros((1, len(deflection))))[0])
    whole = float(effect(deflection[None])[0])
    rows = []
    for _ in range(draws):
        modes: list[int] = []
        for k in rng.permutation(len(groups)):
            if len(modes) + len(groups[k]) <= dimensions:
                modes += groups[k]
        rows.append(without_modes(deflection, left[modes]))
    return (whole - effect(np.stack(rows))) / (whole - bare)
