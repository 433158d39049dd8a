"""The best linear description of a step near given states, and its modes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .maps import blocks, checked_map

_SAME = 10  # decimals to which moduli and entries are alike: the last bits decide no order
# A mode that turns less than this while it decays by e does not oscillate: it integrates.
_QUARTER_TURN = np.pi / 2


@dataclass(frozen=True)
class Modes:
    """Linearisations of a step and their modes, J = R diag(lam) L.

    Attributes
    ----------
    jacobians : ndarray of shape (n, d, d)
        Entry ``[k, i, j]`` is the change of next entry i per change of entry j at state k.
    eigenvalues : ndarray of shape (n, d), complex
        By falling modulus, then by rising angle.
    right : ndarray of shape (n, d, d), complex
        Right eigenvectors of length 1 in the *columns*: ``right[k, :, a]`` is r_a.
    left : ndarray of shape (n, d, d), complex
        Left eigenvectors in the *rows*, L = R^-1: ``left[k, a]`` is l_a, and
        ``left[k, a] @ right[k, :, a] = 1`` without conjugation.
    time_constants : ndarray of shape (n, d)
        |1 / ln|lam|| in steps; inf where |lam| = 1. It is long for a slowly *growing* mode
        as well, so look at the eigenvalues beside it.
    slow_mode : ndarray of shape (n,), int
        Index of the integration mode: the slowest with a real positive eigenvalue, or one
        of a complex pair that turns by less than a quarter while it decays by e; -1 where
        there is none. Along a line of slow points two real modes may meet and go on as such
        a pair. The real vectors that stand for a pair are those of its share in the
        reference's direction: ``(w . slow_right)(slow_left . x)`` is all that the pair adds
        to a readout w.
    condition : ndarray of shape (n,)
        Condition number of R in the 1-norm; beyond about 1e8 the matrix is nearly
        defective and its eigenvectors mean little, inf where R has no inverse (``left`` is
        then the pseudo-inverse).
    """

    jacobians: np.ndarray
    eigenvalues: np.ndarray
    right: np.ndarray
    left: np.ndarray
    time_constants: np.ndarray
    slow_mode: np.ndarray
    condition: np.ndarray

    def __len__(self) -> int:
        """Number of linearisations."""
        return len(self.eigenvalues)

    @property
    def n_unstable(self) -> np.ndarray:
        """Number of eigenvalues outside the unit circle, shape (n,): 0 for an attractor."""
        return (np.abs(self.eigenvalues) > 1).sum(axis=1)

    @property
    def slow_eigenvalues(self) -> np.ndarray:
        """Eigenvalue of the integration mode, shape (n,); NaN where there is none."""
        return self._of_slow_mode(self.eigenvalues.real)

    @property
    def slow_time_constants(self) -> np.ndarray:
        """Time constant of the integration mode in steps, shape (n,); NaN where none."""
        return self._of_slow_mode(self.time_constants)

    @property
    def slow_right(self) -> np.ndarray:
        """Right eigenvector of the integration mode, shape (n, d); NaN where none."""
        return self._of_slow_mode(self.right.real.transpose(0, 2, 1))

    @property
    def slow_left(self) -> np.ndarray:
        """Left eigenvector of the integration mode, shape (n, d); NaN where none."""
        left = self._of_slow_mode(self.left.real)
        is_pair = self._of_slow_mode(self.eigenvalues.imag) != 0
        return np.where(is_pair[:, None], 2.0, 1.0) * left

    def _of_slow_mode(self, values: np.ndarray) -> np.ndarray:
        chosen = values[np.arange(len(values)), self.slow_mode].copy()
        chosen[self.slow_mode < 0] = np.nan
        return chosen


def linearise(step: Callable, states, *, reference=None, chunk: int | None = None) -> Modes:
    """Linearise a step at each state and take the linear map apart into modes.

    Parameters
    ----------
    step : callable
        One time step with the input held constant, ``(n, d) -> (n, d)``.
    states : array_like of shape (n, d)
        Points of expansion; none at all gives empty modes.
    reference : array_like of shape (d,), optional
        Direction, such as the readout, along which the integration mode's right
        eigenvector points.
    chunk : int, optional
        States treated at once, to bound memory.

    Returns
    -------
    Modes
        Vectors that are real have their largest entry positive (the integration mode by
        ``reference`` instead), complex ones have it real and positive.

    Raises
    ------
    ValueError
        If the states are not finite or of the wrong width, a Jacobian is not finite, or
        ``reference`` has another width.

    Notes
    -----
    The matrices are not normal: l_a and r_a differ. Inputs are weighed by l_a, and what
    they leave behind lies along r_a.
    """
    if np.ndim(states) == 2 and len(states) == 0:
        return decompose(np.empty((0, np.shape(states)[1], np.shape(states)[1])))
    state_map, states = checked_map(step, states, name="states")
    parts = [state_map.jacobian(states[part]) for part in blocks(states.shape, chunk)]
    return decompose(np.concatenate(parts), reference=reference)


def decompose(jacobians, *, reference=None) -> Modes:
    """Take linear maps apart into modes; see `linearise` for orders and signs.

    Parameters
    ----------
    jacobians : array_like of shape (n, d, d)
    reference : array_like of shape (d,), optional

    Returns
    -------
    Modes

    Raises
    ------
    ValueError
        If a matrix is not finite or ``reference`` has another width.
    """
    jacobians = np.asarray(jacobians, dtype=np.float64)
    if jacobians.ndim != 3 or jacobians.shape[1] != jacobians.shape[2]:
        raise ValueError(f"jacobians have shape {jacobians.shape}; (n, d, d) is needed.")
    broken = np.flatnonzero(~np.isfinite(jacobians).all(axis=(1, 2)))
    if broken.size:
        raise ValueError(
            f"{broken.size} of {len(jacobians)} Jacobians are not finite (first: number "
            f"{broken[0]}). Keep only states at which the step is finite."
        )
    values, right = np.linalg.eig(jacobians)
    values, right = values.astype(complex), right.astype(complex)
    order = _order(values)
    values = np.take_along_axis(values, order, axis=1)
    right = np.take_along_axis(right, order[:, None, :], axis=2)
    slow_mode = _slow_modes(values)
    right = _oriented(right, slow_mode, _checked_reference(reference, jacobians.shape[1]))
    left, condition = _inverses(right)
    return Modes(jacobians, values, right, left, time_constants(values), slow_mode, condition)


def time_constants(eigenvalues) -> np.ndarray:
    """Steps |1 / ln|lam|| in which a mode decays, or grows, by a factor of e.

    Examples
    --------
    >>> time_constants([np.exp(-0.1), 1.0, 0.0]).round(6).tolist()
    [10.0, inf, 0.0]
    """
    with np.errstate(divide="ignore"):
        return np.abs(1 / np.log(np.abs(np.asarray(eigenvalues))))


def _order(values: np.ndarray) -> np.ndarray:
    moduli = np.round(np.abs(values), _SAME)
    # Negative real numbers sit at +pi whatever the sign of their zero imaginary part.
    angles = np.where(values.imag == 0, np.where(values.real < 0, np.pi, 0.0), np.angle(values))
    return np.lexsort((angles, -moduli), axis=1)


def _slow_modes(values: np.ndarray) -> np.ndarray:
    if not values.size:
        return np.zeros(len(values), dtype=np.intp)
    # LAPACK gives the real eigenvalues of a real matrix an imaginary part of exactly zero.
    with np.errstate(invalid="ignore"):
        turn = np.where(values.imag == 0, 0.0, np.abs(np.angle(values)) * time_constants(values))
    suits = (values.imag >= 0) & (values.real > 0) & (turn < _QUARTER_TURN)
    candidates = np.where(suits, np.abs(values), -np.inf)
    chosen = candidates.argmax(axis=1)
    none = np.isneginf(candidates.max(axis=1))
    return np.where(none, -1, chosen)


def _oriented(right: np.ndarray, slow_mode: np.ndarray, reference: np.ndarray | None) -> np.ndarray:
    """Scale eigenvectors to length 1 and fix their phases."""
    lengths = np.linalg.norm(right, axis=1, keepdims=True)
    right = right / np.where(lengths > 0, lengths, 1.0)
    if not right.size:
        return right
    largest = np.round(np.abs(right), _SAME).argmax(axis=1)
    entries = np.take_along_axis(right, largest[:, None, :], axis=1)
    right = right * (np.conj(entries) / np.abs(entries))
    if reference is not None:
        rows = np.flatnonzero(slow_mode >= 0)
        vectors = right[rows, :, slow_mode[rows]]
        along = vectors @ reference
        sizes = np.abs(along)
        phases = np.where(sizes > 0, np.conj(along) / np.where(sizes > 0, sizes, 1.0), 1.0)
        right[rows, :, slow_mode[rows]] = vectors * phases[:, None]
    return right


def _inverses(right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverses of the matrices of eigenvectors and their condition numbers in the 1-norm."""
    try:
        left = np.linalg.inv(right)
        singular = np.zeros(len(right), dtype=bool)
    except np.linalg.LinAlgError:
        left, singular = np.empty_like(right), np.zeros(len(right), dtype=bool)
        for row, matrix in enumerate(right):
            try:
                left[row] = np.linalg.inv(matrix)
            except np.linalg.LinAlgError:
                left[row], singular[row] = np.linalg.pinv(matrix), True
    if not right.size:
        return left, np.ones(len(right))
    condition = np.linalg.norm(right, 1, axis=(1, 2)) * np.linalg.norm(left, 1, axis=(1, 2))
    return left, np.where(singular, np.inf, condition)


def _checked_reference(reference, width: int) -> np.ndarray | None:
    if reference is None:
        return None
    reference = np.asarray(reference, dtype=np.float64)
    if reference.shape != (width,):
        raise ValueError(
            f"reference has shape {reference.shape}; a direction among states has ({width},)."
        )
    return reference
