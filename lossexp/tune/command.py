"""The command line of `python -m lossexp.tune`: lossexp's, with the sweeper that searches."""

from __future__ import annotations

import sys

from lossexp.base.screen import show_error
from lossexp.cli import main as lossexp

OF_ONE_JOB = ("--cfg", "-c", "--info", "-i")
HELP = """\
lossexp.tune: search each loss's settings with the same number of trials, then compare the winners over fresh seeds.

Usage: python -m lossexp.tune [sets=[...]] [GROUP=OPTION ...] [SETTING=VALUE ...]

  SETTING=interval(0,5)                 any number between
  SETTING=int(interval(1,8))            any whole number between
  SETTING=tag(log,interval(1e-4,1e-1))  any number between, evenly on a logarithmic scale
  SETTING=a,b,c                         one of these (also choice(), range() and glob(), as in a sweep)

What a set holds is searched with that set, what stands beside the sets with each of them. Several losses are as many
searches, so that each has the same number of trials. A search's first trial is the loss as it is by default. The metric
is the one that chooses the epoch, trainer.monitor, on the validation split; test scores are those of the comparison.

  tune.trials=20      trials of each search
  tune.batch=1        trials of each search from one look at the results to the next; more of them fill more processes
  tune.seeds=5        fresh seeds, those after `seed`, that the winners are compared over; 0: no comparison
  sweep.n_jobs=1      trials at a time, see lossexp --help; another number finds the same
  sweep.list=true     list the trials so far and those to come next, and train nothing

Examples:
  python -m lossexp.tune loss=ce,focal,gce 'optimizer.learning_rate=tag(log,interval(1e-4,1e-1))'
  python -m lossexp.tune 'sets=["loss=ce","loss=focal loss.gamma=interval(0,5)"]' model=mlp,subclassed tune.trials=40
  python -m lossexp.tune experiment=tune_focal sweep.n_jobs=4

The same command again goes on where it was stopped, with a larger tune.trials as well. The winners are kept as an
experiment, which the end of the output says how to run again."""


def main() -> None:
    """Entry of `python -m lossexp.tune`."""
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(HELP)
        return
    if found := [flag for flag in (argument.partition("=")[0] for argument in sys.argv[1:]) if flag in OF_ONE_JOB]:
        show_error(
            f"{found[0]} shows the config of one job, and a search has many. Give it to `python -m lossexp`, with one "
            "value for each setting; sweep.list=true lists the trials of a search."
        )
        sys.exit(1)
    sys.argv[1:] = [*sys.argv[1:], "hydra/sweeper=tune", "--multirun"]
    lossexp()
