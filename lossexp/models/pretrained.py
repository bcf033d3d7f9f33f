"""A network of `keras.applications` under a head of our own, from local weights, frozen or fine-tuned."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import keras

from lossexp.base.blame import sentence
from lossexp.base.checks import BelowOne, Count, Place, Positive, settings
from lossexp.base.errors import InputError
from lossexp.models.application import Application
from lossexp.models.heads import make_head
from lossexp.models.saving import load_weights

TOO_SMALL = re.compile(r"at least (\d+) ?x")


@keras.saving.register_keras_serializable("lossexp")
class ApplicationInputs(keras.layers.Layer):
    """Pictures as a network of `keras.applications` was trained on them, by its own `preprocess_input`, float32.

    module: of `keras.applications`, such as `mobilenet_v2`. white: the largest value of a pixel as it arrives. Keras's
    functions are written for 0 to 255, so pixels are scaled to that first. One channel is repeated to three.
    """

    def __init__(self, module: str, white: float = 1.0, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.module = module
        self.white = white

    def call(self, x):
        x = keras.ops.repeat(x, 3, axis=-1) if x.shape[-1] == 1 else x
        return getattr(keras.applications, self.module).preprocess_input(x * (255.0 / self.white))

    def get_config(self):
        return {**super().get_config(), "module": self.module, "white": self.white}


@settings("model")
def pretrained(
    input_shape: tuple[int, ...],
    num_outputs: int,
    head: str = "linear",
    initial_bias: float | None = None,
    name: Application = "MobileNetV2",
    weights: Place | None = None,
    download: bool = False,
    trainable: bool = True,
    size: Count | None = None,
    white: Positive = 1.0,
    dropout: BelowOne = 0.0,
) -> keras.Model:
    """A model that maps images `[batch, height, width, 1 or 3]` to raw float32 outputs `[batch, num_outputs]`.

    name: the network, without its classifier, its features averaged over the picture. weights: a file that Keras wrote
    for it (`.weights.h5`, `.h5`, or a `.keras` file of it), None to start at random. download: lets Keras fetch the
    weights that were trained on ImageNet. trainable: False trains the head alone, and keeps the network as in
    inference. size: height and width to resize pictures to; None leaves them. white: the largest value of a pixel as
    the model gets it: unsigned pictures arrive as [0, 1], of others the dataset leaves what they are. dropout: in front
    of the head.

    Raises InputError for inputs that are no pictures or too small, and for weights that cannot be used.
    """
    if len(input_shape) != 3 or input_shape[-1] not in (1, 3):
        raise InputError(
            f"model=pretrained takes pictures (height, width, 1 or 3), but this dataset has inputs of shape "
            f"{tuple(input_shape)}. Use model=mlp, or a dataset of pictures."
        )
    if download and weights:
        raise InputError(f"model.download=true and model.weights={weights} are two sources of weights. Leave one out.")
    if not (trainable or weights or download):
        raise InputError(
            "model.trainable=false keeps the network as it is, and without weights that is at random. Give "
            "model.weights=path, or model.download=true, or train it."
        )
    shape = (size, size, 3) if size else (*input_shape[:2], 3)
    build = getattr(keras.applications, name)
    network = _network(build, name, shape, weights, download)
    network.trainable = trainable

    inputs = x = keras.Input(input_shape)
    if size:
        x = keras.layers.Resizing(size, size, dtype="float32")(x)
    x = ApplicationInputs(build.__module__.rpartition(".")[2], white)(x)
    x = network(x) if trainable else network(x, training=False)
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    return keras.Model(inputs, make_head(head, num_outputs, initial_bias)(x), name="pretrained")


def _network(build: Callable, name: str, shape: tuple[int, ...], weights: Place | None, download: bool) -> keras.Model:
    """The network from pictures of this shape to features `[batch, d]`."""
    file = Path(weights).expanduser() if weights else None
    if file and not file.is_file():
        raise InputError(f"model.weights={weights}: there is no such file.")
    try:
        network = build(weights="imagenet" if download else None, include_top=False, pooling="avg", input_shape=shape)
    except Exception as error:  # Keras has no class of its own for a failed download
        if small := TOO_SMALL.search(str(error)):
            raise InputError(
                f"model.name={name} takes pictures of at least {small[1]} x {small[1]}, and they are {shape[0]} x "
                f"{shape[1]}. Set model.size, for example to {2 * int(small[1])}, to which they are resized."
            ) from error
        if not download:
            raise
        raise InputError(
            f"model.download=true: the weights of {name} cannot be had: {sentence(error)}. Give a file that you have "
            "with model.weights=path."
        ) from error
    if file:
        try:
            load_weights(network, file)
        except Exception as error:  # Keras's and h5py's
            raise InputError(
                f"model.weights={weights} are not the weights of {name} without its classifier (Keras's files of these "
                f"have no_top in their name): {sentence(error)}"
            ) from error
    return network
