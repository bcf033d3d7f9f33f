"""Keras callbacks in our loop."""

import csv
import math
import re

import keras
import numpy as np
import pytest

from lossexp.base.checks import shown
from lossexp.base.errors import InputError
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer.callbacks import Callbacks
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.monitored import check_monitors
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

EarlyStopping, ReduceLROnPlateau = keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau


def fit(*callbacks, epochs=3, kind=Trainer, rate=0.01, **settings):
    with runtime(0):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
        model = mlp(data.input_shape, 10)
        trainer = kind(epochs=epochs, callbacks=callbacks, progress=False, jit_compile=False, **settings)
        return trainer.fit(Parts(data, model, Focal(), keras.optimizers.Adam(rate)), seed=0), model


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.heard = []

    def on_train_begin(self, logs=None):
        self.heard.append("train_begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.heard.append(f"epoch_begin {epoch}")

    def on_test_begin(self, logs=None):
        self.heard.append("test_begin")

    def on_test_end(self, logs=None):
        self.heard.append(f"test_end {sorted(logs)}")

    def on_epoch_end(self, epoch, logs=None):
        self.heard.append(f"epoch_end {epoch}")
        self.logs = logs

    def on_train_end(self, logs=None):
        self.heard.append("train_end")


def test_hooks_come_in_the_order_of_fit_with_the_log_names_of_fit():
    recorder = Recorder()
    fit(recorder, epochs=2)
    validation = ["test_begin", "test_end ['accuracy', 'loss', 'nll']"]
    epochs = [["epoch_begin 0", *validation, "epoch_end 0"], ["epoch_begin 1", *validation, "epoch_end 1"]]
    assert recorder.heard == ["train_begin", *epochs[0], *epochs[1], "train_end"]
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "val_nll"} <= recorder.logs.keys()


def test_a_callback_may_evaluate_the_model():
    class Evaluate(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
            self.found = self.model.evaluate(data.val.x, data.val.y, verbose=0), logs["val_loss"]

    evaluate = Evaluate()
    fit(evaluate, epochs=1)
    assert evaluate.found[0] == pytest.approx(evaluate.found[1], rel=1e-5)


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


@pytest.mark.parametrize("kind", [Trainer, KerasTrainer])
def test_model_checkpoint_and_csv_logger_write_what_they_write_under_fit(kind, tmp_path):
    best = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}-{val_nll:.2f}.keras", "val_nll", save_best_only=True)
    result, _ = fit(best, keras.callbacks.CSVLogger(tmp_path / "log.csv"), kind=kind)
    nll = [record["val/nll"] for record in result.history]
    falls = [i for i, value in enumerate(nll) if value == min(nll[: i + 1])]
    assert {p.name for p in tmp_path.glob("*.keras")} == {f"{i + 1}-{nll[i]:.2f}.keras" for i in falls}
    with open(tmp_path / "log.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header.count("epoch") == 1
    assert not any(name.startswith("time") for name in header)
    assert [row[0] for row in rows] == ["0", "1", "2"]


def test_callbacks_know_the_steps_and_may_stop_within_an_epoch():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    stop, model = Stop(), keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with Callbacks([stop], model, keras.optimizers.SGD(), epochs=2, steps=7) as callbacks:
        assert stop.params["steps"] == 7
        assert [callbacks.batch_end(step, 0.5) for step in (0, 1)] == [False, True]
    with Callbacks([], model, keras.optimizers.SGD(), epochs=2) as nobody:
        assert nobody.batch_end(0, 0.5) is False


def test_a_lambda_hears_batches():
    heard = []
    fit(keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: heard.append(batch)), epochs=1)
    assert heard == [0, 1, 2, 3]


@pytest.mark.parametrize("callback", [keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau])
@pytest.mark.parametrize(
    ("monitor", "task", "said"),
    [
        ("val_acuracy", None, "Did you mean val_accuracy"),
        ("val/nll", "binary", "Did you mean val_nll"),
        ("val_rmse", "multiclass", r"Measured each epoch: (loss, )?accuracy, (val_loss, )?val_accuracy"),
        ("val_accuracy", "regression", "val_rmse, val_mae"),
    ],
)
def test_a_monitor_that_is_not_measured_is_refused(callback, monitor, task, said):
    with pytest.raises(InputError, match=said):
        check_monitors([callback(monitor)], task)


