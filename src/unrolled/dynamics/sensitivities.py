"""What an input does to the readout, at once or some steps later, at any state."""

from __future__ import annotations

from typing import Any

import numpy as np


def readout_gradients(
    network: Any, states, reference_input: np.ndarray, *, later: int = 0
) -> np.ndarray:
    """Gradient of the readout by the input that is taken at each state.

    The input comes at the state, then the reference input ``later`` times, and then the readout
    is looked at: w . J_rec(h_later) ... J_rec(h_1) J_inp(h), along the run that starts at the
    state and takes the reference input throughout. The product is made from the readout
    backwards, a vector for each state: no Jacobian is formed.

    Parameters
    ----------
    network : Network
        With ``cell`` and ``readout``.
    states : array_like of shape (n, d)
    reference_input : ndarray of shape (m,)
    later : int
        Steps between the input and the look at the readout.

    Returns
    -------
    ndarray of shape (n, m)
        In logits per unit of the input.

    Raises
    ------
    ValueError
        If ``later`` is negative.
    """
    if later < 0:
        raise ValueError(f"later is {later}; it has to be 0 or more steps.")
    cell = network.cell
    run = [np.asarray(states, dtype=np.float64)]
    drive = cell.drive(cell.parameters, reference_input)
    traces = []
    for _ in range(later + 1):
        following, trace = cell.advance(cell.parameters, run[-1], drive)
        run.append(following)
        traces.append(trace)
    adjoint = np.broadcast_to(network.readout, run[0].shape)
    for state, trace in zip(reversed(run[:-1]), reversed(traces), strict=True):
        adjoint, to_drive = cell.adjoint(cell.parameters, adjoint, state, trace)
    return to_drive @ cell.parameters["input"].T


def word_effects(
    network: Any, states, reference_input: np.ndarray, words, *, later: int = 0
) -> np.ndarray:
    """Linear effect of words on the readout, against the reference input in their place.

    Parameters
    ----------
    network : Network
    states : array_like of shape (n, d)
    reference_input : ndarray of shape (m,)
    words : array_like of shape (n_words,), int
    later : int
        As for `readout_gradients`.

    Returns
    -------
    ndarray of shape (n, n_words)
        In logits.
    """
    inputs = network.embedding[np.asarray(words)] - reference_input
    return readout_gradients(network, states, reference_input, later=later) @ inputs.T


def true_word_effects(network: Any, states, reference_input: np.ndarray, words) -> np.ndarray:
    """Effect of words on the next readout, against the reference input, without linearising.

    Returns
    -------
    ndarray of shape (n, n_words)
        w . [F(h, x_w) - F(h, x*)], in logits.
    """
    states = np.asarray(states, dtype=np.float64)
    cell = network.cell
    without = cell.step(states, reference_input) @ network.readout
    return np.stack(
        [
            cell.step(states, network.embedding[word]) @ network.readout - without
            for word in np.asarray(words)
        ],
        axis=1,
    )


def slope(effects, reference) -> np.ndarray:
    """Least-squares slopes of effects on reference effects, over the last axis.

    Parameters
    ----------
    effects : array_like of shape (..., n)
    reference : array_like that broadcasts to it

    Returns
    -------
    ndarray of shape (...)
        With an intercept; NaN where the reference does not vary.

    Examples
    --------
    >>> slope([[-1.0, 0.0, 1.0], [1.0, 2.0, 3.0]], [2.0, 4.0, 6.0]).tolist()
    [0.5, 0.5]
    """
    reference = np.asarray(reference, dtype=np.float64)
    # The mean of equal numbers is not always that number: what is left of them is rounding.
    varies = (reference != reference[..., :1]).any(axis=-1)
    reference = reference - reference.mean(axis=-1, keepdims=True)
    squares = np.where(varies, (reference**2).sum(axis=-1), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.asarray(effects) * reference).sum(axis=-1) / squares
