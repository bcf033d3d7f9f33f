"""Checks of an optimizer's settings before Keras gets them, which takes most values as they are and trains with them.

By the parameter's name, since Keras's optimizers use one name for one thing. A user's own class may mean
something else by it, so only Keras's own are checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lossexp.errors import InputError


@dataclass(frozen=True)
class Allowed:
    """The values that a setting may have: `said` completes "give ..."."""

    said: str
    holds: Callable[[Any], bool]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(least: int) -> Allowed:
    return Allowed(
        f"a whole number of at least {least}",
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= least,
    )


BELOW_ONE = Allowed("a number from 0 up to but below 1", lambda v: _number(v) and 0 <= v < 1)
FROM_ZERO = Allowed("a number from 0 up", lambda v: _number(v) and v >= 0)
ABOVE_ZERO = Allowed("a number above 0", lambda v: _number(v) and v > 0)
SWITCH = Allowed("true or false", lambda v: isinstance(v, bool))

ALLOWED = {
    "beta_1": BELOW_ONE,
    "beta_2": BELOW_ONE,
    "rho": BELOW_ONE,
    "momentum": BELOW_ONE,
    "ema_momentum": BELOW_ONE,
    "epsilon": FROM_ZERO,
    "initial_accumulator_value": FROM_ZERO,
    "weight_decay": FROM_ZERO,
    "clipnorm": ABOVE_ZERO,
    "clipvalue": ABOVE_ZERO,
    "global_clipnorm": ABOVE_ZERO,
    "loss_scale_factor": ABOVE_ZERO,
    "amsgrad": SWITCH,
    "nesterov": SWITCH,
    "centered": SWITCH,
    "use_ema": SWITCH,
    "ema_overwrite_frequency": _whole(1),
    "gradient_accumulation_steps": _whole(2),
}
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
# What null switches off. AdamW alone has no weight_decay=null, and says so itself.
OR_NULL = (*CLIPPING, "weight_decay", "loss_scale_factor", "ema_overwrite_frequency", "gradient_accumulation_steps")


def check_learning_rate(rate: Any) -> None:
    """Raises InputError unless `rate` is a number above 0, or a node that builds a schedule of the user's own."""
    if rate is None:
        raise InputError("optimizer.learning_rate is missing: set it, for example optimizer.learning_rate=0.001.")
    if not isinstance(rate, Mapping) and not ABOVE_ZERO.holds(rate):
        raise InputError(f"optimizer.learning_rate={rate}: give {ABOVE_ZERO.said}.")


def check_settings(settings: Mapping[str, Any], total_steps: int) -> None:
    """Raises InputError where a setting of a Keras optimizer, or two together, cannot work in `total_steps` steps."""
    if not str(settings.get("_target_")).startswith("keras."):
        return
    for name, value in settings.items():
        _check_value(name, value)
    clipping = [f"optimizer.{name}={settings[name]}" for name in CLIPPING if settings.get(name) is not None]
    if len(clipping) > 1:
        raise InputError(f"{' and '.join(clipping)} cannot be combined: set one of them, and the others to null.")
    every = settings.get("ema_overwrite_frequency")
    if every is not None and not settings.get("use_ema"):
        raise InputError(
            f"optimizer.ema_overwrite_frequency={every} does nothing without an average: set optimizer.use_ema=true, "
            "or leave it null."
        )
    steps = settings.get("gradient_accumulation_steps")
    if steps is not None and steps > total_steps:
        raise InputError(
            f"optimizer.gradient_accumulation_steps={steps} is more than the {total_steps} steps that this run has in "
            "all its epochs, so nothing would ever be updated. Give fewer, or null."
        )


def _check_value(name: str, value: Any) -> None:
    allowed = ALLOWED.get(name)
    if allowed is None or allowed.holds(value) or (value is None and name in OR_NULL):
        return
    or_null = ", or null for none" if name in OR_NULL else ""
    shown = "null" if value is None else value
    raise InputError(f"optimizer.{name}={shown}: give {allowed.said}{or_null}.")
