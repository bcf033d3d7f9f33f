"""State that training changes, wherever it hangs: kept in checkpoints, left alone by trials, scoring and validation."""

import functools
import random
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.base.variables import untouched, variables_of
from lossexp.datasets.scikit_learn import digits
from lossexp.experiment.compatibility import try_loss
from lossexp.losses import EQLv2, Focal, Seesaw
from lossexp.losses.keras.adapted import Adapted
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer import compilation
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.parts import Parts
from lossexp.trainer.predictor import Predictor
from lossexp.trainer.trainer import Trainer
from tests.trainer.test_resume import Killed, stopping

DATA = digits(seed=0, validation_fraction=0.2, test_fraction=0.2, limit=96)
SHARED = SimpleNamespace()  # state of a module


def one(value=1.0):
    return tf.Variable(value, trainable=False)


def cross_entropy(y, p):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(y, tf.int32), p)


class TwoVariables:
    """A loss object with running means of the loss, one of them in a dictionary."""

    def __init__(self):
        self.mean, self.state = one(), {"inner": [one(2.0)]}

    def __call__(self, y, p):
        values = cross_entropy(y, p)
        self.mean.assign(0.9 * self.mean + 0.1 * tf.reduce_mean(values))
        self.state["inner"][0].assign_add(self.mean)
        return values * (1.0 + self.mean) / self.state["inner"][0]


def closure():
    count = one()

    def loss(y, p):
        count.assign_add(1.0)
        return cross_entropy(y, p) / count

    return loss


def of_a_module(y, p):
    SHARED.count.assign_add(1.0)
    return cross_entropy(y, p) / SHARED.count


def module_state():
    SHARED.count = one()
    return of_a_module


class OfAClass:
    count = None

    def __call__(self, y, p):
        self.count.assign_add(1.0)
        return cross_entropy(y, p) / self.count


def class_state():
    OfAClass.count = one()
    return OfAClass()


def weighted(y, p, weight):
    return cross_entropy(y, p) / weight.assign_add(1.0)


class Metered(keras.losses.Loss):
    """A Keras loss with a Keras metric inside."""

    def __init__(self):
        super().__init__()
        self.seen = keras.metrics.Mean()

    def call(self, y, p):
        values = cross_entropy(y, p)
        self.seen.update_state(values)
        return values * (1.0 + self.seen.result())


class Noisy(keras.losses.Loss):
    """Draws numbers from generators of both kinds, and from Keras without a seed."""

    def __init__(self):
        super().__init__()
        self.keras, self.tensorflow = keras.random.SeedGenerator(1), tf.random.Generator.from_seed(1)

    def call(self, y, p):
        values = cross_entropy(y, p)
        noise = keras.random.uniform((), seed=self.keras) + self.tensorflow.uniform(()) + keras.random.uniform(())
        return values * noise


def elsewhere():
    """State in a closure, a module, a class, an argument of a partial and a default argument, all in one loss."""
    partial, start = functools.partial(weighted, weight=one()), one()

    def default(y, p, count=start):
        return cross_entropy(y, p) / count.assign_add(1.0)

    losses = [closure(), module_state(), class_state(), partial, default]

    def total(y, p):
        return sum(loss(y, p) for loss in losses)

    return total


LOSSES = {
    "an object": lambda: Adapted(TwoVariables(), on="logits", labels="sparse"),
    "elsewhere": lambda: Adapted(elsewhere(), on="logits", labels="sparse"),
    "a metric": lambda: Adapted(Metered(), on="logits", labels="sparse"),
    "random numbers": lambda: Adapted(Noisy(), on="logits", labels="sparse"),
    "eqlv2": lambda: EQLv2(),
    "seesaw": lambda: Seesaw(running=True),
}
SLOW = ("a metric", "eqlv2")  # like the others, with three trainings each


def train(make_loss, folder=None, stop_at=None, model=None, callbacks=(), trainer_class=Trainer, **settings):
    """History without times, final variables and the loss; 3 steps an epoch."""
    with runtime(0):
        loss = make_loss()
        loss.adapt(DATA.class_counts)
        model = model() if model else mlp(DATA.input_shape, 10, hidden=[8])
        try_loss(loss, model, DATA, "loss=x")
        settings = {"epochs": 3, "checkpoint_seconds": 0.0, "jit_compile": False, "progress": False, **settings}
        trainer = trainer_class(callbacks=list(callbacks), **settings)
        fit = stopping(trainer.fit, stop_at) if stop_at else trainer.fit
        history = fit(Parts(DATA, model, loss, keras.optimizers.SGD(0.05)), seed=0, folder=folder).history
        timeless = [{k: v for k, v in record.items() if not k.startswith("time/")} for record in history]
        return timeless, [v.numpy() for v in variables_of(model, loss, list(callbacks))], loss


