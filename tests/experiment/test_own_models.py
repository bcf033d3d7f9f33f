"""Models of a user's own, from the first line of their file to predictions of the finished run."""

import re
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from omegaconf import OmegaConf

from lossexp.base.errors import InputError
from lossexp.config import Job
from lossexp.datasets.scikit_learn import digits
from lossexp.experiment.inference import evaluate, predict
from lossexp.metrics import load_outputs
from tests.jobs import asked, job

OWN = """\
import keras

def net(input_shape, num_outputs, width=4):
    layers = [keras.layers.Flatten(), keras.layers.Dense(width), keras.layers.Dense(num_outputs)]
    return keras.Sequential([keras.Input(input_shape), *layers])

def fixed():
    return net((8, 8, 1), 10)

class NoConfig(keras.Model):
    def __init__(self, input_shape, num_outputs, width=4):
        super().__init__()
        self.all = net(input_shape, num_outputs, width)

    def call(self, x):
        return self.all(x)

@keras.saving.register_keras_serializable("my_losses")
class WithConfig(keras.Model):
    def __init__(self, num_outputs, width=4, **kwargs):
        super().__init__(**kwargs)
        self.given = {"num_outputs": num_outputs, "width": width}
        self.all = [keras.layers.Flatten(), keras.layers.Dense(width), keras.layers.Dense(num_outputs)]

    def call(self, x):
        for layer in self.all:
            x = layer(x)
        return x

    def get_config(self):
        return {**super().get_config(), **self.given}

def with_lambda(input_shape, num_outputs):
    twice = keras.layers.Lambda(lambda x: 2 * x)
    return keras.Sequential([keras.Input(input_shape), twice, keras.layers.Flatten(), keras.layers.Dense(num_outputs)])

def augmented(input_shape, num_outputs):
    random = [keras.layers.RandomFlip(), keras.layers.RandomRotation(0.1), keras.layers.GaussianNoise(0.1)]
    layers = [*random, keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(num_outputs)]
    return keras.Sequential([keras.Input(input_shape), *layers])

def in_float32(input_shape, num_outputs):
    layers = [keras.layers.Flatten(dtype="float32"), keras.layers.Dense(num_outputs, dtype="float32")]
    return keras.Sequential([keras.Input(input_shape), *layers])

def broken(input_shape):
    return keras.Input(shape) + missing

def wide(input_shape, num_outputs):
    return net(input_shape, num_outputs + 1)
"""


SPLIT = {"validation_fraction": 0.1, "test_fraction": 0.2}


@pytest.fixture(scope="module", autouse=True)
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    sys.modules.pop("my_losses", None)  # another test's
    (folder / "my_losses.py").write_text(OWN)
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    sys.modules.pop("my_losses", None)


def custom(name: str) -> tuple[str, ...]:
    path = name if "." in name else f"my_losses.{name}"
    return ("model=custom", f"model.fn._target_={path}", "trainer.epochs=1")


def again(run_dir: Path, mode: str = "evaluate", inputs: Path | None = None) -> Job:
    return Job(OmegaConf.create(asked(run_dir, run_dir.name, mode, inputs).config), trusted=("my_losses", "docs"))


EXAMPLES = ("docs.examples.my_models.net", "docs.examples.my_models.Net")


@pytest.mark.parametrize("name", ["net", "fixed", "WithConfig", "augmented", *EXAMPLES])
def test_a_function_or_a_registered_class_trains_and_is_kept_whole(name, tmp_path):
    scores, run_dir = job(tmp_path, *custom(name))
    assert (run_dir / "model.keras").is_file()
    assert evaluate(again(run_dir)) == pytest.approx(scores.test, rel=1e-4)


def test_random_layers_are_at_rest_in_inference(tmp_path):
    _, run_dir = job(tmp_path, *custom("augmented"))
    first, second = (pd.read_csv(predict(again(run_dir, "predict"))) for _ in range(2))
    assert first.equals(second)
    x = digits(seed=0, limit=200, **SPLIT).test.x
    outputs = keras.saving.load_model(run_dir / "model.keras").predict(x, verbose=0)
    assert np.allclose(load_outputs(run_dir / "test_outputs.npz").outputs, outputs, atol=1e-5)


def test_a_model_that_keeps_to_float32_trains_under_mixed_precision(tmp_path):
    scores, run_dir = job(tmp_path, *custom("in_float32"), "trainer.precision=mixed_bfloat16")
    assert evaluate(again(run_dir)) == pytest.approx(scores.test, rel=1e-4)


