"""The compiled loop: traced once, and its graphs released."""

import gc
import weakref

import keras
import tensorflow as tf

from lossexp.datasets.batches import epoch_order
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import LDAM, Focal
from lossexp.models.mlp import mlp
from lossexp.runtime import runtime
from lossexp.trainer.compilation import choose_engine
from lossexp.trainer.devices import OneDevice
from lossexp.trainer.engine import Engine
from lossexp.trainer.residence import OnDevice

DATA = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)


def engine(loss, optimizer=None, jit_compile=False):
    model = mlp(DATA.input_shape, 10)
    optimizer = optimizer or keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    OneDevice().prepare(optimizer)
    return Engine(model, optimizer, loss, OnDevice(DATA.train), 10, 32, jit_compile), model, optimizer


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
            return Engine(model, optimizer, Focal(), OnDevice(DATA.train), 10, 32, jit_compile)

        chosen = choose_engine("auto", make, variables, epoch_order(len(DATA.train), 0, 0), total_steps=10**9)
        assert chosen.jit_compile in (True, False)
        for old, variable in zip(before, variables, strict=True):
            tf.debugging.assert_equal(old, variable.numpy())
