"""The main job in this process: what a run trains, logs and leaves behind, with a real MLflow store."""

import os

import keras
import numpy as np
import pytest
from mlflow import MlflowClient

from lossexp.base.errors import InputError
from lossexp.metrics import load_outputs
from tests.jobs import CONF, job
from tests.servers import recorded_points, stored_points

STOPPING = "trainer.callbacks=[{_target_: keras.callbacks.EarlyStopping, monitor: val_accuracy, patience: 3}]"


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tracked")
    scores, run_dir = job(folder, "loss=focal", "loss.gamma=1", tracked=True)
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("lossexp")
    [found] = client.search_runs([experiment.experiment_id])
    return scores, run_dir, client, found, folder


def test_a_run_is_logged_with_parameters_tags_metrics_and_status(tracked):
    scores, _, _, found, _ = tracked
    assert found.info.status == "FINISHED"
    assert found.data.params["loss.gamma"] == "1.0"
    assert found.data.params["trainer.epochs"] == "2"
    assert found.data.params["loss"] == "focal"  # where MLflow compares runs it knows parameters only
    assert "loss.alpha" not in found.data.params  # which is not set
    assert {
        "loss": "focal",
        "model": "subclassed",
        "dataset": "digits",
        "seed": "0",
    }.items() <= found.data.tags.items()
    assert {"run_key", "group_key", "command", "version.tensorflow"} <= found.data.tags.keys()
    assert found.data.metrics["test/accuracy"] == scores.test["accuracy"]
    for name in ("balanced_accuracy", "macro_f1", "nll", "brier", "ece", "recall/3"):
        assert f"test/{name}" in found.data.metrics


def test_metrics_have_one_point_an_epoch(tracked):
    _, _, client, found, _ = tracked
    steps = [point.step for point in client.get_metric_history(found.info.run_id, "val/accuracy")]
    assert steps == [7, 14]  # 200 examples in batches of 32


def test_test_metrics_are_at_step_0_where_mlflow_draws_bars(tracked):
    _, _, client, found, _ = tracked
    for name in ("test/accuracy", "val/best_accuracy", "best_epoch"):
        assert [point.step for point in client.get_metric_history(found.info.run_id, name)] == [0]


def test_config_outputs_and_figures_are_artifacts(tracked):
    _, _, client, found, _ = tracked
    names = {a.path for a in client.list_artifacts(found.info.run_id)}
    assert {"config.yaml", "test_outputs.npz", "model.txt", "figures"} <= names
    figures = {a.path for a in client.list_artifacts(found.info.run_id, "figures")}
    assert figures == {"figures/samples.png", "figures/curves.png", "figures/confusion.png"}


def test_saved_outputs_score_the_same(tracked):
    scores, run_dir, *_ = tracked
    assert load_outputs(run_dir / "test_outputs.npz").score() == pytest.approx(scores.test)


def test_the_model_reloads_and_predicts_the_saved_outputs(tracked):
    _, run_dir, *_ = tracked
    from lossexp.datasets.scikit_learn import digits

    x = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=200).test.x
    model = keras.saving.load_model(run_dir / "model.keras")
    np.testing.assert_allclose(
        model.predict(x, verbose=0), load_outputs(run_dir / "test_outputs.npz").outputs, rtol=1e-4, atol=1e-5
    )


def test_the_same_command_on_a_finished_run_returns_its_scores_without_training(tracked):
    scores, run_dir, client, found, folder = tracked
    before = os.stat(run_dir / "model.keras").st_mtime_ns
    again, _ = job(folder, "loss=focal", "loss.gamma=1", tracked=True)
    assert again == scores
    assert os.stat(run_dir / "model.keras").st_mtime_ns == before
    assert len(client.search_runs([found.info.experiment_id])) == 1


def test_a_run_that_finished_without_its_server_is_sent_by_the_same_command_without_training(tmp_path):
    nobody = ("tracking.uri=http://127.0.0.1:9", "tracking.on_unreachable=warn")
    scores, run_dir = job(tmp_path, "model=mlp", *nobody, tracked=True)
    before = os.stat(run_dir / "model.keras").st_mtime_ns
    assert job(tmp_path, "model=mlp", *nobody, tracked=True)[0] == scores
    assert not (tmp_path / "mlflow.db").exists()
    assert job(tmp_path, "model=mlp", tracked=True)[0] == scores
    assert os.stat(run_dir / "model.keras").st_mtime_ns == before
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    [run] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    assert run.info.status == "FINISHED"
    assert stored_points(client, run) == recorded_points(run_dir)