def assert_same(one, other):
    assert one[0] == other[0]
    assert len(one[1]) == len(other[1])
    for mine, theirs in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("kind", [pytest.param(k, marks=pytest.mark.slow) if k in SLOW else k for k in LOSSES])
def test_state_of_a_loss_continues_bit_for_bit(kind, tmp_path):
    whole = train(LOSSES[kind])
    assert kind != "elsewhere" or [v.numpy() for v in whole[2].variables] == [10.0] * 5  # 9 steps, from 1
    with pytest.raises(Killed):
        train(LOSSES[kind], tmp_path, stop_at=5)
    assert_same(train(LOSSES[kind], tmp_path), whole)


def moved(trainer_class=Trainer, **settings):
    return train(LOSSES["an object"], trainer_class=trainer_class, **settings)[2].fn


def test_trials_and_validation_leave_the_state_of_a_loss_alone(monkeypatch):
    monkeypatch.setattr(compilation, "WORTH_SECONDS", 0.0)
    one_epoch, by_hand = moved(epochs=1, jit_compile="auto"), TwoVariables()
    for fn in (one_epoch, moved(KerasTrainer, epochs=1)):
        # 3 training steps, and nothing else, add the mean three times.
        assert 2.0 < fn.state["inner"][0].numpy() < 2.0 + 3 * 3.0
    assert one_epoch.state["inner"][0].numpy() == pytest.approx(fn.state["inner"][0].numpy(), rel=1e-5)
    with runtime(0):
        model, loss = mlp(DATA.input_shape, 10), Adapted(by_hand, on="logits", labels="sparse")
        try_loss(loss, model, DATA, "loss=x")
    assert (by_hand.mean.numpy(), by_hand.state["inner"][0].numpy()) == (1.0, 2.0)


@keras.saving.register_keras_serializable("test")
class Counting(keras.layers.Layer):
    """Counts its calls in a plain variable, a tracked one and a metric, training or not."""

    def build(self, shape):
        self.plain, self.mean = tf.Variable(0.0, trainable=False), keras.metrics.Mean()
        self.tracked = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.plain.assign_add(1.0)
        self.tracked.assign_add(1.0)
        self.mean.update_state(x)
        return x * (1.0 + self.plain / 100.0 + self.tracked / 50.0 + self.mean.result())


def counting():
    flat, count, dense = keras.layers.Flatten(), Counting(), keras.layers.Dense(10)
    return keras.Sequential([keras.Input(DATA.input_shape), flat, count, dense])


def test_state_of_layers_continues_bit_for_bit_and_is_named_where_keras_does_not_save_it(tmp_path, caplog):
    whole = train(Focal, model=counting)
    assert "plain is a tf.Variable, which Keras does not save with the model" in caplog.text
    with pytest.raises(Killed):
        train(Focal, tmp_path, stop_at=5, model=counting)
    assert_same(train(Focal, tmp_path, model=counting), whole)
    assert {9.0} < {float(v) for v in whole[1] if v.shape == ()}  # steps, and neither trials nor validation


def test_predictions_leave_a_model_as_it_was():
    with runtime(0):
        model = counting()
        x = DATA.val.x[:4]
        first = Predictor(model)(x)
        np.testing.assert_array_equal(Predictor(model)(x), first)


def test_the_best_epoch_has_its_plain_variables_back(tmp_path):
    with runtime(0):
        model = counting()
        trainer = Trainer(epochs=3, jit_compile=False, progress=False)
        fit = trainer.fit(Parts(DATA, model, Focal(), keras.optimizers.SGD(0.0)), seed=0)
        plain = model.layers[1].plain
        fit.monitor.best_weights = [np.zeros_like(value) for value in fit.monitor.best_weights]
        fit.monitor.restore(model)
        assert plain.numpy() == 0.0


