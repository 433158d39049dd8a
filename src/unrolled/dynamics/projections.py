"""What an input does to the state near a point, seen through the point's modes."""

import numpy as np

from .modes import Modes


def input_effects(input_jacobians, inputs) -> np.ndarray:
    """Instantaneous effect J_inp x of each input at each point.

    Parameters
    ----------
    input_jacobians : array_like of shape (n, d, m)
        Derivatives of the step by its input at the points.
    inputs : array_like of shape (w, m)
        Inputs, such as the embeddings of words (less the constant input, if any).

    Returns
    -------
    ndarray of shape (n, w, d)
        In units of the state. n * w * d numbers: choose few points or few words.

    Raises
    ------
    ValueError
        If the widths of the inputs differ.
    """
    input_jacobians, inputs = _checked(input_jacobians, inputs)
    return inputs @ input_jacobians.transpose(0, 2, 1)


def input_projections(left, input_jacobians, inputs) -> np.ndarray:
    """How far each input pushes the state along one mode of each point, l . J_inp x.

    Parameters
    ----------
    left : array_like of shape (n, d)
        One left eigenvector for each point, such as ``modes.slow_left``.
    input_jacobians : array_like of shape (n, d, m)
    inputs : array_like of shape (w, m)

    Returns
    -------
    ndarray of shape (n, w)

    Raises
    ------
    ValueError
        If shapes do not match.

    References
    ----------
    .. [1] Maheswaranathan et al., "Reverse engineering recurrent networks for sentiment
       classification reveals line attractor dynamics", NeurIPS 2019.
    """
    input_jacobians, inputs = _checked(input_jacobians, inputs)
    left = np.asarray(left)
    if left.shape != input_jacobians.shape[:2]:
        raise ValueError(
            f"left has shape {left.shape}; points with Jacobians of shape "
            f"{input_jacobians.shape} need {input_jacobians.shape[:2]}."
        )
    return (left[:, None, :] @ input_jacobians)[:, 0] @ inputs.T


def readout_contributions(
    modes: Modes, readout, input_jacobians, inputs, *, delay: int, which=None
) -> np.ndarray:
    """What each mode adds to the readout some steps after an input.

    A left vector alone says little of a mode's use: the embedding itself carries meaning,
    and most directions correlate with it. Here a mode counts as far as it reaches the
    readout and lasts: lam_a^delay (w . r_a)(l_a . J_inp x).

    Parameters
    ----------
    modes : Modes
        Of n points.
    readout : array_like of shape (d,)
        Readout vector w.
    input_jacobians : array_like of shape (n, d, m)
    inputs : array_like of shape (n_inputs, m)
    delay : int
        Steps with the constant input after the one that takes the input.
    which : array_like of shape (n, k), int, optional
        Indices of the modes wanted at each point; all without it.

    Returns
    -------
    ndarray of shape (n, k, n_inputs), complex
        Contributions; take ``abs`` for their sizes, ``.real`` for real modes. Over all
        modes they sum to the real number w . J^delay J_inp x.

    Raises
    ------
    ValueError
        If shapes do not match or the delay is negative.
    """
    if delay < 0:
        raise ValueError(f"delay is {delay}; it has to be 0 or more steps.")
    input_jacobians, inputs = _checked(input_jacobians, inputs)
    if which is None:
        which = np.broadcast_to(np.arange(modes.eigenvalues.shape[1]), modes.eigenvalues.shape)
    which = np.asarray(which, dtype=np.intp)
    rows = np.arange(len(modes))[:, None]
    if which.ndim != 2 or len(which) != len(modes):
        raise ValueError(f"which has shape {which.shape}; ({len(modes)}, k) is needed.")
    reach = (np.asarray(readout, dtype=np.float64) @ modes.right)[rows, which]
    gains = modes.eigenvalues[rows, which] ** delay * reach
    taken = (modes.left[rows, which] @ input_jacobians) @ inputs.T
    return gains[:, :, None] * taken


def overlap(vectors, direction) -> np.ndarray:
    """Absolute cosine between each of some vectors and one direction.

    Parameters
    ----------
    vectors : array_like of shape (n, d)
    direction : array_like of shape (d,)

    Returns
    -------
    ndarray of shape (n,)
        From 0 to 1; NaN for vectors of length 0.
    """
    vectors = np.asarray(vectors)
    direction = np.asarray(direction, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(direction)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(vectors @ direction) / lengths


def null_overlap(width: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Absolute cosine between random directions and any fixed one: what chance gives.

    Parameters
    ----------
    width : int
        Entries d of a state.
    n : int
        Number of random vectors.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n,)
        Its 95th percentile is about 1.96 / sqrt(d).

    Raises
    ------
    ValueError
        If the width or the number is below 1.
    """
    if width < 1 or n < 1:
        raise ValueError(f"width is {width} and n is {n}; both have to be 1 or more.")
    # Random directions look alike from everywhere, so the first axis stands for any.
    return overlap(rng.standard_normal((n, width)), np.eye(width)[0])


def _checked(input_jacobians, inputs) -> tuple[np.ndarray, np.ndarray]:
    input_jacobians = np.asarray(input_jacobians, dtype=np.float64)
    inputs = np.asarray(inputs, dtype=np.float64)
    if input_jacobians.ndim != 3 or inputs.ndim != 2:
        raise ValueError(
            f"input_jacobians have shape {input_jacobians.shape} and inputs {inputs.shape}; "
            "(n, d, m) and (w, m) are needed."
        )
    if input_jacobians.shape[2] != inputs.shape[1]:
        raise ValueError(
            f"The inputs have {inputs.shape[1]} entries, the Jacobians expect "
            f"{input_jacobians.shape[2]}."
        )
    return input_jacobians, inputs
