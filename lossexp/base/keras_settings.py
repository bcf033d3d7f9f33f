"""What the settings of Keras's own classes may be: Keras takes most values as they are, and trains with them.

By the parameter's name, since Keras uses one name for one thing among its optimizers, callbacks or losses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from lossexp.base.checks import (
    BelowOne,
    Between,
    Count,
    Finite,
    Fraction,
    FromZero,
    Interval,
    Length,
    Name,
    NonNegative,
    NotAllZero,
    Positive,
)

Weight = Annotated[list[NonNegative], Length(1), NotAllZero()]

HINTS: dict[str, dict[str, Any]] = {
    "optimizers": {
        "learning_rate": Positive,
        "beta_1": BelowOne,
        "beta_2": BelowOne,
        "rho": BelowOne,
        "momentum": BelowOne,
        "ema_momentum": BelowOne,
        "epsilon": NonNegative,
        "initial_accumulator_value": NonNegative,
        "weight_decay": NonNegative | None,
        "clipnorm": Positive | None,
        "clipvalue": Positive | None,
        "global_clipnorm": Positive | None,
        "loss_scale_factor": Positive | None,
        "amsgrad": bool,
        "nesterov": bool,
        "centered": bool,
        "use_ema": bool,
        "ema_overwrite_frequency": Count | None,
        "gradient_accumulation_steps": Annotated[int, Interval("[2, inf)")] | None,
    },
    "callbacks": {
        "monitor": Name,
        "mode": Literal["auto", "min", "max"],
        "min_delta": NonNegative,
        "patience": FromZero,
        "cooldown": FromZero,
        "start_from_epoch": FromZero,
        "baseline": Finite | None,
        "restore_best_weights": bool,
        "save_best_only": bool,
        "save_weights_only": bool,
        "factor": Between,
        "min_lr": NonNegative,
        "schedule": Callable,
        "verbose": Literal[0, 1, 2],
    },
    "losses": {
        "from_logits": bool,
        "apply_class_balancing": bool,
        "remove_diagonal": bool,
        "label_smoothing": Fraction,
        "gamma": NonNegative,
        "alpha": NonNegative | Weight,
        "beta": NonNegative,
        "delta": Positive,
        "margin": Finite,
        "q": Between,
        "smooth": NonNegative,
        "ignore_class": int | None,
        "axis": int | Annotated[list[int], Length(1)] | None,
        "reduction": Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"] | None,
        "name": Name | None,
    },
}
