"""Checks of an optimizer's settings beyond the hint of each: what goes together in a training of some length.

A user's own class may mean something else by a name, so only Keras's own are checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossexp.base.checks import Positive, checked
from lossexp.base.errors import InputError

CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


def check_learning_rate(rate: Any) -> None:
    """Raises InputError unless `rate` is a number above 0, or a node that builds a schedule of the user's own."""
    if rate is None:
        raise InputError("optimizer.learning_rate is missing: set it, for example optimizer.learning_rate=0.001.")
    if not isinstance(rate, Mapping):
        checked("optimizer.learning_rate", rate, Positive)


def check_together(settings: Mapping[str, Any]) -> None:
    """Raises InputError where two settings of a Keras optimizer cannot work together."""
    if not str(settings.get("_target_")).startswith("keras."):
        return
    clipping = [f"optimizer.{name}={settings[name]}" for name in CLIPPING if settings.get(name) is not None]
    if len(clipping) > 1:
        raise InputError(f"{' and '.join(clipping)} cannot be combined: set one of them, and the others to null.")
    every = settings.get("ema_overwrite_frequency")
    if every is not None and not settings.get("use_ema"):
        raise InputError(
            f"optimizer.ema_overwrite_frequency={every} does nothing without an average: set optimizer.use_ema=true, "
            "or leave it null."
        )


def check_steps(settings: Mapping[str, Any], total_steps: int) -> None:
    """Raises InputError where a Keras optimizer would never update anything in `total_steps` steps."""
    if not str(settings.get("_target_")).startswith("keras."):
        return
    steps = settings.get("gradient_accumulation_steps")
    if steps is not None and steps > total_steps:
        raise InputError(
            f"optimizer.gradient_accumulation_steps={steps} is more than the {total_steps} steps that this run has in "
            "all its epochs, so nothing would ever be updated. Give fewer, or null."
        )
