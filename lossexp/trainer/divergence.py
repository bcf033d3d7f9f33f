"""What to say when the objective is no longer a number."""

from __future__ import annotations

import numpy as np

from lossexp.trainer.engine import Totals

SHOWN = 8
# What was not finite, as far as it is known, and what finds more; by whether gradients were checked.
WHAT = {
    False: ("The training objective", "debug=nan checks gradients as well; "),
    True: ("The training objective or a gradient", ""),
    None: ("The training objective or, where checked, a gradient", "debug=nan checks gradients; "),
}


class Diverged(FloatingPointError):
    """Training met a loss (or, where they are checked, a gradient) that is NaN or infinite."""


def check_finite(
    totals: Totals, epoch: int, order: np.ndarray, batch_size: int, gradients_checked: bool | None = None
) -> None:
    """Raises Diverged, naming the step, its examples and its largest output, if a step was not finite.

    gradients_checked: whether gradients counted as well; None where the caller does not know.
    """
    if totals.bad_step < 0:
        return
    step = int(totals.bad_step)
    index = order[step * batch_size : (step + 1) * batch_size]
    shown = ", ".join(str(i) for i in index[:SHOWN]) + (", ..." if len(index) > SHOWN else "")
    what, more = WHAT[gradients_checked]
    raise Diverged(
        f"{what} became NaN or infinite in epoch {epoch + 1}, step {step + 1} (training examples "
        f"{shown}); the largest absolute output there was {totals.bad_logit:g}. A lower optimizer.learning_rate or "
        f"clipping (optimizer.global_clipnorm=1.0) often helps; {more}"
        "trainer.stop_on_nonfinite=false goes on regardless."
    )
