"""The compiled loop: traced once, and its graphs released."""

import gc
import time
import weakref

import keras
import pytest
import tensorflow as tf

from lossexp.datasets.batches import epoch_order
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import LDAM, Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer.compilation import choose_engine
from lossexp.trainer.devices import OneDevice
from lossexp.trainer.engine import Engine
from lossexp.trainer.residence import OnDevice, OnHost
from lossexp.trainer.step import Answers, StepResult, train_step

DATA = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)


def engine(loss, optimizer=None, jit_compile=False):
    model = mlp(DATA.input_shape, 10)
    optimizer = optimizer or keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    OneDevice().prepare(optimizer)
    return made(model, optimizer, loss, jit_compile), model, optimizer


def made(model, optimizer, loss, jit_compile):
    answers = Answers(10, loss.link)
    return Engine(
        lambda batch: train_step(model, optimizer, loss, batch, answers), OnDevice(DATA.train, 32), jit_compile
    )


def test_neither_epochs_nor_the_short_last_batch_nor_a_schedule_retrace():
    traces = []

    class Counted(Focal):
        def call(self, y_true, y_pred):
            traces.append(tuple(y_pred.shape))
            return super().call(y_true, y_pred)

    with runtime(0):
        loop, _, optimizer = engine(Counted())
        for epoch in range(3):
            optimizer.learning_rate = 0.1 / (epoch + 1)
            order = epoch_order(len(DATA.train), 0, epoch)
            loop.run(order, 0, 1)
            loop.run(order, 1, 3)
    assert sorted(traces) == [(4, 10), (32, 10)]


def test_a_loss_schedule_by_epoch_does_not_retrace():
    traces = []

    class Counted(LDAM):
        def call(self, y_true, y_pred):
            traces.append(1)
            return super().call(y_true, y_pred)

    with runtime(0):
        loss = Counted(drw=0.5)
        loss.adapt(DATA.class_counts)
        loop, *_ = engine(loss)
        for epoch in range(4):
            loss.on_epoch(epoch, 4)
            loop.run(epoch_order(len(DATA.train), 0, epoch), 0, 4)
    assert len(traces) == 2


def test_xla_compiles_once_whatever_steps_a_call_has():
    """A compilation takes a hundred times as long as these calls, which are compared with each other."""

    def seconds(first, count):
        start = time.perf_counter()
        loop.run(order, first, count)
        return time.perf_counter() - start

    with runtime(0):
        loop, *_ = engine(Focal(), jit_compile=True)
        order = epoch_order(len(DATA.train), 0, 0)
        compiling = seconds(0, 1)
        assert max(seconds(0, 1), seconds(1, 1), seconds(0, 2), seconds(1, 2), seconds(0, 3)) < compiling / 5


def test_windows_of_data_on_the_host_have_one_shape_and_are_gathered_once(monkeypatch):
    monkeypatch.setattr("lossexp.trainer.residence.WINDOW_BYTES", DATA.train.x[:64].nbytes)
    gathered = []

    class Counted(OnHost):
        def _gather(self, order, number):
            batch = super()._gather(order, number)
            gathered.append((number, batch.x.shape))
            return batch

    data, order = Counted(DATA.train, 16), epoch_order(len(DATA.train), 0, 0)
    assert (len(DATA.train), data.steps) == (100, 7)
    for first in (0, 1, 2, 3, 5, 6):
        arrays, positions, offset = data.window(order, first)
        used = positions[(first - int(offset)) * 16 :][: min(16, 100 - first * 16)]
        expected = DATA.train.x[order[first * 16 : (first + 1) * 16]]
        tf.debugging.assert_equal(tf.gather(arrays.x, used), expected)
        assert first + data.steps_from(first) in (2, 4, 6, 7)
    assert gathered == [(n, (32, 8, 8, 1)) for n in range(4)]


def test_sums_do_not_depend_on_how_an_epoch_is_cut():
    def sums(cuts):
        with runtime(0):
            loop, *_ = engine(Focal())
            order, totals, first = epoch_order(len(DATA.train), 0, 0), None, 0
            for count in cuts:
                totals = loop.run(order, first, count, totals)
                first += count
            return totals

    assert sums([4]) == sums([1, 1, 1, 1]) == sums([3, 1])


def test_any_function_of_a_batch_is_a_step_and_the_first_that_is_not_finite_is_named():
    steps = tf.Variable(0.0)

    def step(batch):
        number = steps.assign_add(1.0)
        return StepResult(tf.reduce_mean(tf.cast(batch.y, tf.float32)), 2.0 * number, 10.0 * number, number < 3.0)

    order = epoch_order(len(DATA.train), 0, 0)
    totals = Engine(step, OnDevice(DATA.train, 32), jit_compile=False).run(order, 0, 4)
    assert totals.objective == pytest.approx(DATA.train.y.sum(), rel=1e-6)
    assert (totals.correct, totals.examples) == (2.0 + 4.0 + 6.0 + 8.0, 100.0)
    assert (totals.bad_step, totals.bad_logit, totals.last_logit) == (2.0, 30.0, 20.0)


def test_a_finished_engine_is_collected():
    with runtime(0):
        loop, model, optimizer = engine(Focal())
        loop.run(epoch_order(len(DATA.train), 0, 0), 0, 4)
        gone = weakref.ref(model)
        del loop, model, optimizer
    gc.collect()
    assert gone() is None


def test_auto_compilation_puts_every_variable_back():
    with runtime(0):
        _, model, optimizer = engine(Focal())
        variables = [*model.variables, *optimizer.variables]
        before = [v.numpy() for v in variables]

        def make(jit_compile):
            return made(model, optimizer, Focal(), jit_compile)

        chosen = choose_engine("auto", make, variables, epoch_order(len(DATA.train), 0, 0), total_steps=10**9)
        assert chosen.jit_compile in (True, False)
        for old, variable in zip(before, variables, strict=True):
            tf.debugging.assert_equal(old, variable.numpy())
