"""Metrics from a model's saved outputs: the same for every loss, never from the loss."""

from lossexp.metrics.score import quick_score, score

__all__ = ["quick_score", "score"]
