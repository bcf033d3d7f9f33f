"""Raw rows in, the test split's own predictions out: by `mode=predict`, by Keras and by MLflow."""

import os
import subprocess
import sys

import keras
import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from lossexp.base.errors import InputError
from lossexp.experiment.inference import predict
from lossexp.metrics import load_outputs
from tests.jobs import asked, job

DRAW = np.random.default_rng(0)
MODELS = """
import sys

import keras

def embedding(input_shape, num_outputs, vocabulary=50, head="linear", initial_bias=None):
    return keras.Sequential(
        [keras.layers.Embedding(vocabulary, 4), keras.layers.Flatten(), keras.layers.Dense(num_outputs)]
    )

def convolution(input_shape, num_outputs, head="linear", initial_bias=None):
    return keras.Sequential(
        [keras.Input(input_shape), keras.layers.Conv1D(4, 3), keras.layers.Flatten(), keras.layers.Dense(num_outputs)]
    )
"""
CLASSES = np.arange(300) % 2
CASES = {
    "pictures": (DRAW.integers(0, 256, (300, 6, 7), dtype=np.uint8), CLASSES, ["model=subclassed"]),
    "table": (DRAW.normal(0, [1, 10, 1000, 0.01], (300, 4)), CLASSES, ["model=mlp"]),
    "table far from 0": (DRAW.normal([0, 1e8], [1, 1], (300, 2)), CLASSES, ["model=mlp"]),
    "tokens": (
        DRAW.integers(0, 50, (300, 8)),
        CLASSES,
        ["model._target_=my_losses.embedding", "dataset.inputs=tokens"],
    ),
    "series": (
        DRAW.normal(50, 20, (300, 9, 2)),
        CLASSES,
        ["model._target_=my_losses.convolution", "dataset.inputs=series"],
    ),
    "targets": (DRAW.normal(size=(300, 3)), DRAW.normal(1998, 11, 300), ["model=mlp", "loss=huber"]),
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "my_losses.py").write_text(MODELS)
    monkeypatch.setitem(sys.modules, "my_losses", None)  # what it was is put back, if anything
    del sys.modules["my_losses"]
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def written(folder, x, y, **more):
    np.savez(folder / "mine.npz", x_train=x, y_train=y, x_test=x[:40], y_test=y[:40], **more)
    return [
        *("dataset=npz", f"dataset.path={folder / 'mine.npz'}", "dataset.limit=null", "trainer.epochs=3"),
        "~model.filters",
        "~model.kernel_size",
        "~model.units",
    ]


@pytest.mark.parametrize("case", CASES)
def test_raw_rows_give_the_predictions_of_the_test_split(case, own):
    x, y, choices = CASES[case]
    overrides = written(own, x, y)
    if "_target_" not in choices[0]:
        overrides = overrides[:4]
    _, run_dir = job(own, *overrides, *choices, "trusted_packages=[my_losses]", tracked=True)
    expected = load_outputs(run_dir / "test_outputs.npz").outputs

    np.savez(own / "new.npz", x=x[:40])
    again = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict", own / "new.npz", ("my_losses",))))
    of_the_split = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict", trusted=("my_losses",))))
    pd.testing.assert_frame_equal(again, of_the_split.drop(columns="label"))

    loaded = keras.saving.load_model(run_dir / "model.keras")
    np.testing.assert_allclose(loaded(x[:40]), expected, rtol=1e-5, atol=1e-5)
    if case != "table far from 0":
        client = MlflowClient(f"sqlite:///{own}/mlflow.db")
        [found] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
        model = mlflow.pyfunc.load_model(f"{found.info.artifact_uri}/model")
        np.testing.assert_allclose(model.predict(x[:40]), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("loss", "mean", "deviation"),
    [
        ("mse", 1998, 11),
        ("huber", 250_000, 40_000),
        ("mae", 1.7e9, 1e5),
        ("gaussian_nll", 1998, 11),
        ("poisson", 250_000, 40_000),
        ("mape", 1998, 11),
        ("keras_msle", 250_000, 40_000),
        ("tweedie", 250_000, 40_000),
        ("gamma", 250_000, 40_000),
    ],
)
def test_targets_far_from_0_are_learned_as_well_as_by_least_squares(loss, mean, deviation, tmp_path):
    x = DRAW.normal(size=(600, 3))
    y = mean + deviation * (x @ [0.8, -0.5, 0.2] + 0.15 * DRAW.normal(size=600))
    overrides = written(tmp_path, x, y)[:4]
    result, _ = job(tmp_path, *overrides, "model=mlp", f"loss={loss}", "trainer.epochs=20")
    linear = r2_score(y[:40], LinearRegression().fit(x, y).predict(x[:40]))
    assert result.test["r2"] > 0.9 * linear


