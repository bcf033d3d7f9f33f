"""The command line as users run it: real processes."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from mlflow import MlflowClient

from lossexp.config.command_line import quoted
from lossexp.config.messages import explain

ROOT = Path(__file__).parents[1]
FAST = ["model=mlp", "dataset.limit=200", "trainer.epochs=1"]


def lossexp(*arguments: str, folder: Path, **kwargs) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "lossexp", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        **kwargs,
    )


def environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}


def runs(folder: Path) -> list:
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])


def test_help_lists_groups_and_examples_without_importing_tensorflow(tmp_path):
    start = time.perf_counter()
    shown = lossexp("--help", folder=tmp_path)
    seconds = time.perf_counter() - start
    assert shown.returncode == 0
    for group in ("dataset", "noise", "model", "loss", "optimizer", "trainer", "tracking", "debug"):
        assert f"\n  {group}" in shown.stdout or f"\n{group}" in shown.stdout
    assert shown.stdout.count("python -m lossexp ") >= 5
    assert seconds < 10  # about one second alone; TensorFlow's import would take longer on a busy machine too


@pytest.mark.parametrize("argument", ["--help", "--cfg=job", "loss=nope"])
def test_answers_that_need_no_training_import_no_tensorflow(argument, tmp_path):
    argument = argument.split("=") if argument.startswith("--cfg") else [argument]
    code = (
        "import sys, atexit; sys.argv = ['lossexp', *sys.argv[1:]]\n"
        "from lossexp.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('SLOW', [m for m in ('tensorflow', 'keras', 'mlflow') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, *argument],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert "SLOW []" in shown.stdout, shown.stderr


def test_an_unknown_option_names_the_near_ones(tmp_path):
    shown = lossexp("loss=focl", folder=tmp_path)
    assert shown.returncode == 1
    assert "Did you mean focal" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(("typo", "meant"), [("loss.gama=1", "gamma"), ("trainr.epochs=1", "trainer")])
def test_an_unknown_key_names_the_near_ones(typo, meant, tmp_path):
    shown = lossexp("loss=focal", typo, folder=tmp_path)
    assert shown.returncode == 1
    assert f"Did you mean {meant}" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_key_of_an_option_without_settings_says_so(tmp_path):
    shown = lossexp("schedule=constant", "schedule.final_fraction=1", folder=tmp_path)
    assert shown.returncode == 1
    assert "no setting 'schedule.final_fraction'. Settings: this option has none." in " ".join(shown.stderr.split())


@pytest.mark.parametrize(
    ("mistake", "said"),
    [("loss=null", "needs an option"), ("output=a_file", "a_file"), ("output=/proc/nope", "output=my_folder")],
)
def test_a_mistake_that_hydra_meets_first_is_one_paragraph_too(mistake, said, tmp_path):
    (tmp_path / "a_file").touch()
    shown = lossexp(mistake, "tracking=none", folder=tmp_path)
    assert shown.returncode == 1
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("key", ["12e4567890123456", "0012345678901234", "ab" * 16])
def test_a_run_key_that_looks_like_a_number_stays_a_key(key):
    [override] = OverridesParser.create().parse_overrides([quoted(f"run={key}")])
    assert override.value() == key


def test_a_full_disk_is_told_in_one_paragraph():
    assert "Make room" in explain(OSError(errno.ENOSPC, "No space left on device"))
    assert "Make room" in explain(OSError("Unable to write (file write failed: errno = 28, No space left on device)"))
    assert "Make room" not in explain(OSError(errno.EACCES, "Permission denied", "runs"))


@pytest.mark.parametrize(
    ("argument", "jobs"),
    [
        ("debug=nan", ["nan"]),
        ("debug=nan,fast", ["nan", "fast"]),
        ("debug=fast,'nan'", ["fast", "nan"]),
        ("debug=null,nan", ["None", "nan"]),
    ],
)
def test_the_option_nan_is_a_name_alone_and_in_a_sweep(argument, jobs):
    [override] = OverridesParser.create().parse_overrides([quoted(argument)])
    texts = list(override.sweep_string_iterator()) if override.is_sweep_override() else [override.get_value_string()]
    again = OverridesParser.create().parse_overrides([f"debug={text}" for text in texts])
    assert [str(single.value()) for single in again] == jobs
    assert not any(isinstance(single.value(), float) for single in again)


def test_a_number_that_is_not_one_stays_one_elsewhere():
    assert quoted("loss.gamma=nan") == "loss.gamma=nan"
    assert quoted("debug=fast") == "debug=fast"


def test_an_option_file_cannot_grant_itself_trust(tmp_path):
    (tmp_path / "stranger" / "loss").mkdir(parents=True)
    (tmp_path / "stranger" / "loss" / "evil.yaml").write_text(
        "# @package _global_\ntrusted_packages: [subprocess]\nloss:\n"
        "  _target_: subprocess.check_call\n  args: [touch, harmed]\n"
    )
    shown = lossexp("--config-dir", "stranger", "loss=evil", "tracking=none", folder=tmp_path)
    assert shown.returncode == 1
    assert "trusted_packages" in shown.stderr
    assert not (tmp_path / "harmed").exists()


def test_a_users_own_class_trains_when_its_package_is_trusted_on_the_command_line(tmp_path):
    (tmp_path / "my_package.py").write_text(
        "import keras\n"
        "class Cubic(keras.losses.Loss):\n"
        "    def __init__(self, scale=1.0, **kwargs):\n"
        "        super().__init__(**kwargs)\n"
        "        self.scale = scale\n"
        "    def call(self, y_true, y_pred):\n"
        "        return self.scale * keras.ops.mean(keras.ops.abs(y_true - y_pred) ** 3, axis=-1)\n"
    )
    chosen = [
        "loss=custom",
        "loss.fn._target_=my_package.Cubic",
        "+loss.fn.scale=0.5",
        "loss.tasks=[regression]",
    ]
    kind = [
        "loss.labels=values",
        "loss.on=values",
        "dataset=diabetes",
        "model=mlp",
        "tracking=none",
        "trainer.epochs=1",
    ]
    refused = lossexp(*chosen, *kind, folder=tmp_path)
    assert refused.returncode == 1
    assert "trusted_packages=[my_package]" in refused.stderr
    trained = lossexp(*chosen, *kind, "trusted_packages=[my_package]", folder=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert "rmse" in trained.stdout


def test_a_sweep_makes_one_mlflow_run_a_job_and_takes_integers_for_floats(tmp_path):
    sweep = ["-m", "dataset=breast_cancer", "loss=binary_focal", "loss.gamma=0,2", "loss.alpha=0.25,0.75"]
    shown = lossexp(*sweep, *FAST[1:], folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    found = [run for run in runs(tmp_path) if run.data.tags["kind"] == "job"]
    assert {(r.data.params["loss.gamma"], r.data.params["loss.alpha"]) for r in found} == {
        (gamma, alpha) for gamma in ("0.0", "2.0") for alpha in ("0.25", "0.75")
    }
    assert {r.info.status for r in found} == {"FINISHED"}
    assert len({r.data.tags["run_key"] for r in found}) == 4
    names = {r.info.run_name.partition(" s0")[0] for r in found}
    assert names == {f"binary_focal gamma={gamma} alpha={alpha}" for gamma in (0, 2) for alpha in (0.25, 0.75)}


def test_a_run_that_ctrl_c_ends_is_killed(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "lossexp", "model=mlp", "trainer.epochs=100000"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 240
        while not list(tmp_path.glob("runs/*/metrics.jsonl")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)  # SIGTERM: tests/tracking/test_signals.py
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
    [found] = runs(tmp_path)
    assert found.info.status == "KILLED"


def test_data_are_shown_without_training(tmp_path):
    command = [sys.executable, "-m", "lossexp.datasets", "dataset=digits", "noise=pairflip", "noise.eta=0.4"]
    shown = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120)
    assert shown.returncode == 0, shown.stderr
    assert "of training labels are wrong" in shown.stdout
    files = {file.name for file in (tmp_path / "runs" / "data" / "digits-pairflip").iterdir()}
    assert files == {"samples.png", "classes.png", "noise.png", "noise.csv"}
