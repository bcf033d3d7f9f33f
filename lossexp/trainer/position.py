"""Where a training is: everything but the variables, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from lossexp.base.errors import InputError
from lossexp.trainer.engine import Totals

Record = dict[str, float]
OnEpoch = Callable[[Record, int], None]  # a record and the steps done
OnResume = Callable[[list[tuple[Record, int]]], None]  # the same of all epochs that are done


@dataclass
class Position:
    """The position of a training.

    epoch: epochs done. step: steps done in the epoch now running. totals: sums of that epoch. steps: all
    steps done. history: a record for each epoch done; ends: the steps done at the end of each. jit_compile:
    whether steps run under XLA (chosen once a run, since its rounding differs). stopped: whether a callback
    ended training. skipped: steps that loss scaling skipped.
    """

    epoch: int = 0
    step: int = 0
    totals: Totals = field(default_factory=Totals)
    steps: int = 0
    history: list[Record] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    jit_compile: bool | None = None
    stopped: bool = False
    skipped: int = 0

    def end_epoch(self, record: Record) -> None:
        """Closes the epoch now running with its record."""
        self.history.append(record)
        self.ends.append(self.steps)
        self.epoch, self.step, self.totals = self.epoch + 1, 0, Totals()

    def as_json(self) -> dict:
        return {**asdict(self), "totals": list(self.totals)}

    @classmethod
    def from_json(cls, data: dict) -> Position:
        """From `as_json`. Raises InputError for fields that this version does not know."""
        try:
            return cls(**{**data, "totals": Totals(*data["totals"])})
        except (TypeError, KeyError) as error:
            raise InputError(
                f"The checkpoint was written by another version of lossexp ({error}). rerun=true trains this run from "
                "the start, output=another_folder elsewhere."
            ) from error
