"""The run of a search in the store, as a sweep's, with its trials by what they were worth on the validation split."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from omegaconf import DictConfig

from lossexp.sweeps.jobs import SweepJob
from lossexp.sweeps.run import SweepRun
from lossexp.sweeps.state import State
from lossexp.tune.search import Search
from lossexp.tune.table import as_text, trials_of


class SearchRun(SweepRun):
    """It ends FAILED only where a search has no winner: a trial that fails is one more thing that a search finds out.

    The same searches again, or with more trials, continue the same run. defaults: the job of each search's defaults.
    """

    ASKED = ("sets", "baseline", "tune")

    def __init__(self, config: DictConfig, searches: Sequence[Search], defaults: Sequence[SweepJob]):
        spaces = "\n".join(f"{job.key} {search.space.dimensions}" for search, job in zip(searches, defaults))
        super().__init__(config, [], f"search in rounds of {config.tune.batch}\n{spaces}")
        self._searches = searches

    def _name(self) -> str:
        chosen = self._config.hydra.runtime.choices.get("experiment")
        return f"{chosen or 'search'} of {sum(search.most for search in self._searches)}"

    def _measured(self) -> tuple[pd.DataFrame, str]:
        return trials_of(self._searches), as_text(self._searches)

    def _note(self, said: str, runs: pd.DataFrame, failures: str) -> str:
        return f"{said}\n```\n{as_text(self._searches)}{failures}```\n"

    def _finished(self, states: dict[SweepJob, State]) -> bool:
        return all(search.best for search in self._searches)
