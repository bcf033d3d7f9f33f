"""A job: what it says, what it builds, and what it is when it was saved and is read again."""

import pytest
from hydra import compose, initialize_config_dir

import lossexp.config.resolvers  # noqa: F401 - those of conf/config.yaml
from lossexp.base.errors import InputError
from lossexp.config import Job
from tests.jobs import CONF

LOGGER = "trainer.callbacks=[{_target_: keras.callbacks.CSVLogger, filename: log.csv}]"


def composed(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", overrides=["tracking=none", *overrides])


def test_settings_are_plain_data():
    job = Job(composed("model.hidden=[4,2]", "model=mlp", "trainer.epochs=${seed}", "seed=7"))
    assert type(job["model"]) is dict
    assert job["model"]["hidden"] == [4, 2]
    assert job["trainer"]["epochs"] == job["seed"] == 7


def test_callbacks_write_into_the_jobs_folder_and_are_saved_as_they_were_given(tmp_path):
    job = Job(composed(LOGGER), tmp_path / "run")
    [callback] = job.build("trainer").callbacks
    assert callback.filename == str(tmp_path.resolve() / "run" / "callbacks" / "log.csv")
    assert job.parameters["trainer"]["callbacks"][0]["filename"] == "log.csv"


def test_a_saved_job_is_the_same_run_and_trusts_nobody(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("def loss(): return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    job = Job(composed("loss.gamma=1", "loss=focal", "trusted_packages=[mine]", "seed=3"), trusted=("mine",))
    job.save(tmp_path / "config.yaml")
    again = Job.read(tmp_path / "config.yaml", trusted=())
    assert again["loss"] == job["loss"]
    assert (again.key, again.group_key) == (job.key, job.group_key)
    again.config.loss = {"_target_": "mine.loss"}
    with pytest.raises(InputError, match=r"trusted_packages=\[mine\]"):
        again.build("loss")


def test_data_at_a_relative_path_is_saved_with_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Job(composed("dataset=npz", "dataset.path=d.npz")).parameters["dataset"]["path"] == str(tmp_path / "d.npz")


def test_data_that_are_read_anew_are_trained_on_anew():
    own = ["dataset=custom", "dataset.fn._target_=mine.load"]
    said = [[], ["dataset.reread=true"], ["rerun=true"]]
    assert [Job(composed(*own, *more)).anew for more in said] == [False, True, True]
    assert not Job(composed()).anew
