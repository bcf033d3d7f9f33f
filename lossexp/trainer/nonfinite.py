"""What to say when an objective, a gradient or outputs are no longer finite."""

from __future__ import annotations

import numpy as np

from lossexp.trainer.engine import Totals

SHOWN = 8
ADVICE = "A lower optimizer.learning_rate or clipping (optimizer.global_clipnorm=1.0) often helps; "
MORE = "debug=nan checks every gradient; "
# Of the first step of all, on which learning rate and clipping have no influence:
BEFORE = "before the model was updated at all."
FROM_MODEL = "Its first outputs are not finite: look at the model's layers, its initial weights and the size of inputs."
FROM_LOSS = (
    "Its first outputs are finite: look at the loss, its settings and the targets it cannot take; where it is a "
    "gradient, also for an infinite slope in the model."
)
OTHERWISE = "trainer.stop_on_nonfinite=false goes on regardless."


class Diverged(FloatingPointError):
    """Training met a loss, a gradient or outputs that are NaN or infinite."""


def check_finite(totals: Totals, epoch: int, order: np.ndarray, batch_size: int, gradients_checked: bool) -> None:
    """Raises Diverged, naming the step, its examples and its largest output, if a step was not finite.

    Where a step's outputs were not finite already, the update before it is what went wrong, and is named.
    gradients_checked: whether gradients counted as well.
    """
    if totals.bad_step < 0:
        return
    step = int(totals.bad_step)
    if step > 0 and not np.isfinite(totals.bad_logit):
        blame_update(step - 1, totals, epoch, order, batch_size)
    what = "The training objective or a gradient" if gradients_checked else "The training objective"
    where = _where(epoch, step, order, batch_size, totals.bad_logit)
    if epoch == step == 0:
        cause = FROM_LOSS if np.isfinite(totals.bad_logit) else FROM_MODEL
        raise Diverged(f"{what} is NaN or infinite in {where}, {BEFORE} {cause} {OTHERWISE}")
    raise Diverged(f"{what} became NaN or infinite in {where}. {ADVICE}{'' if gradients_checked else MORE}{OTHERWISE}")


def blame_update(step: int, totals: Totals, epoch: int, order: np.ndarray, batch_size: int) -> None:
    """Raises Diverged for the update of a step, after which outputs were not finite."""
    where = _where(epoch, step, order, batch_size, totals.last_logit)
    raise Diverged(
        f"The model's outputs became NaN or infinite after the update of {where}: a gradient was NaN, infinite or too "
        f"large. {ADVICE}{MORE}{OTHERWISE}"
    )


def _where(epoch: int, step: int, order: np.ndarray, batch_size: int, largest: float) -> str:
    index = order[step * batch_size : (step + 1) * batch_size]
    shown = ", ".join(str(i) for i in index[:SHOWN]) + (", ..." if len(index) > SHOWN else "")
    return f"epoch {epoch + 1}, step {step + 1} (training examples {shown}; largest absolute output {largest:g})"
