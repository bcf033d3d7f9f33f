"""Training speed and memory beside Keras `fit` and the usual hand-written loop."""
