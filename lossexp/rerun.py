"""`rerun=true`: a run that is trained again from the start, and continued where that was interrupted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lossexp.scores import FILE_NAME as SCORES

MARK = ".rerun"


@contextmanager
def rerun(run_dir: Path, asked: bool, checkpoints: Path) -> Iterator[bool]:
    """Whether to start anew: asked to, and this is not a rerun that was interrupted.

    Starting anew removes scores and checkpoints, so that the folder never holds half of one training and half
    of another. A kill or Ctrl-C inside the block leaves the mark by which the same command continues the rerun;
    success, and an error, which another attempt may not meet, take it away.
    """
    mark = run_dir / MARK
    anew = asked and not mark.exists()
    if anew:
        mark.touch()
        (run_dir / SCORES).unlink(missing_ok=True)
        shutil.rmtree(checkpoints, ignore_errors=True)
    try:
        yield anew
    except Exception:
        mark.unlink(missing_ok=True)
        raise
    mark.unlink(missing_ok=True)
