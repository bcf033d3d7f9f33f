"""Metrics, computed from a model's saved outputs: the same for every loss, and never from its value."""

from lossexp.metrics.outputs import Outputs, load_outputs, save_outputs
from lossexp.metrics.score import quick_score, score

__all__ = ["Outputs", "load_outputs", "quick_score", "save_outputs", "score"]
