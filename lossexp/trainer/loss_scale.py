"""Loss scaling for float16 gradients: Keras's optimizer around the user's own."""

from __future__ import annotations

import keras

from lossexp.base.errors import InputError

Optimizer = keras.optimizers.Optimizer


def with_loss_scale(optimizer: Optimizer) -> Optimizer:
    """The optimizer inside a dynamic loss scale; one that has a scale already is returned as it is."""
    return optimizer if is_scaled(optimizer) else keras.optimizers.LossScaleOptimizer(optimizer)


def check_unscaled(optimizer: Optimizer) -> None:
    """Raises InputError for a fixed factor: inside a loss scale Keras divides by it but never multiplies."""
    factor = unscaled(optimizer).loss_scale_factor
    if factor is not None:
        raise InputError(
            f"optimizer.loss_scale_factor={factor} cannot be combined with trainer.precision=mixed_float16, which "
            "scales by itself: every gradient would be divided by the factor. Set it to null."
        )


def is_scaled(optimizer: Optimizer) -> bool:
    """Whether steps with gradients that overflow are skipped."""
    return isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def unscaled(optimizer: Optimizer) -> Optimizer:
    """The optimizer that has the learning rate, the averages and the update: inside the loss scale, if there is one."""
    return optimizer.inner_optimizer if is_scaled(optimizer) else optimizer


def loss_scale(optimizer: Optimizer) -> float | None:
    """The scale now; None without one."""
    return float(optimizer.dynamic_scale.numpy()) if is_scaled(optimizer) else None


def applied_steps(optimizer: Optimizer) -> int | None:
    """Steps so far that were not skipped; None where none can be."""
    # Not `iterations`, which counts accumulated steps once.
    return int(unscaled(optimizer)._iterations.numpy()) if is_scaled(optimizer) else None
