"""Runs with label noise: what they log of it, and that a loss can be told its matrix."""

import json

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from lossexp.base.errors import InputError
from tests.jobs import job

OF_NOISE = {f"train/accuracy_{name}" for name in ("clean_part", "memorised", "flipped_true")}
NOISE = ("noise=symmetric", "noise.eta=0.4", "model=mlp")


def history(run_dir) -> list[dict]:
    """The metrics of each epoch."""
    lines = [json.loads(line)["metrics"] for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    return [metrics for metrics in lines if "train/loss" in metrics]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("noise")
    scores, run_dir = job(folder, *NOISE, "loss=forward", "loss.T=true", tracked=True)
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    [found] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    return scores, run_dir, client, found


def test_each_epoch_says_what_noise_did(run):
    epochs = history(run[1])
    assert len(epochs) == 2
    for metrics in epochs:
        assert metrics.keys() >= OF_NOISE | {"val/accuracy_clean", "val/accuracy_through_T"}
        assert metrics["train/accuracy_memorised"] + metrics["train/accuracy_flipped_true"] <= 1


def test_a_run_says_where_labels_went_and_whether_validation_is_noisy(run):
    _, run_dir, client, found = run
    assert found.data.tags["noise"] == found.data.params["noise"] == "symmetric"
    assert found.data.tags["validation_labels"] == "noisy"
    assert found.data.params["noise.eta"] == "0.4"
    artifacts = {f.path for folder in ("", "figures") for f in client.list_artifacts(found.info.run_id, folder)}
    assert {"noise.csv", "figures/noise.png", "figures/memorisation.png"} <= artifacts
    table = pd.read_csv(run_dir / "noise.csv")
    assert table["examples"].sum() == 200
    np.testing.assert_allclose(table["T"], np.where(table["class"] == table["label"], 0.6, 0.4 / 9))


def test_both_the_chosen_and_the_last_epochs_weights_are_tested(run):
    scores, _, _, found = run
    assert scores.test.keys() == scores.test_last.keys()
    assert found.data.metrics["test_last/accuracy"] == scores.test_last["accuracy"]


def test_where_the_last_epoch_is_the_best_both_tests_are_the_same(tmp_path):
    scores, run_dir = job(tmp_path, "model=mlp", "trainer.epochs=1")
    assert scores.test == scores.test_last
    assert not history(run_dir)[0].keys() & OF_NOISE


def test_the_keras_trainer_says_what_noise_did_too(tmp_path):
    _, run_dir = job(tmp_path, *NOISE, "noise.val=false", "trainer=keras", "trainer.epochs=1")
    [metrics] = history(run_dir)
    assert metrics.keys() >= OF_NOISE
    assert "val/accuracy_clean" not in metrics


@pytest.mark.parametrize("T", ["[[0.9,0.1],[0.2,0.8]]", "{malignant:{benign:0.1},1:{0:0.2}}"])
def test_a_matrix_is_written_on_the_command_line_as_it_is(T, tmp_path):
    settings = ("dataset=breast_cancer", "model=mlp", "loss=forward", f"loss.T={T}", "trainer.epochs=1")
    scores, _ = job(tmp_path, *settings)
    assert scores.test["accuracy"] > 0


def test_the_matrix_of_noise_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"loss\.T=true .*noise=symmetric"):
        job(tmp_path, "loss=backward", "loss.T=true")
