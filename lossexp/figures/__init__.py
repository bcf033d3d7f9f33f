"""Figures of one run, as `matplotlib.figure.Figure`: they open no window, and everyone can tell their colours apart."""

from lossexp.figures.confusion import confusion_matrix
from lossexp.figures.learning_curves import learning_curves
from lossexp.figures.predicted_values import predicted_versus_true
from lossexp.figures.samples import sample_grid

__all__ = ["confusion_matrix", "learning_curves", "predicted_versus_true", "sample_grid"]
