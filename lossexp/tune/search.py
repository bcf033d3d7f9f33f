"""The trials of one set: which settings come next, by what the earlier ones were worth on the validation split.

A search has no storage of its own. What it asks for follows from its seed and the results so far, so that the same
search again asks for the same trials, and finds their runs finished.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import optuna
from omegaconf import DictConfig
from optuna.samplers import RandomSampler, TPESampler
from optuna.trial import TrialState

from lossexp.config.sweep_settings import TuneSettings
from lossexp.experiment.result import Result
from lossexp.metrics.table import BY_NAME
from lossexp.tune.space import Space

STARTUP = 10  # trials that look at no results, and so may all run at once

optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass(eq=False)
class Trial:
    """chosen: overrides of the set with the trial's values. result: its run's, None before it has ended and where it
    failed."""

    chosen: tuple[str, ...]
    asked: optuna.Trial
    result: Result | None = None
    failed: bool = False

    @property
    def worth(self) -> float:
        """The monitored metric, the higher the better; -inf where there is none, or it is no number."""
        if self.result is None or math.isnan(self.result.objective):
            return -math.inf
        metric = BY_NAME[self.result.monitor.partition("/")[2]]
        return self.result.objective if metric.higher_is_better else -self.result.objective


class Search:
    """A search of `space` with tree-structured Parzen estimators (Bergstra et al. 2011, as in Optuna).

    default: the config of the space's set without its dimensions; its seed is the sampler's too.

    Attributes: `name`; `trials`, those asked for so far, no settings twice; `most`, how many there will be.
    """

    def __init__(self, space: Space, default: DictConfig, settings: TuneSettings):
        self.space = space
        self.name = " ".join(space.own) or f"loss={default.hydra.runtime.choices.loss}"
        self.trials: list[Trial] = []
        self._batch = settings.batch
        self._distributions = {dimension.key: dimension.distribution for dimension in space.dimensions}
        places = {dimension.key: dimension.place(default) for dimension in space.dimensions}
        self._defaults: dict[str, Any] = {key: place for key, place in places.items() if place is not None}
        # The settings there are, with the defaults where these lie outside of the space.
        distinct = math.prod(d.size for d in space.dimensions) + (len(self._defaults) < len(places))
        self.most = min(settings.trials, distinct)
        self._tried: list[dict[str, Any]] = []
        self._random = RandomSampler(seed=default.seed)
        sampler = TPESampler(seed=default.seed, n_startup_trials=STARTUP)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)

    def ask(self) -> list[Trial]:
        """The next trials, none of which waits for another's result; empty at the end."""
        size = self._batch if self.trials else max(self._batch, STARTUP)
        size = min(size, self.most - len(self.trials))
        new = [self._ask() if self.trials or number else self._ask_defaults() for number in range(size)]
        self.trials += new
        return new

    def _ask(self) -> Trial:
        asked = self._study.ask(self._distributions)
        if asked.params in self._tried:
            self._study.tell(asked, state=TrialState.FAIL)
            self._study.enqueue_trial(self._untried())
            asked = self._study.ask(self._distributions)
        self._tried.append(asked.params)
        return Trial(self.space.chosen(asked.params), asked)

    def _untried(self) -> dict[str, Any]:
        """Settings at random, of those that are left."""
        draw = self._random.sample_independent
        while (drawn := {k: draw(self._study, None, k, d) for k, d in self._distributions.items()}) in self._tried:
            pass
        return drawn

    def _ask_defaults(self) -> Trial:
        """Also those outside of the space, which the sampler is not told of."""
        self._study.enqueue_trial(self._defaults)
        self._tried.append(self._defaults)
        return Trial(self.space.own, self._study.ask({key: self._distributions[key] for key in self._defaults}))

    def tell(self, trial: Trial, result: Result | None) -> None:
        """result: of the trial's run; None where it failed."""
        trial.result, trial.failed = result, result is None
        state = TrialState.FAIL if result is None else TrialState.COMPLETE
        self._study.tell(trial.asked, None if result is None else trial.worth, state)

    @property
    def best(self) -> Trial | None:
        """Of trials that tie the first, so that the defaults stand where nothing is better; None if none finished."""
        return max((trial for trial in self.trials if trial.result), key=lambda trial: trial.worth, default=None)
