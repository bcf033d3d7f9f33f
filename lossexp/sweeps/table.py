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
    """A row a finished job: `job` (its settings without the seed), `group_key`, `seed`, and its test metrics.

    The first metric is the one that chose the epoch.
    """
    rows = []
    for job in jobs:
        result = read_result(job.folder, job.key) if job.state == "finished" else None
        if result:
            test = {name: result.test[name] for name in main_metrics(result)}
            name = _without_seed(job.name) or "all"
            rows.append({"job": name, "group_key": job.group_key, "seed": job.config.seed, **test})
    return pd.DataFrame(rows)


def metrics_of(runs: pd.DataFrame) -> list[str]:
    """Names of the metrics that `measured` has."""
    return [name for name in runs.columns if name not in ("job", "group_key", "seed")]


def summary(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over the seeds, for reading; what differs by less than its spread is undecided.

    A row for each `group_key`, which is the index; columns `runs`, `n`, and `test <metric>`.
    """
    if runs.empty:
        return runs
    metrics = metrics_of(runs)[:METRICS_SHOWN]
    groups = runs.groupby("group_key", sort=False)
    mean, spread = groups[metrics].mean(), groups[metrics].std()
    table = pd.DataFrame({"runs": groups["job"].first(), "n": groups.size().map(str)})
    for name in metrics:
        table[f"test {name}"] = [_cell(*pair) for pair in zip(mean[name], spread[name])]
    order = mean.sort_values(metrics[0], ascending=lower_is_better(metrics[0])) if metrics else mean
    return table.loc[order.index]


def as_text(table: pd.DataFrame) -> str:
    """A summary for the screen."""
    if table.empty:
        return "no job is finished"
    drawn = Table(*table.columns)
    for row in table.itertuples(index=False):
        drawn.add_row(*row)
    console = Console(file=StringIO(), width=200, **PLAIN)
    console.print(drawn)
    return console.file.getvalue()


def lower_is_better(metric: str) -> bool:
    """Of a metric's name; also of those of the user's own, such as a loss."""
    return not (metric in BY_NAME and BY_NAME[metric].higher_is_better)


def _cell(mean: float, spread: float) -> str:
    return shown(mean) if pd.isna(spread) else f"{shown(mean)} ± {shown(spread)}"


def _without_seed(name: str) -> str:
    return re.sub(r"(^| )seed=\S+", "", name).strip()
