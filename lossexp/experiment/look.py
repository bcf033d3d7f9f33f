"""`mode=look`: what a dataset holds, shown and saved without training."""

from __future__ import annotations

from pathlib import Path

from lossexp.base.screen import show_choices
from lossexp.config.job import Job
from lossexp.datasets.check import check_dataset
from lossexp.experiment.data import build_dataset
from lossexp.experiment.data_report import data_figures, words, write_noise


def look(job: Job) -> Path:
    """Prints what the job's data are; returns the folder with their figures, below `data` in the runs' folder.

    Raises InputError for settings or data that cannot work.
    """
    job.check()
    data = build_dataset(job)
    check_dataset(data)
    chosen = (job.choices.get(group, "custom") for group in ("dataset", "noise"))
    folder = Path(job["output"]) / "data" / "-".join(name for name in chosen if name != "none")
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in data_figures(data).items():
        figure.savefig(folder / name)
    if data.transition is not None:
        write_noise(data, folder / "noise.csv")
    show_choices(job.choices, words(job, data), folder)
    return folder
