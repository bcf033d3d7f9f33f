"""The first import of TensorFlow: quicker, and without its start-up messages."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def first_import(module: str) -> Iterator[None]:
    """A block that imports `module`, and TensorFlow with it; where it is imported already, nothing special.

    No garbage collection meanwhile, and none of what the import made thereafter: it makes a million objects
    that stay, and looking through them again and again costs a second at the start and half a second a job
    of a sweep. What TensorFlow says of its build and of absent GPU libraries is shown only if the import
    fails, or with TF_CPP_MIN_LOG_LEVEL=0.
    """
    if module in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        with _held_back(os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "0"):
            yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _held_back(hold: bool) -> Iterator[None]:
    """Holds back what C++ code writes to standard error; shows it if the block raises."""
    if not hold:
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(terminal, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
