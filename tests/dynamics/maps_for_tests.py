"""Small maps with known dynamics, and a GRU and an LSTM of random weights."""

import numpy as np


class Linear:
    """h -> W h + b."""

    def __init__(self, weights, bias=0.0):
        self.weights, self.bias = np.asarray(weights, dtype=float), np.asarray(bias, dtype=float)

    def __call__(self, states):
        return states @ self.weights.T + self.bias

    def jacobian(self, states):
        return np.broadcast_to(self.weights, (len(states), *self.weights.shape))


class Tanh:
    """h -> tanh(W h + b)."""

    def __init__(self, weights, bias=0.0):
        self.weights, self.bias = np.asarray(weights, dtype=float), np.asarray(bias, dtype=float)

    def __call__(self, states):
        return np.tanh(states @ self.weights.T + self.bias)

    def jacobian(self, states):
        return (1 - self(states) ** 2)[:, :, None] * self.weights


class Bistable(Tanh):
    """Units that each have two attractors and a repeller at 0, seen in rotated axes or not."""

    def __init__(self, n_units=3, gain=2.0):
        super().__init__(gain * np.eye(n_units))


class Relu:
    """h -> max(0, W h + b), with kinks."""

    def __init__(self, weights, bias=0.0):
        self.weights, self.bias = np.asarray(weights, dtype=float), np.asarray(bias, dtype=float)

    def __call__(self, states):
        return np.maximum(0.0, states @ self.weights.T + self.bias)

    def jacobian(self, states):
        return (states @ self.weights.T + self.bias > 0)[:, :, None] * self.weights


class Line:
    """A line attractor: contraction by 0.3 across, slow drift towards 0 along a direction.

    Along the direction s -> s - drift * sin(s); the oblique decay makes left and right
    vectors differ.
    """

    def __init__(self, width=6, drift=0.01, seed=3):
        rng = np.random.default_rng(seed)
        self.right = rng.standard_normal(width)
        self.right /= np.linalg.norm(self.right)
        across = rng.standard_normal(width)
        across -= across @ self.right * self.right
        self.left = self.right + 0.8 * across / np.linalg.norm(across)
        self.drift, self.width = drift, width
        self.across = 0.3 * (np.eye(width) - np.outer(self.right, self.left))

    def along(self, states):
        return states @ self.left

    def __call__(self, states):
        along = self.along(states)
        return states @ self.across.T + np.outer(along - self.drift * np.sin(along), self.right)

    def jacobian(self, states):
        slope = 1 - self.drift * np.cos(self.along(states))
        return self.across + slope[:, None, None] * np.outer(self.right, self.left)
