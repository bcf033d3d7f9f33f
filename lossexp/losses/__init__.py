"""Losses: every one a `keras.losses.Loss` on raw outputs; the contract is `loss.Loss`."""

from lossexp.losses.focal import BinaryFocal, Focal
from lossexp.losses.loss import Loss

__all__ = ["BinaryFocal", "Focal", "Loss"]
