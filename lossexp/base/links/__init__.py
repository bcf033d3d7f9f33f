"""Links: what a model's raw outputs mean, as probabilities of classes or as predicted values.

A link is a name and, for a few, parameters: `"softmax"` or `{"name": "tempered", "t2": 1.2}`. A loss declares its
link; models never apply it. Everything else about a link is said once, in its class, which `named` looks up.

NumPy and SciPy only, so that reports can score saved outputs without TensorFlow; only `ClassLink.predicted`, for the
training step, imports it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import numpy as np

from lossexp.base.errors import InputError
from lossexp.base.links.classes import ClassLink, OneVsRest, Sigmoid, Softmax, SoftmaxNorm, Tempered
from lossexp.base.links.labels import Labels
from lossexp.base.links.ordered import Conditional, Ordinal
from lossexp.base.links.values import Exp, Gaussian, Identity, Softplus, ValueLink

OF_CLASSES = {
    kind.name: kind for kind in (Softmax, SoftmaxNorm, Tempered, Sigmoid, OneVsRest, Labels, Ordinal, Conditional)
}
OF_VALUES = {kind.name: kind for kind in (Identity, Softplus, Exp, Gaussian)}
CLASS_LINKS, VALUE_LINKS = tuple(OF_CLASSES), tuple(OF_VALUES)
NAMES = CLASS_LINKS + VALUE_LINKS


def split(link: str | Mapping) -> tuple[str, dict]:
    """A link's name and its parameters."""
    if isinstance(link, str):
        return link, {}
    return link.get("name"), {key: value for key, value in link.items() if key != "name"}


def named(link: str | Mapping) -> ClassLink | ValueLink:
    """The link of this name and these parameters. Raises InputError where there is none."""
    name, parameters = split(link)
    kind = (OF_CLASSES | OF_VALUES).get(name)
    if kind is None:
        raise InputError(f"link={name!r} is not known; expected one of {NAMES}.")
    try:
        return kind(**parameters)
    except TypeError:
        taken = ", ".join(inspect.signature(kind).parameters) or "no parameters"
        raise InputError(f"link={link}: {name} takes {taken}.") from None


def for_task(link: str | Mapping, task: str) -> str | Mapping:
    """What a loss with this link makes of outputs on data of this task.

    It is the link itself, but for `"multilabel"`: there each sigmoid answers a question of its own, while for classes
    two probabilities are made of one sigmoid, or those of all questions are scaled to sum to 1.
    """
    of_sigmoids = split(link)[0] in (Sigmoid.name, OneVsRest.name)
    return Labels.name if task == "multilabel" and of_sigmoids else link


def probabilities(outputs: np.ndarray, link: str | Mapping) -> np.ndarray:
    """Class probabilities `[n, K]` (float64) from raw outputs `[n, width]` of any float dtype.

    Rows sum to 1, except those of the link `labels`. Raises ValueError for a link of values.
    """
    return _of_classes(link).probabilities(np.asarray(outputs, np.float64))


def log_probabilities(outputs: np.ndarray, link: str | Mapping) -> np.ndarray:
    """Log class probabilities `[n, K]` (float64), exact where the probabilities themselves underflow to 0.

    Where a probability is truly 0 (an ordinal class between two equal thresholds, a class that a tempered softmax
    gives up), its log is about -708, that of the smallest normal number, so that averages stay finite. Raises
    ValueError for a link of values.
    """
    return _of_classes(link).log_probabilities(np.asarray(outputs, np.float64))


def predicted_values(outputs: np.ndarray, link: str | Mapping) -> np.ndarray:
    """Predicted values `[n, D]` (float64) from raw outputs `[n, width]`. Raises ValueError for a link of classes."""
    found = named(link)
    if found.of_classes:
        raise ValueError(f"link={found.name!r} gives no values; expected one of {VALUE_LINKS}")
    return found.values(np.asarray(outputs, np.float64).reshape(len(outputs), -1))


def _of_classes(link: str | Mapping) -> ClassLink:
    found = named(link)
    if not found.of_classes:
        raise ValueError(f"link={found.name!r} gives no class probabilities; expected one of {CLASS_LINKS}")
    return found
