"""Every loss of many labels, and of pixels, learns something of `digits_mosaic` in two epochs."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import lossexp.cli  # noqa: F401 - registers the resolvers
from lossexp.config import Job
from lossexp.experiment.parts import build_parts
from lossexp.metrics import score
from lossexp.process.runtime import runtime
from tests.losses.options import OPTIONS, make

CONF = Path(__file__).parents[1] / "conf"
METRIC = {"multilabel": "map", "segmentation": "mean_iou"}
QUICK = ("asl", "dice")  # one of each family, the others are slow
# Multiplies labels by an inverted noise matrix, so that its values have no lower bound, and training none to stop at.
UNBOUNDED = ("backward",)
FAMILIES = [
    pytest.param(task, option, marks=() if option in QUICK and task == family else pytest.mark.slow)
    for task, family in (("multilabel", "multilabel"), ("segmentation", "segmentation"))
    for option in OPTIONS
    if option not in ("function", "custom", *UNBOUNDED) and task in make(option).tasks
]
