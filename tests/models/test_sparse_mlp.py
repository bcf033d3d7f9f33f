import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.models.sparse_mlp import sparse_mlp

TABLE = np.random.default_rng(0).normal(size=(12, 30)).astype(np.float32)


def penalty(model, x) -> float:
    model(x)
    return float(sum(model.losses))


def test_called_twice_it_has_one_loss_not_two():
    model = sparse_mlp((30,), 2, hidden=[8])
    assert len(model.losses) <= 1
    model(TABLE)
    assert len(model.losses) == 1
    model(TABLE)
    assert len(model.losses) == 1


def test_inside_a_traced_step_it_has_one_loss_of_that_step():
    model = sparse_mlp((30,), 2, hidden=[8])

    @tf.function
    def step(x):
        model(x, training=True)
        model(x, training=True)
        return model.losses

    assert len(step(TABLE)) == 1
    assert np.isclose(float(step(TABLE[:6])[0]), penalty(model, TABLE[:6]), rtol=1e-5)


def test_each_hidden_layer_adds_its_own():
    model = sparse_mlp((30,), 2, hidden=[8, 8, 8])
    model(TABLE)
    assert len(model.losses) == 3


def test_the_penalty_is_the_mean_l1_norm_of_the_activity():
    model = sparse_mlp((30,), 2, hidden=[8], penalty=0.01)
    kernel, bias = model.get_weights()[:2]
    activity = np.maximum(TABLE @ kernel + bias, 0)
    assert np.isclose(penalty(model, TABLE), 0.01 * np.abs(activity).sum(axis=1).mean(), rtol=1e-5)


def test_the_penalty_does_not_grow_with_the_batch():
    model = sparse_mlp((30,), 2)
    assert np.isclose(penalty(model, np.tile(TABLE, (5, 1))), penalty(model, TABLE), rtol=1e-5)


def test_the_penalty_trains_the_layer_towards_silence():
    model = sparse_mlp((30,), 1, hidden=[16])
    with tf.GradientTape() as tape:
        model(TABLE)
        before = sum(model.losses)
    kernel = model.trainable_variables[0]
    kernel.assign_sub(1000.0 * tape.gradient(before, kernel.value))
    assert penalty(model, TABLE) < float(before)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_penalty_is_float32(policy):
    keras.config.set_dtype_policy(policy)
    model = sparse_mlp((30,), 2)
    model(TABLE)
    assert all(loss.dtype == "float32" for loss in model.losses)


def test_a_saved_model_predicts_and_penalises_the_same(tmp_path):
    model = sparse_mlp((30,), 3, penalty=0.02)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(reloaded(TABLE), model(TABLE))
    assert penalty(reloaded, TABLE) == penalty(model, TABLE)
