"""Keras callbacks of a config write and delete below the run's own folder, or where the user confirms."""

import keras
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from lossexp.base.errors import InputError
from lossexp.config import confined
from lossexp.config.command_line import granted
from lossexp.config.keras_names import WRITTEN
from tests.jobs import job


def callback(name, **arguments):
    return {"callbacks": [{"_target_": f"keras.callbacks.{name}", **arguments}]}


def path_in(node, argument):
    return node["callbacks"][0][argument]


@pytest.mark.parametrize("target", sorted(WRITTEN))
@pytest.mark.parametrize(
    "path", ["/elsewhere/x", "../x", "../../x", "a/../../../x", "~/x", "link/x", "../callbacks_too/x"]
)
def test_a_path_out_of_the_runs_folder_is_refused_and_the_setting_is_named(target, path, tmp_path):
    (tmp_path / "run" / "callbacks").mkdir(parents=True)
    (tmp_path / "run" / "callbacks" / "link").symlink_to(tmp_path)
    name, argument = target.rpartition(".")[2], WRITTEN[target]
    with pytest.raises(InputError, match=rf"trainer\.callbacks\[0\]\.{argument}=.*trusted_paths="):
        confined(callback(name, **{argument: path}), "trainer", tmp_path / "run")


@pytest.mark.parametrize("path", [5, None, "", ["a"], "gs://bucket/x", "file:///etc/x"])
def test_what_is_no_path_of_this_machine_is_refused(path, tmp_path):
    with pytest.raises(InputError, match="give a path of this machine"):
        confined(callback("CSVLogger", filename=path), "trainer", tmp_path)


@pytest.mark.parametrize(
    "path", ["{epoch.__doc__:.>2.0}/x", "{epoch!s:.>2.0}/x", "{epoch:/>9}", "{epoch[0]}", "{0}{", "{epoch:{epoch}}"]
)
def test_a_placeholder_that_could_spell_another_path_is_refused(path, tmp_path):
    with pytest.raises(InputError, match="placeholders"):
        confined(callback("ModelCheckpoint", filepath=path), "trainer", tmp_path)


def test_relative_paths_start_in_a_folder_of_the_run_and_the_default_does_too(tmp_path):
    here = tmp_path.resolve() / "callbacks"
    given = callback("ModelCheckpoint", filepath="best/{epoch:02d}-{val_nll:.2f}.keras")
    assert path_in(confined(given, "trainer", tmp_path), "filepath") == str(here / given["callbacks"][0]["filepath"])
    assert path_in(confined(callback("TensorBoard"), "trainer", tmp_path), "log_dir") == str(here / "logs")
    assert given == callback("ModelCheckpoint", filepath="best/{epoch:02d}-{val_nll:.2f}.keras")


@pytest.mark.parametrize("confirmed", ["list", "text"])
def test_a_folder_that_the_user_confirms_may_be_written(confirmed, tmp_path):
    mine = tmp_path / "mine"
    given = callback("CSVLogger", filename=str(mine / "log.csv"))
    folders = [str(mine)] if confirmed == "list" else str(mine)
    assert path_in(confined(given, "trainer", tmp_path / "run", folders), "filename") == str(mine / "log.csv")
    with pytest.raises(InputError, match="outside"):
        confined(callback("CSVLogger", filename=str(tmp_path / "log.csv")), "trainer", tmp_path / "run", folders)


@pytest.mark.parametrize("trainer", ["default", "keras"])
def test_a_run_writes_its_callbacks_files_into_its_folder(trainer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    callbacks = "{_target_: keras.callbacks.CSVLogger, filename: log.csv}, {_target_: keras.callbacks.TensorBoard}"
    _, run_dir = job(tmp_path, f"trainer={trainer}", "model=mlp", f"trainer.callbacks=[{callbacks}]")
    assert len((run_dir / "callbacks" / "log.csv").read_text().splitlines()) == 3
    assert (run_dir / "callbacks" / "logs").is_dir()
    assert [entry.name for entry in tmp_path.iterdir()] == ["runs"]


def test_backup_and_restore_deletes_no_folder_of_the_user(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    option = f"trainer.callbacks=[{{_target_: keras.callbacks.BackupAndRestore, backup_dir: {precious}}}]"
    with pytest.raises(InputError, match=f"backup_dir={precious}: .*outside"):
        job(tmp_path, "model=mlp", option)
    assert precious.is_dir()


@pytest.mark.parametrize("setting", ["trusted_paths", "trusted_packages"])
def test_only_the_command_line_and_the_primary_config_give_trust(setting, tmp_path):
    (tmp_path / "primary.yaml").write_text(f"defaults: [_self_, loss: evil]\n{setting}: [mine]\n")
    (tmp_path / "silent.yaml").write_text("defaults: [_self_, loss: evil]\n")
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "evil.yaml").write_text(f"# @package _global_\n{setting}: [mine]\n")
    for name, typed in (("primary", []), ("silent", [f"{setting}=[mine]"])):
        assert granted(setting, *composed(tmp_path, name, *typed)) == ("mine",)
    with pytest.raises(InputError, match=f"{setting} holds 'mine', which a config file asked for itself"):
        granted(setting, *composed(tmp_path, "silent"))


def composed(folder, name, *overrides):
    with initialize_config_dir(str(folder), version_base="1.3"):
        config = compose(name, overrides=list(overrides), return_hydra_config=True)
    return OmegaConf.masked_copy(config, [key for key in config if key != "hydra"]), config.hydra


def test_callbacks_made_in_python_write_where_they_say(tmp_path):
    assert keras.callbacks.CSVLogger(tmp_path / "log.csv").filename == str(tmp_path / "log.csv")
