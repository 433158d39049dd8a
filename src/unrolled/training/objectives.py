"""What a network is trained to do: a class at the last word, or a number at every word.

An objective looks at the states as they are computed, one time after another, and afterwards
hands back the gradient with respect to the state of each time. `unrolled.training.bptt` does
the rest.
"""

from collections.abc import Mapping
from typing import Any

Tensor = Any  # tensorflow.Tensor; TensorFlow is imported where it runs


class LastWord:
    """Cross-entropy of the logit after the last word.

    Parameters
    ----------
    parameters : mapping of str to tensor
        As `Network.parameters` names them.
    batch : Documents
        Its ``labels`` (B,) are classes.
    """

    def __init__(self, parameters: Mapping[str, Tensor], batch: Any) -> None:
        self._parameters, self._batch = parameters, batch

    def begin(self, first: Tensor) -> tuple:
        """What is carried from time to time: the last states so far, (B, d)."""
        import tensorflow as tf

        return (tf.zeros_like(first),)

    def see(self, time: Tensor, following: Tensor, seen: tuple) -> tuple:
        """Keep the states of documents that end here."""
        import tensorflow as tf

        ends = (self._batch.lengths == time + 1)[:, None]
        return (tf.where(ends, following, seen[0]),)

    def finish(self, seen: tuple) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss in nats, and the gradients of the readout."""
        import tensorflow as tf

        batch, (last,) = self._batch, seen
        readout = self._parameters["readout"]
        kept = tf.cast(batch.kept_states, last.dtype) * batch.state_scale
        logits = tf.linalg.matvec(last * kept, readout) + self._parameters["readout_bias"]
        losses = tf.nn.sigmoid_cross_entropy_with_logits(batch.labels, logits)
        errors = batch.weights * (tf.sigmoid(logits) - batch.labels)
        gradients = {
            "readout": tf.linalg.matvec(last * kept, errors, transpose_a=True),
            "readout_bias": tf.reduce_sum(errors)[None],
        }
        self._ends = errors[:, None] * readout * kept
        return tf.reduce_sum(batch.weights * losses), gradients

    def enter(self, time: Tensor, adjoint: Tensor) -> Tensor:
        """The adjoint of the states after one time, with what the loss adds there."""
        import tensorflow as tf

        ends = (self._batch.lengths == time + 1)[:, None]
        return tf.where(ends, adjoint + self._ends, adjoint)


class EveryWord:
    """Squared error of the readout after every word.

    Parameters
    ----------
    parameters : mapping of str to tensor
    batch : Documents
        Its ``labels`` (T, B) are the numbers to tell; ``weights`` (B,) count each word of a
        document.
    """

    def __init__(self, parameters: Mapping[str, Tensor], batch: Any) -> None:
        self._parameters, self._batch = parameters, batch

    def begin(self, first: Tensor) -> tuple:
        """Loss, gradients of readout and bias so far, and the errors of each time."""
        import tensorflow as tf

        times, size = self._batch.labels.shape
        errors = tf.TensorArray(first.dtype, times, element_shape=[size], clear_after_read=False)
        return tf.zeros([], first.dtype), tf.zeros_like(first[0]), tf.zeros([], first.dtype), errors

    def see(self, time: Tensor, following: Tensor, seen: tuple) -> tuple:
        """Compare the readout of this time."""
        import tensorflow as tf

        loss, readout, bias, errors = seen
        batch = self._batch
        told = tf.linalg.matvec(following, self._parameters["readout"])
        gap = told + self._parameters["readout_bias"] - batch.labels[time]
        weights = tf.where(time < batch.lengths, batch.weights, tf.zeros_like(batch.weights))
        error = 2.0 * weights * gap
        return (
            loss + tf.reduce_sum(weights * gap**2),
            readout + tf.linalg.matvec(following, error, transpose_a=True),
            bias + tf.reduce_sum(error),
            errors.write(time, error),
        )

    def finish(self, seen: tuple) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss in squared units of the targets, and the gradients of the readout."""
        loss, readout, bias, self._errors = seen
        return loss, {"readout": readout, "readout_bias": bias[None]}

    def enter(self, time: Tensor, adjoint: Tensor) -> Tensor:
        """The adjoint of the states after one time, with what the loss adds there."""
        return adjoint + self._errors.read(time)[:, None] * self._parameters["readout"]
