"""What a run ends with, kept in its folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lossexp.base.files import whole
from lossexp.metrics.table import METRICS

FILE_NAME = "scores.json"


@dataclass(frozen=True)
class Result:
    """test: metrics of the best epoch's weights. monitor: the metric that chose it, e.g. `val/accuracy`.

    best, last: the monitored metric at the best and at the last epoch. objective: `best`, what a sweep
    over configs may optimise. best_epoch: counted from 1. test_last: metrics of the last epoch's weights; empty where
    an earlier version trained.
    """

    run_key: str
    test: dict[str, float]
    monitor: str
    best: float
    last: float
    best_epoch: int
    test_last: dict[str, float] = field(default_factory=dict)

    @property
    def objective(self) -> float:
        return self.best


def main_metrics(result: Result) -> list[str]:
    """Names of the test metrics of the whole split: first the one that chose the epoch, and those that could have."""
    chosen = result.monitor.partition("/")[2]
    each_epoch = [metric.name for metric in METRICS if metric.every_epoch]
    return [
        name for name in dict.fromkeys((chosen, *each_epoch, *result.test)) if name in result.test and "/" not in name
    ]


def write_result(run_dir: Path, result: Result) -> None:
    """Writes the file whole or not at all."""
    with whole(run_dir / FILE_NAME) as file:
        file.write_text(json.dumps(asdict(result), indent=2) + "\n")


def read_result(run_dir: Path, run_key: str | None = None) -> Result | None:
    """The result in the folder, of this run where it is named; None where there is none or it is unreadable."""
    try:
        result = Result(**json.loads((run_dir / FILE_NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return result if run_key in (None, result.run_key) else None
