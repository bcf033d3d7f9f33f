"""`trainer.jit_compile: auto`: XLA or not, decided by measuring both on the user's own model."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import numpy as np

from lossexp.trainer.engine import Engine

log = logging.getLogger(__name__)

WORTH_SECONDS = 10.0  # below this much work, compiling twice costs more than XLA could save
TRIAL_SECONDS = 0.2


def choose_engine(
    setting: str | bool,
    make: Callable[[bool], Engine],
    variables: Sequence,
    order: np.ndarray,
    total_steps: int,
) -> Engine:
    """The engine to train with; `make(jit_compile)` builds one.

    `auto` times a few steps without and with XLA and takes the faster. The steps are real ones, so every
    variable in `variables` is put back afterwards: the choice changes speed only.
    """
    if setting != "auto":
        return make(bool(setting))
    before = [variable.numpy() for variable in variables]
    plain = make(False)
    seconds, tracing = _seconds_a_step(plain, order)
    log.info("tracing took %.1f s", tracing)
    chosen = plain
    if seconds * total_steps < WORTH_SECONDS:
        log.info(
            "jit_compile=auto: no XLA, since about %.1f s of work would not repay compiling",
            seconds * total_steps,
        )
    else:
        chosen = _with_xla(make, plain, seconds, order)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)
    return chosen


def _with_xla(make: Callable[[bool], Engine], plain: Engine, seconds: float, order: np.ndarray) -> Engine:
    try:
        compiled = make(True)
        compiled_seconds, compile_seconds = _seconds_a_step(compiled, order)
    except Exception as error:  # XLA has no common base class for what it cannot compile
        log.info("jit_compile=auto: no XLA, which cannot compile this model: %s", str(error).splitlines()[0])
        return plain
    faster = compiled_seconds < seconds
    log.info(
        "jit_compile=auto: %s XLA (%.3f ms a step with, %.3f without; compiling took %.1f s)",
        "with" if faster else "without",
        1e3 * compiled_seconds,
        1e3 * seconds,
        compile_seconds,
    )
    return compiled if faster else plain


def _seconds_a_step(engine: Engine, order: np.ndarray) -> tuple[float, float]:
    """Seconds a step once warm, and seconds of the first call (tracing, compiling)."""
    start = time.perf_counter()
    engine.run(order, 0, 1)
    first = time.perf_counter() - start
    steps, available = 1, max(1, engine.full)
    while True:
        steps = min(steps, available)
        start = time.perf_counter()
        engine.run(order, 0, steps)
        elapsed = time.perf_counter() - start
        if elapsed >= TRIAL_SECONDS or steps == available:
            return elapsed / steps, first
        steps *= 4
