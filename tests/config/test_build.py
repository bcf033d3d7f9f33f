"""The wrapper around instantiate: what it builds, what it refuses, and what it says."""

import re
import sys

import keras
import pytest
from omegaconf import OmegaConf

from lossexp.base.errors import InputError
from lossexp.config import build, locate
from lossexp.config.values import check_node


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "builtins.open",
        "subprocess.run",
        "numpy.load",
        "keras.models.load_model",
        "keras.saving.load_model",
        "keras.utils.get_file",
        "keras.layers.Lambda",
        "keras.layers.TFSMLayer",
        "hydra.utils.get_method",
        "lossexp.losses.focal.focal.tf.io.write_file",
        "lossexp.losses.focal.focal.np.load",
        "lossexp.experiment.run.run",
        "lossexp.config.build.build",
        "keras.losses.deserialize",
        "keras.layers.get",
        "lossexp.losses.Focal.__init__.__globals__",
        "keras.losses.MeanSquaredError.__init__",
    ],
)
def test_a_target_outside_the_allowlist_is_refused_and_the_setting_is_named(target):
    with pytest.raises(InputError, match="trusted_packages"):
        build(OmegaConf.create({"_target_": target}), "loss")


def test_a_refused_target_inside_another_node_is_found():
    nested = {"_target_": "keras.losses.Huber", "delta": {"inside": [{"_target_": "os.getcwd"}]}}
    with pytest.raises(InputError, match=r"loss\.delta\.inside\[0\]"):
        build(OmegaConf.create(nested), "loss")


def test_an_escaped_interpolation_cannot_smuggle_a_target_past_the_check(tmp_path):
    smuggled = "\\${oc.create:{_target_: builtins.print, end: harmed}}"
    with pytest.raises(InputError, match="escaped interpolation"):
        build(OmegaConf.create({"_target_": "lossexp.losses.Focal", "gamma": smuggled}), "loss")


def test_a_target_reached_by_interpolation_is_refused():
    config = OmegaConf.create({"evil": "os.system", "loss": {"_target_": "${evil}"}})
    with pytest.raises(InputError, match=r"os\.system"):
        build(config.loss, "loss")


def test_a_trusted_package_is_built():
    built = build(OmegaConf.create({"_target_": "collections.Counter"}), "loss", trusted=("collections",))
    assert built == {}


def test_lists_arrive_as_plain_python():
    node = OmegaConf.create({"_target_": "lossexp.losses.Focal", "alpha": [1, 2, 3]})
    assert type(build(node, "loss").alpha) is list


def test_integers_become_floats_where_the_signature_says_float():
    adam = build(OmegaConf.create({"_target_": "keras.optimizers.Adam", "learning_rate": 1}), "optimizer")
    assert isinstance(adam, keras.optimizers.Adam)
    focal = build(OmegaConf.create({"_target_": "lossexp.losses.Focal", "gamma": 2}), "loss")
    assert type(focal.gamma) is float


def test_whole_number_parameters_stay_whole():
    node = OmegaConf.create({"_target_": "lossexp.trainer.trainer.Trainer", "epochs": 3})
    assert type(build(node, "trainer").epochs) is int


def test_an_unknown_argument_names_the_near_one():
    with pytest.raises(InputError, match=r"loss\.gama.*Did you mean gamma"):
        build(OmegaConf.create({"_target_": "lossexp.losses.Focal", "gama": 2}), "loss")


def test_a_value_out_of_range_names_parameter_value_and_place():
    with pytest.raises(InputError, match=r"(?s)loss.*gamma.*-1"):
        build(OmegaConf.create({"_target_": "lossexp.losses.Focal", "gamma": -1}), "loss")


def test_what_a_class_needs_and_is_not_installed_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "orbax", None)
    node = {"_target_": "keras.callbacks.OrbaxCheckpoint", "directory": "x"}
    with pytest.raises(InputError, match=r"^trainer\.callbacks\[0\]: .*OrbaxCheckpoint refused .*orbax-checkpoint"):
        build(node, "trainer.callbacks[0]")


def test_a_missing_value_says_how_to_give_it():
    with pytest.raises(InputError, match=r"dataset\.path=\.\.\."):
        build(OmegaConf.create({"_target_": "lossexp.datasets.npz.load", "path": "???"}), "dataset")


def test_a_misspelt_module_says_so():
    with pytest.raises(InputError, match="no module named 'my_lossses'"):
        locate("my_lossses.wing", "loss", trusted=("my_lossses",))


@pytest.mark.parametrize(
    ("where", "node"),
    [
        ("model", {"_target_": "lossexp.models.mlp.mlp"}),
        ("optimizer.learning_rate", {"_target_": "keras.optimizers.schedules.CosineDecay"}),
        ("trainer.callbacks[0]", {"_target_": "keras.callbacks.TerminateOnNaN"}),
    ],
)
def test_what_nobody_would_call_is_built_whole(where, node):
    with pytest.raises(InputError, match=re.escape(f"{where}._partial_=true: give false")):
        check_node({**node, "_partial_": True}, where)


def test_a_misspelt_name_suggests_the_near_one():
    with pytest.raises(InputError, match=r"Did you mean lossexp\.losses\.Focal"):
        locate("lossexp.losses.Fokal", "loss")


def test_a_bare_on_in_yaml_says_to_quote_it():
    with pytest.raises(InputError, match="quotes"):
        build(OmegaConf.create({"_target_": "lossexp.losses.Focal", True: "logits"}), "loss")
