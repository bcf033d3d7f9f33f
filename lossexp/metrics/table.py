"""The metrics that runs are measured by, whatever the loss: everything that is true of a metric, said once.

No TensorFlow. The functions that compute them are in `score.py`.
"""

from __future__ import annotations

from typing import NamedTuple

CLASSES, VALUES = ("multiclass", "binary"), ("regression",)


class Metric(NamedTuple):
    """One row.

    name: the key in scores and, after `train/`, `val/` or `test/`, in records. tasks: the tasks of datasets that it
    is measured for. higher_is_better: the direction. label: its name in figures. every_epoch: whether `quick_score`
    has it, so that it is measured on the validation split after each epoch and may choose the best one. in_training:
    whether the training step counts it too.
    """

    name: str
    tasks: tuple[str, ...]
    higher_is_better: bool
    label: str
    every_epoch: bool = False
    in_training: bool = False


# In the order of tables and figures; the first of a task is what `monitor=auto` stands for. `recall/<class>` is left
# out: there are as many as classes.
METRICS = (
    Metric("accuracy", CLASSES, True, "accuracy", every_epoch=True, in_training=True),
    Metric("balanced_accuracy", CLASSES, True, "balanced accuracy"),
    Metric("macro_f1", CLASSES, True, "macro-F1"),
    Metric("nll", CLASSES, False, "nll", every_epoch=True),
    Metric("brier", CLASSES, False, "Brier score"),
    Metric("ece", CLASSES, False, "ECE"),
    Metric("rmse", VALUES, False, "RMSE", every_epoch=True),
    Metric("mae", VALUES, False, "MAE", every_epoch=True),
    Metric("r2", VALUES, True, "R2"),
)
BY_NAME = {metric.name: metric for metric in METRICS}


def every_epoch(task: str) -> list[Metric]:
    """The metrics measured after each epoch on datasets of this task."""
    return [metric for metric in METRICS if metric.every_epoch and task in metric.tasks]
