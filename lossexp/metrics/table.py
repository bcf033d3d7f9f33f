"""The metrics that runs are measured by, whatever the loss: everything that is true of a metric, said once.

No TensorFlow. The classes that compute them are in the files beside this one, one for each kind of task.
"""

from __future__ import annotations

from typing import NamedTuple

ONE_CLASS, VALUES = ("multiclass", "binary", "ordinal"), ("regression",)
CLASSES = (*ONE_CLASS, "multilabel", "segmentation")


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


# In the order of tables and figures; the first of a task is what `monitor=auto` stands for. Those of one class, label
# or output, such as `recall/<class>`, are left out: there are as many as names.
METRICS = (
    Metric("map", ("multilabel",), True, "mAP", every_epoch=True),
    Metric("mean_iou", ("segmentation",), True, "mean IoU", every_epoch=True),
    Metric("rank_mae", ("ordinal",), False, "MAE of ranks", every_epoch=True),
    Metric("quadratic_kappa", ("ordinal",), True, "quadratic kappa"),
    Metric("accuracy", CLASSES, True, "accuracy", every_epoch=True, in_training=True),
    Metric("balanced_accuracy", ONE_CLASS, True, "balanced accuracy"),
    Metric("micro_f1", ("multilabel",), True, "micro-F1"),
    Metric("macro_f1", (*ONE_CLASS, "multilabel"), True, "macro-F1"),
    Metric("subset_accuracy", ("multilabel",), True, "subset accuracy"),
    Metric("hamming", ("multilabel",), False, "Hamming loss"),
    Metric("auroc", ("multilabel",), True, "AUROC"),
    Metric("mean_dice", ("segmentation",), True, "mean Dice"),
    Metric("nll", CLASSES, False, "nll", every_epoch=True),
    Metric("brier", ONE_CLASS, False, "Brier score"),
    Metric("ece", (*ONE_CLASS, "multilabel"), False, "ECE"),
    Metric("rmse", VALUES, False, "RMSE", every_epoch=True),
    Metric("mae", VALUES, False, "MAE", every_epoch=True),
    Metric("r2", VALUES, True, "R2"),
)
BY_NAME = {metric.name: metric for metric in METRICS}


def every_epoch(task: str) -> list[Metric]:
    """The metrics measured after each epoch on datasets of this task."""
    return [metric for metric in METRICS if metric.every_epoch and task in metric.tasks]
