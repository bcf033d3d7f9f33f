"""What a sweep measured: a row for each group of runs that differ by their seed only, the best first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO

import pandas as pd
from rich.console import Console
from rich.table import Table

from lossexp.base.screen import PLAIN, shown
from lossexp.experiment.result import main_metrics, read_result
from lossexp.metrics.table import BY_NAME
from lossexp.sweeps.jobs import SweepJob

METRICS_SHOWN = 4


def measured(jobs: Sequence[SweepJob]) -> pd.DataFrame:
    """A row a finished job: `job` (its settings without the seed), `seed`, and its test metrics.

    The first metric is the one that chose the epoch.
    """
    rows = []
    for job in jobs:
        result = read_result(job.folder, job.key) if job.key else None
        if result:
            test = {name: result.test[name] for name in main_metrics(result)}
            rows.append({"job": _without_seed(job.name), "seed": job.config.seed, **test})
    return pd.DataFrame(rows)


def as_text(runs: pd.DataFrame) -> str:
    """Mean and standard deviation over the seeds, for reading; what differs by less than its spread is undecided."""
    if runs.empty:
        return "no job is finished"
    metrics = list(runs.columns[2 : 2 + METRICS_SHOWN])
    groups = runs.groupby("job", sort=False)[metrics]
    mean, spread, n = groups.mean(), groups.std(), groups.size()
    best = BY_NAME[metrics[0]] if metrics and metrics[0] in BY_NAME else None
    order = mean.sort_values(metrics[0], ascending=not (best and best.higher_is_better)) if metrics else mean
    table = Table("runs", "n", *(f"test {name}" for name in metrics))
    for job in order.index:
        cells = [_cell(mean.loc[job, name], spread.loc[job, name]) for name in metrics]
        table.add_row(job or "all", str(n[job]), *cells)
    console = Console(file=StringIO(), width=200, **PLAIN)
    console.print(table)
    return console.file.getvalue()


def _cell(mean: float, spread: float) -> str:
    return shown(mean) if pd.isna(spread) else f"{shown(mean)} ± {shown(spread)}"


def _without_seed(name: str) -> str:
    return re.sub(r"(^| )seed=\S+", "", name).strip()
