"""The progress bar: rate, time left and the current validation metric; quiet when not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Rate(ProgressColumn):
    """Examples per second."""

    def render(self, task) -> Text:
        speed = (task.finished_speed or task.speed or 0) * task.fields["batch_size"]
        return Text(f"{speed:,.0f} examples/s" if speed else "", style="progress.data.speed")


class TrainingProgress:
    """One bar over all steps of a run."""

    def __init__(self, progress: Progress | None, total: int, batch_size: int):
        self._progress = progress
        if progress:
            self._task = progress.add_task("training", total=total, batch_size=batch_size, note="")

    def advance(self, steps: int) -> None:
        if self._progress:
            self._progress.advance(self._task, steps)

    def note(self, text: str) -> None:
        """Shows `text` (the latest validation metric) at the end of the bar."""
        if self._progress:
            self._progress.update(self._task, note=text)


@contextmanager
def training_progress(total: int, done: int, batch_size: int, shown: bool) -> Iterator[TrainingProgress]:
    """A bar for `total` steps of which `done` are behind us; draws only on a terminal."""
    if not (shown and sys.stdout.isatty()):
        yield TrainingProgress(None, total, batch_size)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, TextColumn("{task.fields[note]}", markup=False)) as progress:
        bar = TrainingProgress(progress, total, batch_size)
        bar.advance(done)
        yield bar
