"""The training engine: our own `tf.function` steps, their loop, and Keras `fit` as the oracle."""
