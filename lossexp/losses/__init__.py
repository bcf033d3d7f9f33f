"""Losses: every one a `keras.losses.Loss` on raw outputs; the contract is `Loss`.

Here are all classes that the families below register (`lossexp.losses.Focal`), and the bases to write another on. A
new loss is found by itself: it stands in a family's folder and is registered, nothing else.
"""

import importlib
import pkgutil
import sys

# Python imports a package before it runs `python -m package`, and sys.argv[0] is "-m" meanwhile. Then nothing
# is imported yet, so that `--help` need not wait for TensorFlow.
RUN_AS_COMMAND = sys.argv[:1] == ["-m"] and __name__ in sys.orig_argv
BASES = {
    "base.loss": ("Loss", "register"),
    "base.multiclass": ("MulticlassLoss",),
    "base.binary": ("BinaryLoss",),
    "base.one_vs_rest": ("OneVsRest",),
    "base.regression": ("ValueLoss",),
    "keras.adapted": ("as_loss",),
}
__all__: list[str] = []


def _collect() -> None:
    """Imports every module of every family and takes up what they register."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    import keras

    for registered, cls in keras.saving.get_custom_objects().items():
        if registered.startswith("lossexp>") and cls.__module__.startswith(f"{__name__}."):
            globals()[cls.__name__] = cls
            __all__.append(cls.__name__)
    for module, names in BASES.items():
        for name in names:
            globals()[name] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
            __all__.append(name)


def __getattr__(name: str):
    """Where nothing was imported yet."""
    if RUN_AS_COMMAND and not name.startswith("__") and not __all__:
        _collect()
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if not RUN_AS_COMMAND:
    _collect()
