"""Keras callbacks in our loop: the same hooks, in the same order, with the same log names as `fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

PLAIN = (bool, int, float, str, type(None), np.floating, np.integer)


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
        self._list, self._callbacks = None, list(callbacks)
        if callbacks:
            self._list = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=epochs, verbose=0)
        hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
        base = keras.callbacks.Callback
        self.wants_batches = any(
            getattr(type(c), hook) is not getattr(base, hook) for c in callbacks for hook in hooks
        )

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

    def as_json(self) -> list[dict[str, Any]]:
        """The plain attributes of each callback: patience counters, best values, and the like."""
        return [
            {
                name: getattr(value, "item", lambda v=value: v)()
                for name, value in vars(c).items()
                if _is_plain(name, value)
            }
            for c in self._callbacks
        ]

    def arrays(self) -> dict[str, np.ndarray]:
        """Lists of arrays that callbacks keep (EarlyStopping's best weights), by name."""
        return {
            f"callback/{i}/{name}/{j}": array
            for i, c in enumerate(self._callbacks)
            for name, value in vars(c).items()
            if _are_arrays(value)
            for j, array in enumerate(value)
        }

    def resume(self, data: list[dict[str, Any]], arrays: Mapping[str, np.ndarray]) -> None:
        """Puts back what `as_json` and `arrays` gave; call it after training began."""
        for i, (callback, attributes) in enumerate(zip(self._callbacks, data, strict=True)):
            vars(callback).update(attributes)
            lists: dict[str, dict[int, np.ndarray]] = {}
            for key, array in arrays.items():
                kind, number, *rest = key.split("/")
                if kind == "callback" and int(number) == i:
                    lists.setdefault(rest[0], {})[int(rest[1])] = array
            for name, items in lists.items():
                setattr(callback, name, [items[j] for j in sorted(items)])


def _is_plain(name: str, value: Any) -> bool:
    return isinstance(value, PLAIN) and name not in ("_model", "params")


def _are_arrays(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, np.ndarray) for v in value)


def keras_logs(record: Mapping[str, float]) -> dict[str, float]:
    """`train/loss` as `loss`, `val/accuracy` as `val_accuracy`, `learning_rate` as it is."""
    return {name.removeprefix("train/").replace("/", "_"): value for name, value in record.items()}
