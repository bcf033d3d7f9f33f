"""One of the curves that a command asks for, and what tells it from the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lossexp.config.job import Job


class Variant(NamedTuple):
    """One curve. job: its config. varied: the settings that others have otherwise, `{"loss.gamma": "2"}`."""

    job: Job
    varied: dict[str, str]

    @property
    def loss(self) -> str:
        """The option chosen."""
        return self.job.choices["loss"]


def named(variants: Sequence[Variant]) -> dict[str, Variant]:
    """Variants by what the legend calls them: the loss, its varied settings, or both."""
    several = len({v.loss for v in variants}) > 1
    names = {}
    for v in variants:
        settings = [f"{key.removeprefix('loss.')}={value}" for key, value in v.varied.items()]
        if len(settings) == 1 and not several:
            settings = list(v.varied.values())
        names[", ".join([v.loss, *settings] if several or not settings else settings)] = v
    return names
