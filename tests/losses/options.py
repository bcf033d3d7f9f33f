"""Every option of `conf/loss` as a loss, with a batch it can be given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from omegaconf import OmegaConf

from lossexp.config import build
from lossexp.losses import Loss, as_loss

FOLDER = Path(__file__).parents[2] / "conf" / "loss"
OPTIONS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
# What an option that leaves a value open is given.
FILLED = {
    "function": {"fn": {"_target_": "keras.losses.huber", "delta": 2.0}},
    "custom": {"fn": {"_target_": "keras.losses.Huber", "delta": 2.0}},
}
BATCH = 24


def some(options: Sequence[str]) -> list:
    """Every fourth option in the default suite, and the others among the slow tests: for what is slow to trace, and is
    tried without a graph for all of them."""
    return [o if i % 4 == 0 else pytest.param(o, marks=pytest.mark.slow) for i, o in enumerate(options)]


def config(option: str) -> dict:
    """The option's keys and values, with open values filled."""
    node = OmegaConf.merge(OmegaConf.load(FOLDER / f"{option}.yaml"), FILLED.get(option, {}))
    return OmegaConf.to_container(node)


def make(option: str, **changes) -> Loss:
    """The option's loss as a run would build it, adapted to `class_counts`."""
    loss = as_loss(build({**config(option), **changes}, "loss"))
    if "regression" not in loss.tasks:
        loss.adapt(class_counts(loss))
    return loss


def num_classes(loss: Loss) -> int:
    return 4 if "multiclass" in loss.tasks else 2


def class_counts(loss: Loss) -> list[int]:
    return [400, 300, 200, 100][: num_classes(loss)]


def batch(loss: Loss, seed: int = 0) -> tuple[tf.Tensor, tf.Tensor]:
    """`(y_true, raw outputs)` of `BATCH` examples, in the encoding the loss asks for; every class occurs."""
    rng = np.random.default_rng(seed)
    outputs = rng.normal(0.0, 2.0, [BATCH, loss.num_outputs(num_classes(loss))])
    if loss.head == "cosine":
        outputs = np.tanh(outputs)
    classes = rng.permutation(np.arange(BATCH) % num_classes(loss))
    y_true = {
        "sparse": classes,
        "onehot": np.eye(num_classes(loss), dtype=np.float32)[classes],
        "binary": classes[:, np.newaxis].astype(np.float32),
        "values": rng.gamma(2.0, 1.0, [BATCH, 1]).astype(np.float32),
    }[loss.labels]
    return tf.constant(y_true), tf.constant(outputs, tf.float32)
