"""An option file of a `--config-dir` sets options, and never Hydra itself."""

import pytest

from lossexp.base.errors import InputError
from lossexp.config.option_folders import check_option_folders
from tests.test_cli import lossexp

CALLBACK = "hydra:\n  callbacks:\n    evil: {_target_: my_stranger.Evil}\n"
LOGGING = "hydra:\n  job_logging:\n    version: 1\n    handlers: {evil: {(): my_stranger.Evil}}\n"


def option(folder, text, path="loss/evil.yaml"):
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return folder


@pytest.mark.parametrize(
    "text",
    [
        f"# @package _global_\n{CALLBACK}",
        f"# @package _global_\n{LOGGING}",
        '# @package _global_\n"hy\\x64ra": {job: {env_set: {A: b}}}\n',
        "? hydra\n: {run: {dir: /elsewhere}}\n",
        "# @package hydra.job\nname: x\n",
        "#@package   hydra\nrun: {dir: /elsewhere}\n",
        "# @package _global_\ndefaults:\n  - override /hydra/launcher: evil\n",
        "defaults:\n  - /loss/other@hydra.callbacks\n",
        "defaults:\n  - /loss/other@hydra.callbacks: x\n",
        "defaults:\n  - ../../outside/evil\n",
        "defaults:\n  - .hidden/evil\n",
        "defaults:\n  - loss: ../../outside/evil\n",
        "defaults:\n  - ${a}${b}/callbacks/evil\n",
        "defaults:\n  - loss: ${oc.env:EVIL}\n",
    ],
)
def test_an_option_that_sets_hydra_or_leads_elsewhere_is_refused(text, tmp_path):
    option(tmp_path, text)
    for arguments in (
        ["--config-dir", str(tmp_path), "loss=evil"],
        [f"--config-dir={tmp_path}", "-m", "loss=ce,evil"],
        ["-cd", str(tmp_path)],
        ["--config-path", str(tmp_path)],
        [f"hydra.searchpath=[file://{tmp_path}]"],
        [f"+hydra.searchpath=['{tmp_path}']"],
    ):
        with pytest.raises(InputError, match=r"loss/evil\.yaml sets Hydra's own settings"):
            check_option_folders(arguments)


def test_options_in_a_folder_of_hydras_and_behind_a_link_are_seen(tmp_path):
    option(tmp_path / "a", "_target_: my_stranger.Evil\n", "hydra/callbacks/evil.yaml")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "loss").symlink_to(option(tmp_path / "outside", CALLBACK, "evil.yaml"))
    (tmp_path / "b" / "loss" / "round").symlink_to(tmp_path / "b")
    for folder in ("a", "b"):
        with pytest.raises(InputError, match=r"evil\.yaml sets Hydra's"):
            check_option_folders(["--config-dir", str(tmp_path / folder)])


def test_options_and_a_primary_config_of_the_users_own_are_let_in(tmp_path):
    option(tmp_path, "# by hydra, a comment\ndefaults:\n  - focal\n  - /model: ${loss}_${seed}\ngamma: ${seed}\n")
    option(tmp_path, "_target_: lossexp.losses.Focal\nname: '${hydra:job.name}'\n", "loss/mine.yaml")
    option(tmp_path, CALLBACK, "my_primary.yaml")
    option(tmp_path, CALLBACK, ".hydra/hydra.yaml")
    mine = ["--config-dir", str(tmp_path), "--config-name", "my_primary", "loss=mine"]
    check_option_folders(mine)
    check_option_folders(["-m", "loss=ce,focal", "hydra.searchpath=[pkg://my_options]"])
    with pytest.raises(InputError, match="my_primary"):  # which is an option like others where it is not the primary
        check_option_folders(mine[:2])


def test_a_strangers_callback_of_hydra_does_not_run(tmp_path):
    (tmp_path / "my_stranger.py").write_text("open('harmed', 'w')\nclass Evil: pass\n")
    option(tmp_path / "theirs", f"# @package _global_\n{CALLBACK}")
    shown = lossexp("--config-dir", "theirs", "loss=evil", "tracking=none", folder=tmp_path)
    assert shown.returncode == 1
    assert "theirs/loss/evil.yaml sets Hydra's own settings" in shown.stderr
    assert not (tmp_path / "harmed").exists()
