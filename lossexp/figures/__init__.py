"""Figures of one run, as `matplotlib.figure.Figure`: they open no window, and everyone can tell their colours apart."""

from lossexp.figures.by_name import scores_by_name
from lossexp.figures.class_counts import class_counts
from lossexp.figures.confusion import confusion_matrix, label_noise
from lossexp.figures.learning_curves import learning_curves
from lossexp.figures.memorisation import memorisation
from lossexp.figures.of_outputs import figures_of
from lossexp.figures.predicted_values import predicted_versus_true
from lossexp.figures.samples import sample_grid
from lossexp.figures.segmentation import segmentation_examples

__all__ = [
    "class_counts",
    "confusion_matrix",
    "figures_of",
    "label_noise",
    "learning_curves",
    "memorisation",
    "predicted_versus_true",
    "sample_grid",
    "scores_by_name",
    "segmentation_examples",
]
