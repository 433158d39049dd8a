"""TensorFlow's pools are set before any test runs a tensor."""

from unrolled.training.stepper import prepare_tensorflow

prepare_tensorflow()
