"""A job that fails says why in its folder, whichever process it runs in, so that a sweep can tell of it."""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from lossexp.config.messages import explain

log = logging.getLogger(__name__)
FAILED = "failed.txt"


def watched(job: Callable[[DictConfig], Any]) -> Callable[[DictConfig], Any]:
    """`job`, whose errors are written to its folder, in one line, and to its log; then they go on as before.

    Its warnings are in its log as well.
    """

    @functools.wraps(job)
    def run(config: DictConfig) -> Any:
        file = Path(HydraConfig.get().runtime.output_dir) / FAILED
        file.unlink(missing_ok=True)
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _log_warning
                result = job(config)
        except Exception as error:
            if file.parent.is_dir():
                file.write_text(explain(error) + "\n", "utf-8")
            keep_traceback(error)
            raise
        file.unlink(missing_ok=True)  # of another process, which asked for the same run meanwhile
        return result

    return run


def _log_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """To the run's log, where a sweep looks for warnings, without the line of ours that warns."""
    log.warning("%s", message)


def keep_traceback(error: Exception) -> None:
    """Writes the error with its traceback to the log file of the run, and to no screen."""
    record = logging.LogRecord(
        __name__, logging.ERROR, __file__, 0, "the job failed", (), (type(error), error, error.__traceback__)
    )
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handle(record)
