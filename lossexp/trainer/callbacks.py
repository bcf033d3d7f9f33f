"""Keras callbacks in our loop: the same hooks, in the same order, with the same log names as `fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from lossexp.errors import InputError
from lossexp.trainer import callback_state

MODES = {"accuracy": "max", "loss": "min", "nll": "min", "rmse": "min", "mae": "min"}
CHOOSING = (keras.callbacks.EarlyStopping, keras.callbacks.ModelCheckpoint)


class Callbacks:
    """Calls Keras callbacks; as a context manager it brackets training with `on_train_begin` and `_end`.

    While training runs the model carries its optimizer, since callbacks reach the learning rate through
    `model.optimizer`; it is taken off again so that the saved model is a plain, uncompiled one.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        epochs: int,
    ):
        self._model, self._optimizer = model, optimizer
        check_monitors(callbacks)
        self._list, self._callbacks = None, list(callbacks)
        if callbacks:
            self._list = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=epochs, verbose=0)
        hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
        base = keras.callbacks.Callback
        self.wants_batches = any(getattr(type(c), hook) is not getattr(base, hook) for c in callbacks for hook in hooks)

    def __enter__(self) -> Callbacks:
        if self._list:
            self._model.compile(optimizer=self._optimizer, auto_scale_loss=False)
            self._model.stop_training = False
            self._list.on_train_begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._list:
            if kind is None:
                self._list.on_train_end()
            self._model.optimizer = None
            self._model.compiled = False

    def epoch_begin(self, epoch: int) -> None:
        if self._list:
            self._list.on_epoch_begin(epoch)

    def batch_begin(self, step: int) -> None:
        if self._list and self.wants_batches:
            self._list.on_train_batch_begin(step)

    def batch_end(self, step: int, loss: float) -> None:
        if self._list and self.wants_batches:
            self._list.on_train_batch_end(step, {"loss": loss})

    def epoch_end(self, epoch: int, record: Mapping[str, float]) -> bool:
        """Hands the epoch's record over under Keras's names; True where a callback asks to stop."""
        if not self._list:
            return False
        self._list.on_epoch_end(epoch, keras_logs(record))
        return bool(self._model.stop_training)

    def as_json(self) -> list[dict]:
        """Where the callbacks are, without their arrays."""
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


def check_monitors(callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Tells callbacks which way our metrics improve; refuses to stop or choose by a loss value.

    `fit` learns the direction from compiled metrics, which our loop does not have. Raises InputError for
    EarlyStopping or ModelCheckpoint on `loss` or `val_loss`: values of different losses do not compare.
    """
    for callback in callbacks:
        monitor = getattr(callback, "monitor", None)
        if isinstance(callback, CHOOSING) and monitor in ("loss", "val_loss"):
            raise InputError(
                f"trainer.callbacks: {type(callback).__name__} monitors {monitor}, but a loss value is not comparable "
                "between losses, so stopping by it favours some of them. Set its monitor to val_accuracy or val_nll "
                "(val_rmse or val_mae for values)."
            )
        if getattr(callback, "mode", None) == "auto" and monitor:
            callback.mode = MODES.get(monitor.removeprefix("val_"), "auto")


def keras_logs(record: Mapping[str, float]) -> dict[str, float]:
    """`train/loss` as `loss`, `val/accuracy` as `val_accuracy`, `learning_rate` as it is."""
    return {name.removeprefix("train/").replace("/", "_"): value for name, value in record.items()}
