"""Networks made by hand whose dynamics are known."""

import numpy as np

from unrolled.networks import SequenceNetwork, make_cell


def hand_made(name, recurrent, inputs, readout, *, bias=None, readout_bias=None, first=None):
    """A network of a cell without gates; weights as in ``h' = f(W h + A x + b)``."""
    recurrent, inputs, readout = (np.asarray(each, float) for each in (recurrent, inputs, readout))
    units, width = inputs.shape
    cell = make_cell(name, units=units, inputs=width, rng=np.random.default_rng(0))
    parameters = {
        "recurrent": recurrent.T,
        "input": inputs.T,
        "bias": np.zeros(units) if bias is None else np.asarray(bias, float),
    }
    return SequenceNetwork(
        cell=type(cell)(units, width, parameters),
        initial_state=np.zeros(units) if first is None else np.asarray(first, float),
        readout=readout.T,
        readout_bias=np.zeros(len(readout)) if readout_bias is None else readout_bias,
    )


def rotation(angle):
    """Turns the plane by so many radians."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
