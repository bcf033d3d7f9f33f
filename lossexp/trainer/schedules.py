"""Learning-rate schedules: Keras's own, given the training's length so that a config need not know it.

Each function takes the optimizer's learning rate and the number of steps of the whole training, and returns
what `keras.optimizers` accepts as `learning_rate`.
"""

from __future__ import annotations

from typing import Annotated

from keras.optimizers.schedules import (
    CosineDecay,
    ExponentialDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
)

from lossexp.base.checks import Ascending, Fraction, Length, Positive, Share, settings

Fractions = Annotated[list[Fraction], Length(1), Ascending()]


def constant(learning_rate: float, total_steps: int) -> float:
    """The same rate throughout; callbacks may change it."""
    return learning_rate


@settings("schedule")
def cosine(learning_rate: float, total_steps: int, final_fraction: Fraction = 0.0) -> LearningRateSchedule:
    """Half a cosine from `learning_rate` down to `final_fraction` of it (Loshchilov and Hutter 2017, no restarts)."""
    return CosineDecay(learning_rate, total_steps, alpha=final_fraction)


@settings("schedule")
def warmup_cosine(
    learning_rate: float, total_steps: int, warmup_fraction: Fraction = 0.05, final_fraction: Fraction = 0.0
) -> LearningRateSchedule:
    """A linear rise over `warmup_fraction` of the steps, then half a cosine (Goyal et al. 2017, section 2.2).

    With w steps of it, step i = 0, 1, ... has (i + 1) / (w + 1) of the rate, so that no step is wasted on 0.
    """
    warmup = round(warmup_fraction * total_steps)
    if warmup == 0:
        return CosineDecay(learning_rate, total_steps, alpha=final_fraction)
    return CosineDecay(
        learning_rate / (warmup + 1),
        max(1, total_steps - warmup),
        alpha=final_fraction,
        warmup_target=learning_rate,
        warmup_steps=warmup,
    )


@settings("schedule")
def step(
    learning_rate: float, total_steps: int, at: Fractions = (0.5, 0.75), factor: Positive = 0.1
) -> LearningRateSchedule:
    """The rate times `factor` at each of the fractions `at` of the training (He et al. 2016, section 4.2)."""
    boundaries = [round(fraction * total_steps) - 1 for fraction in at]  # the last steps at the rate before
    return PiecewiseConstantDecay(boundaries, [learning_rate * factor**i for i in range(len(boundaries) + 1)])


@settings("schedule")
def exponential(learning_rate: float, total_steps: int, final_fraction: Share = 0.01) -> LearningRateSchedule:
    """A constant ratio between steps, reaching `final_fraction` of `learning_rate` at the end."""
    return ExponentialDecay(learning_rate, total_steps, decay_rate=final_fraction)
