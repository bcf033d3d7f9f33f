"""Metrics from a model's saved outputs: the same for every loss, never from the loss."""