class AddsF1(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["val_f1"] = [0.5, 0.7, 0.6, 0.6][epoch]


@pytest.mark.parametrize("kind", [Trainer, KerasTrainer])
def test_a_metric_that_a_callback_before_it_writes_can_be_monitored(kind):
    result, _ = fit(AddsF1(), EarlyStopping("val_f1", mode="max", patience=1), epochs=4, kind=kind)
    assert len(result.history) == 3


def test_a_metric_of_the_users_own_needs_its_direction_and_must_come_before_the_first_epoch_ends():
    with pytest.raises(InputError, match="Set its mode to max or min"):
        check_monitors([AddsF1(), EarlyStopping("val_f1")])
    with pytest.raises(InputError, match="val_f1, which is not measured"):
        check_monitors([EarlyStopping("val_f1", mode="max"), AddsF1()])
    with pytest.raises(InputError, match=r"val_f2, which no callback before .* val_f1"):
        fit(AddsF1(), EarlyStopping("val_f2", mode="max"))


@pytest.mark.parametrize("monitor", ["val_loss", "val_los", "accuracyy", "nll"])
@pytest.mark.parametrize("kind", [Trainer, KerasTrainer])
def test_no_message_suggests_a_monitor_that_is_refused_too(monitor, kind):
    data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
    with pytest.raises(InputError) as raised:
        kind(callbacks=[EarlyStopping(monitor)]).check(data)
    suggested = re.search(r"(?:one of|each epoch:) ([\w, ]+)\.", str(raised.value))[1].split(", ")
    for name in suggested + re.findall(r"Did you mean (\w+)", str(raised.value)):
        kind(callbacks=[EarlyStopping(name)]).check(data)


@pytest.mark.parametrize("kind", [Trainer, KerasTrainer])
@pytest.mark.parametrize(
    "callback",
    [
        lambda folder: keras.callbacks.CSVLogger(folder / "nowhere" / "log.csv"),
        lambda folder: keras.callbacks.CSVLogger(folder / "log.csv", separator=5),
        lambda folder: keras.callbacks.ModelCheckpoint(folder / "{nope}.keras"),
    ],
)
def test_a_callback_of_keras_that_fails_is_named(kind, callback, tmp_path):
    with pytest.raises(InputError, match=r"trainer\.callbacks: (CSVLogger|ModelCheckpoint) cannot work"):
        fit(callback(tmp_path), kind=kind, epochs=1)


def test_an_unmeasured_monitor_is_refused_before_training():
    data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
    for kind in (Trainer, KerasTrainer):
        with pytest.raises(InputError, match="val_rmse, which is not measured"):
            kind(callbacks=[keras.callbacks.EarlyStopping("val_rmse")]).check(data)


@pytest.mark.parametrize("monitor", ["accuracy", "learning_rate"])
def test_what_fit_does_not_log_cannot_be_monitored_under_it(monitor):
    stopper = keras.callbacks.EarlyStopping(monitor)
    data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
    Trainer(callbacks=[stopper]).check(data)
    with pytest.raises(InputError, match=f"monitors {monitor}, which this trainer does not hand to callbacks"):
        KerasTrainer(callbacks=[stopper]).check(data)
    with pytest.raises(InputError, match="does not hand"):
        fit(stopper, kind=KerasTrainer)


@pytest.mark.parametrize(
    ("kind", "name", "value", "said"),
    [
        *((EarlyStopping, "patience", v, "a whole number of at least 0") for v in ("two", -1, 1.5, None, True)),
        (EarlyStopping, "start_from_epoch", "two", "a whole number of at least 0"),
        *((EarlyStopping, "baseline", v, "a number that is finite or null") for v in ("abc", math.nan)),
        (EarlyStopping, "restore_best_weights", "maybe", "true or false"),
        *((ReduceLROnPlateau, "factor", v, r"a number in \(0, 1\)") for v in (-1, 0, math.nan)),
        *((ReduceLROnPlateau, name, "two", "a whole number") for name in ("patience", "cooldown")),
        *((ReduceLROnPlateau, "min_lr", v, r"a number in \[0, inf\)") for v in (-1, "abc", None)),
        *((keras.callbacks.LearningRateScheduler, "schedule", v, "a function") for v in ("abc", 0.1, None)),
    ],
)
def test_an_argument_that_cannot_work_is_refused_before_training(kind, name, value, said):
    monitor = {} if kind is keras.callbacks.LearningRateScheduler else {"monitor": "val_accuracy"}
    with pytest.raises(InputError, match=rf"callbacks: {kind.__name__} has {name}={shown(value)}: give {said}"):
        Trainer(callbacks=[kind(**monitor, **{name: value})])


def test_arguments_that_work_pass():
    callbacks = [
        EarlyStopping("val_accuracy", patience=np.int64(3), baseline=0.5, restore_best_weights=True),
        ReduceLROnPlateau("val_nll", factor=0.5, patience=0, min_lr=np.float32(1e-6)),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate),
    ]
    assert Trainer(callbacks=callbacks).callbacks == callbacks


def test_a_checkpoint_of_every_epoch_needs_no_monitor(tmp_path):
    fit(keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"), epochs=2)
    assert {p.name for p in tmp_path.iterdir()} == {"1.keras", "2.keras"}


@pytest.mark.parametrize(
    ("callback", "precision", "kind"),
    [
        (keras.callbacks.ReduceLROnPlateau("val_nll"), "mixed_float16", Trainer),
        (keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate), "float32", KerasTrainer),
    ],
)
def test_a_callback_and_a_schedule_cannot_both_set_the_learning_rate(callback, precision, kind):
    schedule = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=30)
    with pytest.raises(InputError, match="schedule=constant"):
        fit(callback, rate=schedule, precision=precision, kind=kind)
