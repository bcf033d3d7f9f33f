"""Settings that mean nothing are refused before anything is built."""

import math
from dataclasses import FrozenInstanceError
from pathlib import Path

import keras
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from lossexp.base.checks import shown
from lossexp.base.errors import InputError
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer import loop
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

CONF = Path(__file__).parents[2] / "conf"


# Part of every run's key: a finished run stays finished only where these stay as they are.
OF_BOTH = {
    "epochs": 15,
    "batch_size": 32,
    "precision": "float32",
    "jit_compile": "auto",
    "monitor": "auto",
    "limit_train_batches": None,
    "limit_eval_batches": None,
    "overfit_batches": None,
    "deterministic": False,
    "device_megabytes": 4096.0,
    "checkpoint_seconds": 30.0,
    "keep_checkpoints": 2,
    "stop_on_nonfinite": True,
    "check_gradients": False,
    "eager": False,
    "profile_epoch": None,
    "l2": 0.0,
    "strategy": "none",
    "callbacks": None,
    "progress": True,
}


@pytest.mark.parametrize(
    ("option", "target"),
    [("default", "lossexp.trainer.trainer.Trainer"), ("keras", "lossexp.trainer.keras_trainer.KerasTrainer")],
)
def test_the_options_compose_to_these_settings(option, target):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = OmegaConf.to_container(compose("config", overrides=[f"trainer={option}"]).trainer)
    assert list(config.items()) == [("_target_", target), *OF_BOTH.items()]


@pytest.mark.parametrize("kind", [Trainer, KerasTrainer])
def test_what_a_trainer_is_made_with_stays(kind):
    trainer = kind(epochs=2)
    with pytest.raises(FrozenInstanceError):
        trainer.epochs = 3
    assert {name: getattr(trainer, name) for name in OF_BOTH} == {**OF_BOTH, "epochs": 2, "callbacks": []}


@pytest.mark.parametrize("name", ["deterministic", "stop_on_nonfinite", "check_gradients", "eager", "progress"])
@pytest.mark.parametrize("value", ["nope", "false", 1, None])
def test_a_switch_is_true_or_false(name, value):
    with pytest.raises(InputError, match=rf"trainer\.{name}={shown(value)}: give true or false"):
        Trainer(**{name: value})


def test_the_profiled_epoch_is_one_that_is_trained():
    assert Trainer(epochs=2, profile_epoch=2).profile_epoch == 2
    with pytest.raises(InputError, match=r"profile_epoch=3: there are only 2 epochs"):
        Trainer(epochs=2, profile_epoch=3)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, -1, "abc", None, True])
def test_l2_is_a_finite_number_from_zero_up(value):
    with pytest.raises(InputError, match=rf"trainer\.l2={shown(value)}: give a number in \[0, inf\)"):
        Trainer(l2=value)


@pytest.mark.parametrize("name", ["device_megabytes", "checkpoint_seconds"])
def test_a_limit_may_be_infinite_but_is_a_number(name):
    assert getattr(Trainer(**{name: math.inf}), name) == math.inf
    for value in (math.nan, -1, "abc", None, True):
        with pytest.raises(InputError, match=rf"trainer\.{name}={shown(value)}: give a number in \[0, inf\]"):
            Trainer(**{name: value})


@pytest.mark.parametrize("value", [1, 0, 1.0, "true", None])
def test_jit_compile_is_auto_true_or_false(value):
    with pytest.raises(InputError, match=rf"trainer\.jit_compile={shown(value)}: give auto or true or false"):
        Trainer(jit_compile=value)


@pytest.mark.parametrize("value", [None, 3, True, "val/acuracy", ["val/nll"]])
def test_what_is_no_metric_cannot_be_monitored(value):
    with pytest.raises(InputError, match=r"trainer\.monitor=.* not one of .* use auto or one of val/accuracy"):
        Monitor(value, "multiclass")


def test_eager_steps_cannot_be_compiled():
    with pytest.raises(InputError, match=r"trainer\.eager=true cannot be combined with trainer\.jit_compile=true"):
        Trainer(eager=True, jit_compile=True)


@pytest.mark.parametrize("kind", [Trainer, KerasTrainer])
def test_auto_tries_no_xla_where_steps_are_eager(kind, monkeypatch):
    tried = []
    choose = loop.choose_engine
    monkeypatch.setattr(loop, "choose_engine", lambda choice, *rest: tried.append(choice) or choose(choice, *rest))
    trainer = kind(epochs=1, limit_train_batches=1, eager=True, progress=False)
    data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=60)
    with runtime(0, eager=True):
        fit = trainer.fit(Parts(data, mlp(data.input_shape, 10), Focal(), keras.optimizers.SGD()), seed=0)
    assert fit.jit_compile is False
    assert "auto" not in tried
