"""The figures of a split's outputs, for each task."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from lossexp.figures.by_name import scores_by_name
from lossexp.figures.confusion import confusion_matrix, confusion_of_counts
from lossexp.figures.predicted_values import predicted_versus_true
from lossexp.figures.segmentation import segmentation_examples
from lossexp.metrics import Outputs
from lossexp.metrics.multilabel import auroc, average_precision
from lossexp.metrics.segmentation import by_example, overlaps


def figures_of(outputs: Outputs, x: np.ndarray) -> dict[str, Figure]:
    """Figures by their file names. x: the inputs `[n, ...]` that the outputs are of."""
    if outputs.task == "regression":
        values = predicted_versus_true(outputs.labels, outputs.predicted(), names=outputs.class_names)
        return {"predicted.png": values}
    if outputs.task == "multilabel":
        return {"labels.png": _labels(outputs)}
    if outputs.task == "segmentation":
        return _pixels(outputs, x)
    return {"confusion.png": confusion_matrix(outputs.labels, outputs.predicted(), outputs.class_names)}


def _labels(outputs: Outputs) -> Figure:
    """Average precision and AUROC of each label, beside how many examples have it."""
    logits, labels = np.nan_to_num(outputs.outputs.astype(float)), np.asarray(outputs.labels, int)
    scores = {"average precision": average_precision(logits, labels), "AUROC": auroc(logits, labels)}
    support = [f"{count:,} of {len(labels):,}" for count in labels.sum(axis=0)]
    return scores_by_name(scores, outputs.class_names, support, chance=labels.mean(axis=0))


def _pixels(outputs: Outputs, x: np.ndarray) -> dict[str, Figure]:
    """Examples from worst to best, the overlap of each class, and which classes are taken for which."""
    predicted, names, ignored = outputs.predicted(), outputs.class_names, outputs.ignore_class
    counts = sum(by_example(predicted, outputs.labels, len(names), ignored))
    iou, dice = overlaps(counts)
    shares = counts.sum(axis=1) / max(counts.sum(), 1)
    support = [f"{100 * share:.1f}% of pixels" for share in shares]
    return {
        "segmentation.png": segmentation_examples(
            x, outputs.labels, predicted, class_names=names, ignore_class=ignored
        ),
        "overlap.png": scores_by_name({"IoU": iou, "Dice": dice}, names, support),
        "confusion.png": confusion_of_counts(counts, names),
    }
