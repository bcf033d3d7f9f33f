"""The note on a sweep's page in MLflow: its table, from which links lead to the runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from lossexp.sweeps.table import lower_is_better, metrics_of, summary

MOST_ROWS = 15  # MLflow keeps 5000 characters
MOST_METRICS = 3  # and its pages are narrow, without space between columns
SPACE = "\u00a0"  # at which no line is broken


class Pages(Protocol):
    """See `Tracker.page`."""

    def __call__(self, tags: Mapping[str, str], metric: str, ascending: bool) -> str: ...


def note(said: str, runs: pd.DataFrame, failures: str, tags: Mapping[str, str], page: Pages) -> str:
    """Markdown: `said`, the table of `runs` (as `measured` returns them), the failures.

    tags: those of the sweep's runs. page: where the runs with some tags are, in the order of a metric.
    """
    told = f"```\n{failures}```\n" if failures else ""
    if runs.empty:
        return f"{said}\n\n{told}"
    metric = metrics_of(runs)[0]
    order = f"test/{metric}", lower_is_better(metric)
    table = summary(runs).iloc[:, : 2 + MOST_METRICS]
    lines = [[name.removeprefix("test ") for name in table.columns], ["---"] * len(table.columns)]
    for group, (name, *cells) in table.head(MOST_ROWS).iterrows():
        runs_of_group = _link(name.replace("|", r"\|"), page({"group_key": group}, *order))
        lines.append([runs_of_group, *(SPACE + cell.replace(" ", SPACE) + SPACE for cell in cells)])
    drawn = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    more = f"\n{len(table) - MOST_ROWS} more are in the artifact table.txt.\n" if len(table) > MOST_ROWS else ""
    return f"{said} {_link('All runs', page(tags, *order))}, and scores on the test split:\n\n{drawn}{more}\n{told}"


def _link(text: str, page: str) -> str:
    return f"[{text}]({page})" if page else text
