"""An optimizer's settings are refused before anything trains, each with its name, its value and what is allowed."""

from pathlib import Path

import keras
import pytest
import yaml
from hydra import compose, initialize_config_dir

from lossexp.base.errors import InputError
from lossexp.base.keras_settings import HINTS
from lossexp.config import Job
from lossexp.config.optimizer_settings import check_together
from lossexp.config.values import check_node
from lossexp.experiment.parts import build_optimizer

CONF = Path(__file__).parents[2] / "conf"
OPTIONS = sorted(f.stem for f in (CONF / "optimizer").glob("*.yaml"))


def built(*overrides: str, steps: int = 100):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=list(overrides))
    return build_optimizer(Job(config), steps)


@pytest.mark.parametrize(
    ("option", "setting", "said"),
    [
        *(("adam", f"beta_1={value}", r"in \[0, 1\)") for value in ("abc", "2", "-1", "null", "nan", "true")),
        *(("adamw", f"beta_2={value}", r"in \[0, 1\)") for value in ("1", "null")),
        *(("adam", f"epsilon={value}", r"in \[0, inf\)") for value in ("null", "-1", "inf")),
        *(("adam", f"weight_decay={value}", r"in \[0, inf\) or null") for value in ("abc", "-0.1")),
        *(("adam", f"clipnorm={value}", r"in \(0, inf\) or null") for value in ("abc", "-1", "0", "inf")),
        *(("adam", f"clipvalue={value}", r"in \(0, inf\) or null") for value in ("-1", "0")),
        *(("adam", f"global_clipnorm={value}", r"in \(0, inf\) or null") for value in ("x", "-1")),
        *(("adam", f"loss_scale_factor={value}", r"in \(0, inf\) or null") for value in ("abc", "-1", "0")),
        *(("adam", f"{name}=maybe", "true or false") for name in ("amsgrad", "use_ema")),
        *(("adam", f"ema_momentum={value}", r"in \[0, 1\)") for value in ("abc", "1")),
        ("adam", "ema_overwrite_frequency=0", "at least 1 or null"),
        *(("adam", f"gradient_accumulation_steps={v}", "at least 2 or null") for v in ("0", "1", "2.5", "true")),
        ("sgd", "nesterov=abc", "true or false"),
        *(("sgd", f"momentum={value}", r"in \[0, 1\)") for value in ("1", "-1", "abc")),
        ("rmsprop", "momentum=-1", r"in \[0, 1\)"),
        ("rmsprop", "rho=2", r"in \[0, 1\)"),
        ("rmsprop", "centered=maybe", "true or false"),
        ("adagrad", "initial_accumulator_value=-1", r"in \[0, inf\)"),
        *(("adam", f"learning_rate={value}", r"in \(0, inf\)") for value in ("fast", "0", "-1", "inf", "nan", "true")),
    ],
)
def test_a_value_that_cannot_work_is_refused_with_what_would(option, setting, said):
    name, _, value = setting.partition("=")
    with pytest.raises(InputError, match=rf"(?i)^optimizer\.{name}={value}(\.0)?: give .*{said}"):
        built(f"optimizer={option}", f"optimizer.{setting}")


@pytest.mark.parametrize("schedule", ["cosine", "warmup_cosine", "step", "exponential"])
def test_a_word_as_learning_rate_is_refused_under_every_schedule(schedule):
    with pytest.raises(InputError, match="learning_rate=fast: give a number"):
        built("optimizer.learning_rate=fast", f"schedule={schedule}")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["clipnorm=1", "clipvalue=2"], r"clipnorm=1 and optimizer\.clipvalue=2 cannot be combined"),
        (["ema_overwrite_frequency=3"], r"ema_overwrite_frequency=3 .* optimizer\.use_ema=true"),
        (["gradient_accumulation_steps=101"], "=101 is more than the 100 steps"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(overrides, said):
    with pytest.raises(InputError, match=said):
        built(*(f"optimizer.{setting}" for setting in overrides))


@pytest.mark.parametrize(
    "settings",
    [
        ["beta_1=0", "epsilon=0", "weight_decay=0", "clipnorm=1", "amsgrad=true"],
        ["global_clipnorm=0.5", "weight_decay=null", "loss_scale_factor=8", "learning_rate=1"],
        ["use_ema=true", "ema_momentum=0", "ema_overwrite_frequency=1", "gradient_accumulation_steps=100"],
    ],
)
def test_what_keras_can_work_with_passes(settings):
    config = built(*(f"optimizer.{setting}" for setting in settings)).get_config()
    for name, value in (setting.split("=") for setting in settings):
        assert config[name] == pytest.approx(yaml.safe_load(value)), name


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_passes_as_it_is_and_all_its_settings_are_known(option):
    config = built(f"optimizer={option}").get_config()
    assert set(config) - {"name", "learning_rate"} <= set(HINTS["optimizers"])


@pytest.mark.parametrize("kind", ["Adadelta", "Adamax", "Ftrl", "Lamb", "Lion", "Muon", "Nadam"])
def test_defaults_of_keras_optimizers_without_an_option_pass(kind):
    config = getattr(keras.optimizers, kind)().get_config()
    node = {"_target_": f"keras.optimizers.{kind}", **config}
    check_node(node, "optimizer")
    check_together(node)
    with pytest.raises(InputError, match=r"optimizer\.learning_rate=-1"):
        check_node({**node, "learning_rate": -1}, "optimizer")
    with pytest.raises(InputError, match="cannot be combined"):
        check_together({**node, "clipnorm": 1.0, "clipvalue": 1.0})


def test_a_users_own_class_may_mean_something_else_by_a_name():
    check_node({"_target_": "mine.Optimizer", "momentum": 5, "clipnorm": "auto"}, "optimizer", trusted=["mine"])
    with pytest.raises(InputError, match="momentum=5"):
        check_node({"_target_": "keras.optimizers.SGD", "momentum": 5}, "optimizer")
