"""A run in few words: its name, and the note on its page in MLflow."""

from __future__ import annotations

import shlex
from textwrap import shorten
from typing import Any

from keras.losses import Loss

from lossexp.base.screen import shown
from lossexp.config.command_line import config_flags
from lossexp.config.identity import decides
from lossexp.config.job import Job
from lossexp.config.sweep_settings import SWEEP_ONLY
from lossexp.experiment.result import Result, main_metrics
from lossexp.tracking.uri import without_password

NAME_WIDTH = 80
METRICS_IN_NOTE = 4
SAID_ANYWAY = ("loss", "seed", "model", "dataset")


def run_name(job: Job) -> str:
    """What tells a run from its neighbours first, as tables cut names: `focal gamma=2 s1 epochs=5 mlp digits`."""
    given = [setting.lstrip("+").partition("=")[::2] for setting in job.given]
    words = [(name, _word(name, value)) for name, value in given if decides(name) and name.split(".")[0] in job.config]
    of_loss = [word for name, word in words if name.startswith("loss.")]
    others = [word for name, word in words if not name.startswith("loss.") and name not in SAID_ANYWAY]
    loss, model, dataset = (job.choices.get(group, "custom") for group in ("loss", "model", "dataset"))
    return shorten(
        " ".join([loss, *of_loss, f"s{job['seed']}", *others, model, dataset]), NAME_WIDTH, placeholder=" ..."
    )


def _word(name: str, value: str) -> str:
    """`gamma=2` for a setting inside a group, the option alone for a group, the last name for a target."""
    if name.endswith("_target_"):
        return value.rpartition(".")[2]
    return f"{name.partition('.')[2]}={value}" if "." in name else value


def note(job: Job, loss: Loss, result: Result, epochs: int) -> str:
    """Three lines of Markdown, ended by two spaces: what was trained, what came of it, and how to do it again.

    epochs: how many were trained.
    """
    option, model, dataset = (job.choices.get(group, "custom") for group in ("loss", "model", "dataset"))
    what = " · ".join([f"**{option}** {settings_of(loss)}", model, dataset, f"seed {job['seed']}"])
    scores = ", ".join(f"{name} {shown(result.test[name])}" for name in main_metrics(result)[:METRICS_IN_NOTE])
    return f"{what}  \ntest {scores}; best epoch {result.best_epoch} of {epochs}  \n`{command(job)}`\n"


def settings_of(loss: Loss) -> str:
    """A loss's parameters that have an effect, such as `gamma=2.0, alpha=0.25`."""
    found = {k: v for k, v in loss.get_config().items() if v is not None and v is not False}
    idle = {"name", "reduction", "fn"} | ({"label_smoothing"} if not found.get("label_smoothing") else set())
    return ", ".join(f"{k}={_in_short(v)}" for k, v in found.items() if k not in idle)


def _in_short(value: Any) -> str:
    """A matrix by its size."""
    is_matrix = isinstance(value, list) and value and isinstance(value[0], list)
    return f"{len(value)} x {len(value[0])} matrix" if is_matrix else str(value)


def command(job: Job) -> str:
    """What to type for this run alone, for a shell; passwords in URIs are left out."""
    none = [f"{name}=null" for name in SWEEP_ONLY if job.choices.get("experiment")]
    return without_password(shlex.join(["python", "-m", "lossexp", *job.given, *none, *config_flags()]))
