"""The table of metrics says what scores have."""

import numpy as np
import pytest

from lossexp.metrics import quick_score, score
from lossexp.metrics.table import BY_NAME, METRICS, every_epoch

LINKS = {"multiclass": "softmax", "binary": "sigmoid", "regression": "identity"}


@pytest.mark.parametrize("task", LINKS)
def test_scores_have_the_metrics_of_the_table_in_its_order(task):
    outputs = np.random.default_rng(0).normal(size=(20, 3 if task == "multiclass" else 1))
    labels = np.arange(20) % 2
    meaning = {"task": task, "link": LINKS[task]}
    scores = [name for name in score(outputs, labels, **meaning) if "/" not in name]
    assert scores == [metric.name for metric in METRICS if task in metric.tasks]
    assert list(quick_score(outputs, labels, **meaning)) == [metric.name for metric in every_epoch(task)]


@pytest.mark.parametrize("task", LINKS)
def test_better_predictions_have_better_scores(task):
    """Every direction in the table is that of its metric."""
    labels = np.arange(40) % 2
    sure = np.where(labels == 1, 4.0, -4.0)
    right, wrong = ({"multiclass": np.stack([-z, z], axis=1)}.get(task, z[:, None]) for z in (sure, -sure))
    better, worse = (score(outputs, labels, task=task, link=LINKS[task]) for outputs in (right, wrong))
    for name in set(better) & set(BY_NAME):
        assert (better[name] > worse[name]) == BY_NAME[name].higher_is_better
        assert better[name] != worse[name]
