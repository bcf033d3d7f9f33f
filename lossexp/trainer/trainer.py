"""Our own trainer: the settings, what they ask of the parts, and `fit`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import keras

from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Dataset
from lossexp.models.check import OF_FIT, OF_SCORING, overridden
from lossexp.trainer.callback_checks import check_rate, naming_callbacks
from lossexp.trainer.loop import Loop
from lossexp.trainer.loss_scale import check_unscaled, with_loss_scale
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.monitored import check_monitors
from lossexp.trainer.parts import Parts
from lossexp.trainer.position import OnEpoch, OnResume, Record
from lossexp.trainer.predictor import Predictor
from lossexp.trainer.training_settings import TrainingSettings
from lossexp.trainer.validator import Validator


@dataclass
class Fit:
    """What training gave: a record per epoch, the steps done, and the monitor with the best weights.

    ends: the steps done at the end of each epoch.
    jit_compile: whether steps ran under XLA, whose rounding differs.
    """

    history: list[Record]
    steps: int
    monitor: Monitor
    predict: Predictor
    jit_compile: str | bool | None = None
    ends: list[int] = field(default_factory=list)


class Trainer(TrainingSettings):
    """Trains with our own compiled steps.

    Takes the settings of `TrainingSettings`, each by its name.

    >>> import keras
    >>> from lossexp.datasets.scikit_learn import digits
    >>> from lossexp.losses import CrossEntropy
    >>> from lossexp.models.mlp import mlp
    >>> keras.utils.set_random_seed(0)
    >>> data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2)
    >>> model = mlp(data.input_shape, data.num_classes)
    >>> parts = Parts(data, model, CrossEntropy(), keras.optimizers.Adam(0.01))
    >>> fit = Trainer(epochs=3, progress=False).fit(parts, seed=0)
    >>> [int(record["epoch"]) for record in fit.history], fit.steps
    ([1, 2, 3], 123)
    >>> fit.history[-1]["val/accuracy"] > 0.9
    True
    >>> fit.predict(data.test.x[:5]).shape
    (5, 10)
    """

    unlogged: ClassVar[tuple[str, ...]] = ()  # what other trainers tell callbacks per epoch and this one does not

    @naming_callbacks()
    def fit(
        self,
        parts: Parts,
        seed: int,
        folder: Path | None = None,
        on_epoch: OnEpoch = lambda record, step: None,
        on_resume: OnResume = lambda epochs: None,
        key: str = "",
    ) -> Fit:
        """Trains the parts' model in place and returns the history.

        Args:
            parts: what is trained on what; made inside `scope()`.
            seed: fixes the order of examples.
            folder: for checkpoints; a training that was interrupted there is continued, bit for bit. None for none.
            on_epoch: hears of each epoch, as `on_epoch(record, step)` with the steps done at its end.
            on_resume: hears once, before the first step, of the epochs that are done already: a list of
                `(record, step)`, empty for a new training.
            key: names the run in its checkpoints.

        Raises Diverged when the objective is no longer finite, InputError for a checkpoint of another run or model,
        or where one of Keras's callbacks raises.
        """
        optimizer, dataset = self.ready(parts.optimizer, parts.model), self.trained_on(parts.dataset)
        parts = replace(parts, optimizer=optimizer, dataset=dataset)
        validated = self.limited(dataset.val)
        validate = Validator(Predictor(parts.model), parts.loss, dataset, validated, self.device_megabytes)
        return self._train(parts, seed, validate, folder, on_epoch, on_resume, key)

    def _train(
        self,
        parts: Parts,
        seed: int,
        validate: Validator,
        folder: Path | None,
        on_epoch: OnEpoch,
        on_resume: OnResume,
        key: str,
    ) -> Fit:
        """`fit` once the parts are ready."""
        loop = Loop(self, parts, seed, validate, folder, on_epoch)
        loop.run(key, on_resume)
        done = loop.position
        return Fit(done.history, done.steps, loop.monitor, validate.predict, done.jit_compile, done.ends)

    def check(self, dataset: Dataset) -> None:
        """Raises InputError where a setting does not fit the dataset's task."""
        Monitor(self.monitor, dataset.task)
        check_monitors(self.callbacks, dataset.task, self.unlogged)

    def check_model(self, model: keras.Model) -> None:
        """Raises InputError for a model with steps of its own, which this trainer would pass over."""
        own = overridden(model, OF_FIT + OF_SCORING)
        if own:
            raise InputError(
                f"model {model.name} ({type(model).__name__}) has its own {' and '.join(own)}, which trainer=default "
                "does not use: it has steps of its own. Use trainer=keras, which trains with `fit`, or put what these "
                "do into the model's call and the loss."
            )

    def check_optimizer(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Raises InputError where the optimizer does not go with the callbacks, the precision or the devices."""
        check_rate(self.callbacks, optimizer)
        if self.precision == "mixed_float16":
            check_unscaled(optimizer)
        self.devices.check(optimizer)

    def ready(self, optimizer: keras.optimizers.Optimizer, model: keras.Model) -> keras.optimizers.Optimizer:
        """The optimizer with loss scaling where the precision needs it, and with its variables built.

        Built before the first trace: an unbuilt loss scale would be baked into the graph as a constant.
        Raises InputError for what callbacks cannot monitor, and as `check_optimizer`.
        """
        check_monitors(self.callbacks, unlogged=self.unlogged)
        self.check_optimizer(optimizer)
        if self.l2:
            for variable in model.trainable_variables:
                variable.regularizer = variable.regularizer or keras.regularizers.L2(self.l2 / 2)
        if self.precision == "mixed_float16":
            optimizer = with_loss_scale(optimizer)
        with self.devices.scope():
            optimizer.build(model.trainable_variables)
        self.devices.prepare(optimizer)
        return optimizer

    def scope(self) -> AbstractContextManager:
        """The block in which model, optimizer and loss must be made."""
        return self.devices.scope()
