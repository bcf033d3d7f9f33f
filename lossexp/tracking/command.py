"""`python -m lossexp.tracking sync`: one line a run."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from lossexp.base.errors import InputError
from lossexp.base.screen import show_error
from lossexp.tracking.sync import run_folders, sync

HELP = """
What a run tells MLflow is in its folder first. After a server was down, or a run was trained where none can be reached
(tracking.on_unreachable=warn), this sends what the server lacks; nothing is sent twice, and one training is one run.

examples:
  python -m lossexp.tracking sync runs                             # every run below runs
  python -m lossexp.tracking sync runs/3f2a9c0d1b22                # one
  python -m lossexp.tracking sync runs --uri http://127.0.0.1:5000 # to this server, whatever the runs were told

Of each run it says what was sent, or `up to date`, or why it failed; the exit code is 1 where one failed. A run whose
process was killed ends as KILLED. One whose process is at work is left alone. Sweeps are sent first, and their jobs are
then below them.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of `python -m lossexp.tracking`; arguments: those of the command line by default."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m lossexp.tracking", epilog=HELP, formatter_class=formatter)
    parser.add_argument("command", choices=["sync"], help="send what runs could not send")
    parser.add_argument("folder", type=Path, help="the folder of a run, or one that runs are below")
    parser.add_argument("--uri", help="the MLflow store; by default the one that the run was told of")
    asked = parser.parse_args(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # the lines below say it
    failed = False
    try:
        for run in sync(run_folders(asked.folder), asked.uri):
            print(f"{run.folder}: {run.said}", flush=True)
            failed |= run.outcome == "failed"
    except InputError as error:
        show_error(str(error))
        failed = True
    sys.exit(1 if failed else 0)
