"""Names of runs, and the command in their notes."""

import shlex

import pytest
from hydra import compose, initialize_config_dir

from lossexp.config import Job
from lossexp.experiment.summary import NAME_WIDTH, command, run_name
from tests.jobs import CONF


def asked(*given: str) -> Job:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=list(given), return_hydra_config=True)
    return Job(config, choices=dict(config.hydra.runtime.choices), given=given)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("model=mlp", "ce s0 mlp digits"),
        ("model=mlp loss=focal loss.gamma=2 seed=1", "focal gamma=2 s1 mlp digits"),
        ("trainer.epochs=5 loss=focal +loss.alpha=0.25", "focal alpha=0.25 s0 epochs=5 subclassed digits"),
        ("optimizer=sgd optimizer.learning_rate=0.1", "ce s0 sgd learning_rate=0.1 subclassed digits"),
        ("loss=function loss.fn._target_=mine.wing", "function wing s0 subclassed digits"),
        ("trainer.progress=false output=elsewhere debug=fast experiment=focal_grid", "ce s0 subclassed digits"),
    ],
)
def test_what_differs_comes_first_in_a_name(given, name):
    assert run_name(asked(*given.split())) == name


def test_a_long_name_ends_between_words():
    name = run_name(
        asked("loss=focal", "loss.gamma=1", *(f"trainer.{key}=7" for key in ("epochs", "batch_size", "l2")))
    )
    assert name == "focal gamma=1 s0 epochs=7 batch_size=7 l2=7 subclassed digits"
    long = run_name(asked("loss=focal", "loss.gamma=1.2345678901234567", "optimizer.learning_rate=0.12345678901234567"))
    assert len(long) <= NAME_WIDTH
    assert long.endswith(" ...")


def test_the_command_of_a_run_is_quoted_for_a_shell_and_has_no_password():
    given = ("tracking.uri=postgresql://me:secret@host/db", "name=two words")
    told = command(asked(*given))
    assert "secret" not in told
    assert shlex.split(told)[:3] == ["python", "-m", "lossexp"]
    assert shlex.split(told)[-1] == "name=two words"
