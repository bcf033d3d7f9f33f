"""The outer loop: epochs of a few compiled calls each, validation after each, checkpoints in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from lossexp.base.seeds import derive
from lossexp.datasets.batches import epoch_order
from lossexp.process.signals import stops_ask
from lossexp.trainer.averaging import averaged_weights
from lossexp.trainer.callbacks import Callbacks
from lossexp.trainer.compilation import choose_engine, explaining_xla
from lossexp.trainer.engine import Engine
from lossexp.trainer.kept_variables import KeptVariables
from lossexp.trainer.loss_scale import applied_steps, loss_scale
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.nonfinite import blame_update, check_finite
from lossexp.trainer.parts import Parts
from lossexp.trainer.position import OnEpoch, OnResume, Position, Record
from lossexp.trainer.profiling import profiled
from lossexp.trainer.progress import TrainingProgress, training_progress
from lossexp.trainer.residence import reside
from lossexp.trainer.saver import Saver
from lossexp.trainer.step import Batch, StepResult, train_step
from lossexp.trainer.training_settings import TrainingSettings
from lossexp.trainer.validator import Validation, Validator

log = logging.getLogger(__name__)

CALL_SECONDS = 0.5  # long enough that Python between calls costs nothing, short enough for a live bar


class Loop:
    """One training, from its checkpoint or from the start, to its end.

    folder: for checkpoints, or None. position: where it is now. monitor: which epoch was best so far.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        parts: Parts,
        seed: int,
        validate: Validator,
        folder: Path | None,
        on_epoch: OnEpoch,
    ):
        self.settings, self.parts, self.validate, self.on_epoch = settings, parts, validate, on_epoch
        self._folder = folder
        self.position = Position()
        self.monitor = Monitor(settings.monitor, parts.dataset.task)
        self.steps_per_epoch = steps = settings.steps_per_epoch(parts.dataset)
        self.callbacks = Callbacks(
            settings.callbacks, parts.model, parts.optimizer, settings.epochs, loss=parts.loss, steps=steps
        )
        self._order_seed = derive(seed, "order")
        self._steps_per_call = 1
        self._first_call = True

    def run(self, key: str, on_resume: OnResume) -> None:
        """Trains until the last epoch, a callback's stop, a signal or a non-finite objective.

        key: names the run in its checkpoints. on_resume: hears of the epochs that are done, before the first step.
        """
        settings, parts = self.settings, self.parts
        with self.callbacks, stops_ask() as stop:
            # Found now: callbacks may make theirs in on_train_begin.
            kept = KeptVariables(parts.model, parts.optimizer, parts.loss, settings.callbacks)
            saver = Saver(settings, kept, self.monitor, self.callbacks, self._folder, key)
            position = self.position = saver.resume()
            on_resume(list(zip(position.history, position.ends, strict=True)))
            engine = self._engine(kept.variables)

            def between_calls() -> None:
                signals = settings.devices.gather(stop.requested or 0)
                stop.requested = int(signals.max()) or None
                if stop.requested is not None or saver.is_due:
                    saver.save(position, engine)
                stop.obey()

            total = self.steps_per_epoch * settings.epochs
            shown = settings.progress and settings.devices.chief
            with training_progress(total, position.steps, settings.batch_size, shown) as bar:
                while position.epoch < settings.epochs and not position.stopped:
                    self._epoch(engine, bar, between_calls)
        saver.save(position, engine)

    def _epoch(self, engine: Engine, bar: TrainingProgress, between_calls: Callable[[], None]) -> None:
        position = self.position
        self.parts.loss.on_epoch(position.epoch, self.settings.epochs)
        if position.step == 0:
            self.callbacks.epoch_begin(position.epoch)
        order = self._order(position.epoch)
        start, before = time.perf_counter(), position.totals.examples
        profile = position.epoch + 1 == self.settings.profile_epoch and self.settings.devices.chief
        with profiled(self._folder if profile else None):
            self._steps(engine, order, bar, between_calls)
        rate = (position.totals.examples - before) / (time.perf_counter() - start)
        record = self._record(rate, order)
        position.end_epoch(record)
        bar.note(f"{self.monitor.metric} {record[self.monitor.metric]:.4f}")
        self.on_epoch(record, position.steps)
        position.stopped = self.callbacks.epoch_end(position.epoch - 1, record)
        between_calls()

    def _steps(
        self, engine: Engine, order: np.ndarray, bar: TrainingProgress, between_calls: Callable[[], None]
    ) -> None:
        """The rest of an epoch in calls of about `CALL_SECONDS` (one step each where a callback wants batches)."""
        position, count = self.position, self._steps_per_call
        while position.step < self.steps_per_epoch:
            count = min(1 if self.callbacks.wants_batches else count, self.steps_per_epoch - position.step)
            self.callbacks.batch_begin(position.step)
            seconds = self._call(engine, order, count)
            bar.advance(count)
            if self.callbacks.batch_end(position.step - 1, position.totals.objective / position.totals.examples):
                break  # a callback asks to stop; as in `fit`, the epoch ends here
            if position.step < self.steps_per_epoch:
                between_calls()
            self._report_tracing(seconds)
            count = max(1, min(int(count * CALL_SECONDS / max(seconds, 1e-6)), count * 64))
            self._steps_per_call = max(self._steps_per_call, count)

    def _call(self, engine: Engine, order: np.ndarray, count: int) -> float:
        """The next `count` steps; returns the seconds they took."""
        position, optimizer = self.position, self.parts.optimizer
        applied = applied_steps(optimizer)
        start = time.perf_counter()
        with explaining_xla(engine.jit_compile):
            totals = engine.run(order, position.step, count, position.totals)
        seconds = self.settings.devices.gather(time.perf_counter() - start).max()
        if self.settings.stop_on_nonfinite:
            checked = self.settings.check_gradients or applied is not None
            check_finite(totals, position.epoch, order, engine.batch_size, checked)
        if applied is not None:
            position.skipped += count - (applied_steps(optimizer) - applied)
        position.totals, position.step, position.steps = totals, position.step + count, position.steps + count
        return seconds

    def _report_tracing(self, seconds: float) -> None:
        """Says once how long the first call took: tracing and compiling above all. `auto` has said so itself."""
        if self._first_call and self.settings.jit_compile != "auto":
            compiled = " and compiled" * bool(self.position.jit_compile)
            log.info("the first call, traced%s, took %.1f s", compiled, seconds)
        self._first_call = False

    def _record(self, rate: float, order: np.ndarray) -> Record:
        """The metrics of the epoch just done; updates the monitor."""
        parts, position, totals = self.parts, self.position, self.position.totals
        record = {"epoch": float(position.epoch + 1), "train/loss": totals.objective / totals.examples}
        if parts.dataset.task != "regression":
            record["train/accuracy"] = totals.correct / totals.examples
        with averaged_weights(parts.optimizer):
            self.callbacks.validation_begin()
            scores = self._validated()
            self.callbacks.validation_end(scores.metrics)
            if self.settings.stop_on_nonfinite and not scores.finite:
                blame_update(position.step - 1, totals, position.epoch, order, self.settings.batch_size)
            record |= scores.metrics
            self.monitor.update(position.epoch, record, parts.model)
        record["learning_rate"] = float(np.asarray(parts.optimizer.learning_rate))
        scale = loss_scale(parts.optimizer)
        if scale is not None:
            record |= {"precision/loss_scale": scale, "precision/skipped_steps": float(position.skipped)}
        record["time/examples_per_second"] = rate
        return record

    def _validated(self) -> Validation:
        """The chief's scores: what follows from them is then the same on other workers, whose hardware may differ."""
        scores = self.validate()
        *values, finite = self.settings.devices.gather(*scores.metrics.values(), scores.finite)[0].tolist()
        return Validation(dict(zip(scores.metrics, values, strict=True)), bool(finite))

    def _engine(self, variables: Sequence[tf.Variable]) -> Engine:
        """The engine to train with, under XLA or not. variables: all that its steps change."""
        settings, position = self.settings, self.position
        data = reside(self.parts.dataset.train, settings.batch_size, settings.device_megabytes)
        choice = settings.jit_compile if position.jit_compile is None else position.jit_compile
        if choice == "auto" and (settings.eager or settings.deterministic or settings.strategy != "none"):
            choice = False  # what a measurement decides may differ from one time to the next
            if settings.strategy != "none":
                log.info("jit_compile=auto: no XLA, which cannot compile what trainer.strategy exchanges")
        remaining = self.steps_per_epoch * settings.epochs - position.steps
        engine = choose_engine(choice, lambda xla: Engine(self._step, data, xla), variables, self._order(0), remaining)
        position.jit_compile = engine.jit_compile
        return engine

    def _step(self, batch: Batch) -> StepResult:
        """One update, on all devices."""
        model, optimizer, loss = self.parts.model, self.parts.optimizer, self.parts.loss
        answers, check = self.parts.answers, self.settings.check_gradients
        return self.settings.devices.run(
            lambda part, replica: train_step(model, optimizer, loss, part, answers, check, replica), batch
        )

    def _order(self, epoch: int) -> np.ndarray:
        return epoch_order(len(self.parts.dataset.train), self._order_seed, epoch)
