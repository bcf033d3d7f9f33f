"""What a run leaves behind: parameters, tags, figures, test outputs, metrics and the best model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from textwrap import shorten

import tensorflow as tf
from omegaconf import DictConfig, OmegaConf

from lossexp import figures
from lossexp.base.files import whole
from lossexp.config import prepare
from lossexp.config.identity import group_key
from lossexp.experiment.run_folder import RunFolder
from lossexp.experiment.scores import Scores, write_scores
from lossexp.metrics import Outputs, save_outputs
from lossexp.tracking.provenance import provenance
from lossexp.tracking.tracker import Tracker
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Fit, Trainer

NAME_WIDTH = 150
TAGGED_GROUPS = ("dataset", "model", "loss", "optimizer", "schedule", "trainer", "debug")
PATHS = ("path", "data_dir")  # of datasets
# Where a run is written and found again, rather than what it is.
NOT_PARAMETERS = ("hydra", "tracking", "output", "rerun", "trusted_packages", "trusted_paths")


def run_name(choices: Mapping[str, str], seed: int, given: Sequence[str] = ()) -> str:
    """A readable name, such as `focal-subclassed-digits-seed0 loss.gamma=1`; given: the settings at its end."""
    groups = "-".join(choices.get(group, "custom") for group in ("loss", "model", "dataset"))
    return shorten(" ".join([f"{groups}-seed{seed}", *given]), NAME_WIDTH, placeholder=" ...")


def run_tags(config: DictConfig, key: str, choices: Mapping[str, str], folder: RunFolder) -> dict[str, str]:
    """Tags every run carries: each group's option, the seed, the keys, the folder, and where the code came from."""
    chosen = {group: choices[group] for group in TAGGED_GROUPS if choices.get(group)}
    devices = [device.device_type for device in tf.config.list_physical_devices()]
    keys = {"run_key": key, "group_key": group_key(config), "training": folder.training}
    where = {"run_dir": str(folder.path.resolve()), "seed": str(config.seed)}
    return {**provenance(config.get("trusted_packages") or (), devices), **chosen, **keys, **where}


def log_start(tracker: Tracker, config: DictConfig, trusted: Collection[str], parts: Parts, run_dir: Path) -> None:
    """Before training: parameters, the resolved config, the model's summary, the data and sample images."""
    kept = {key: prepare(config[key], key, trusted) for key in config if key not in NOT_PARAMETERS}
    kept["dataset"] |= {key: whole_path(kept["dataset"][key]) for key in PATHS if kept["dataset"].get(key)}
    with whole(run_dir / "config.yaml") as file:
        OmegaConf.save(kept, file)
    tracker.artifact(run_dir / "config.yaml")
    tracker.params({**kept, "model_parameters": parts.model.count_params()})
    lines: list[str] = []
    parts.model.summary(print_fn=lambda line, **_: lines.append(line), line_length=100)
    (run_dir / "model.txt").write_text("\n".join(lines) + "\n")
    tracker.artifact(run_dir / "model.txt")
    data, train = parts.dataset, parts.dataset.train
    tracker.dataset(data)
    grid = figures.sample_grid(
        train.x, train.y, class_names=data.class_names, target_scale=data.target_scale, title=data.name
    )
    tracker.figure(grid, "samples.png")


def whole_path(path: str) -> str:
    """The path from the root, so that the saved config finds the data from any folder."""
    return str(Path(path).expanduser().absolute())


def save_result(fit: Fit, trainer: Trainer, parts: Parts, key: str, run_dir: Path) -> tuple[Scores, Outputs]:
    """After training: the best weights are put back and scored once on the test split.

    Scores, test outputs and the model are in the folder when this returns; nothing else was tried before.
    """
    fit.monitor.restore(parts.model)
    test, data = trainer.limited(parts.dataset.test), parts.dataset
    outputs = Outputs(fit.predict(test.x), test.y, data.task, parts.loss.link, data.class_names, data.target_scale)
    scores = Scores(
        run_key=key,
        test=outputs.score(),
        monitor=fit.monitor.metric,
        best=fit.monitor.best_value,
        last=fit.history[-1][fit.monitor.metric],
        best_epoch=fit.monitor.best_epoch + 1,
    )
    write_scores(run_dir, scores)
    save_outputs(run_dir / "test_outputs.npz", **vars(outputs))
    with whole(run_dir / "model.keras") as file:
        parts.model.save(file)
    return scores, outputs


def log_result(tracker: Tracker, fit: Fit, scores: Scores, outputs: Outputs, parts: Parts, run_dir: Path) -> None:
    """Tells the tracker of what `save_result` left in the folder, and draws it."""
    tracker.tags({"jit_compile": str(fit.jit_compile).lower()})
    tracker.metrics(_named(scores), fit.steps)
    tracker.artifact(run_dir / "test_outputs.npz")
    _log_figures(tracker, outputs, fit)
    few = outputs.outputs[:8]
    tracker.model(run_dir / "model.keras", inputs=parts.dataset.test.x[: len(few)], outputs=few, step=fit.steps)


def _named(scores: Scores) -> dict[str, float]:
    """Test metrics, and the monitored one at the best and at the last epoch (the gap is what choosing gained)."""
    chosen = {f"best/{scores.monitor}": scores.best, f"last/{scores.monitor}": scores.last}
    return {**{f"test/{k}": v for k, v in scores.test.items()}, **chosen, "best/epoch": scores.best_epoch}


def _log_figures(tracker: Tracker, outputs: Outputs, fit: Fit) -> None:
    """Learning curves, and a confusion matrix or predicted against true values."""
    records = [{"step": step, "metrics": record} for step, record in zip(fit.ends, fit.history, strict=True)]
    best = fit.monitor.best_epoch
    curves = figures.learning_curves(records, best_step=fit.ends[best] if best >= 0 else None)
    tracker.figure(curves, "curves.png")
    if outputs.task == "regression":
        true = outputs.labels * outputs.target_scale
        tracker.figure(figures.predicted_versus_true(true, outputs.predicted()), "predicted.png")
    else:
        matrix = figures.confusion_matrix(outputs.labels, outputs.predicted(), outputs.class_names)
        tracker.figure(matrix, "confusion.png")
