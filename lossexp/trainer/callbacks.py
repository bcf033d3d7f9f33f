"""Keras callbacks in our loop: the same hooks, in the same order, with the same log names as `fit`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from lossexp.trainer import callback_state
from lossexp.trainer.monitored import MonitorsAreThere

log = logging.getLogger(__name__)

OURS_ALONE = ("epoch", "time/")
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


class Callbacks:
    """Calls Keras callbacks; as a context manager it brackets training with `on_train_begin` and `_end`.

    While training runs the model carries its optimizer and loss, since callbacks reach the learning rate through
    `model.optimizer` and may call `model.evaluate`; they are taken off again so that the saved model is a plain,
    uncompiled one.

    steps: steps per epoch, which callbacks find in their `params`; None where nobody knows.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        epochs: int,
        *,
        loss: keras.losses.Loss | None = None,
        steps: int | None = None,
    ):
        self._model, self._optimizer, self._loss = model, optimizer, loss
        self._callbacks = list(callbacks)
        self._told: set[str] = set()
        heard = [*callbacks, MonitorsAreThere(callbacks)]
        self._list = keras.callbacks.CallbackList(heard, model=model, epochs=epochs, steps=steps, verbose=0)
        self.wants_batches = any(_hears_batches(callback) for callback in callbacks)

    def __enter__(self) -> Callbacks:
        if self._callbacks:
            self._model.compile(optimizer=self._optimizer, loss=self._loss, auto_scale_loss=False)
        self._model.stop_training = False
        self._list.on_train_begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._list.on_train_end()
        if self._callbacks:
            self._model.optimizer, self._model.compiled = None, False

    def epoch_begin(self, epoch: int) -> None:
        self._list.on_epoch_begin(epoch)

    def batch_begin(self, step: int) -> None:
        if self.wants_batches:
            self._list.on_train_batch_begin(step)

    def batch_end(self, step: int, loss: float) -> bool:
        """Tells of the step; True where a callback asks to stop, in the middle of the epoch too."""
        if self.wants_batches:
            self._list.on_train_batch_end(step, {"loss": loss})
        return bool(self._model.stop_training)

    def epoch_end(self, epoch: int, record: Mapping[str, float]) -> bool:
        """Hands the epoch's record over under Keras's names; True where a callback asks to stop."""
        self._list.on_epoch_end(epoch, keras_logs(record))
        return bool(self._model.stop_training)

    def validation_begin(self) -> None:
        self._list.on_test_begin()

    def validation_end(self, metrics: Mapping[str, float]) -> None:
        """metrics: keys `val/...`; callbacks hear them as Keras names them in an evaluation, without the prefix."""
        self._list.on_test_end(
            {name.removeprefix("val/"): value for name, value in metrics.items() if name[:4] == "val/"}
        )

    def as_json(self) -> list[dict]:
        """Where the callbacks are, without their arrays; warns once of what cannot be kept."""
        for callback in self._callbacks:
            names = callback_state.unsaved(callback) - self._told
            self._told |= names
            for name in sorted(names):
                log.warning(
                    "%s.%s is not kept in checkpoints: only numbers, strings, arrays, and lists and dictionaries of "
                    "them are. After an interruption it starts anew.",
                    type(callback).__name__,
                    name,
                )
        return [callback_state.plain(callback) for callback in self._callbacks]

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that callbacks keep (EarlyStopping's best weights), by name."""
        return {
            f"callback/{i}/{name}": array
            for i, callback in enumerate(self._callbacks)
            for name, array in callback_state.arrays(callback).items()
        }

    def resume(self, data: list[dict], arrays: Mapping[str, np.ndarray]) -> None:
        """Puts back what `as_json` and `arrays` gave; call it after training began."""
        for i, (callback, attributes) in enumerate(zip(self._callbacks, data, strict=True)):
            start = f"callback/{i}/"
            own = {name.removeprefix(start): a for name, a in arrays.items() if name.startswith(start)}
            callback_state.resume(callback, attributes, own)


def keras_logs(record: Mapping[str, float]) -> dict[str, float]:
    """`train/loss` as `loss`, `val/accuracy` as `val_accuracy`, `learning_rate` as it is.

    Without the epoch, which Keras hands over beside the logs and merges with them, and without timings.
    """
    shared = {name: value for name, value in record.items() if not name.startswith(OURS_ALONE)}
    return {name.removeprefix("train/").replace("/", "_"): value for name, value in shared.items()}


def _hears_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether it has a hook for batches of its own, in its class or (LambdaCallback) in itself."""
    base = keras.callbacks.Callback
    return any(getattr(getattr(callback, hook), "__func__", None) is not getattr(base, hook) for hook in BATCH_HOOKS)
