"""Every loss of many labels, and of pixels, learns something of `digits_mosaic` in two epochs."""

from __future__ import annotations

from pathlib import Path

import pytest

import lossexp.cli  # noqa: F401 - registers the resolvers
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