class Tally(keras.callbacks.Callback):
    """A callback with variables made in its two legal places, and one that is made too late."""

    def __init__(self):
        super().__init__()
        self.steps, self.mean = one(0.0), [keras.metrics.Mean()]

    def on_train_begin(self, logs=None):
        self.epochs = one(0.0)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.assign_add(1.0)
        self.mean[0].update_state(logs["loss"])
        self.late = one(0.0) if epoch == 0 else getattr(self, "late", None)

    def on_train_batch_end(self, batch, logs=None):
        self.steps.assign_add(1.0)


def test_variables_of_callbacks_continue_and_what_comes_too_late_is_named(tmp_path, caplog):
    whole = train(Focal, tmp_path / "whole", callbacks=[Tally()])
    assert caplog.text.count("late is not kept in checkpoints") == 1
    assert "mean is not kept" not in caplog.text
    with pytest.raises(Killed):
        train(Focal, tmp_path / "parts", stop_at=5, callbacks=[Tally()])
    continued = Tally()
    parts = train(Focal, tmp_path / "parts", callbacks=[continued])
    assert parts[0] == whole[0]
    assert (continued.steps.numpy(), continued.epochs.numpy()) == (9.0, 3.0)
    assert continued.mean[0].result().numpy() == pytest.approx(np.mean([r["train/loss"] for r in whole[0]]))


class Forgetful:
    def __init__(self):
        self.calls, self.table = 0, tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, 0.0)
        self.draws = np.random.default_rng(0)

    def __call__(self, y, p):
        self.calls += 1
        scale = tf.cond(tf.reduce_sum(p) > 0, lambda: tf.random.uniform(()), lambda: 1.0)
        return scale * cross_entropy(y, p)


def test_what_no_checkpoint_can_keep_is_named_once(tmp_path, caplog):
    train(lambda: Adapted(Forgetful(), on="logits", labels="sparse"), tmp_path)
    assert caplog.text.count("loss.fn.calls is not kept in checkpoints: it is plain Python") == 1
    for name in ("table", "draws"):
        assert caplog.text.count(f"loss.fn.{name} is not kept in checkpoints: it is state outside of variables") == 1
    assert caplog.text.count("RandomUniform in the training step is not kept in checkpoints") == 1


def test_a_variable_that_nothing_leads_to_is_named(tmp_path, caplog):
    hidden = functools.lru_cache(lambda: one())  # what it keeps is in no attribute
    hidden()
    with caplog.at_level("WARNING"):
        train(Focal, tmp_path / "none")
        assert "leads to" not in caplog.text
        train(lambda: Adapted(lambda y, p: weighted(y, p, hidden()), on="logits", labels="sparse"), tmp_path)
    assert caplog.text.count("in the training step is not kept in checkpoints: it is one that no attribute") == 1


class Scattered(keras.callbacks.Callback):
    """Plain state where no checkpoint looks."""

    def __init__(self):
        super().__init__()
        self.place, self.pair, self.draws = SimpleNamespace(calls=0), (0, 1), random.Random(0)

    def on_epoch_end(self, epoch, logs=None):
        self.place.calls += 1


def test_plain_state_of_callbacks_that_is_not_kept_is_named(tmp_path, caplog):
    train(Focal, tmp_path, callbacks=[Scattered()], epochs=2)
    for name in ("Scattered.place", "Scattered.pair", "callbacks[0].draws"):
        assert caplog.text.count(f"{name} is not kept in checkpoints") == 1


def test_what_a_block_makes_begins_as_it_was_made():
    with runtime(0):
        model, x = keras.Sequential([Counting(), keras.layers.Dropout(0.5), keras.layers.Dense(2)]), DATA.val.x[:2]
        with untouched(model):
            model(x, training=True)
        layer = model.layers[0]
        assert (layer.plain.numpy(), layer.tracked.numpy(), layer.mean.count.numpy()) == (0.0, 0.0, 0.0)


def test_a_continued_training_tells_again_of_the_epochs_that_are_done(tmp_path):
    told = []
    with pytest.raises(Killed):
        train(Focal, tmp_path, stop_at=8)
    whole = train(Focal)[0]
    with runtime(0):
        trainer = Trainer(epochs=3, jit_compile=False, progress=False)
        model = mlp(DATA.input_shape, 10, hidden=[8])
        fit = trainer.fit(
            Parts(DATA, model, Focal(), keras.optimizers.SGD(0.05)), seed=0, folder=tmp_path, on_resume=told.extend
        )
    assert [step for _, step in told] == [3, 6]
    assert [record["val/nll"] for record, _ in told] == [record["val/nll"] for record in whole[:2]]
    assert fit.ends == [3, 6, 9]
