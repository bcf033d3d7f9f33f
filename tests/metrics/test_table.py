"""The table of metrics says what scores have."""

import numpy as np
import pytest

from lossexp.metrics import quick_score, score
from lossexp.metrics.table import BY_NAME, METRICS, every_epoch

LINKS = {
    **{"multiclass": "softmax", "binary": "sigmoid", "ordinal": "softmax"},
    **{"multilabel": "labels", "segmentation": "softmax", "regression": None},
}
WIDTH = {"multiclass": 3, "binary": 1, "ordinal": 3, "multilabel": 3, "segmentation": 3, "regression": 1}


def example(task):
    """Outputs of 40 examples that are sure of their labels, and these."""
    labels = np.arange(40) % 2
    if task == "multilabel":
        labels = np.stack([labels, 1 - labels, labels], axis=1)
        return np.where(labels == 1, 4.0, -4.0), labels
    if task == "segmentation":
        labels = np.stack([labels, 1 - labels]).T[:, :, np.newaxis]
    elif WIDTH[task] == 1:
        return np.where(labels == 1, 4.0, -4.0)[:, np.newaxis], labels
    return 4.0 * np.eye(WIDTH[task])[labels], labels


@pytest.mark.parametrize("task", LINKS)
def test_scores_have_the_metrics_of_the_table_in_its_order(task):
    outputs, labels = example(task)
    meaning = {"task": task, "link": LINKS[task]}
    scores = [name for name in score(outputs, labels, **meaning) if "/" not in name]
    assert scores == [metric.name for metric in METRICS if task in metric.tasks]
    assert list(quick_score(outputs, labels, **meaning)) == [metric.name for metric in every_epoch(task)]


@pytest.mark.parametrize("task", LINKS)
def test_better_predictions_have_better_scores(task):
    """Every direction in the table is that of its metric."""
    outputs, labels = example(task)
    better, worse = (score(z, labels, task=task, link=LINKS[task]) for z in (outputs, -outputs))
    for name in set(better) & set(BY_NAME):
        assert (better[name] > worse[name]) == BY_NAME[name].higher_is_better, name
        assert better[name] != worse[name], name
