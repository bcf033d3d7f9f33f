"""Bad inputs, by hand and from every setting's declaration: one paragraph that names the setting, mostly at once."""

import json
import re
import subprocess
import sys
import typing
from pathlib import Path

import numpy as np
import pytest
from hydra import initialize_config_dir

from tests.bad_inputs import CONF, answer, generated, sample, settings

STOPPING = "trainer.callbacks=[{{_target_: keras.callbacks.EarlyStopping, {}}}]"
BY_HAND = [
    # a value that its setting cannot have
    (["dataset=npz", "dataset.path=constant.npz", "dataset.standardise=abc"], r"dataset\.standardise=abc"),
    (["dataset=npz", "dataset.path=constant.npz", "dataset.class_names=[a,a,a]"], r"class_names=\[a, a, a\].*no two"),
    (["dataset=npz", "dataset.path=constant.npz", "model=mlp", "loss=mse"], r"train split: all 27 targets are 3\.5"),
    (["model=mlp", "model.dropout=1"], r"model\.dropout=1: give a number in \[0, 1\)"),
    (["model=mlp", "model.hidden=[64,-1]"], r"model\.hidden\[1\]=-1: give a whole number of at least 1"),
    (["model=mlp", "model.activation=rulu"], r"model\.activation=rulu.*Did you mean relu"),
    (["model=sparse_mlp", "model.penalty=-1"], r"model\.penalty=-1"),
    (["tracking=mlflow", "tracking.log_model=maybe"], r"tracking\.log_model=maybe"),
    (["tracking=mlflow", "tracking.experiment=''"], r"tracking\.experiment='': give a text that is not blank"),
    ([STOPPING.format("monitor: val_accuracy, mode: sideways")], r"callbacks\[0\]\.mode=sideways"),
    ([STOPPING.format("monitor: val_accuracy, patience: two")], r"callbacks\[0\]\.patience=two"),
    ([STOPPING.format("monitr: val_accuracy")], r"callbacks\[0\]\.monitr.*Did you mean monitor"),
    (["trainer.callbacks=[{_target_: keras.callbacks.LearningRateScheduler}]"], r"callbacks\[0\]\.schedule is missing"),
    (["trainer.callbacks=[1]"], r"trainer\.callbacks\[0\]=1"),
    (["loss=focal", "loss.alpha=[0,0,0,0,0,0,0,0,0,0]"], r"loss\.alpha=\[0, .*not all of them 0"),
    (["loss=ce", "loss.class_weight=[0,0,0,0,0,0,0,0,0,0]"], r"loss\.class_weight=\[0, .*not all of them 0"),
    (["loss=keras_focal", "loss.alpha=[0,0]"], r"loss\.alpha=\[0, 0\]"),
    (["schedule=step", "schedule.at=[0.7,0.2]"], r"schedule\.at=\[0\.7, 0\.2\].*ascending"),
    (["+model.num_outputs=3"], r"model\.num_outputs is not yours to set"),
    (["~optimizer.learning_rate"], r"optimizer\.learning_rate is missing"),
    (["+optimizer.lr=1"], r"optimizer\.lr: keras\.optimizers\.Adam takes no argument"),
    (["loss.label_smothing=0.1"], r"loss\.label_smothing.*Did you mean label_smoothing"),
    (["seed=-1"], "seed=-1"),
    (["rerun=maybe"], "rerun=maybe"),
    (["mode=trian"], "mode=trian"),
    # what must not be built
    (["loss._target_=os.system"], r"loss\._target_=os\.system"),
    (["loss._target_=lossexp.losses.Fokal"], r"loss\._target_=.*Did you mean lossexp\.losses\.Focal"),
    (["optimizer._target_=keras.optimizers.Adamm"], r"optimizer\._target_=.*Did you mean"),
    (["model._target_=keras.layers.Lambda"], r"model\._target_"),
    (["loss=custom"], r"loss\.fn\._target_ has no value yet"),
    (["dataset=npz"], r"dataset\.path has no value yet"),
    # what another setting switches off, or cannot go with
    (
        ["dataset=breast_cancer", "loss=keras_bfocal", "loss.alpha=0.9"],
        r"loss\.alpha=0\.9 has no effect .*balancing=true",
    ),
    (["loss=ldam", "loss.beta=0.9"], r"loss\.beta=0\.9 has no effect .*loss\.drw"),
    (["loss=seesaw", "loss.running=true", "loss.class_counts=[1,2]"], r"loss\.class_counts=.* has no effect"),
    (["optimizer.ema_momentum=0.9"], r"optimizer\.ema_momentum=0\.9 has no effect .*use_ema=true"),
    (["optimizer.ema_overwrite_frequency=3"], r"optimizer\.ema_overwrite_frequency=3 .*use_ema=true"),
    (["optimizer=sgd", "optimizer.nesterov=true"], r"optimizer\.nesterov=true has no effect"),
    (["optimizer.clipnorm=1", "optimizer.clipvalue=1"], r"optimizer\.clipnorm=1 and optimizer\.clipvalue=1"),
    (["dataset=mnist", "dataset.test_fraction=0.3"], r"dataset\.test_fraction=0\.3 has no effect"),
    (["model=mlp", "model.hidden=[]", "model.dropout=0.5"], r"model\.dropout=0\.5 has no effect"),
    (["trainer=keras", "trainer.keep_checkpoints=5"], r"trainer\.keep_checkpoints=5 has no effect .*trainer=default"),
    (["trainer.keep_checkpoints=0", "trainer.checkpoint_seconds=1"], r"checkpoint_seconds=1 has no effect"),
    (["trainer.eager=true", "trainer.jit_compile=true"], r"trainer\.eager=true cannot"),
    (["trainer.strategy=mirrored", "trainer.jit_compile=true"], r"trainer\.strategy=mirrored cannot"),
    (["trainer.profile_epoch=9"], r"trainer\.profile_epoch=9"),
    (["run=abc"], "run=abc"),
    (["inputs=abc.npz"], "inputs=abc.npz"),
    # what only the data, the model or Keras can tell
    (["dataset.limit=3"], r"dataset\.limit=3 leaves no"),
    (["dataset.validation_fraction=0.0001"], r"dataset\.validation_fraction"),
    (["trainer.monitor=val/loss"], r"trainer\.monitor=val/loss"),
    (["trainer.monitor=val/rmse"], r"trainer\.monitor=val/rmse"),
    (["trainer=keras", "trainer.check_gradients=true"], r"trainer\.check_gradients"),
    ([STOPPING.format("monitor: val_loss")], "EarlyStopping monitors val_loss"),
    (["optimizer.gradient_accumulation_steps=10000"], r"optimizer\.gradient_accumulation_steps=10000"),
    (["model.kernel_size=9"], r"model\.kernel_size=9"),
    (["model=mlp", "model.hidden=[4000000000000]"], r"model\.hidden=\[4000000000000\].*more memory"),
    (["model.filters=400000000000"], r"model\.filters=400000000000.*more memory"),
    (["loss=taylor", "loss.order=100000"], r"loss\.order=100000"),
    (["loss=bce"], r"loss=\w+ is for binary and multilabel tasks"),
    (["loss=ce", "loss.reduction=none"], r"loss\.reduction=none"),
    (["loss=focal", "loss.alpha=[1,2]"], "alpha has 2 entries for 10 classes"),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with an npz file whose values to predict are all the same."""
    x, y = np.random.default_rng(0).normal(size=(30, 3)), np.full(30, 3.5)
    np.savez(tmp_path / "constant.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answers(cases: list[list[str]], folder: Path) -> tuple[list[dict], int]:
    """The answer to each case, and how many had to wait for TensorFlow."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.bad_inputs"], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    found = json.loads(child.stdout)
    late = [i for i, said in enumerate(found) if said["late"]]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        for i in late:
            found[i] = answer(cases[i], folder / str(i))
    return found, len(late)


def wrongly_answered(cases: list[tuple[list[str], str]], found: list[dict]) -> list:
    return [
        (overrides, name, said["said"])
        for (overrides, name), said in zip(cases, found, strict=True)
        if not said["told"] or not re.search(name, said["said"])
    ]


def test_every_setting_of_every_option_says_what_it_may_be():
    assert not [setting for _, setting, hint in settings() if hint is typing.Any]


def test_a_bad_input_is_one_paragraph_that_names_the_setting_mostly_before_tensorflow(here):
    cases = [*BY_HAND, *((c, re.escape(setting)) for c, setting in sample(list(generated()), 20))]
    found, late = answers([overrides for overrides, _ in cases], here)
    assert wrongly_answered(cases, found) == []
    assert late <= 20


@pytest.mark.slow
def test_of_four_hundred_bad_inputs_none_is_let_in_and_at_most_twenty_wait_for_tensorflow(here):
    drawn = sample(list(generated()), 400 - len(BY_HAND))
    cases = [*BY_HAND, *((c, re.escape(setting)) for c, setting in drawn)]
    found, late = answers([overrides for overrides, _ in cases], here)
    assert len(cases) == 400
    assert wrongly_answered(cases, found) == []
    assert late <= 20
