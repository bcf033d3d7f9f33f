"""What helps against the errors that a user's losses, models and callbacks meet most, by what they say."""

from __future__ import annotations

import re
import sys

IN_STEPS = "A compiled step has no values while it is built"
REMEDIES = {
    r"no attribute '(numpy|item|tolist)'": f"{IN_STEPS}: compute with keras.ops or TensorFlow functions.",
    r"[Ss]ymbolic `?tf\.Tensor`? as a Python `?bool": (
        f"{IN_STEPS} for Python's if, while, and, or, not: use keras.ops.where(condition, a, b), or train with "
        "trainer.eager=true, which is slow."
    ),
    r"[Ii]terating over a symbolic": f"{IN_STEPS} for Python's loops: use operations on whole tensors, or slices.",
    r"convert a symbolic tf\.Tensor .*numpy|NumPy call|not 'SymbolicTensor'|__array__\(\)": (
        f"{IN_STEPS} for NumPy, float() or int(): use keras.ops or TensorFlow functions."
    ),
    r"None values not supported|None of type 'NoneType'"
    r"|'NoneType' object cannot be interpreted as an integer|'NoneType' and 'int'"
    r"|unknown TensorShape|partially known TensorShape|elements of \[None": (
        "The number of examples in a batch is not known while a step is built: take it from keras.ops.shape(x)[0]."
    ),
    r"expected to be an? int\d+ tensor but is a float|expected to be a float tensor but is an? int"
    r"|has type u?int\d+ that does not match type float|has type float\d+ that does not match type u?int": (
        "Labels may be whole numbers: cast them with keras.ops.cast(y_true, 'float32'), or set loss.labels=onehot."
    ),
    r"\b(bfloat16|float16)\b|a half tensor": (
        "Under mixed precision layers compute in half: cast with keras.ops.cast(x, self.compute_dtype), or train with "
        "trainer.precision=float32."
    ),
    r"not recognized: \{'lr'": "It is learning_rate now.",
}
RENAMED = re.compile(r"module '(keras|tensorflow)[\w.]*' has no attribute '(\w+)'")
PLACES = {"keras": ("keras.ops", "keras.random", "keras.losses"), "tensorflow": ("tensorflow.math", "keras.ops")}


def remedy(error: BaseException) -> str:
    """A sentence that says what to write instead; empty where none is known."""
    text = " ".join(str(error).split())
    if renamed := RENAMED.search(text):
        return _renamed(renamed[1], renamed[2])
    return next((advice for said, advice in REMEDIES.items() if re.search(said, text)), "")


def _renamed(library: str, name: str) -> str:
    """Where a function of Keras 2 or TensorFlow 1 is now."""
    for place in PLACES[library]:
        if hasattr(_module(place), name):
            return f"It is {place.replace('tensorflow', 'tf')}.{name} now."
    return "Keras 3 has its functions for tensors in keras.ops." if library == "keras" else ""


def _module(path: str) -> object:
    """A module that is imported already: its user has raised the error."""
    first, *rest = path.split(".")
    found = sys.modules.get(first)
    for part in rest:
        found = getattr(found, part, None)
    return found
