"""What a store, a run's folder and a model file of a stranger can do: be read, and nothing else."""

import json
import shutil
import sys
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest
from mlflow import MlflowClient
from omegaconf import OmegaConf

from lossexp.base.errors import InputError
from lossexp.config import Job
from lossexp.datasets.tfds import load
from lossexp.experiment.inference import evaluate, predict
from tests.jobs import job


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    return job(folder, "model=mlp", "debug=fast")[1]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A stranger's store with one finished run."""
    root = tmp_path_factory.mktemp("store")
    client = MlflowClient(f"sqlite:///{root}/mlflow.db")
    run = client.create_run(client.create_experiment("lossexp"))
    client.set_terminated(run.info.run_id, "FINISHED")
    return root, client, run.info.run_id


@pytest.fixture
def theirs(own, store, tmp_path, monkeypatch):
    """The folder of the stranger's run, which a tag names, and what a user asks who has the store."""
    root, client, run_id = store
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    folder = shutil.copytree(own, tmp_path / "theirs")
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "files": {}}))  # digests would tell what they changed
    for tag, value in {"run_dir": str(folder), "run_key": own.name}.items():
        client.set_tag(run_id, tag, value)
    tracking = {"_target_": "lossexp.tracking.mlflow.MLflowTracker", "root": str(root)}
    asked = {"mode": "evaluate", "run": run_id, "inputs": None, "output": "runs", "tracking": tracking}
    return folder, Job(OmegaConf.create(asked))


def change(folder, **settings):
    saved = OmegaConf.load(folder / "config.yaml")
    OmegaConf.save(OmegaConf.merge(saved, settings), folder / "config.yaml")


def edit_model(folder, edit):
    """Rewrites the layers in `model.keras` by `edit(layers)`."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    edit(config["config"]["layers"])
    files["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def test_a_run_of_a_stranger_is_evaluated(theirs):
    assert evaluate(theirs[1])["accuracy"] >= 0


@pytest.mark.parametrize(
    "node",
    [
        {"_target_": "subprocess.check_call", "args": ["touch", "harmed"]},
        {"_target_": "lossexp.tracking.metrics_file.append_metrics", "path": "harmed", "metrics": {}, "step": 0},
        {"_target_": "lossexp.tracking.provenance.lossexp.config.build", "node": {}, "where": "x", "trusted": ["os"]},
        {"_target_": "lossexp.datasets.scikit_learn.digits", "limit": {"_target_": "pathlib.Path.touch"}},
        {"_target_": "my_stranger.load"},
    ],
)
def test_the_saved_config_of_a_run_builds_from_the_list_only(node, theirs, tmp_path, monkeypatch):
    folder, asked = theirs
    (tmp_path / "mine" / "my_stranger.py").write_text("open('harmed', 'w')")
    monkeypatch.syspath_prepend(tmp_path / "mine")
    saved = OmegaConf.load(folder / "config.yaml")
    saved.dataset, saved.trusted_packages = node, ["subprocess", "pathlib", "my_stranger", "lossexp"]
    OmegaConf.save(saved, folder / "config.yaml")
    with pytest.raises(InputError, match="not on the list"):
        evaluate(asked)
    assert not (tmp_path / "mine" / "harmed").exists()


def test_the_saved_model_target_is_imported_only_from_the_list_or_a_trusted_package(theirs, tmp_path, monkeypatch):
    folder, asked = theirs
    (tmp_path / "mine" / "my_stranger.py").write_text("open('harmed', 'w')\ndef model(): pass\n")
    monkeypatch.syspath_prepend(tmp_path / "mine")
    change(folder, model={"_target_": "my_stranger.model"}, trusted_packages=["my_stranger"])
    with pytest.raises(InputError, match="not on the list"):
        evaluate(asked)
    assert not (tmp_path / "mine" / "harmed").exists()
    assert evaluate(replace(asked, trusted=("my_stranger",)))["accuracy"] >= 0
    sys.modules.pop("my_stranger")


@pytest.mark.parametrize("module", ["keras_hub.layers", "my_stranger"])
def test_a_model_file_makes_nothing_be_imported(module, theirs, tmp_path, monkeypatch):
    folder, asked = theirs
    package = module.partition(".")[0]
    (tmp_path / "mine" / f"{package}.py").write_text("open('harmed', 'w')")
    monkeypatch.syspath_prepend(tmp_path / "mine")

    def edit(layers):
        layers[-1] |= {"module": module, "class_name": "Evil", "registered_name": "Evil"}

    edit_model(folder, edit)
    with pytest.raises(InputError, match=rf"objects of the module {module}.*trusted_packages=\[{package}\]"):
        evaluate(asked)
    assert not (tmp_path / "mine" / "harmed").exists()


def test_code_in_a_model_file_is_not_run(theirs, tmp_path):
    folder, asked = theirs
    lambda_layer = keras.layers.Lambda(lambda x: [x, open("harmed", "w")][0])  # noqa: SIM115
    serialised = keras.saving.serialize_keras_object(lambda_layer)

    def edit(layers):
        layers[-1] |= {key: serialised[key] for key in ("module", "class_name", "config", "registered_name")}

    edit_model(folder, edit)
    with pytest.raises(Exception, match="safe_mode"):
        evaluate(asked)
    assert not (tmp_path / "mine" / "harmed").exists()


class Harm:
    def __reduce__(self):
        return open, ("harmed", "w")


def test_saved_outputs_are_read_without_unpickling(theirs, tmp_path):
    folder, asked = theirs
    with np.load(folder / "test_outputs.npz") as file:
        arrays = dict(file)
    np.savez(folder / "test_outputs.npz", **{**arrays, "labels": np.array([Harm()], dtype=object)})
    with pytest.raises(InputError, match="not a file of saved outputs"):
        evaluate(asked)
    assert not (tmp_path / "mine" / "harmed").exists()


def test_predictions_do_not_follow_a_link_that_a_stranger_laid(theirs, tmp_path):
    folder, asked = theirs
    precious = tmp_path / "mine" / ".bashrc"
    precious.write_text("precious")
    (folder / "predictions.csv").symlink_to(precious)
    asked.config.mode = "predict"
    assert predict(asked) == folder / "predictions.csv"
    assert precious.read_text() == "precious"
    assert not (folder / "predictions.csv").is_symlink()


@pytest.mark.parametrize("name", ["huggingface:mnist", "my-space:set/config:1.0.0"])
def test_a_dataset_whose_code_would_be_fetched_is_refused(name, tmp_path):
    with pytest.raises(InputError, match="namespace"):
        load(name, data_dir=str(tmp_path), download=True)
