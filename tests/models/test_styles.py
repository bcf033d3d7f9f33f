"""The same network in Keras's three styles: subclassed, functional, sequential."""

import itertools

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.models import functional, sequential, subclassed

STYLES = {
    "subclassed": subclassed.ConvNet,
    "functional": functional.conv_net,
    "sequential": sequential.conv_net,
}
HEADS = ("linear", "cosine", "ordinal", "norm")
styles = pytest.mark.parametrize("style", STYLES)


def build(style: str, *arguments, seed: int = 0, **options) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return STYLES[style](*(arguments or ((8, 8, 1), 10)), **options)


def outputs(model, x) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x))


@pytest.mark.parametrize("head", HEADS)
def test_styles_agree_in_weights_and_outputs(head, pictures):
    models = [build(style, head=head) for style in STYLES]
    for first, second in itertools.pairwise(models):
        for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
            assert np.array_equal(a, b)
        assert np.array_equal(outputs(first, pictures), outputs(second, pictures))


@styles
def test_the_network_is_the_documented_one(style):
    shapes = [tuple(weight.shape) for weight in build(style, (28, 28, 1), 10).weights]
    assert shapes == [(3, 3, 1, 32), (32,), (26 * 26 * 32, 128), (128,), (128, 10), (10,)]


@styles
def test_the_seed_fixes_the_weights(style):
    first, again, other = (build(style, seed=seed).get_weights()[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@styles
def test_options_reach_the_layers(style):
    shapes = [tuple(w.shape) for w in build(style, filters=4, kernel_size=5, units=7).weights]
    assert shapes[0] == (5, 5, 1, 4)
    assert shapes[2] == (4 * 4 * 4, 7)


@styles
def test_the_initial_bias_is_the_heads(style):
    weights = build(style, initial_bias=-2.5).get_weights()
    assert (weights[-1] == -2.5).all()
    assert not weights[-3].any()


@styles
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_outputs_are_float32_under_any_policy(style, policy, pictures):
    keras.config.set_dtype_policy(policy)
    model = build(style, filters=2, units=4)
    assert model(pictures[:2]).dtype == "float32"
    assert model.layers[-2].compute_dtype == policy.removeprefix("mixed_")


@styles
@pytest.mark.parametrize("head", HEADS)
def test_a_saved_model_predicts_the_same(style, head, pictures, tmp_path):
    model = build(style, head=head, initial_bias=0.5, filters=4, units=8)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(reloaded) is type(model)
    assert np.array_equal(outputs(reloaded, pictures), outputs(model, pictures))


@styles
def test_a_saved_model_keeps_its_precision(style, pictures, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build(style, filters=4, units=8)
    model.save(tmp_path / "model.keras")
    keras.config.set_dtype_policy("float32")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(outputs(reloaded, pictures), outputs(model, pictures))


@styles
def test_tables_are_refused_with_the_way_out(style):
    with pytest.raises(InputError, match=rf"model={style} convolves pictures.*\(30,\).*model=mlp"):
        build(style, (30,), 2)


@styles
def test_a_kernel_larger_than_the_picture_is_refused(style):
    with pytest.raises(InputError, match=r"model\.kernel_size=9 .*at most 8"):
        build(style, kernel_size=9)
