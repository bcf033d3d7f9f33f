"""The note on a sweep's page in MLflow: its table, from which links lead to the runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from lossexp.sweeps.table import lower_is_better, summary

MOST_ROWS = 15  # MLflow keeps 5000 characters
NO_BREAK = "\u00a0"


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
    metric = runs.columns[3]
    order = f"test/{metric}", lower_is_better(metric)
    table = summary(runs)
    names = [name.removeprefix("test ") for name in table.columns]
    lines = [names, ["---"] * len(names)]
    for key, row in table.head(MOST_ROWS).iterrows():
        lines.append(
            [
                _link(row["runs"].replace("|", r"\|"), page({"group_key": key}, *order)),
                *(cell.replace(" ", NO_BREAK) for cell in row[1:]),
            ]
        )
    drawn = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    more = f"\n{len(table) - MOST_ROWS} more are in the artifact table.txt.\n" if len(table) > MOST_ROWS else ""
    return (
        f"{said} {_link('All runs', page(tags, *order))}, and their scores on the test split:\n\n{drawn}{more}\n{told}"
    )


def _link(text: str, page: str) -> str:
    return f"[{text}]({page})" if page else text
