"""LDAM's margins and its deferred re-weighting."""

import keras
import numpy as np
import tensorflow as tf
from scipy.special import log_softmax

from lossexp.base.links import probabilities
from lossexp.losses import LDAM
from lossexp.losses.base.class_weights import effective_number
from tests.losses.random_logits import COUNTS

Y = np.arange(4)
Z = np.tanh(np.random.default_rng(0).normal(size=[4, 4])).astype(np.float32)


def test_margins_fall_with_the_fourth_root_of_the_count():
    margins = LDAM(max_m=0.6, class_counts=[16, 1, 81]).margins(tf.zeros([1, 3]))
    np.testing.assert_allclose(margins, [0.3, 0.6, 0.2], 1e-12)


def test_the_margin_comes_off_the_true_class():
    margins = 0.4 * (np.array(COUNTS) / min(COUNTS)) ** -0.25
    expected = -np.diag(log_softmax(10.0 * (Z.astype(float) - np.diag(margins)), -1))
    np.testing.assert_allclose(LDAM(max_m=0.4, s=10.0, class_counts=COUNTS).call(Y, Z), expected, 1e-5)


def test_probabilities_use_the_scale():
    loss = LDAM(s=30, class_counts=COUNTS)
    assert loss.head == "cosine"
    np.testing.assert_allclose(probabilities(Z, loss.link), probabilities(30 * Z, "softmax"), 1e-6)


def test_weights_start_at_their_share_of_the_epochs_without_retracing():
    loss = LDAM(drw=0.8, beta=0.99, class_counts=COUNTS)
    traces = []

    @tf.function(jit_compile=True)
    def values():
        traces.append(1)
        return loss.call(Y, Z)

    plain = LDAM(class_counts=COUNTS).call(Y, Z).numpy()
    for epoch in range(10):
        loss.on_epoch(epoch, 10)
        weights = effective_number(COUNTS, 0.99) if epoch >= 8 else np.ones(4)
        np.testing.assert_allclose(values(), weights * plain, 1e-5)
    assert len(traces) == 1
    assert [variable.name for variable in loss.variables] == ["reweight:0"]
    assert not LDAM().variables


def test_schedule_from_a_keras_callback():
    loss = LDAM(drw=0.5, class_counts=COUNTS)
    model = keras.Sequential([keras.layers.Dense(4)])
    model.compile("sgd", loss=loss)
    schedule = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: loss.on_epoch(epoch, 2))
    model.fit(Z, Y, epochs=2, verbose=0, callbacks=[schedule])
    assert loss.variables[0].numpy() == 1.0
