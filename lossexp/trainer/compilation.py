"""`trainer.jit_compile: auto`: XLA or not, decided by measuring both on the user's own model."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from lossexp.base.blame import sentence, users_place
from lossexp.base.errors import InputError
from lossexp.base.variables import untouched
from lossexp.trainer.engine import Engine

log = logging.getLogger(__name__)

WORTH_SECONDS = 10.0  # below this much work, compiling twice costs more than XLA could save
TRIAL_SECONDS = 0.1
TRIALS = 5  # of each engine, in turn: what else the machine does slows some of them, and the fastest of each counts


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
    with untouched(variables):
        plain = make(False)
        log.info("tracing took %.1f s", _seconds(plain, order, 1))
        steps = _steps_per_trial(plain, order)
        work = _seconds(plain, order, steps) / steps * total_steps
        if work < WORTH_SECONDS:
            log.info("jit_compile=auto: no XLA, since about %.1f s of work would not repay compiling", work)
            return plain
        return _faster(plain, make, order, steps)


@contextmanager
def explaining_xla(setting: str | bool) -> Iterator[None]:
    """A block that runs compiled steps; raises InputError with the sentence that says why XLA cannot compile them.

    setting: `jit_compile`; with False no error is XLA's.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if not setting or not _is_xlas(error):
            raise
        raise InputError(
            f"trainer.jit_compile={str(setting).lower()}: XLA cannot compile this run: {_reason(error)}. Use "
            "trainer.jit_compile=false, or auto, which does without XLA where it cannot compile."
        ) from error


def compiled_is_faster(plain: Sequence[float], compiled: Sequence[float]) -> bool:
    """By the fastest trial of each: the others were slowed by something else. Seconds per step, in any order."""
    return min(compiled) < min(plain)


def hopeless(step: float, trial: float, steps: int) -> bool:
    """Whether one compiled step takes so long, beside a trial of `steps` plain ones, that trials would waste time.

    A call costs something itself, so that steps of less than a trial's time are not judged by one of them.
    """
    return step > max(TRIAL_SECONDS, 3.0 * trial / steps)


def _faster(plain: Engine, make: Callable[[bool], Engine], order: np.ndarray, steps: int) -> Engine:
    compiled = make(True)
    try:
        compiling = _seconds(compiled, order, 1)
        step, trial = _seconds(compiled, order, 1), _seconds(plain, order, steps)
        if hopeless(step, trial, steps):
            log.info(
                "jit_compile=auto: without XLA (%.0f ms per step with, %.3f without; compiling took %.1f s)",
                1e3 * step,
                1e3 * trial / steps,
                compiling,
            )
            return plain
        _seconds(compiled, order, steps)
    except Exception as error:  # XLA has no common base class for what it cannot compile
        log.info("jit_compile=auto: no XLA, which cannot compile this run: %s", _reason(error))
        return plain
    trials = [[_seconds(engine, order, steps) / steps for engine in (plain, compiled)] for _ in range(TRIALS)]
    seconds = list(zip(*trials, strict=True))
    faster = compiled_is_faster(*seconds)
    log.info(
        "jit_compile=auto: %s XLA (%.3f ms per step with, %.3f without; compiling took %.1f s)",
        "with" if faster else "without",
        1e3 * min(seconds[1]),
        1e3 * min(seconds[0]),
        compiling,
    )
    return compiled if faster else plain


def _steps_per_trial(engine: Engine, order: np.ndarray) -> int:
    """How many steps make a trial last `TRIAL_SECONDS`; at most all full ones of an epoch."""
    steps, available = 1, max(1, engine.full)
    while steps < available and _seconds(engine, order, steps) < TRIAL_SECONDS:
        steps = min(4 * steps, available)
    return steps


def _seconds(engine: Engine, order: np.ndarray, steps: int) -> float:
    """Seconds that a call of this many steps takes."""
    start = time.perf_counter()
    engine.run(order, 0, steps)
    return time.perf_counter() - start


def _is_xlas(error: BaseException) -> bool:
    return any(word in str(error) for word in ("XLA", "tf2xla", "compile-time constant"))


def _reason(error: BaseException) -> str:
    """The sentence that says why, and the user's line that asked for it."""
    place = users_place(error)
    return f"{sentence(error)[:300].rstrip('.')}{f' ({place})' if place else ''}"
