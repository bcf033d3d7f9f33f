"""Every option of every group composes, and its keys are the constructor's arguments."""

import inspect
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from lossexp.config import locate
from lossexp.config.values import GIVEN

CONF = Path(__file__).parents[1] / "conf"
GROUPS = ("dataset", "noise", "model", "loss", "optimizer", "schedule", "trainer", "tracking")
OPTIONS = [(group, f.stem) for group in GROUPS for f in sorted((CONF / group).glob("*.yaml"))]
NOT_SETTINGS = {"name", "dtype", "kwargs", "args"}


def composed(*overrides: str):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", overrides=list(overrides))


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_keys_are_the_constructors_arguments(group, option):
    node = composed(f"{group}={option}")[group]
    target = locate(node._target_, group)
    given = set(GIVEN.get(group, ()))
    parameters = set(inspect.signature(target).parameters) - NOT_SETTINGS - given
    keys = {str(key) for key in node} - {"_target_"}
    if any(p.kind is p.VAR_KEYWORD for p in inspect.signature(target).parameters.values()):
        assert parameters <= keys
    else:
        assert parameters == keys - NOT_SETTINGS


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_an_option_opens_with_a_comment_that_says_what_it_is(group, option):
    assert (CONF / group / f"{option}.yaml").read_text().startswith("# ")


@pytest.mark.parametrize("option", [f.stem for f in sorted((CONF / "debug").glob("*.yaml"))])
def test_debug_options_compose(option):
    assert composed(f"debug='{option}'").trainer


def test_loss_options_differ_in_their_first_ten_characters():
    # MLflow's parallel coordinates cut labels there and merge equal ones.
    names = [f.stem[:10] for f in (CONF / "loss").glob("*.yaml")]
    assert len(set(names)) == len(names)


def test_the_main_config_is_short():
    assert len((CONF / "config.yaml").read_text().splitlines()) < 40
