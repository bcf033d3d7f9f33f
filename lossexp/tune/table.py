"""What searches found: all trials, and for each search its defaults beside its winner."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import pandas as pd
from rich.console import Console
from rich.table import Table

from lossexp.base.screen import PLAIN, shown
from lossexp.experiment.result import Result
from lossexp.tune.search import Search, Trial


def trials_of(searches: Sequence[Search]) -> pd.DataFrame:
    """A row a trial: `search`, `trial`, `settings`, `run_key`, `metric` and its `value`; without the last where it
    has not finished.
    """
    rows = []
    for search in searches:
        for number, trial in enumerate(search.trials):
            found = trial.result
            rows.append(
                {
                    "search": search.name,
                    "trial": number,
                    "settings": " ".join(trial.chosen),
                    "run_key": found and found.run_key,
                    "metric": found and found.monitor,
                    "value": found and found.objective,
                }
            )
    return pd.DataFrame(rows)


def as_text(searches: Sequence[Search]) -> str:
    """A row a search."""
    monitor = next((search.best.result.monitor for search in searches if search.best), "metric")
    table = Table("search", "trials", "failed", f"{monitor} by default", "of the winner", "winner")
    for search in searches:
        finished = [trial for trial in search.trials if trial.result]
        best, failed = search.best, sum(trial.failed for trial in search.trials)
        counted = (f"{len(finished)} of {search.most}", str(failed or ""))
        default = _value(search.trials[0]) if search.trials else ""
        winner = " ".join(best.chosen[len(search.space.own) :]) or "the defaults" if best else ""
        table.add_row(search.name, *counted, default, _value(best) if best else "", winner)
    console = Console(file=StringIO(), width=200, **PLAIN)
    console.print(table)
    return console.file.getvalue()


def _value(trial: Trial) -> str:
    return shown(trial.result.objective) if trial.result else ""


def of_validation(result: Result) -> str:
    """What a trial is judged by."""
    return f"{result.monitor} {shown(result.objective)}"
