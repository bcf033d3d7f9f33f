"""What callbacks may watch: the metrics of each epoch, and those that a callback of the user's own adds to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import keras

from lossexp.base.errors import InputError, did_you_mean
from lossexp.metrics.table import CLASSES, METRICS, VALUES, every_epoch

MODES = {metric.name: "max" if metric.higher_is_better else "min" for metric in METRICS if metric.every_epoch}
MODES |= {"loss": "min", "learning_rate": "min"}
CHOOSING = (keras.callbacks.EarlyStopping, keras.callbacks.ModelCheckpoint)
MONITORING = (*CHOOSING, keras.callbacks.ReduceLROnPlateau)
LOSSES = ("loss", "val_loss")


def check_monitors(
    callbacks: Sequence[keras.callbacks.Callback], task: str | None = None, unlogged: Collection[str] = ()
) -> None:
    """Tells callbacks which way our metrics improve; refuses what they cannot or should not monitor.

    `fit` learns the direction from compiled metrics, which our loop does not have. Raises InputError for
    EarlyStopping or ModelCheckpoint on `loss` or `val_loss`, since values of different losses do not compare, and
    for a monitor that training does not log, where Keras would warn each epoch and do nothing. After a callback of
    the user's own, which may add metrics, any name will do if the direction is given too (`MonitorsAreThere` looks
    whether it came). task: the dataset's; None allows what any task logs. unlogged: what this trainer leaves out of
    `logged`.
    """
    tasks = (*VALUES, *CLASSES) if task is None else (task,)
    known = list(dict.fromkeys(name for each in tasks for name in logged(each)))
    given = [name for name in known if name not in unlogged]
    for i, callback in enumerate(callbacks):
        monitor = getattr(callback, "monitor", None)
        if isinstance(callback, MONITORING) and _matters(callback):
            fits = [name for name in given if not (isinstance(callback, CHOOSING) and name in LOSSES)]
            if monitor not in fits:
                _check_added(callback, callbacks[:i], fits, known)
        if getattr(callback, "mode", None) == "auto" and monitor:
            callback.mode = MODES.get(str(monitor).removeprefix("val_"), "auto")


class MonitorsAreThere(keras.callbacks.Callback):
    """Comes last, and raises InputError after the first epoch in which nobody gave what a callback monitors."""

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]):
        super().__init__()
        self._monitoring = [c for c in callbacks if isinstance(c, MONITORING) and _matters(c)]

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        for callback in self._monitoring:
            if callback.monitor not in (logs or {}):
                raise InputError(
                    f"trainer.callbacks: {type(callback).__name__} monitors {callback.monitor}, which no callback "
                    f"before it has put into the logs. There are {', '.join(logs or {})}."
                )


def logged(task: str) -> list[str]:
    """What training logs each epoch for a task, named as in Keras's logs."""
    metrics = every_epoch(task)
    training = [metric.name for metric in metrics if metric.in_training]
    return ["loss", *training, "val_loss", *(f"val_{metric.name}" for metric in metrics), "learning_rate"]


def _check_added(
    callback: keras.callbacks.Callback,
    before: Sequence[keras.callbacks.Callback],
    fits: Sequence[str],
    known: Sequence[str],
) -> None:
    """Raises InputError unless a callback before this one may add its metric. fits: what it may monitor of `known`."""
    monitor, name = callback.monitor, f"trainer.callbacks: {type(callback).__name__}"
    if monitor in LOSSES:
        raise InputError(
            f"{name} monitors {monitor}, but a loss value is not comparable between losses, so stopping by it favours "
            f"some of them. Set its monitor to one of {', '.join(fits)}."
        )
    if not isinstance(monitor, str) or not any(_may_add(other) for other in before):
        meant = did_you_mean(str(monitor).replace("/", "_"), fits)
        why = "this trainer does not hand to callbacks" if monitor in known else "is not measured here"
        raise InputError(f"{name} monitors {monitor}, which {why}. {meant}Measured each epoch: {', '.join(fits)}.")
    if getattr(callback, "mode", None) == "auto":
        raise InputError(
            f"{name} monitors {monitor}, of which nobody knows what is better. Set its mode to max or min."
        )


def _may_add(callback: keras.callbacks.Callback) -> bool:
    """Whether code of the user's own runs in it, which may put metrics into the logs."""
    return isinstance(callback, keras.callbacks.LambdaCallback) or not type(callback).__module__.startswith("keras.")


def _matters(callback: keras.callbacks.Callback) -> bool:
    """Whether the monitor decides anything: a ModelCheckpoint that saves every epoch has one but ignores it."""
    return getattr(callback, "save_best_only", True)
