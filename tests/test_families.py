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
QUICK = {("multilabel", "asl"), ("segmentation", "dice")}
FAMILIES = [
    pytest.param(task, option, marks=() if (task, option) in QUICK else pytest.mark.slow)
    for task in METRIC
    for option in OPTIONS
    if option not in ("function", "custom") and task in make(option).tasks
]


@functools.cache
def composed(task: str):
    fixed = ["trainer.epochs=2", "trainer.progress=false", "trainer.jit_compile=false"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", overrides=["dataset=digits_mosaic", f"dataset.task={task}", *fixed])


@pytest.mark.parametrize(("task", "option"), FAMILIES)
def test_it_beats_what_the_labels_alone_tell(task, option):
    """For many labels, how often each occurs: average precision is the prevalence. For pixels, the background."""
    config = composed(task).copy()
    OmegaConf.set_struct(config, False)
    config.loss = OmegaConf.load(CONF / "loss" / f"{option}.yaml")
    with runtime(config.seed):
        job = Job(config)
        dataset, trainer = job.build("dataset"), job.build("trainer")
        parts = build_parts(job, dataset, trainer)
        fit = trainer.fit(parts, config.seed)
        fit.monitor.restore(parts.model)
        outputs = fit.predict(dataset.test.x)
    for record in fit.history:
        assert all(np.isfinite(value) for value in record.values()), record
    trivial = np.broadcast_to(np.log(dataset.class_counts), (*outputs.shape[:-1], dataset.num_classes))
    facts = {"task": task, "class_names": dataset.class_names}
    link = "labels" if task == "multilabel" else "softmax"
    reached = score(outputs, dataset.test.y, link=parts.link, **facts)
    assert all(np.isfinite(value) for value in reached.values()), reached
    assert reached[METRIC[task]] > 1.05 * score(trivial, dataset.test.y, link=link, **facts)[METRIC[task]]
