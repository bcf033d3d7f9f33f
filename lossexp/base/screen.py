"""What a run prints: its choices before training, a table of test metrics and where to look after it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

PER_CLASS_SHOWN = 12


# What is printed holds the user's own words (names of classes, folders, runs): nothing of it is markup.
PLAIN = {"markup": False, "emoji": False, "highlight": False}


def show_error(message: str) -> None:
    """Prints the message to standard error."""
    console = Console(stderr=True, soft_wrap=not sys.stderr.isatty(), **PLAIN)
    console.print(Text("Error:", style="bold red"), message)


def show_choices(choices: Mapping[str, str], facts: Mapping[str, str], run_dir: Path) -> None:
    """One line a group: the option chosen, and what it amounts to."""
    console = Console(**PLAIN)
    for group, fact in {**facts, "folder": str(run_dir)}.items():
        chosen = choices.get(group, "")
        line = Text.assemble("  ", (f"{group:<10}", "bold"), f"{chosen:<14} ", (fact, "dim"))
        console.print(line, soft_wrap=True)


def show_scores(title: str, test: Mapping[str, float], where: str) -> None:
    """The test metrics as a table, and the command that opens the tracker on this run.

    Those of single classes, labels or outputs, `<metric>/<name>`, are shown as ranges where they are many.
    """
    console = Console(**PLAIN)
    table = Table(title=title, title_justify="left", min_width=min(len(title), console.width))
    table.add_column("test metric")
    table.add_column("value", justify="right")
    per_class = [name for name in test if "/" in name]
    for name, value in test.items():
        if name not in per_class or len(per_class) <= PER_CLASS_SHOWN:
            table.add_row(name, shown(value))
    console.print(table)
    if len(per_class) > PER_CLASS_SHOWN:
        for metric in dict.fromkeys(name.partition("/")[0] for name in per_class):
            console.print(_range({name: test[name] for name in per_class if name.startswith(f"{metric}/")}))
    if where:
        console.print(f"look at it:  {where}", soft_wrap=True)


def _range(scores: Mapping[str, float]) -> str:
    """The lowest and the highest of one metric's values, by name."""
    low, high = (choose(scores, key=lambda name: scores[name]) for choose in (min, max))
    metric, _, lowest = low.partition("/")
    highest = high.partition("/")[2]
    return f"{metric} of {len(scores)}: {shown(scores[low])} ({lowest}) to {shown(scores[high])} ({highest})"


def shown(value: float) -> str:
    """Four decimals; more for errors in a unit in which all are small."""
    return f"{value:.4f}" if value == 0 or not abs(value) < 1e-3 else f"{value:.4g}"
