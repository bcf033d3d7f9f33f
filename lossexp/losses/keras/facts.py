"""What Keras's own losses work on: labels, link, and logits, probabilities or values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import NamedTuple

from keras import losses as k

TASKS_BY_LABELS = {"values": ("regression",), "binary": ("binary", "multilabel")}
LINKS = {"sparse": "softmax", "onehot": "softmax", "binary": "sigmoid", "values": "identity"}


class Facts(NamedTuple):
    """labels, on, link: see `Adapted`. `on` of a loss with `from_logits` is what that argument says.

    by_position: whether outputs `[batch, H, W, K]` have a value for each position, as segmentation needs it.
    """

    labels: str
    on: str
    link: str
    by_position: bool = False

    @property
    def tasks(self) -> tuple[str, ...]:
        of_classes = ("multiclass", "binary", "ordinal", *(["segmentation"] if self.by_position else []))
        return TASKS_BY_LABELS.get(self.labels, of_classes)


BINARY = Facts("binary", "probabilities", "sigmoid")
SCORES = Facts("binary", "logits", "sigmoid")
ONEHOT = Facts("onehot", "probabilities", "softmax", by_position=True)
SPARSE = Facts("sparse", "probabilities", "softmax", by_position=True)
OVERLAP = ONEHOT._replace(by_position=False)  # sums along the axes that it is given
VALUES = Facts("values", "values", "identity")
POSITIVE = Facts("values", "positive", "softplus")

FACTS: dict[Callable, Facts] = {
    k.BinaryCrossentropy: BINARY,
    k.binary_crossentropy: BINARY,
    k.BinaryFocalCrossentropy: BINARY,
    k.binary_focal_crossentropy: BINARY,
    k.CategoricalCrossentropy: ONEHOT,
    k.categorical_crossentropy: ONEHOT,
    k.CategoricalFocalCrossentropy: ONEHOT,
    k.categorical_focal_crossentropy: ONEHOT,
    k.SparseCategoricalCrossentropy: SPARSE,
    k.sparse_categorical_crossentropy: SPARSE,
    k.CategoricalGeneralizedCrossEntropy: SPARSE,
    k.categorical_generalized_cross_entropy: SPARSE,
    k.KLDivergence: ONEHOT,
    k.kl_divergence: ONEHOT,
    k.CosineSimilarity: ONEHOT,  # of one value per example it would only be a sign
    k.cosine_similarity: ONEHOT,
    k.Dice: OVERLAP,
    k.dice: OVERLAP,
    k.Tversky: OVERLAP,
    k.tversky: OVERLAP,
    k.Hinge: SCORES,
    k.hinge: SCORES,
    k.SquaredHinge: SCORES,
    k.squared_hinge: SCORES,
    k.CategoricalHinge: ONEHOT._replace(on="logits"),
    k.categorical_hinge: ONEHOT._replace(on="logits"),
    k.MeanSquaredError: VALUES,
    k.mean_squared_error: VALUES,
    k.MeanAbsoluteError: VALUES,
    k.mean_absolute_error: VALUES,
    k.MeanAbsolutePercentageError: VALUES,
    k.mean_absolute_percentage_error: VALUES,
    k.LogCosh: VALUES,
    k.log_cosh: VALUES,
    k.Huber: VALUES,
    k.huber: VALUES,
    k.MeanSquaredLogarithmicError: POSITIVE,
    k.mean_squared_logarithmic_error: POSITIVE,
    k.Poisson: POSITIVE,
    k.poisson: POSITIVE,
    k.Circle: Facts("sparse", "embeddings", "softmax"),
    k.circle: Facts("sparse", "embeddings", "softmax"),
    k.CTC: Facts("sparse", "frames", "softmax"),
    k.ctc: Facts("sparse", "frames", "softmax"),
}


def facts_of(fn: Callable, arguments: Mapping) -> Facts | None:
    """Facts about a Keras loss, a subclass of one, or a Keras function called with `arguments`.

    None for anything else.
    """
    kinds = [fn] if inspect.isfunction(fn) else type(fn).__mro__  # an object need not have a hash
    facts = next((FACTS[kind] for kind in kinds if kind in FACTS), None)
    if facts and arguments.get("from_logits"):
        return facts._replace(on="logits")
    return facts
