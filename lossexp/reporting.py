"""What a run leaves behind: parameters, tags, figures, test outputs, metrics and the best model."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import keras
from omegaconf import DictConfig, OmegaConf

from lossexp import figures
from lossexp.identity import group_key
from lossexp.metrics.outputs import save_outputs
from lossexp.metrics.score import score
from lossexp.scores import Scores
from lossexp.tracking.provenance import provenance
from lossexp.tracking.tracker import Tracker
from lossexp.trainer.trainer import Fit, Trainer

if TYPE_CHECKING:
    from lossexp.experiment import Parts

LOGGED_GROUPS = ("dataset", "model", "loss", "optimizer", "trainer", "debug")


def run_tags(config: DictConfig, key: str, choices: Mapping[str, str]) -> dict[str, str]:
    """Tags every run carries: the choices, the seed, the keys, and where the code came from."""
    chosen = {group: choices.get(group, "custom") for group in LOGGED_GROUPS if choices.get(group) != "None"}
    name = "-".join(chosen[group] for group in ("loss", "model", "dataset")) + f"-seed{config.seed}"
    keys = {"run_key": key, "group_key": group_key(config), "run_name": name, "seed": str(config.seed)}
    return {**provenance(sys.argv), **chosen, **keys}


def log_start(tracker: Tracker, config: DictConfig, parts: Parts, run_dir: Path) -> None:
    """Before training: parameters, the resolved config, the model's summary, the data and sample images."""
    OmegaConf.save(without_hydra(config), run_dir / "config.yaml", resolve=True)
    tracker.artifact(run_dir / "config.yaml")
    tracker.params({**OmegaConf.to_container(without_hydra(config), resolve=True), "params": parts.model.count_params()})
    summary = io.StringIO()
    with redirect_stdout(summary):
        parts.model.summary(print_fn=lambda line, **_: summary.write(line + "\n"))
    (run_dir / "model.txt").write_text(summary.getvalue())
    tracker.artifact(run_dir / "model.txt")
    tracker.dataset(parts.dataset)
    tracker.figure(figures.samples(parts.dataset), "samples.png")


def without_hydra(config: DictConfig) -> DictConfig:
    """The config without Hydra's own node and without what only says where runs are written."""
    return OmegaConf.masked_copy(config, [k for k in config if k not in ("hydra", "tracking", "output", "rerun")])


def log_result(tracker: Tracker, fit: Fit, trainer: Trainer, parts: Parts, key: str, run_dir: Path) -> Scores:
    """After training: the best weights are put back, scored on the test split, and everything is logged."""
    monitor, dataset, loss = fit.monitor, parts.dataset, parts.loss
    last = fit.history[-1][monitor.metric]
    if monitor.best_weights:
        parts.model.set_weights(monitor.best_weights)
    test = trainer.limited(dataset.test)
    outputs = fit.predict(test.x)
    facts = {"link": loss.link, "class_names": dataset.class_names, "target_scale": dataset.target_scale}
    scores = Scores(
        run_key=key,
        test=score(outputs, test.y, task=dataset.task, **facts),
        monitor=monitor.metric,
        best=monitor.best_value,
        last=last,
        best_epoch=monitor.best_epoch + 1,
    )
    best = {f"best/{monitor.metric}": scores.best, f"last/{monitor.metric}": last, "best/epoch": scores.best_epoch}
    tracker.metrics({**{f"test/{name}": value for name, value in scores.test.items()}, **best}, fit.steps)
    save_outputs(run_dir / "test_outputs.npz", outputs, test.y, task=dataset.task, **facts)
    tracker.artifact(run_dir / "test_outputs.npz")
    log_figures(tracker, fit, dataset, outputs, test.y, loss.link)
    log_model(tracker, parts.model, test.x[:8], outputs[:8], fit.steps, run_dir)
    return scores


def log_figures(tracker: Tracker, fit: Fit, dataset, outputs, y, link: str) -> None:
    """Learning curves, and a confusion matrix or predicted against true values."""
    tracker.figure(figures.curves(fit.history), "curves.png")
    if dataset.task == "regression":
        tracker.figure(figures.predicted_versus_true(outputs, y, link, dataset.target_scale), "predicted.png")
    else:
        tracker.figure(figures.confusion(outputs, y, link, dataset.class_names), "confusion.png")


def log_model(tracker: Tracker, model: keras.Model, inputs, outputs, step: int, run_dir: Path) -> None:
    """The best model as `model.keras` in the run's folder and as a model of the tracker."""
    path = run_dir / "model.keras"
    model.save(path)
    tracker.model(path, inputs=inputs, outputs=outputs, step=step)
