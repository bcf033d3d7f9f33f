"""The outer loop: epochs of a few compiled calls each, validation after each, checkpoints in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from lossexp.base.seeds import derive
from lossexp.datasets.batches import epoch_order
from lossexp.datasets.dataset import Dataset
from lossexp.losses.base.loss import Loss
from lossexp.process.interruption import Interruption
from lossexp.trainer.averaging import averaged_weights
from lossexp.trainer.callbacks import Callbacks
from lossexp.trainer.checkpoint import Checkpoints
from lossexp.trainer.compilation import choose_engine, explaining_xla
from lossexp.trainer.divergence import blame_update, check_finite
from lossexp.trainer.engine import Engine, Totals
from lossexp.trainer.kept import Kept
from lossexp.trainer.loss_scale import applied_steps, loss_scale
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.progress import TrainingProgress, training_progress
from lossexp.trainer.residence import reside
from lossexp.trainer.state import Record, State
from lossexp.trainer.validator import Validator

if TYPE_CHECKING:
    from lossexp.trainer.trainer import Trainer

log = logging.getLogger(__name__)

CALL_SECONDS = 0.5  # long enough that Python between calls costs nothing, short enough for a live bar


class Loop:
    """One training, from its checkpoint or from the start, to its end."""

    def __init__(
        self,
        settings: Trainer,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Loss,
        dataset: Dataset,
        seed: int,
        validate: Validator,
        folder: Path | None,
        on_epoch: Callable[[Record, int], None],
        on_resume: Callable[[list[tuple[Record, int]]], None],
        key: str,
    ):
        self.settings, self.model, self.optimizer, self.loss = settings, model, optimizer, loss
        self.dataset, self.validate, self.on_epoch, self.on_resume = dataset, validate, on_epoch, on_resume
        self.state = State()
        self.monitor = Monitor(settings.monitor, dataset.task)
        steps = settings.steps_per_epoch(dataset)
        self.callbacks = Callbacks(settings.callbacks, model, optimizer, settings.epochs, loss=loss, steps=steps)
        self._order_seed = derive(seed, "order")
        self._size = len(dataset.train)
        self.steps_an_epoch = steps
        self._folder, self._key, self._checkpoints = folder, key, None
        self._steps_a_call = 1
        self._first_call = True
        self._saved_at = time.monotonic()

    def run(self) -> None:
        """Trains until the last epoch, a callback's stop, a signal or a non-finite objective."""
        total = self.steps_an_epoch * self.settings.epochs
        with self.callbacks, Interruption() as interruption:
            # Found now: callbacks may make theirs in on_train_begin.
            self._kept = Kept(self.model, self.optimizer, self.loss, self.settings.callbacks)
            self._resume()
            self.on_resume(list(zip(self.state.history, self.state.ends, strict=True)))
            engine = self._engine()
            self._used = engine.unkept, engine.handles
            with training_progress(total, self.state.steps, self.settings.batch_size, self.settings.progress) as bar:
                while self.state.epoch < self.settings.epochs and not self.state.stopped:
                    self._epoch(engine, bar, interruption)
        self._save()

    def _epoch(self, engine: Engine, bar: TrainingProgress, interruption: Interruption) -> None:
        state = self.state
        self.loss.on_epoch(state.epoch, self.settings.epochs)
        if state.step == 0:
            self.callbacks.epoch_begin(state.epoch)
        order = epoch_order(self._size, self._order_seed, state.epoch)
        start, before = time.perf_counter(), state.totals.examples
        with profiled(self._folder if state.epoch + 1 == self.settings.profile_epoch else None):
            self._steps(engine, order, bar, interruption)
        rate = (state.totals.examples - before) / (time.perf_counter() - start)
        record = self._record(rate, order)
        state.history.append(record)
        state.ends.append(state.steps)
        state.epoch, state.step, state.totals = state.epoch + 1, 0, Totals()
        bar.note(f"{self.monitor.metric} {record[self.monitor.metric]:.4f}")
        self.on_epoch(record, state.steps)
        state.stopped = self.callbacks.epoch_end(state.epoch - 1, record)
        self._between_calls(interruption)

    def _steps(self, engine: Engine, order: np.ndarray, bar: TrainingProgress, interruption: Interruption) -> None:
        """The rest of an epoch in calls of about `CALL_SECONDS` (one step each where a callback wants batches)."""
        state, count = self.state, self._steps_a_call
        while state.step < self.steps_an_epoch:
            count = min(1 if self.callbacks.wants_batches else count, self.steps_an_epoch - state.step)
            self.callbacks.batch_begin(state.step)
            applied = applied_steps(self.optimizer)
            start = time.perf_counter()
            with explaining_xla(engine.jit_compile):
                totals = engine.run(order, state.step, count, state.totals)
            elapsed = time.perf_counter() - start
            if self.settings.stop_on_nonfinite:
                checked = self.settings.check_gradients or applied is not None
                check_finite(totals, state.epoch, order, engine.batch_size, checked)
            if applied is not None:
                state.skipped += count - (applied_steps(self.optimizer) - applied)
            state.totals, state.step, state.steps = totals, state.step + count, state.steps + count
            bar.advance(count)
            if self.callbacks.batch_end(state.step - 1, totals.objective / totals.examples):
                break  # a callback asks to stop; as in `fit`, the epoch ends here
            if state.step < self.steps_an_epoch:
                self._between_calls(interruption)
            self._report_tracing(elapsed)
            count = max(1, min(int(count * CALL_SECONDS / max(elapsed, 1e-6)), count * 64))
            self._steps_a_call = max(self._steps_a_call, count)

    def _report_tracing(self, seconds: float) -> None:
        """Says once how long the first call took: tracing and compiling above all. `auto` has said so itself."""
        if self._first_call and self.settings.jit_compile != "auto":
            log.info("the first call, traced%s, took %.1f s", " and compiled" * bool(self.state.jit_compile), seconds)
        self._first_call = False

    def _record(self, rate: float, order: np.ndarray) -> Record:
        """The metrics of the epoch just done; updates the monitor."""
        totals = self.state.totals
        record = {"epoch": float(self.state.epoch + 1), "train/loss": totals.objective / totals.examples}
        if self.dataset.task != "regression":
            record["train/accuracy"] = totals.correct / totals.examples
        with averaged_weights(self.optimizer):
            self.callbacks.validation_begin()
            scores = self.validate()
            self.callbacks.validation_end(scores.metrics)
            if self.settings.stop_on_nonfinite and not scores.finite:
                blame_update(self.state.step - 1, totals, self.state.epoch, order, self.settings.batch_size)
            record |= scores.metrics
            self.monitor.update(self.state.epoch, record, self.model)
        record["learning_rate"] = float(np.asarray(self.optimizer.learning_rate))
        scale = loss_scale(self.optimizer)
        if scale is not None:
            record |= {"precision/loss_scale": scale, "precision/skipped_steps": float(self.state.skipped)}
        record["time/examples_per_second"] = rate
        return record

    def _engine(self) -> Engine:
        settings = self.settings
        data = reside(self.dataset.train, settings.batch_size, settings.device_megabytes)

        def make(jit_compile: bool) -> Engine:
            return Engine(
                self.model,
                self.optimizer,
                self.loss,
                data,
                self.dataset.num_classes,
                jit_compile,
                settings.check_gradients,
                settings.devices,
            )

        choice = settings.jit_compile if self.state.jit_compile is None else self.state.jit_compile
        if choice == "auto" and (settings.eager or settings.deterministic or settings.strategy != "none"):
            choice = False  # what a measurement decides may differ from one time to the next
        remaining = self.steps_an_epoch * settings.epochs - self.state.steps
        order = epoch_order(self._size, self._order_seed, 0)
        engine = choose_engine(choice, make, self._kept.variables, order, remaining)
        self.state.jit_compile = engine.jit_compile
        return engine

    def _between_calls(self, interruption: Interruption) -> None:
        """Saves when it is time to, or when a signal asks to stop, which is then obeyed."""
        due = time.monotonic() - self._saved_at >= self.settings.checkpoint_seconds
        if due or interruption.requested is not None:
            self._save()
        if interruption.requested is not None:
            interruption.end()

    def _save(self) -> None:
        if self._checkpoints is None:
            return
        self._kept.tell_what_is_missed(*self._used)
        data = {
            "state": self.state.as_json(),
            "monitor": self.monitor.as_json(),
            "callbacks": self.callbacks.as_json(),
        }
        best = {f"best/{i}": weight for i, weight in enumerate(self.monitor.best_weights)}
        self._checkpoints.save(self.state.steps, data, {**best, **self.callbacks.arrays()})
        self._saved_at = time.monotonic()

    def _resume(self) -> None:
        if self._folder and self.settings.keep_checkpoints:
            keep = self.settings.keep_checkpoints
            self._checkpoints = Checkpoints(self._folder, self._kept.groups, keep, self._key)
        loaded = self._checkpoints.restore() if self._checkpoints else None
        if loaded is None:
            return
        self.state = State.from_json(loaded.data["state"])
        best = [loaded.arrays[f"best/{i}"] for i in range(sum(name.startswith("best/") for name in loaded.arrays))]
        self.monitor.resume(loaded.data["monitor"], best)
        self.callbacks.resume(loaded.data["callbacks"], loaded.arrays)
        log.info("continuing at epoch %d, step %d", self.state.epoch + 1, self.state.step + 1)


@contextmanager
def profiled(folder: Path | None) -> Iterator[None]:
    """Writes a TensorBoard profile of the block beside `folder` (the checkpoints'); None profiles nothing."""
    if folder is None:
        yield
        return
    with tf.profiler.experimental.Profile(str(folder.parent / "profile")):
        yield
