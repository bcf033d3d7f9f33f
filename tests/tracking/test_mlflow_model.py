"""A logged model is a model of the run, and predicts the same in another process."""

import subprocess
import sys

import numpy as np
import pytest

from lossexp.tracking.mlflow import MLflowTracker

keras = pytest.importorskip("keras")

RELOAD = """
import sys
import mlflow, mlflow.keras, numpy as np
uri, model, data = sys.argv[1:]
mlflow.set_tracking_uri(uri)
data = np.load(data)
for loaded in (mlflow.keras.load_model(model), mlflow.pyfunc.load_model(model)):
    np.testing.assert_allclose(loaded.predict(data["x"]), data["y"], rtol=1e-6, atol=1e-6)
spec = mlflow.models.get_model_info(model)
print(spec.signature.inputs.inputs[0].shape, spec.signature.outputs.inputs[0].shape)
"""


@pytest.mark.parametrize("as_file", [False, True])
def test_the_model_reloads_by_its_run_and_predicts_the_same(root, as_file, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    x = np.random.default_rng(0).random((5, 8, 8, 1), np.float32)
    y = np.asarray(model(x))
    logged = model
    if as_file:
        logged = root / "best.keras"
        model.save(logged)
    with MLflowTracker(root=root) as tracker:
        tracker.open(run_name="a", run_dir=root / "run", tags={})
        tracker.metrics({"val/nll": 0.5}, 7)
        tracker.model(logged, inputs=x, outputs=y, step=7)
    run = tracker._client.get_run(tracker.run_id)
    assert [output.step for output in run.outputs.model_outputs] == [7]
    files = root / "mlruns" / "lossexp" / tracker.run_id / "artifacts" / "model"
    assert {"MLmodel", "requirements.txt"} <= {file.name for file in files.iterdir()}
    assert list(elsewhere.iterdir()) == []  # nothing went to a default store in the current folder
    np.savez(root / "data.npz", x=x, y=y)
    if as_file:
        return  # both ways log the same; one reload in a new process is enough
    command = [
        sys.executable,
        "-c",
        RELOAD,
        tracker.uri,
        f"runs:/{tracker.run_id}/model",
        str(root / "data.npz"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().endswith("(-1, 8, 8, 1) (-1, 3)")


def test_log_model_false_logs_none(root):
    with MLflowTracker(root=root, log_model=False) as tracker:
        tracker.open(run_name="a", run_dir=root / "run", tags={})
        tracker.model("missing.keras", inputs=None, outputs=None)
    assert tracker._client.get_run(tracker.run_id).outputs.model_outputs == []
