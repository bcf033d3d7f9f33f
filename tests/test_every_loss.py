"""Every loss option trains for two epochs on a dataset of its task, with the head that it asks for."""

import functools
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import lossexp.cli  # noqa: F401 - registers the resolvers
from lossexp.base.links import predicted_values
from lossexp.config import Job, build
from lossexp.experiment.parts import build_parts
from lossexp.losses.keras.adapted import as_loss
from lossexp.metrics import score
from lossexp.process.runtime import runtime

CONF = Path(__file__).parents[1] / "conf"
NEED_A_FUNCTION = ("function", "custom")
OPTIONS = sorted(f.stem for f in (CONF / "loss").glob("*.yaml") if f.stem not in NEED_A_FUNCTION)
DATASETS = {"multiclass": "digits", "binary": "breast_cancer", "regression": "diabetes"}


@functools.cache
def composed(dataset: str):
    fixed = ["model=mlp", "dataset.limit=64", "trainer.jit_compile=false", "trainer.epochs=2", "trainer.progress=false"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", overrides=[*fixed, f"dataset={dataset}"])


@pytest.mark.parametrize("option", OPTIONS)
def test_it_trains_with_finite_values(option):
    node = OmegaConf.load(CONF / "loss" / f"{option}.yaml")  # test_options composes each option
    tasks = as_loss(build(node, "loss")).tasks
    config = composed(next(dataset for task, dataset in DATASETS.items() if task in tasks)).copy()
    OmegaConf.set_struct(config, False)
    config.loss = node
    with runtime(config.seed):
        job = Job(config)
        dataset, trainer = job.build("dataset"), job.build("trainer")
        parts = build_parts(job, dataset, trainer)
        before = parts.model.get_weights()
        fit = trainer.fit(parts, config.seed)
        outputs, link = fit.predict(dataset.test.x), parts.link
        if dataset.task == "regression":
            outputs, link = predicted_values(outputs, link), None
        names = dataset.class_names
        test = score(outputs, dataset.test.y, task=dataset.task, link=link, class_names=names)
    assert len(fit.history) == 2
    for record in fit.history:
        assert all(np.isfinite(value) for value in record.values()), record
    assert all(np.isfinite(value) for value in test.values()), test
    assert any(not np.array_equal(old, new) for old, new in zip(before, parts.model.get_weights(), strict=True))
