"""Only what is on the list of a place in the config can be built there, however it is reached."""

import importlib
import inspect
import pkgutil
import random
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from omegaconf import OmegaConf

import lossexp
from lossexp.base.errors import InputError
from lossexp.config import build, check_target, locate
from lossexp.config.keras_names import BUILDABLE, NAMES, WRITTEN
from lossexp.config.targets import MAKES, TAKES, buildable

CONF = Path(__file__).parents[2] / "conf"
GROUPS = ("dataset", "noise", "loss", "model", "optimizer", "schedule", "tracking", "trainer")
PLACES = [f"{group}{inside}" for group in (*GROUPS, "debug", "name") for inside in ("", ".argument", ".list[0]")]
BASES = {
    "callbacks": keras.callbacks.Callback,
    "constraints": keras.constraints.Constraint,
    "initializers": keras.initializers.Initializer,
    "layers": keras.layers.Layer,
    "losses": keras.losses.Loss,
    "optimizers": keras.optimizers.Optimizer,
    "optimizers.schedules": keras.optimizers.schedules.LearningRateSchedule,
    "regularizers": keras.regularizers.Regularizer,
}
# Classes of Keras that are not on the list, and why.
LEFT_OUT = {
    "callbacks.CallbackList": "a container of callbacks, which the trainer makes",
    "callbacks.LambdaCallback": "calls the functions that it is given",
    "callbacks.RemoteMonitor": "sends what it hears to a URL",
    "layers.FlaxLayer": "runs a module that it is given",
    "layers.IntegerLookup": "reads a file by its path",
    "layers.JaxLayer": "runs the functions that it is given",
    "layers.Lambda": "runs the function that it is given",
    "layers.StringLookup": "reads a file by its path",
    "layers.TFSMLayer": "loads and runs a saved graph by its path",
    "layers.TextVectorization": "reads a file by its path",
    "layers.TorchModuleWrapper": "runs a module that it is given",
    "layers.Wrapper": "a base class",
}
EXPLOITS = [
    "lossexp.tracking.provenance.lossexp.config.build",
    "lossexp.tracking.params.flatten",
    "lossexp.tracking.metrics_file.append_metrics",
    "lossexp.tracking.mlflow_runs.log_artifact",
    "lossexp.tracking.mlflow.MLflowTracker.open",
    "lossexp.tracking.tracker.Tracker.open",
    "lossexp.tracking.tracker.Tracker",
    "lossexp.tracking.mlflow_store.connect",
    "lossexp.tracking.mlflow_loader._load_pyfunc",
    "lossexp.tracking.repository.git",
    "lossexp.tracking.repository.subprocess.run",
    "lossexp.losses.as_loss",
    "lossexp.losses.public.Focal",
    "lossexp.losses.Adapted.from_config",
    "lossexp.losses.keras.adapted.keras.saving.deserialize_keras_object",
    "lossexp.trainer.checkpoint.Checkpoints",
    "lossexp.trainer.keras_trainer.keras.layers.Lambda",
    "lossexp.models.check.check_images",
    "lossexp.experiment.run.run",
    "lossexp.config.build",
    "keras.src.losses.losses.Huber",
    "keras.models.load_model",
    "keras.layers.deserialize",
    "keras.callbacks.BackupAndRestore.on_train_end",
    "keras.losses.Huber.from_config",
    "keras.optimizers.schedules",
    "keras",
]


def names(module: str) -> set[str]:
    """Everything reachable from a module by one name, and by one more through a class or an imported module."""
    found = importlib.import_module(module)
    reached = set()
    for name in dir(found):
        value = getattr(found, name)
        reached.add(f"{module}.{name}")
        if inspect.isclass(value) or inspect.ismodule(value):
            reached |= {f"{module}.{name}.{inner}" for inner in dir(value)}
    return reached


@pytest.fixture(scope="module")
def reachable() -> set[str]:
    walked = pkgutil.walk_packages(lossexp.__path__, "lossexp.")
    modules = {module.name for module in walked if not module.name.endswith("__main__")} | {"lossexp"}
    assert {"lossexp.config.build", "lossexp.losses.focal.focal", "lossexp.tracking.mlflow_runs"} <= modules
    return set().union(*(names(module) for module in (*modules, "keras", *(f"keras.{name}" for name in BASES))))


def shipped(group: str) -> set[str]:
    options = [OmegaConf.load(path) for path in (CONF / group).glob("*.yaml")]
    return {option._target_ for option in options if "_target_" in option}


def listed(module: str) -> set[str]:
    return {f"keras.{module}.{name}" for name in NAMES[module].split()}


