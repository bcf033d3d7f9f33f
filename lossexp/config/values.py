"""Whether the values of a config are what its targets take, asked without importing any of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf

from lossexp.base import trainer_settings
from lossexp.base.checks import checked
from lossexp.base.errors import InputError, did_you_mean
from lossexp.base.keras_settings import HINTS
from lossexp.config import optimizer_settings
from lossexp.config.signatures import Parameter, signature
from lossexp.config.targets import check_target

SPECIAL = ("_target_", "_partial_")
WHOLE = re.compile(
    r"\w+|optimizer\.learning_rate|trainer\.callbacks\[\d+\]"
)  # where a partial would be called by nobody
GROUPS = ("dataset", "noise", "loss", "model", "optimizer", "schedule", "trainer", "tracking")
# What an experiment itself gives to what it builds: a setting of that name would be overwritten.
OF_MODELS = ("input_shape", "num_outputs", "head", "initial_bias", "task", "vocabulary_size", "trusted_packages")
GIVEN = {"model": OF_MODELS, "model.fn": OF_MODELS, "schedule": ("learning_rate", "total_steps")}


def check_values(config: DictConfig, trusted: Collection[str] = ()) -> None:
    """Raises InputError for the first setting of a group that cannot work, whatever the data.

    Quick: nothing is imported or built. What only the target itself can tell, and the arguments of trusted
    packages, whose source may be anything, are checked when they are built.
    """
    groups = {name: plain(config[name]) for name in GROUPS}
    for name, node in groups.items():
        if not is_node(node):
            raise InputError(f"{name} has no _target_, which names what to build. Choose an option: {name}=...")
        check_node(node, name, trusted)
    optimizer_settings.check_learning_rate(groups["optimizer"].get("learning_rate"))
    optimizer_settings.check_together(groups["optimizer"])
    if str(groups["trainer"].get("_target_")).startswith("lossexp."):
        trainer_settings.check_together(groups["trainer"])


def plain(node: Any) -> Any:
    """Plain data of a config, interpolations resolved."""
    return OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node


def check_node(node: Any, where: str, trusted: Collection[str] = ()) -> None:
    """Raises InputError for a wrong argument of a target in `node`, at any depth.

    Of trusted packages only whether each has a value: what they take is known when they are imported.
    """
    if isinstance(node, str) and "${" in node:
        # Everything is resolved by now: Hydra would resolve it once more, into targets that nobody checked.
        raise InputError(f"{where}={node!r} holds an escaped interpolation, which is not allowed in what is built.")
    if isinstance(node, list):
        for i, entry in enumerate(node):
            check_node(entry, f"{where}[{i}]", trusted)
    if not isinstance(node, Mapping):
        return
    check_keys(node, where)
    for key, entry in node.items():
        check_node(entry, f"{where}.{key}", trusted)
    if is_node(node):
        check_filled(node, where)
        hint = Literal[False] if WHOLE.fullmatch(where) else bool
        checked(f"{where}._partial_", node.get("_partial_", False), hint)
        check_target(node["_target_"], where, trusted)
        check_given(node, where)
        if node["_target_"].split(".")[0] not in trusted:
            check_arguments(node, where)


def check_keys(node: Mapping, where: str) -> None:
    """Refuses keys that are no words, and keys by which Hydra or Keras would build or call something else."""
    for key in node:
        if not isinstance(key, str) and is_node(node):
            raise InputError(
                f"{where} has the key {key!r}, which is not a word. YAML reads a bare on, off, yes or no as true or "
                "false: write it in quotes."
            )
        if str(key).startswith("_") and str(key).endswith("_") and key not in SPECIAL:
            raise InputError(
                f"{where}.{key}: a config may use {' and '.join(SPECIAL)} only. Name arguments by keyword."
            )
    if "class_name" in node:
        raise InputError(
            f"{where}.class_name={node['class_name']}: Keras would build any class from this. Name the class by "
            f"{where}._target_ and its arguments beside it."
        )


def check_given(node: Mapping, where: str) -> None:
    """Raises InputError for an argument that the experiment itself gives."""
    for key in GIVEN.get(where, ()):
        if key in node:
            raise InputError(f"{where}.{key} is not yours to set: the experiment gives it. Leave it out.")


def check_arguments(node: Mapping, where: str) -> None:
    """Raises InputError for an argument of lossexp's or Keras's that is unknown, missing or out of range."""
    known = signature(node["_target_"])
    if known is None:
        return
    parameters, given = known.parameters, GIVEN.get(where, ())
    if not known.open or ".optimizers." in node["_target_"]:  # Keras's take further arguments only to refuse them
        check_names(node, where, [name for name in parameters if name not in given])
    for name, parameter in parameters.items():
        if parameter.required and name not in given and name not in node and "_partial_" not in node:
            raise InputError(f"{where}.{name} is missing: set it with {where}.{name}=..., or +{where}.{name}=...")
    for key, value in node.items():
        if not is_node(value):  # what is built has its own checks
            checked(f"{where}.{key}", value, hint_of(node["_target_"], key, parameters))


def check_filled(node: Mapping, where: str) -> None:
    """Raises InputError for `???` left unfilled."""
    for key, value in node.items():
        if value == "???":
            means = f"my_package.my_{where.partition('.')[0]}" if key == "_target_" else "..."
            raise InputError(f"{where}.{key} has no value yet. Set it on the command line: {where}.{key}={means}")


def check_names(node: Mapping, where: str, names: Iterable[str]) -> None:
    """Raises InputError for an argument that is none of `names`."""
    names = list(names)
    for key in node:
        if key not in names and key not in SPECIAL:
            near = did_you_mean(key, names, cutoff=0.6).strip() or f"It takes: {', '.join(names) or 'none'}."
            raise InputError(f"{where}.{key}: {node['_target_']} takes no argument {key!r}. {near}")


def is_node(value: Any) -> bool:
    """Whether the value is described by a `_target_`."""
    return isinstance(value, Mapping) and "_target_" in value


def hint_of(path: str, name: str, parameters: Mapping[str, Parameter]) -> Any:
    """What the argument `name` of the target `path` may be."""
    own = parameters[name].hint if name in parameters else Any
    package, _, module = path.rpartition(".")[0].partition(".")
    return HINTS.get(module, {}).get(name, own) if package == "keras" else own