def test_rerun_trains_again_in_a_new_mlflow_run_with_the_same_scores(tmp_path):
    first, _ = job(tmp_path, "model=mlp", tracked=True)
    second, _ = job(tmp_path, "model=mlp", "rerun=true", tracked=True)
    assert second == first
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    assert len(client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])) == 2


def test_a_regression_run_logs_its_metrics_in_the_original_unit(tmp_path):
    scores, run_dir = job(tmp_path, "dataset=diabetes", "trainer.epochs=20")
    assert {"rmse", "mae", "r2"} == scores.test.keys()
    assert 40 < scores.test["rmse"] < 120  # the targets' standard deviation is 77
    assert (run_dir / "figures" / "predicted.png").exists()


def test_a_job_scores_the_same_alone_and_as_the_third_of_a_sweep(tmp_path):
    alone, _ = job(tmp_path / "alone", "seed=3")
    job(tmp_path / "sweep", "trainer.precision=mixed_bfloat16", "seed=1")
    job(tmp_path / "sweep", "model=mlp", "loss=focal", "trainer.deterministic=true", "optimizer=sgd")
    third, _ = job(tmp_path / "sweep", "seed=3")
    assert third == alone
    assert keras.config.dtype_policy().name == "float32"


def test_a_plain_function_of_the_user_trains(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(CONF.parent / "docs" / "examples"))
    overrides = ["dataset=diabetes", "loss=function", "loss.fn._target_=my_losses.wing"]
    scores, _ = job(tmp_path, *overrides, "loss.tasks=[regression]", "loss.labels=values", "loss.on=values")
    assert np.isfinite(scores.test["rmse"])


def test_targets_outside_the_losss_domain_are_refused(tmp_path):
    x, y = np.zeros((20, 3), np.float32) + np.arange(20)[:, None], np.linspace(-1, 1, 20)
    np.savez(tmp_path / "signed.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    with pytest.raises(InputError, match=r"loss=tweedie is for targets .* -1\b"):
        job(tmp_path, "dataset=npz", f"dataset.path={tmp_path}/signed.npz", "model=mlp", "loss=tweedie")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["loss=bce"], "multiclass"),
        (["dataset=diabetes", "loss=ce"], "regression"),
        (["dataset=breast_cancer", "model=subclassed"], "model=mlp"),
        (["loss=focal", "loss.gamma=-1"], "gamma"),
        (["dataset=npz", "dataset.path=nope.npz"], r"nope\.npz"),
        (["dataset=npz"], r"dataset\.path"),
        (["trainer.monitor=val/loss"], "not comparable"),
        (["trainer.precision=float8"], "mixed_bfloat16"),
        (["trainer.epochs=0"], "at least 1"),
        (["seed=-1"], "seed=-1"),
        (["dataset.validation_fraction=0"], "validation_fraction"),
        (["loss=ce", "loss.reduction=none"], "one value for each example"),
        (["optimizer.learning_rate=fast"], "learning_rate"),
        (["optimizer.learning_rate=-1"], r"\(0, inf\)"),
        (["~optimizer.learning_rate"], "learning_rate is missing"),
        (["optimizer.beta_1=abc"], r"optimizer\.beta_1=abc: give a number"),
        (["optimizer.gradient_accumulation_steps=15"], "more than the 14 steps"),
        (["optimizer.loss_scale_factor=8", "trainer.precision=mixed_float16"], "divided by the factor"),
        (["optimizer.gradient_accumulation_steps=2", "trainer.strategy=mirrored"], "synchronise replicas"),
        (["schedule=step", "schedule.at=[]"], r"schedule\.at=\[\]"),
        (["schedule=exponential", "schedule.final_fraction=abc"], r"schedule\.final_fraction=abc"),
        (["rerun=maybe"], "rerun=maybe: give true or false"),
        (["trainer.monitor=null"], r"trainer\.monitor=null"),
        (["trainer.callbacks=[1]"], r"trainer\.callbacks\[0\]=1: give a node .*makes a Callback"),
        ([STOPPING.replace("3", "two")], "patience=two"),
        (["trainer=keras", STOPPING.replace("val_accuracy", "accuracy")], "does not hand"),
        (["trainer=keras", "trainer.check_gradients=true"], "trainer=default"),
        (["tracking=mlflow", "tracking.uri=http://127.0.0.1:9"], "tracking"),
    ],
)
def test_bad_input_is_one_clear_error_before_training(overrides, said, tmp_path):
    with pytest.raises(InputError, match=said):
        job(tmp_path, *overrides, tracked=True)
    assert not list(tmp_path.rglob("metrics.jsonl"))
    assert not list(tmp_path.rglob("mlflow.db"))
