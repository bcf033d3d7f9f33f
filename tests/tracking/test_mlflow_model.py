"""A logged model is a model of the run, and predicts the same in another process."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import yaml
from mlflow import MlflowClient

from lossexp.base.model_files import custom_modules
from lossexp.models.subclassed import ConvNet
from lossexp.tracking.mlflow import MLflowTracker
from tests.tracking.words import sent

RELOAD = """
import sys
import mlflow, mlflow.keras, numpy as np
uri, model, data = sys.argv[1:]
mlflow.set_tracking_uri(uri)
data = np.load(data)
for load in (mlflow.pyfunc.load_model, mlflow.keras.load_model):
    np.testing.assert_allclose(load(model).predict(data["x"]), data["y"], rtol=1e-5, atol=1e-6)
signature = mlflow.models.get_model_info(model).signature
print(signature.inputs.inputs[0].shape, signature.outputs.inputs[0].shape)
"""


@pytest.fixture
def x():
    return np.random.default_rng(0).random((5, 8, 8, 1), np.float32)


@pytest.fixture
def elsewhere(tmp_path_factory, monkeypatch):
    """An empty current folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(folder)
    return folder


def log(root, model, x, y):
    with MLflowTracker(root=root) as tracker:
        tracker.open(run_name="a", run_dir=root / "run", tags={"training": "1"})
        tracker.metrics({"val/nll": 0.5}, 7)
        tracker.model(model, inputs=x, outputs=y, step=7)
    return tracker


def model_files(root, tracker):
    return root / "mlruns" / "lossexp" / tracker.run_id / "artifacts" / "model"


def test_a_subclassed_model_reloads_by_its_run_and_predicts_the_same(root, x, elsewhere):
    model = ConvNet(input_shape=(8, 8, 1), num_outputs=3)
    y = np.asarray(model(x))
    tracker = log(root, model, x, y)
    run = tracker.connection.client.get_run(tracker.run_id)
    assert [output.step for output in run.outputs.model_outputs] == [7]
    assert list(elsewhere.iterdir()) == []  # nothing went to a default store in the current folder
    np.savez(root / "data.npz", x=x, y=y)
    arguments = [tracker.uri, f"runs:/{tracker.run_id}/model", str(root / "data.npz")]
    done = subprocess.run([sys.executable, "-c", RELOAD, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().endswith("(-1, 8, 8, 1) (-1, 3)")


def test_a_keras_file_of_keras_layers_needs_nothing_of_this_package(root, x):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.save(root / "best.keras")
    tracker = log(root, root / "best.keras", x, np.asarray(model(x)))
    files = model_files(root, tracker)
    assert custom_modules(files / "data" / "model.keras") == set()
    description = yaml.safe_load((files / "MLmodel").read_text())
    assert description["flavors"]["python_function"]["loader_module"] == "mlflow.keras"
    requirements = (files / "requirements.txt").read_text()
    assert f"keras=={keras.__version__}" in requirements
    np.testing.assert_array_equal(keras.saving.load_model(files / "data" / "model.keras")(x), model(x))


@pytest.mark.parametrize("step", ["log_model_artifacts", "finalize_logged_model", "log_outputs", "set_terminated"])
def test_a_model_whose_logging_was_interrupted_is_completed_and_not_logged_twice(step, root, x, monkeypatch):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    y = np.asarray(model(x))

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, step, stop)
        with pytest.raises(KeyboardInterrupt):
            log(root, model, x, y)
    tracker = log(root, model, x, y)
    found = tracker.connection.client.search_logged_models([tracker.connection.experiment_id])
    assert [(m.status, m.source_run_id) for m in found] == [("READY", tracker.run_id)]
    run = tracker.connection.client.get_run(tracker.run_id)
    assert [output.model_id for output in run.outputs.model_outputs] == [found[0].model_id]
    assert run.info.status == "FINISHED"


def test_log_model_false_logs_none(root):
    with MLflowTracker(root=root, log_model=False) as tracker:
        tracker.open(run_name="a", run_dir=root / "run", tags={})
        tracker.model("missing.keras", inputs=None, outputs=None)
    assert tracker.connection.client.get_run(tracker.run_id).outputs.model_outputs == []


def test_of_a_model_that_cannot_be_loaded_the_model_is_named_and_not_the_store(root, x, caplog):
    layers = [keras.Input((8, 8, 1)), keras.layers.Lambda(lambda x: 2 * x), keras.layers.Flatten()]
    model = keras.Sequential(layers)
    model.save(root / "mine.keras")
    tracker = log(root, root / "mine.keras", x, np.asarray(model(x)))
    assert "MLflow cannot take the model: Requested the deserialization of a `Lambda` layer" in caplog.text
    assert "store" not in caplog.text
    assert sent(tracker)
    run = tracker.connection.client.get_run(tracker.run_id)
    assert (run.info.status, run.outputs.model_outputs) == ("FINISHED", [])
    assert "mine.keras" in {file.path for file in tracker.connection.client.list_artifacts(tracker.run_id)}
