"""Keras callbacks in our loop."""

import keras
import pytest

from lossexp.datasets.scikit_learn import digits
from lossexp.errors import InputError
from lossexp.losses import Focal
from lossexp.models.mlp import mlp
from lossexp.runtime import runtime
from lossexp.trainer.trainer import Trainer


def fit(*callbacks, epochs=3, **settings):
    with runtime(0):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
        model = mlp(data.input_shape, 10)
        trainer = Trainer(epochs=epochs, callbacks=callbacks, progress=False, jit_compile=False, **settings)
        return trainer.fit(model, keras.optimizers.Adam(0.01), Focal(), data, seed=0), model


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.heard = []

    def on_train_begin(self, logs=None):
        self.heard.append("train_begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.heard.append(f"epoch_begin {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.heard.append(f"epoch_end {epoch}")
        self.logs = logs

    def on_train_end(self, logs=None):
        self.heard.append("train_end")


def test_hooks_come_in_the_order_of_fit_with_the_log_names_of_fit():
    recorder = Recorder()
    fit(recorder, epochs=2)
    assert recorder.heard == [
        "train_begin", "epoch_begin 0", "epoch_end 0", "epoch_begin 1", "epoch_end 1", "train_end"
    ]  # fmt: skip
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "val_nll"} <= recorder.logs.keys()


def test_a_callback_that_wants_batches_hears_each():
    class Batches(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.heard = []

        def on_train_batch_end(self, batch, logs=None):
            self.heard.append((batch, logs["loss"] > 0))

    batches = Batches()
    fit(batches, epochs=2)
    assert batches.heard == [(i, True) for i in range(4)] * 2


def test_a_learning_rate_scheduler_takes_effect():
    result, model = fit(keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1)))
    assert [r["learning_rate"] for r in result.history] == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert model.optimizer is None  # the saved model is a plain one


def test_early_stopping_stops():
    stopper = keras.callbacks.EarlyStopping("val_accuracy", patience=1, min_delta=1.0)
    result, _ = fit(stopper, epochs=10)
    assert len(result.history) == 2


def test_tensorboard_writes(tmp_path):
    fit(keras.callbacks.TensorBoard(tmp_path), epochs=1)
    assert list(tmp_path.rglob("events.out.tfevents.*"))


@pytest.mark.parametrize("monitor", ["loss", "val_loss"])
def test_stopping_by_a_loss_value_is_refused_with_the_reason(monitor):
    with pytest.raises(InputError, match="not comparable between losses"):
        fit(keras.callbacks.EarlyStopping(monitor))