def test_a_pretrained_network_trains_its_head_from_a_file_of_weights(tmp_path):
    network = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(32, 32, 3))
    network.save_weights(tmp_path / "mine.weights.h5")
    name = ("model=pretrained", "model.name=MobileNet", "model.size=32", f"model.weights={tmp_path}/mine.weights.h5")
    scores, run_dir = job(tmp_path, *name, "model.trainable=false", "trainer.epochs=1", "dataset.limit=60")
    kept = keras.saving.load_model(run_dir / "model.keras").get_layer(network.name)
    assert all(np.array_equal(a, b) for a, b in zip(kept.get_weights(), network.get_weights(), strict=True))
    assert evaluate(again(run_dir)) == pytest.approx(scores.test, rel=1e-4)


def test_arguments_of_an_own_model_are_settings(tmp_path):
    _, run_dir = job(tmp_path, *custom("net"), "+model.fn.width=7")
    with zipfile.ZipFile(run_dir / "model.keras") as archive:
        assert re.search(rb'"units": 7\b', archive.read("config.json"))


@pytest.mark.parametrize(
    ("name", "said"),
    [("NoConfig", "the class NoConfig .* has no get_config"), ("with_lambda", "the Lambda layer lambda")],
)
def test_a_model_that_cannot_be_saved_ends_finished_with_scores_and_weights(name, said, tmp_path, caplog):
    scores, run_dir = job(tmp_path, *custom(name), tracked=True)
    [warning] = [record.message for record in caplog.records if "cannot be saved" in record.message]
    assert re.search(said, warning)
    assert (run_dir / "model.weights.h5").is_file()
    assert not (run_dir / "model.keras").exists()

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    [run] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test/accuracy"] == scores.test["accuracy"]
    assert "model.weights.h5" in {file.path for file in client.list_artifacts(run.info.run_id)}

    caplog.clear()
    assert evaluate(again(run_dir)) == pytest.approx(scores.test, rel=1e-4)
    assert not caplog.records  # that it cannot be saved is known
    test = digits(seed=0, limit=200, **SPLIT).test
    np.savez(tmp_path / "rows.npz", x=test.x[:5])
    own, new = (pd.read_csv(predict(again(run_dir, "predict", file))) for file in (None, tmp_path / "rows.npz"))
    assert np.allclose(new.filter(like="p/"), own.filter(like="p/")[:5], atol=1e-6)
    assert job(tmp_path, *custom(name), tracked=True)[0] == scores  # found finished


def test_weights_that_do_not_fit_the_code_any_more_are_one_paragraph(tmp_path):
    _, run_dir = job(tmp_path, *custom("NoConfig"))
    config = OmegaConf.load(run_dir / "config.yaml")
    config.model.fn.width = 9
    OmegaConf.save(config, run_dir / "config.yaml")
    (run_dir / "run.json").unlink()
    with pytest.raises(InputError, match=r"model\.weights\.h5 does not fit the model .* code changed"):
        evaluate(again(run_dir))


def test_a_model_file_goes_on_training(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model.save(tmp_path / "my.keras")
    file = ("model=keras_file", f"model.path={tmp_path}/my.keras")
    scores, run_dir = job(tmp_path, *file, "trainer.epochs=1", "optimizer.learning_rate=1e-8")
    kept = keras.saving.load_model(run_dir / "model.keras")
    x = np.ones((2, 8, 8, 1), np.float32)
    assert np.allclose(kept(x), model(x), atol=1e-4)
    assert evaluate(again(run_dir)) == pytest.approx(scores.test, rel=1e-4)
    with pytest.raises(InputError, match="takes inputs of shape"):
        job(tmp_path, *file, "dataset=diabetes", "loss=mse")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (
            ["model=custom", "model.fn._target_=my_losses.broken"],
            r"^model\.fn=my_losses\.broken: NameError in .*line \d+, in broken",
        ),
        (["model=custom", "model.fn._target_=my_losses.wide"], r"returns shape \(32, 11\).*num_outputs=10"),
        (["model=custom", "model.fn._target_=my_losses.net", "loss=arcface"], "takes no argument `head`"),
        (["model._target_=my_losses.net"], r"model\.filters.*model=custom model\.fn\._target_=my_losses\.net"),
        (["model=custom", "model.fn._target_=my_losses.net", "+model.fn.num_outputs=3"], "not yours to set"),
    ],
)
def test_what_cannot_work_is_refused_before_training(overrides, said, tmp_path):
    with pytest.raises(InputError, match=said):
        job(tmp_path, *overrides)
