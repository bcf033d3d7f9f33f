"""Checks of a trainer's settings beyond the hint of each: what goes together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossexp.base.errors import InputError


def check_together(settings: Mapping[str, Any]) -> None:
    """Raises InputError for settings that each have their meaning, but not with one another."""
    epoch, epochs = settings.get("profile_epoch"), settings.get("epochs")
    if epoch and epochs and epoch > epochs:
        raise InputError(
            f"trainer.profile_epoch={epoch}: there are only {epochs} epochs (trainer.epochs), counted from 1."
        )
    compiled = settings.get("jit_compile") is True
    if settings.get("eager") and compiled:
        raise InputError(
            "trainer.eager=true cannot be combined with trainer.jit_compile=true: XLA compiles a graph, and eager "
            "steps have none. Leave trainer.jit_compile=auto, or use trainer.eager=false."
        )
    strategy = settings.get("strategy")
    if strategy in ("mirrored", "multi_worker") and compiled:
        raise InputError(
            f"trainer.strategy={strategy} cannot be combined with trainer.jit_compile=true: XLA cannot compile the "
            "exchange between replicas. Leave trainer.jit_compile=auto, or use trainer.strategy=none."
        )
