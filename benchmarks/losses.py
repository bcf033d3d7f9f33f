"""What each loss costs a step, forward and backward in a graph: `python -m benchmarks.losses`.

Losses are timed in turn, the fastest of several rounds each, and compared with our cross-entropy, which is
compared with Keras's own sparse one.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

BATCH = 256
CALLS = 20
FOLDER = Path(__file__).resolve().parents[1] / "conf" / "loss"
KERAS = "keras sparse cross-entropy"
# Option: why it may cost more than LIMIT times cross-entropy.
MARGINS = "a margin for every class in turn, from log p and log(1 - p) of all"
REASONS: dict[str, str] = {
    "lovasz_softmax": "ranks the batch once for every class: a sort of [K, batch] cannot be avoided",
    "bi_tempered": "its softmax is normalised by Newton's method, several passes over [batch, K]",
    "logit_norm": "computes in float64: its gradient is a small rest of that of cross-entropy",
    "squared_emd": "a cumulative sum over the classes, forwards and backwards",
    "asl_single": "weighs every class by a power, mixed from p and 1 - p for soft labels",
    "asl": "a power and a logarithm of a clipped probability for every class",
    "db": "two focal losses for every class, one for each answer",
    "js": "two logarithms of quotients for every class",
    "focal_tversky": "a power of 1 - p_y through log-sum-exps, so that it has digits next to 0",
    **dict.fromkeys(("arcface", "cosface", "ldam", "ldam_drw"), MARGINS),
    "forward": "a mixture of p and the noise for every class, and both ends of its logarithm",
}
LIMIT = 3.0


def contenders(num_classes: int) -> dict[str, Callable[[], object]]:
    """A compiled call of value and gradient for each option that takes `num_classes` logits of softmax."""
    import keras
    import tensorflow as tf
    from omegaconf import OmegaConf

    from lossexp.config import build
    from lossexp.trainer.step import encode_labels

    rng = np.random.default_rng(0)
    labels = rng.integers(0, num_classes, BATCH).astype(np.int32)
    calls = {KERAS: compiled(keras.losses.SparseCategoricalCrossentropy(from_logits=True), labels, num_classes)}
    for path in sorted(FOLDER.glob("*.yaml")):
        node = OmegaConf.to_container(OmegaConf.load(path))
        if path.stem.startswith("keras_") or "fn" in node:
            continue
        loss = build(node, "loss")
        if "multiclass" in loss.tasks:
            loss.adapt([100] * num_classes)
            encoded = encode_labels(tf.constant(labels), loss.labels, num_classes)
            calls[path.stem] = compiled(loss, encoded, loss.num_outputs(num_classes))
    return calls


def compiled(loss, labels: np.ndarray, outputs: int) -> Callable[[], object]:
    """A call of value and gradient for fixed labels and random logits `[BATCH, outputs]`."""
    import tensorflow as tf

    logits = tf.constant(np.random.default_rng(1).normal(0.0, 3.0, (BATCH, outputs)).astype(np.float32))
    labels = tf.constant(labels)

    @tf.function(autograph=False)
    def step(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss(labels, z)
        return value, tape.gradient(value, z)

    return lambda: step(logits)


def fastest(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds a call: the fastest of `rounds` trials each, all of them in turn."""
    for call in calls.values():
        call()  # traces
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(CALLS):
                result = call()
            np.asarray(result[0])
            best[name] = min(best[name], 1e3 * (time.perf_counter() - start) / CALLS)
    return best


def table(num_classes: int, rounds: int) -> str:
    """A Markdown table, dearest first."""
    times = fastest(contenders(num_classes), rounds)
    ours, keras_own = times["ce"], times[KERAS]
    lines = [
        f"### K = {num_classes}, batch {BATCH}",
        "",
        f"Our cross-entropy takes {ours / keras_own:.2f} times Keras's sparse one ({ours:.3f} and {keras_own:.3f} ms).",
        "",
        "| loss | times cross-entropy | why |",
        "|---|---:|---|",
    ]
    for name, milliseconds in sorted(times.items(), key=lambda item: -item[1]):
        ratio = milliseconds / ours
        lines.append(f"| {name} | {ratio:.2f} | {REASONS.get(name, '') if ratio > LIMIT else ''} |")
    return "\n".join(lines)


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.losses", description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, nargs="*", default=[10, 1000], help="numbers of classes (10 and 1000)")
    parser.add_argument("--rounds", type=int, default=10, help="timed trials of each (default 10)")
    chosen = parser.parse_args()
    for num_classes in chosen.classes:
        print(table(num_classes, chosen.rounds) + "\n", flush=True)


if __name__ == "__main__":
    main()