@pytest.mark.parametrize("where", PLACES)
def test_of_all_that_can_be_imported_only_the_list_builds(where, reachable):
    group = where.partition(".")[0]
    keras_modules = (TAKES if where != group else MAKES).get(group, ())
    allowed = shipped(group).union(*map(listed, keras_modules))
    assert allowed <= reachable
    assert buildable(where) & reachable == allowed
    for target in random.Random(0).sample(sorted(reachable - allowed), 150):
        with pytest.raises(InputError, match="not on the list"):
            check_target(target, where)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        ("keras.callbacks.CSVLogger", "loss"),
        ("keras.layers.Dense", "model"),
        ("keras.losses.Huber", "tracking"),
        ("lossexp.tracking.mlflow.MLflowTracker", "loss"),
        ("lossexp.datasets.npz.load", "trainer.callbacks[0]"),
        ("lossexp.losses.Focal", "loss_of_mine"),
    ],
)
def test_a_target_of_another_group_is_refused(target, where):
    with pytest.raises(InputError, match="not on the list"):
        check_target(target, where)


@pytest.mark.parametrize("target", EXPLOITS)
@pytest.mark.parametrize("where", ["tracking", "loss.fn", "trainer.callbacks[0]"])
def test_functions_and_modules_of_the_package_and_of_keras_are_no_targets(target, where):
    with pytest.raises(InputError, match="not on the list"):
        build(OmegaConf.create({"_target_": target}), where)


def test_a_refused_target_is_answered_without_importing_anything_heavy():
    code = (
        "import sys\nfrom lossexp.config.targets import check_target\n"
        "try: check_target('keras.utils.get_file', 'loss')\n"
        "except ValueError: print([m for m in ('tensorflow', 'keras', 'mlflow') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("module", sorted(BASES))
def test_each_class_of_keras_is_on_the_list_or_left_out_for_a_reason(module):
    held = importlib.import_module(f"keras.{module}")
    base = BASES[module]
    on_list = set(NAMES[module].split())
    classes = {n for n, v in vars(held).items() if inspect.isclass(v) and issubclass(v, base) and v is not base}
    functions = {n for n in on_list if inspect.isfunction(getattr(held, n))}
    assert not functions or module == "losses"
    assert all(list(inspect.signature(getattr(held, n)).parameters)[:2] == ["y_true", "y_pred"] for n in functions)
    second_spellings = {n for n in classes if n[0].islower()}
    left_out = {name.rpartition(".")[2] for name in LEFT_OUT if name.rpartition(".")[0] == module}
    assert on_list - functions == classes - second_spellings - left_out
    assert left_out <= classes


def test_every_path_argument_of_a_listed_callback_is_known():
    # A path argument by its usual names: a new Keras may add a callback, or an argument, that writes.
    words = {"path", "filepath", "dir", "file", "filename", "directory", "folder"}
    for target in BUILDABLE["callbacks"]:
        parameters = inspect.signature(locate(target, "trainer.callbacks[0]")).parameters
        suspects = {name for name in parameters if words & set(name.split("_"))}
        assert suspects == ({WRITTEN[target]} if target in WRITTEN else set())


@pytest.mark.parametrize(
    "argument",
    [
        {"class_name": "Lambda", "config": {}, "module": "keras.layers"},
        {"class_name": "function", "config": "relu", "registered_name": "relu"},
        [{"deep": {"class_name": "HeNormal", "config": {}}}],
    ],
)
def test_an_object_as_keras_serialises_it_is_no_argument(argument):
    node = {"_target_": "lossexp.models.mlp.mlp", "activation": argument}
    with pytest.raises(InputError, match=r"model\.activation.*class_name.*_target_"):
        build(OmegaConf.create(node), "model", input_shape=(4,), num_outputs=2)


@pytest.mark.parametrize("key", ["_args_", "_recursive_", "_convert_", "__class__"])
@pytest.mark.parametrize("inside", [False, True])
def test_other_special_keys_of_hydra_are_refused(key, inside):
    node = {"_target_": "lossexp.losses.Focal", "gamma": {key: False}} if inside else {"_target_": "a", key: []}
    with pytest.raises(InputError, match=rf"{key}: a config may use _target_ and _partial_"):
        build(OmegaConf.create(node), "loss")


@pytest.fixture
def my_package(tmp_path, monkeypatch):
    (tmp_path / "my_trusted.py").write_text(
        "import functools, os\nimport numpy as np\nimport keras\n"
        "from os import system\nfrom keras.losses import huber\n"
        "class Mine:\n    class Inner: pass\n    @classmethod\n    def make(cls): return cls()\n"
        "def twice(x=1): return 2 * x\n"
        "four = functools.partial(twice, 2)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_trusted"
    sys.modules.pop("my_trusted", None)


@pytest.mark.parametrize(
    ("name", "made"),
    [("Mine", "Mine"), ("Mine.Inner", "Inner"), ("Mine.make", "Mine"), ("twice", "int"), ("four", "int")],
)
def test_a_trusted_package_builds_what_is_its_own(name, made, my_package):
    assert type(build({"_target_": f"my_trusted.{name}"}, "loss", trusted=[my_package])).__name__ == made


@pytest.mark.parametrize(
    "name", ["os.system", "system", "np.load", "keras.utils.get_file", "huber", "os", "twice.__globals__.clear"]
)
def test_trust_does_not_reach_what_a_trusted_package_imported(name, my_package):
    with pytest.raises(InputError, match=r"which is trusted, but in .*, which is not"):
        build({"_target_": f"my_trusted.{name}"}, "loss", trusted=[my_package])
