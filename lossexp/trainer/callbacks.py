"""Keras callbacks in our loop: the same hooks, in the same order, with the same log names as `fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras


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
        self._list = None
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


def keras_logs(record: Mapping[str, float]) -> dict[str, float]:
    """`train/loss` as `loss`, `val/accuracy` as `val_accuracy`, `learning_rate` as it is."""
    return {name.removeprefix("train/").replace("/", "_"): value for name, value in record.items()}
