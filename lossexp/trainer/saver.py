"""When a training is saved, what of it, and how it is continued."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from lossexp.base.errors import InputError
from lossexp.trainer.callbacks import Callbacks
from lossexp.trainer.checkpoint import Checkpoints
from lossexp.trainer.engine import Engine
from lossexp.trainer.kept_variables import KeptVariables
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.position import Position
from lossexp.trainer.training_settings import TrainingSettings

log = logging.getLogger(__name__)


class Saver:
    """Saves position, variables, monitor and callbacks of one training together.

    folder: for checkpoints of the run `key`. None saves nothing, and so does `keep_checkpoints` of 0.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        kept: KeptVariables,
        monitor: Monitor,
        callbacks: Callbacks,
        folder: Path | None,
        key: str,
    ):
        self._kept, self._monitor, self._callbacks = kept, monitor, callbacks
        self._checkpoints, keep = None, settings.keep_checkpoints
        if folder and keep:
            self._checkpoints = Checkpoints(folder, kept.groups, keep, key)
        self._devices = settings.devices
        self._seconds, self._saved_at = settings.checkpoint_seconds, time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the last checkpoint is `checkpoint_seconds` old."""
        return time.monotonic() - self._saved_at >= self._seconds

    def save(self, position: Position, engine: Engine) -> None:
        """Writes a checkpoint, where this process is to, and warns of what `engine`'s steps use that none can hold."""
        if self._checkpoints is None or not self._devices.chief:
            return
        own = {id(handle) for handle in self._devices.handles}
        self._kept.tell_what_is_missed(engine.unkept, [handle for handle in engine.handles if id(handle) not in own])
        data = {
            "state": position.as_json(),
            "monitor": self._monitor.as_json(),
            "callbacks": self._callbacks.as_json(),
        }
        best = {f"best/{i}": weight for i, weight in enumerate(self._monitor.best_weights)}
        self._checkpoints.save(position.steps, data, {**best, **self._callbacks.arrays()})
        self._saved_at = time.monotonic()

    def resume(self) -> Position:
        """Puts the newest checkpoint back and returns its position; the start where there is none.

        Raises InputError where the processes of a training do not find the same one.
        """
        if not self._devices.chief:
            self._devices.gather()  # until the chief has read its own, and has put damaged ones aside
        position = self._restore()
        if self._devices.chief:
            self._devices.gather()
        steps = self._devices.gather(position.steps)[:, 0]
        if (steps != steps[0]).any():
            raise InputError(
                f"The workers found checkpoints of different steps: {', '.join(f'{n:.0f}' for n in steps)}. All must "
                "see one folder: let output name a folder of a file system that they share."
            )
        return position

    def _restore(self) -> Position:
        loaded = self._checkpoints.restore() if self._checkpoints else None
        if loaded is None:
            return Position()
        position = Position.from_json(loaded.data["state"])
        best = [loaded.arrays[f"best/{i}"] for i in range(sum(name.startswith("best/") for name in loaded.arrays))]
        self._monitor.resume(loaded.data["monitor"], best)
        self._callbacks.resume(loaded.data["callbacks"], loaded.arrays)
        log.info("continuing at epoch %d, step %d", position.epoch + 1, position.step + 1)
        return position
