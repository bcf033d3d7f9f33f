"""The tracker contract. Its base class keeps everything in the run's folder, and nothing elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lossexp.process.signals import stops_wait
from lossexp.tracking.breaker import Breaker
from lossexp.tracking.metrics_file import FILE_NAME, append_metrics, write_metrics

if TYPE_CHECKING:
    from lossexp.datasets.dataset import Dataset

Status = Literal["FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True)
class FinishedRun:
    """A finished run of the store. metrics: the latest value of each. where: how to look at it."""

    run_id: str
    run_name: str
    metrics: dict[str, float]
    tags: dict[str, str]
    where: str


class Tracker:
    """Base class: metrics to `<run_dir>/metrics.jsonl`, figures to `<run_dir>/figures`.

    Use as a context manager: leaving the block closes the run as FINISHED; an exception closes it as
    FAILED, and KeyboardInterrupt or SystemExit (Ctrl-C, SIGTERM) as KILLED. Only `find` and `open` may
    raise for a fault of the store; afterwards a fault is one warning, and training goes on.

    Attributes: `uri`, the store's, and `run_id`, its id of the open run (both None without a store); `run_dir`.
    """

    uri: str | None = None

    def __init__(self) -> None:
        self.run_id: str | None = None
        self.run_dir: Path | None = None
        self._metrics_file = Breaker("The run's metrics file", "No more metrics are written there.")
        self._figures = Breaker("The run's folder of figures", "No more figures are written there.")

    def find(self, run_key: str) -> FinishedRun | None:
        """The newest finished run with this `run_key` tag, or None. Needs no open run."""
        return None

    def has(self, run_key: str, run_dir: Path) -> bool:
        """Whether the store has all of the finished run in this folder, which is sent first where it is kept there.

        It then belongs to the sweep that asks, too. True as well where there is no store, or it is down and the user
        goes on without.
        """
        return True

    def run_tags(self, run_id: str) -> dict[str, str]:
        """The tags of the store's run `run_id`; empty where there is no such run."""
        return {}

    def open(self, *, run_name: str, run_dir: Path, tags: Mapping[str, str]) -> None:
        """Starts a run, or continues the one whose tag `training` is the same.

        run_dir: created where missing. Raises InputError where the store cannot be used.
        """
        self.run_dir = Path(run_dir).resolve()
        self.run_dir.mkdir(parents=True, exist_ok=True)

    def replay(self, history: Sequence[tuple[Mapping[str, float], int]]) -> None:
        """Makes `(metrics, step)` of the epochs that are done all that the run has so far: its folder may have lost
        some, or hold epochs that will be trained again. Empty for a training that starts."""
        if self.run_dir:
            self._metrics_file.call(write_metrics, self.metrics_path, history)

    @property
    def metrics_path(self) -> Path:
        return self.run_dir / FILE_NAME

    def params(self, params: Mapping[str, Any]) -> None:
        """Logs parameters, nested or flat; numbers as numbers."""

    def metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Logs scalars at `step` (training steps so far). The value shown is the one of the highest step."""
        self._metrics(metrics, step, round(time.time(), 3))

    def _metrics(self, metrics: Mapping[str, float], step: int, at: float) -> None:
        """at: seconds since 1970, as the file has them: a store keeps a point of the same time once."""
        if self.run_dir:
            self._metrics_file.call(append_metrics, self.metrics_path, metrics, step, at)

    def artifact(self, path: Path, folder: str | None = None) -> None:
        """Copies a file, or everything in a folder, to the run's artifacts under `folder`.

        Raises FileNotFoundError where `path` is missing.
        """
        if not Path(path).exists():
            raise FileNotFoundError(f"artifact {path} does not exist")

    def figure(self, figure: Any, name: str) -> None:
        """Saves a `matplotlib.figure.Figure` as `<run_dir>/figures/<name>` (for example `curves.png`)."""
        if self.run_dir:
            self._figures.call(self._save_figure, figure, name)

    def _save_figure(self, figure: Any, name: str) -> Path:
        path = self.run_dir / "figures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
        return path

    def model(self, model: Any, *, inputs: Any, outputs: Any, step: int = 0) -> None:
        """Logs a trained model for reloading.

        model: a keras.Model, or the path of a `.keras` file. inputs, outputs: a few examples
        `[n, *input_shape]` and what the model returns for them; they give the signature. step: the
        training step of these weights.
        """

    def dataset(self, dataset: Dataset) -> None:
        """Logs name, shape and content digest of the three splits as the run's inputs."""

    def tags(self, tags: Mapping[str, str]) -> None:
        """Sets tags on the open run."""

    def flush(self) -> None:
        """Sends what is buffered."""

    def close(self, status: Status) -> None:
        """Ends the run with this status; later calls do nothing."""

    def where(self) -> str:
        """What to type, or open, to look at the run; or an empty string."""
        return ""

    def page(self, tags: Mapping[str, str], metric: str, ascending: bool) -> str:
        """Address, within the store's own pages, of the runs with these tags, by `metric`; or an empty string."""
        return ""

    def __enter__(self) -> Tracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with stops_wait():
            if kind is None:
                self.close("FINISHED")
            elif issubclass(kind, KeyboardInterrupt | SystemExit):
                self.close("KILLED")
            else:
                self.close("FAILED")


class NoTracker(Tracker):
    """`tracking=none`: nothing leaves the run's folder."""
