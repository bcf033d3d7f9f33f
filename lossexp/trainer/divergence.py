"""What to say when the objective is no longer a number."""

from __future__ import annotations

import numpy as np

from lossexp.trainer.engine import Totals

SHOWN = 8


class Diverged(FloatingPointError):
    """Training met a loss (or, where they are checked, a gradient) that is NaN or infinite."""


def check_finite(totals: Totals, epoch: int, order: np.ndarray, batch_size: int) -> None:
    """Raises Diverged, naming the step, its examples and its largest output, if a step was not finite."""
    if totals.bad_step < 0:
        return
    step = int(totals.bad_step)
    index = order[step * batch_size : (step + 1) * batch_size]
    shown = ", ".join(str(i) for i in index[:SHOWN]) + (", ..." if len(index) > SHOWN else "")
    raise Diverged(
        f"The training objective became NaN or infinite in epoch {epoch + 1}, step {step + 1} (training examples "
        f"{shown}); the largest absolute output there was {totals.bad_logit:g}. A lower optimizer.learning_rate or "
        "clipping (optimizer.global_clipnorm=1.0) often helps; debug=nan checks gradients as well; "
        "trainer.stop_on_nonfinite=false goes on regardless."
    )