def test_a_token_that_the_model_has_no_place_for_is_found_before_training(own):
    x, y, choices = CASES["tokens"]
    x = x.copy()
    x[3, 3] = 77
    with pytest.raises(InputError, match=r"takes no token id 77.* input_dim of at least 78"):
        job(own, *written(own, x, y), *choices, "trusted_packages=[my_losses]")


FRESH = """
import keras, numpy, sys
model = keras.saving.load_model("model.keras")
rows = dict(numpy.load(sys.argv[1]))
numpy.save("fresh.npy", numpy.asarray(model(rows)))
assert "lossexp" not in sys.modules
"""


@pytest.mark.parametrize(("target", "missing"), [("kind", "median"), ("price", "most_frequent")])
def test_a_table_of_columns_gives_the_predictions_of_its_rows(target, missing, tmp_path):
    """By `mode=predict` of each kind of file, by MLflow, and by Keras alone in a process that knows no lossexp."""
    n = 400
    people = pd.DataFrame({"age": DRAW.normal(40, 9, n), "city": DRAW.choice(["Oslo", "Rome", "Lima"], n)})
    people = people.assign(zip=DRAW.choice([1001, 2002], n), member=DRAW.choice([True, False], n))
    people["kind"] = np.where((people.age > 40) ^ (people.city == "Rome"), "yes", "no")
    people["code"] = DRAW.choice(["007", "A7"], n)
    people["rooms"] = DRAW.integers(1, 9, n)
    people["price"] = 1000 + 20 * people.age + 300 * (people.city == "Rome")
    people.loc[::17, "age"] = np.nan
    people.loc[5::23, "city"] = None
    people["part"] = np.where(np.arange(n) < 300, "train", "test")
    people.loc[399, "city"] = "Bonn"  # training has no such row
    people.loc[people.part == "test", "code"] = "007"  # of which pandas would make 7
    people.to_csv(tmp_path / "people.csv", index=False)

    drop = "price" if target == "kind" else "kind"
    _, run_dir = job(
        tmp_path,
        *("dataset=table", f"dataset.path={tmp_path / 'people.csv'}", f"dataset.target={target}", "dataset.split=part"),
        *(f"dataset.drop=[{drop}]", "dataset.categorical=[city,zip,member,code]", f"dataset.missing={missing}"),
        *("trainer.epochs=2", f"loss={'ce' if target == 'kind' else 'huber'}", "dataset.limit=null"),
        tracked=True,
    )
    expected = load_outputs(run_dir / "test_outputs.npz").outputs
    rows = people[people.part == "test"]
    rows.to_csv(tmp_path / "new.csv", index=False)
    rows.to_parquet(tmp_path / "new.parquet")
    columns = {"age": rows.age.to_numpy(), "zip": rows.zip.to_numpy()}
    columns |= {"rooms": rows.rooms.to_numpy(float), "code": rows.code.to_numpy(str)}
    columns |= {"city": rows.city.fillna("").to_numpy(str), "member": rows.member.astype(str).to_numpy(str)}
    columns = {name: values[:, np.newaxis] for name, values in columns.items()}
    np.savez(tmp_path / "new.npz", **columns)

    of_the_split = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict"))).drop(columns="label")
    for name in ("new.csv", "new.parquet", "new.npz"):
        again = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict", tmp_path / name)))
        pd.testing.assert_frame_equal(again, of_the_split)

    command = [sys.executable, "-c", FRESH, str(tmp_path / "new.npz")]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, cwd=run_dir, env=env, check=True, capture_output=True)
    np.testing.assert_allclose(np.load(run_dir / "fresh.npy"), expected, rtol=1e-5, atol=1e-5)

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    [found] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    model = mlflow.pyfunc.load_model(f"{found.info.artifact_uri}/model")
    assert set(model.metadata.get_input_schema().input_names()) == {*columns}
    np.testing.assert_allclose(model.predict(rows), expected, rtol=1e-5, atol=1e-5)


def test_rows_that_a_model_of_columns_cannot_take(tmp_path):
    people = pd.DataFrame(
        {"age": DRAW.normal(40, 9, 99), "city": ["Oslo", "Rome", "Lima"] * 33, "kind": [0, 1, 1] * 33}
    )
    people.to_csv(tmp_path / "people.csv", index=False)
    table = ("dataset=table", f"dataset.path={tmp_path / 'people.csv'}", "dataset.target=kind", "dataset.limit=null")
    _, run_dir = job(tmp_path, *table)
    for change, message in {
        "city": (people.drop(columns="city"), "lacks the column city; it has age, kind"),
        "text": (people.assign(age="old"), "column age holds 'old' .99 such rows., which is no number"),
        "none": (people.assign(age=[None] * 9 + [1.0] * 90), "values are missing: 9 in age"),
    }.values():
        change.to_csv(tmp_path / "new.csv", index=False)
        with pytest.raises(InputError, match=message):
            predict(asked(run_dir, run_dir.name, "predict", tmp_path / "new.csv"))
