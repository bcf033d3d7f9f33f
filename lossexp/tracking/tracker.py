"""The tracker contract. Its base class keeps everything in the run's folder, and nothing elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lossexp.tracking.breaker import Breaker
from lossexp.tracking.metrics_file import FILE_NAME, append_metrics

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

    Attributes: `run_id`, the store's id of the open run (None without a store); `run_dir`.
    """

    def __init__(self) -> None:
        self.run_id: str | None = None
        self.run_dir: Path | None = None
        self._disk = Breaker("The run's folder", "No more metrics or figures are written there.")

    def find(self, run_key: str) -> FinishedRun | None:
        """The newest finished run with this `run_key` tag, or None. Needs no open run."""
        return None

    def run_tags(self, run_id: str) -> dict[str, str]:
        """The tags of the store's run `run_id`; empty where there is no such run."""
        return {}

    def open(self, *, run_name: str, run_dir: Path, tags: Mapping[str, str], resume: bool = True) -> None:
        """Starts the run, or continues the unfinished one that was opened in the same folder.

        run_dir: created where missing. resume: False starts a new run, and a new metrics file, in any
        case. Raises InputError where the store cannot be used.
        """
        self.run_dir = Path(run_dir).resolve()
        self.run_dir.mkdir(parents=True, exist_ok=True)
        if not resume:
            self.metrics_path.unlink(missing_ok=True)

    @property
    def metrics_path(self) -> Path:
        return self.run_dir / FILE_NAME

    def params(self, params: Mapping[str, Any]) -> None:
        """Logs parameters, nested or flat; numbers as numbers."""

    def metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Logs scalars at `step` (training steps so far). The value shown is the one of the highest step."""
        if self.run_dir:
            self._disk.call(append_metrics, self.metrics_path, metrics, step)

    def artifact(self, path: Path, folder: str | None = None) -> None:
        """Copies a file, or everything in a folder, to the run's artifacts under `folder`.

        Raises FileNotFoundError where `path` is missing.
        """
        if not Path(path).exists():
            raise FileNotFoundError(f"artifact {path} does not exist")

    def figure(self, figure: Any, name: str) -> None:
        """Saves a `matplotlib.figure.Figure` as `<run_dir>/figures/<name>` (for example `curves.png`)."""
        if self.run_dir:
            self._disk.call(self._save_figure, figure, name)

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

    def __enter__(self) -> Tracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close("FINISHED")
        elif issubclass(kind, KeyboardInterrupt | SystemExit):
            self.close("KILLED")
        else:
            self.close("FAILED")


class NoTracker(Tracker):
    """`tracking=none`: nothing leaves the run's folder."""
