"""One paragraph for an error of input or configuration: what is wrong, where it was set, what would work."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from lossexp.base.blame import user_error
from lossexp.base.errors import InputError
from lossexp.config.messages import config_files, settings  # noqa: F401 - they add to `words`
from lossexp.config.messages.by_kind import local, words

# What the user can repair: one paragraph, no traceback.
INPUT_ERRORS = (InputError, HydraException, OmegaConfBaseException, FloatingPointError)


def explain(error: BaseException) -> str:
    """One paragraph for `error`: an InputError's own, a line of the user's, or the innermost cause with words."""
    said = [str(cause) for cause in causes(error) if isinstance(cause, InputError)][:1]
    said = said or [str(told) for told in [user_error(error)] if told]
    said = said or [text for text in map(words, causes(error)) if text] or [str(error) or type(error).__name__]
    told = said[-1]
    file = local(error, "full_path")  # where Hydra reads an option
    told = told if file is None or file in told else f"{file}: {told}"
    job = local(error, "sweep_overrides")  # where Hydra composes the jobs of a sweep, before any of them starts
    return re.sub(r"\s+", " ", f"{' '.join(job)}: {told}" if job else told).strip()


def explained(error: BaseException, within: Callable) -> bool:
    """Whether `explain` has more to say than the traceback: of input, and of what Hydra met before `within` began."""
    began = any(frame.f_code is within.__code__ for frame, _ in traceback.walk_tb(error.__traceback__))
    known = any(isinstance(cause, INPUT_ERRORS) or words(cause) for cause in causes(error))
    return not began or known or user_error(error) is not None


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and so on; OmegaConf leaves the cause to `__context__`."""
    for _ in range(10):
        yield error
        error = error.__cause__ or (error.__context__ if isinstance(error, OmegaConfBaseException) else None)
        if error is None:
            return
