"""A model from a `.keras` file, with its weights: loaded in Keras's safe mode, custom classes from trusted packages."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection
from pathlib import Path

import keras

from lossexp.base.blame import blaming, sentence
from lossexp.base.checks import Place, settings
from lossexp.base.errors import InputError
from lossexp.base.model_files import custom_modules, lambdas


@settings("model")
def keras_file(
    input_shape: tuple[int, ...],
    num_outputs: int,
    head: str = "linear",
    trusted_packages: list[str] = (),
    path: Place = "model.keras",
) -> keras.Model:
    """The model in the file `path`, which goes on from the weights that it was saved with.

    trusted_packages: those that classes of the file may come from, beside Keras and lossexp. Raises InputError for a
    file that cannot be loaded, or whose model does not map `[batch, *input_shape]` to `[batch, num_outputs]`.
    """
    where = f"model.path={path}"
    if head != "linear":
        raise InputError(
            f"{where}: the loss needs a model that ends in a head of the kind {head!r}, and a file has the layers that "
            "it was saved with. Choose a loss for plain outputs, such as loss=ce, or build the model with model=custom."
        )
    model = load_checked(Path(path).expanduser(), where, trusted_packages)
    _check_inputs(model, tuple(input_shape), where)
    _check_width(model, num_outputs, where)
    return model


def load_checked(file: Path, where: str, trusted: Collection[str]) -> keras.Model:
    """The model in a file of the user's. Raises InputError, which begins with `where`, where it cannot be loaded."""
    if not file.is_file():
        raise InputError(f"{where}: there is no such file.")
    if file.suffix != ".keras":
        raise InputError(
            f"{where}: give a file that model.save('my.keras') wrote. Save a whole model of another format anew in "
            "that one. Weights alone need their network: build it in a function of yours (model=custom), which ends in "
            "model.load_weights(path) and return model."
        )
    try:
        named = lambdas(file)
    except Exception as error:  # a damaged archive raises whatever its damage leads to
        raise InputError(
            f"{where}: this is no `.keras` file that can be read ({error}). Save the model anew."
        ) from error
    if named:
        raise InputError(
            f"{where}: the Lambda layer {named[0]} holds Python code, which a file must not bring along. Build the "
            "model with model=custom, or put a named layer in the place of Lambda and save the model anew."
        )
    check_modules(file, trusted)
    try:
        return load(file, trusted)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{where} cannot be loaded: {sentence(error)}") from error


def load(file: Path, trusted: Collection[str]) -> keras.Model:
    """The model in a `.keras` file whose modules were checked; those of trusted packages are imported for it."""
    for module in sorted(custom_modules(file)):
        if module.partition(".")[0] in trusted:
            with blaming(f"{file.name} has objects of {module}"):
                importlib.import_module(module)  # which registers its classes
    return keras.saving.load_model(file, compile=False)  # in Keras's safe mode


def check_modules(file: Path, trusted: Collection[str]) -> None:
    """Raises InputError for a model file that names modules which loading it could import anew.

    Keras imports some packages by the name that the file gives. What is imported already runs nothing again.
    """
    for module in sorted(custom_modules(file)):
        package = module.partition(".")[0]
        if package not in ("lossexp", *trusted) and module not in sys.modules:
            raise InputError(
                f"{file} has objects of the module {module}, which is neither lossexp's nor Keras's. If you "
                f"trust it, say so on the command line: trusted_packages=[{package}]."
            )


def _check_inputs(model: keras.Model, input_shape: tuple[int, ...], where: str) -> None:
    taken = getattr(model, "input_shape", None)
    if not isinstance(taken, tuple) or not all(size is None or isinstance(size, int) for size in taken[1:]):
        return  # several inputs, which the trial with data refuses, or a subclass, which does not say
    own = taken[1:]
    if len(own) != len(input_shape) or any(a not in (None, b) for a, b in zip(own, input_shape, strict=True)):
        shown = tuple("any" if size is None else size for size in own)
        raise InputError(
            f"{where}: the model takes inputs of shape {shown}, and this dataset has inputs of shape {input_shape}. "
            "Take a file or a dataset that fits the other, or build the model with model=custom."
        )


def _check_width(model: keras.Model, num_outputs: int, where: str) -> None:
    shape = getattr(model, "output_shape", None)
    if isinstance(shape, tuple) and isinstance(shape[-1], int) and shape[-1] != num_outputs:
        raise InputError(
            f"{where}: the model has {shape[-1]} outputs, and this dataset with this loss needs {num_outputs}. To keep "
            "its layers under another head, build the model with model=custom: load the file in a function of yours, "
            "and end in keras.layers.Dense(num_outputs)."
        )
