"""The whole recipe of one run, from a composed config to scores."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from omegaconf import DictConfig

from lossexp.config import build
from lossexp.datasets.check import check_dataset
from lossexp.datasets.dataset import Dataset
from lossexp.fitting import check_loss
from lossexp.identity import run_key
from lossexp.losses.keras_losses import as_loss
from lossexp.losses.loss import Loss
from lossexp.models.check import check_outputs
from lossexp.reporting import log_result, log_start, run_name, run_tags
from lossexp.runtime import runtime
from lossexp.scores import Scores, read_scores, write_scores
from lossexp.screen import show_choices, show_scores
from lossexp.tracking.signals import sigterm_raises
from lossexp.tracking.tracker import NoTracker, Tracker
from lossexp.trainer.trainer import Trainer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What is trained: built from the config and checked against each other."""

    dataset: Dataset
    loss: Loss
    model: keras.Model
    optimizer: keras.optimizers.Optimizer


def run(config: DictConfig, run_dir: Path, choices: Mapping[str, str], trusted: Collection[str] = ()) -> Scores:
    """Trains, evaluates and logs the run that `config` describes; a finished run's scores are returned.

    run_dir: the run's folder. choices: the option chosen in each group. trusted: packages that the config
    may build from beside lossexp and Keras. Raises InputError before any training where the config or the
    data cannot work.
    """
    key = run_key(config)
    tracker: Tracker = build(config.tracking, "tracking", trusted)
    finished = None if config.rerun else find_finished(run_dir, key, tracker)
    if finished:
        log.info("this run is finished already; rerun=true trains it again")
        show_scores(f"finished run {key}", finished.test, tracker.where())
        return finished
    trainer: Trainer = build(config.trainer, "trainer", trusted)
    with runtime(config.seed, trainer.precision, trainer.deterministic), sigterm_raises():
        parts = build_parts(config, trusted)
        show_choices(choices, facts(parts, trainer, config.seed), run_dir)
        with tracker:
            name, tags = run_name(choices, config.seed), run_tags(config, key, choices)
            tracker.open(run_name=name, run_dir=run_dir, tags=tags, resume=not config.rerun)
            log_start(tracker, config, parts, run_dir)
            fit = trainer.fit(
                parts.model, parts.optimizer, parts.loss, parts.dataset, config.seed, on_epoch=tracker.metrics
            )
            scores = log_result(tracker, fit, trainer, parts, key, run_dir)
            write_scores(run_dir, scores)
    show_scores(name, scores.test, tracker.where())
    return scores


def build_parts(config: DictConfig, trusted: Collection[str] = ()) -> Parts:
    """Dataset, loss, model and optimizer; InputError where they do not fit each other."""
    dataset: Dataset = build(config.dataset, "dataset", trusted)
    check_dataset(dataset)
    loss = as_loss(build(config.loss, "loss", trusted))
    num_outputs = check_loss(loss, dataset)
    counts = dataset.class_counts
    if counts:
        loss.adapt(counts)
    needs: dict[str, Any] = {
        "input_shape": dataset.input_shape,
        "num_outputs": num_outputs,
        "head": loss.head,
        "initial_bias": loss.initial_bias(counts) if counts else None,
    }
    model = build(config.model, "model", trusted, **needs)
    check_outputs(model, dataset.train.x[:32], num_outputs, dataset.task)
    return Parts(dataset, loss, model, build(config.optimizer, "optimizer", trusted))


def find_finished(run_dir: Path, key: str, tracker: Tracker) -> Scores | None:
    """The scores of this run if its folder holds them and the tracker, where there is one, knows it."""
    scores = read_scores(run_dir, key)
    if scores is None or isinstance(tracker, NoTracker):
        return scores
    return scores if tracker.find(key) else None


def facts(parts: Parts, trainer: Trainer, seed: int) -> dict[str, str]:
    """What the choices amount to, a few words a group."""
    data = parts.dataset
    sizes = "/".join(f"{len(split):,}" for split in data.splits.values())
    classes = f", {data.num_classes} classes" if data.num_classes else ""
    config = {k: v for k, v in parts.loss.get_config().items() if k not in ("name", "reduction", "fn")}
    devices = {device.device_type for device in tf.config.list_logical_devices()}
    return {
        "dataset": f"{data.task}{classes}, {sizes} train/val/test of shape {data.input_shape}",
        "model": f"{parts.model.count_params():,} parameters",
        "loss": ", ".join(f"{k}={v}" for k, v in config.items() if v not in (None, False)),
        "optimizer": f"learning rate {float(np.asarray(parts.optimizer.learning_rate)):g}",
        "trainer": f"{trainer.epochs} epochs, batch {trainer.batch_size}, {trainer.precision}, "
        f"{'GPU' if 'GPU' in devices else 'CPU'}, seed {seed}",
    }
