"""The recipe: loss, model and optimizer built and checked, trained, scored and logged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
from omegaconf import DictConfig

from lossexp.base.blame import blaming
from lossexp.base.screen import show_choices, show_scores
from lossexp.base.variables import untouched
from lossexp.config import build, confined, prepare
from lossexp.config.optimizer_settings import check_learning_rate, check_settings, check_steps
from lossexp.datasets.dataset import Dataset
from lossexp.experiment.fitting import check_loss, try_loss
from lossexp.experiment.reporting import log_result, log_start, run_name, run_tags, save_result
from lossexp.experiment.run_folder import RunFolder
from lossexp.experiment.scores import Scores
from lossexp.losses.keras.adapted import as_loss
from lossexp.models.check import check_outputs
from lossexp.process.runtime import runtime
from lossexp.process.signals import stops_raise
from lossexp.tracking.tracker import Tracker
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer


def train_and_score(
    config: DictConfig,
    key: str,
    dataset: Dataset,
    tracker: Tracker,
    folder: RunFolder,
    choices: Mapping[str, str],
    trusted: Collection[str] = (),
    given: Sequence[str] = (),
) -> Scores:
    """Everything after the data: see `experiment.run`. key: the run's key. folder: is the run's, and locked.

    The folder has the result before anything else is told of it, and is closed last, once the tracker is.
    """
    settings = prepare(config.trainer, "trainer", trusted)
    settings = confined(settings, "trainer", folder.path, config.get("trusted_paths"))
    trainer: Trainer = build(settings, "trainer", trusted)
    trainer.check(dataset)
    with runtime(config.seed, trainer.precision, trainer.deterministic, trainer.eager), stops_raise():
        with trainer.scope():
            parts = build_parts(config, dataset, trainer, trusted)
        show_choices(choices, facts(parts, trainer, config), folder.path)
        with folder.attempt(config.rerun):
            with tracker:
                name, tags = run_name(choices, config.seed, given), run_tags(config, key, choices, folder)
                tracker.open(run_name=name, run_dir=folder.path, tags=tags)
                log_start(tracker, config, trusted, parts, folder.path)
                with blaming():
                    fit = trainer.fit(
                        parts,
                        config.seed,
                        folder=folder.checkpoints,
                        on_epoch=tracker.metrics,
                        on_resume=tracker.replay,
                        key=key,
                    )
                scores, outputs = save_result(fit, trainer, parts, key, folder.path)
                log_result(tracker, fit, scores, outputs, parts, folder.path)
            if tracker.complete:
                folder.close()
    show_scores(name, scores.test, tracker.where())
    return scores


def build_parts(config: DictConfig, dataset: Dataset, trainer: Trainer, trusted: Collection[str] = ()) -> Parts:
    """Loss, model and optimizer for the dataset; InputError where they do not fit each other."""
    with blaming(f"loss={config.loss._target_}"):
        loss = as_loss(build(config.loss, "loss", trusted))
        loss.get_config()  # the user's own may raise, and is asked for later
    num_outputs = check_loss(loss, dataset)
    counts = dataset.class_counts
    if counts:
        loss.adapt(getattr(loss, "class_counts", None) or counts)  # the user's own go first
    needs: dict[str, Any] = {
        "input_shape": dataset.input_shape,
        "num_outputs": num_outputs,
        "head": loss.head,
        "initial_bias": loss.initial_bias(counts) if counts else None,
    }
    model = build(config.model, "model", trusted, **needs)
    optimizer = build_optimizer(config, trainer.epochs * trainer.steps_per_epoch(dataset), trusted)
    trainer.check_optimizer(optimizer)
    with untouched(model), blaming(f"model={config.model._target_}"):
        check_outputs(model, dataset.train.x[:32], num_outputs, dataset.task)
    trainer.check_model(model)
    try_loss(loss, model, dataset)
    return Parts(dataset, model, loss, optimizer)


def build_optimizer(config: DictConfig, total_steps: int, trusted: Collection[str] = ()) -> keras.optimizers.Optimizer:
    """The optimizer with its learning-rate schedule over `total_steps`; InputError for a setting that cannot work."""
    settings = prepare(config.optimizer, "optimizer", trusted)
    given = settings.get("learning_rate")
    check_learning_rate(given)
    check_settings(settings)
    check_steps(settings, total_steps)
    rate = build(config.schedule, "schedule", trusted, learning_rate=given, total_steps=total_steps)
    return build(config.optimizer, "optimizer", trusted, learning_rate=rate)


def facts(parts: Parts, trainer: Trainer, config: DictConfig) -> dict[str, str]:
    """What the choices amount to, a few words a group."""
    data = parts.dataset
    sizes = "/".join(f"{len(split):,}" for split in data.splits.values())
    classes = f", {data.num_classes} classes" if data.num_classes else ""
    loss = {k: v for k, v in parts.loss.get_config().items() if k not in ("name", "reduction", "fn")}
    device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    device = device if trainer.devices.count == 1 else f"{trainer.devices.count} mirrored {device}s"
    where = f"{device}, seed {config.seed}"
    return {
        "dataset": f"{data.task}{classes}, {sizes} train/val/test of shape {data.input_shape}",
        "model": f"{parts.model.count_params():,} parameters",
        "loss": ", ".join(f"{k}={v}" for k, v in loss.items() if v is not None and v is not False),
        "optimizer": f"learning rate {config.optimizer.learning_rate}, {config.schedule._target_.rpartition('.')[2]}",
        "trainer": f"{trainer.epochs} epochs, batch {trainer.batch_size}, {trainer.precision}, {where}",
    }
