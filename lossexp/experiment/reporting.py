"""What a run leaves behind: parameters, tags, figures, test outputs, metrics and the best model or its weights."""

from __future__ import annotations

import logging

import numpy as np
import tensorflow as tf

from lossexp import figures
from lossexp.base.model_files import MODEL
from lossexp.config.job import Job
from lossexp.datasets.dataset import Dataset
from lossexp.experiment.data_report import data_figures, noise_tags, words, write_noise
from lossexp.experiment.result import Result, write_result
from lossexp.experiment.run_folder import RunFolder
from lossexp.experiment.summary import note, settings_of
from lossexp.metrics import Outputs, save_outputs
from lossexp.metrics.outputs import outputs_of
from lossexp.models.preprocessing import served
from lossexp.models.saving import save_model
from lossexp.tracking.params import flatten
from lossexp.tracking.provenance import provenance
from lossexp.tracking.tracker import Tracker
from lossexp.trainer.averaging import averaged_weights
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Fit, Trainer

log = logging.getLogger(__name__)

TAGGED_GROUPS = ("dataset", "noise", "model", "loss", "optimizer", "schedule", "trainer", "debug")


def run_tags(job: Job, folder: RunFolder) -> dict[str, str]:
    """Tags every run carries: each group's option, the seed, the keys, the folder, and where the code came from."""
    chosen = {group: job.choices[group] for group in TAGGED_GROUPS if job.choices.get(group)}
    devices = [device.device_type for device in tf.config.list_physical_devices()]
    keys = {"run_key": job.key, "group_key": job.group_key, "training": folder.training}
    where = {"run_dir": str(folder.path.resolve()), "seed": str(job["seed"])}
    return {"kind": "job", **provenance(job["trusted_packages"] or (), devices), **chosen, **keys, **where}


def facts(job: Job, parts: Parts, trainer: Trainer) -> dict[str, str]:
    """What the choices amount to, a few words a group."""
    device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    device = device if trainer.devices.count == 1 else f"{trainer.devices.count} mirrored {device}s"
    where = f"{device}, seed {job['seed']}"
    rate, schedule = job["optimizer"]["learning_rate"], job["schedule"]["_target_"].rpartition(".")[2]
    return {
        **words(job, parts.dataset),
        "model": f"{parts.model.count_params():,} parameters",
        "loss": settings_of(parts.loss),
        "optimizer": f"learning rate {rate}, {schedule}",
        "trainer": f"{trainer.epochs} epochs, batch {trainer.batch_size}, {trainer.precision}, {where}",
    }


def log_start(tracker: Tracker, job: Job, parts: Parts, data: Dataset) -> None:
    """Before training: parameters, the resolved config, the model's summary, the data and sample images."""
    job.save(job.folder / "config.yaml")
    tracker.artifact(job.folder / "config.yaml")
    tracker.params({**_parameters(job), "model_parameters": parts.model.count_params()})
    lines: list[str] = []
    parts.model.summary(print_fn=lambda line, **_: lines.append(line), line_length=100)
    (job.folder / "model.txt").write_text("\n".join(lines) + "\n")
    tracker.artifact(job.folder / "model.txt")
    tracker.dataset(data)
    for name, figure in data_figures(data).items():
        tracker.figure(figure, name)
    if data.transition is not None:
        tracker.tags(noise_tags(job, data))
        write_noise(data, job.folder / "noise.csv")
        tracker.artifact(job.folder / "noise.csv")


def _parameters(job: Job) -> dict[str, object]:
    """For pages that compare runs: each group's option in place of its target, and nothing that repeats the seed."""
    chosen = {group: job.choices[group] for group in TAGGED_GROUPS if job.choices.get(group)}
    own = flatten(job.parameters)
    said = {f"{group}._target_" for group in chosen} | {
        k for k, v in own.items() if k == "dataset.seed" and v == own["seed"]
    }
    return {**chosen, **{name: value for name, value in own.items() if name not in said}}


def save_result(fit: Fit, trainer: Trainer, parts: Parts, folder: RunFolder) -> tuple[Result, Outputs]:
    """After training: the last epoch's weights are scored on the test split, then the best are put back and scored.

    Result, test outputs and the model are in the folder when this returns; nothing else was tried before.
    """
    test, data = trainer.limited(parts.dataset.test), parts.dataset
    with averaged_weights(parts.optimizer):
        last = outputs_of(fit.predict(test.x), test.y, data, parts.link).score()
    fit.monitor.restore(parts.model)
    outputs = outputs_of(fit.predict(test.x), test.y, data, parts.link)
    save_outputs(folder.path / "test_outputs.npz", **vars(outputs))  # first: scores can be had of them again
    result = Result(
        run_key=folder.run_key,
        test=outputs.score(),
        monitor=fit.monitor.metric,
        best=fit.monitor.best_value,
        last=fit.history[-1][fit.monitor.metric],
        best_epoch=fit.monitor.best_epoch + 1,
        test_last=last,
    )
    write_result(folder.path, result)
    save_model(served(parts.model, data, parts.loss.link), folder.path, parts.savable)
    return result, outputs


def log_result(
    tracker: Tracker, job: Job, fit: Fit, result: Result, outputs: Outputs, parts: Parts, folder: RunFolder
) -> None:
    """Tells the tracker of what `save_result` left in the folder, and draws it."""
    said = note(job, parts.loss, result, epochs=len(fit.history))
    tracker.tags({"jit_compile": str(fit.jit_compile).lower(), "mlflow.note.content": said})
    tracker.metrics(_named(result), step=0)  # MLflow draws bars at step 0, and a line of one point elsewhere
    tracker.artifact(folder.path / "test_outputs.npz")
    try:
        _log_figures(tracker, outputs, parts.dataset.test.x, fit)
    except Exception as error:  # a picture that cannot be drawn is no reason to call a finished training failed
        log.warning("Not all figures could be drawn (%s: %s); the run has all else", type(error).__name__, error)
    few, data = outputs.outputs[:8], parts.dataset
    if folder.model.name == MODEL:
        inputs = data.inputs.raw(data.test.x[: len(few)])
        tracker.model(folder.model, inputs=inputs, outputs=few, step=fit.steps)
    else:
        tracker.artifact(folder.model)


def _named(result: Result) -> dict[str, float]:
    """Test metrics, the best epoch, and what was monitored there: its gap to the last value is what choosing gained.

    Of the last epoch's weights those of the whole split.
    """
    split, _, metric = result.monitor.partition("/")
    best = {f"{split}/best_{metric}": result.best, "best_epoch": result.best_epoch}
    last = {f"test_last/{k}": v for k, v in result.test_last.items() if "/" not in k}
    return {**{f"test/{k}": v for k, v in result.test.items()}, **last, **best}


def _log_figures(tracker: Tracker, outputs: Outputs, x: np.ndarray, fit: Fit) -> None:
    """Learning curves, and what the task's outputs for the inputs `x` look like."""
    records = [{"step": step, "metrics": record} for step, record in zip(fit.ends, fit.history, strict=True)]
    best = fit.monitor.best_epoch
    best_step = fit.ends[best] if best >= 0 else None
    tracker.figure(figures.learning_curves(records, best_step=best_step), "curves.png")
    if "train/accuracy_memorised" in fit.history[-1]:
        tracker.figure(figures.memorisation(records, best_step=best_step), "memorisation.png")
    for name, figure in figures.figures_of(outputs, x).items():
        tracker.figure(figure, name)
