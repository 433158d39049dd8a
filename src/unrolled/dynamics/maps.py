"""Step functions as maps that the searches can rely on: checked, float64, with Jacobians."""

import sys
import warnings
from collections.abc import Callable

import numpy as np

# Bytes that one array of Jacobians may take when the caller does not say how many states to
# treat at once. Measured with 64 and 128 entries a state: 1 to 8 MiB do alike, 32 to 62 MiB
# take 1.2 to 1.4 times as long, having left the processor's cache.
_BLOCK_BYTES = 8 * 2**20
# The best step of central differences in float64 is about the cube root of its precision.
_DIFFERENCE = float(np.cbrt(np.finfo(np.float64).eps))


class StateMap:
    """One step of a dynamical system as a checked function of float64 states.

    Parameters
    ----------
    step : callable
        The map, ``(n, d) -> (n, d)``, in NumPy or TensorFlow. Its method
        ``jacobian(states)``, ``(n, d) -> (n, d, d)``, is used where it has one;
        otherwise a TensorFlow step is differentiated automatically, and any other
        by central differences, with a warning.
    width : int
        Number of entries d of a state.
    differentiated : bool
        Whether Jacobians will be asked for; warnings about them are left out otherwise.

    Raises
    ------
    ValueError
        If the step refuses states of this width or changes their shape.
    """

    def __init__(self, step: Callable, width: int, *, differentiated: bool = True):
        """Try the step once, on a state of zeros."""
        self.step = step
        self.width = width
        self._tensor_dtype = None
        probe = self._probe(np.zeros((1, width)))
        dtype = np.dtype(getattr(probe.dtype, "as_numpy_dtype", probe.dtype))
        self._dtype = dtype
        if type(probe).__module__.startswith("tensorflow"):
            self._tensor_dtype = dtype
        if not differentiated:
            return
        if dtype == np.float32:
            warnings.warn(
                "The step computes in float32, so q = |F(h) - h|^2 / 2 cannot fall much below "
                "1e-13. Give it float64 weights, or raise the tolerance.",
                RuntimeWarning,
                stacklevel=4,
            )
        if not hasattr(step, "jacobian") and self._tensor_dtype is None:
            warnings.warn(
                "The step has no .jacobian(states); central differences take its place, which "
                "is slower and less exact. Give the step a .jacobian method, or write it in "
                "TensorFlow.",
                RuntimeWarning,
                stacklevel=4,
            )

    @property
    def is_single(self) -> bool:
        """Whether the step computes in single precision."""
        return self._dtype == np.float32

    def __call__(self, states: np.ndarray) -> np.ndarray:
        """Give the next states, shape (n, d); entries may be infinite or NaN."""
        # A copy, so that a step that works in place cannot change the caller's states.
        following = np.asarray(self._evaluate(states.copy()), dtype=np.float64)
        if following.shape != states.shape:
            raise ValueError(
                f"The step changes the shape of its states: {states.shape} became "
                f"{following.shape}. It has to map (n, d) to (n, d)."
            )
        return following

    def jacobian(self, states: np.ndarray) -> np.ndarray:
        """Give the derivatives d F_i / d h_j, shape (n, d, d), at each state."""
        if hasattr(self.step, "jacobian"):
            jacobians = np.array(self.step.jacobian(states.copy()), dtype=np.float64)
        elif self._tensor_dtype is not None:
            jacobians = self._by_tape(states)
        else:
            jacobians = self._by_differences(states)
        expected = (*states.shape, self.width)
        if jacobians.shape != expected:
            raise ValueError(
                f"step.jacobian gives shape {jacobians.shape} for states of shape "
                f"{states.shape}; it has to be {expected}."
            )
        return jacobians

    def _evaluate(self, states):
        if self._tensor_dtype is None:
            return self.step(states)
        import tensorflow as tf

        return self.step(tf.constant(states, dtype=self._tensor_dtype))

    def _probe(self, state: np.ndarray):
        try:
            with np.errstate(all="ignore"):
                probe = self.step(state.copy())
        except Exception as error:
            # A TensorFlow step with float32 weights refuses a float64 array.
            probe = self._probe_float32(state)
            if probe is None:
                raise ValueError(
                    f"The step refuses states of width {self.width} ({error}). The starts' "
                    "second axis has to be the width of the state; an LSTM's state is [h; c], "
                    "twice its units."
                ) from error
        if not hasattr(probe, "dtype"):
            probe = np.asarray(probe)
        if tuple(probe.shape) != state.shape:
            raise ValueError(
                f"The step changes the shape of its states: {state.shape} became "
                f"{tuple(probe.shape)}. It has to map (n, d) to (n, d)."
            )
        return probe

    def _probe_float32(self, state: np.ndarray):
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is None:
            return None
        try:
            return self.step(tensorflow.constant(state, dtype=tensorflow.float32))
        except Exception:  # the caller reports the first error, which is the telling one
            return None

    def _by_tape(self, states: np.ndarray) -> np.ndarray:
        """Differentiate a TensorFlow step: every state once for each output, one backward pass.

        Rows of a batch do not see each other, so repeated rows with unit vectors as upstream
        gradients give whole Jacobians without tracing or vectorising the step.
        """
        import tensorflow as tf

        n_states, width = states.shape
        repeated = tf.constant(np.repeat(states, width, axis=0), dtype=self._tensor_dtype)
        units = np.tile(np.eye(width), (n_states, 1))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(repeated)
            following = self.step(repeated)
        gradient = tape.gradient(
            following,
            repeated,
            output_gradients=tf.constant(units, dtype=self._tensor_dtype),
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return gradient.numpy().astype(np.float64).reshape(n_states, width, width)

    def _by_differences(self, states: np.ndarray) -> np.ndarray:
        n_states, width = states.shape
        sizes = _DIFFERENCE * np.maximum(1.0, np.abs(states))
        offsets = sizes[:, :, None] * np.eye(width)
        ahead = self((states[:, None, :] + offsets).reshape(-1, width))
        behind = self((states[:, None, :] - offsets).reshape(-1, width))
        slopes = (ahead - behind).reshape(n_states, width, width) / (2 * sizes[:, :, None])
        return slopes.transpose(0, 2, 1)


def checked_map(
    step: Callable, states, *, name: str = "starts", differentiated: bool = True
) -> tuple[StateMap, np.ndarray]:
    """Check states and step at the door; give the map and the states as float64.

    Raises
    ------
    ValueError
        If there are no states, they are not a finite (n, d) array, or the step does not
        map their width to itself.
    """
    states = np.array(states, dtype=np.float64)
    if states.ndim != 2:
        raise ValueError(
            f"{name} have shape {states.shape}; they have to be (n, d): one state a row."
        )
    if 0 in states.shape:
        raise ValueError(
            f"{name} are empty (shape {states.shape}); at least one state is needed. "
            "sample_starts draws some from visited states."
        )
    broken = np.flatnonzero(~np.isfinite(states).all(axis=1))
    if broken.size:
        raise ValueError(
            f"{name}: {broken.size} of {len(states)} rows are NaN or infinite (first: row "
            f"{broken[0]}). Remove them, for instance the padding of short documents."
        )
    if isinstance(step, StateMap) and step.width == states.shape[1]:
        return step, states
    return StateMap(step, states.shape[1], differentiated=differentiated), states


def blocks(shape: tuple[int, ...], chunk: int | None) -> list[slice]:
    """Cut states of this shape (n, d) into blocks; None bounds the Jacobians' memory.

    Raises
    ------
    ValueError
        If the chunk is smaller than 1.
    """
    n_states, width = shape
    if chunk is None:
        chunk = max(1, _BLOCK_BYTES // (8 * width * width))
    if chunk < 1:
        raise ValueError(f"chunk is {chunk}; it has to be 1 or more states, or None.")
    return [slice(first, first + chunk) for first in range(0, n_states, chunk)]
