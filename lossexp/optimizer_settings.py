"""Checks of an optimizer's settings before Keras gets them, which takes most values as they are and trains with them.

By the parameter's name, since Keras's optimizers use one name for one thing. A user's own class may mean
something else by it, so only Keras's own are checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossexp.errors import InputError
from lossexp.trainer.allowed import ABOVE_ZERO, BELOW_ONE, FROM_ZERO, SWITCH, whole

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
    "ema_overwrite_frequency": whole(1),
    "gradient_accumulation_steps": whole(2),
}
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
# What null switches off. AdamW alone has no weight_decay=null, and says so itself.
OR_NULL = (*CLIPPING, "weight_decay", "loss_scale_factor", "ema_overwrite_frequency", "gradient_accumulation_steps")


def check_learning_rate(rate: Any) -> None:
    """Raises InputError unless `rate` is a number above 0, or a node that builds a schedule of the user's own."""
    if rate is None:
        raise InputError("optimizer.learning_rate is missing: set it, for example optimizer.learning_rate=0.001.")
    if not isinstance(rate, Mapping):
        ABOVE_ZERO.check("optimizer.learning_rate", rate)


def check_settings(settings: Mapping[str, Any], total_steps: int) -> None:
    """Raises InputError where a setting of a Keras optimizer, or two together, cannot work in `total_steps` steps."""
    if not str(settings.get("_target_")).startswith("keras."):
        return
    for name, value in settings.items():
        if name in ALLOWED:
            ALLOWED[name].check(f"optimizer.{name}", value, or_null=name in OR_NULL)
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
