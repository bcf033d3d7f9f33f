"""Checkpoints of a training: whole or absent, verified when read, a bounded number kept."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from lossexp.base.errors import InputError
from lossexp.base.files import digest, whole

log = logging.getLogger(__name__)

STATE = "state.json"

Variables = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Loaded:
    """What a checkpoint held beside the variables: plain data and arrays by name."""

    data: dict[str, Any]
    arrays: dict[str, np.ndarray]


class Checkpoints:
    """Checkpoints in `folder`, one folder each: `step-000000041/{variables.*, arrays.npz, state.json}`.

    variables: groups of Keras or TensorFlow variables, all that training changes (see `KeptVariables`).
    keep: how many are kept, at least 1. Two let a damaged last one fall back to the one before.
    key: names the run, in each checkpoint: shapes alone do not tell two runs apart.
    """

    def __init__(self, folder: Path, variables: Variables, keep: int = 2, key: str = ""):
        self._folder, self._keep, self._key = Path(folder), keep, key
        values = {group: [_tensor_variable(v) for v in members] for group, members in variables.items()}
        self._checkpoint = tf.train.Checkpoint(**values)
        self._signature = {group: [[list(v.shape), v.dtype.name] for v in members] for group, members in values.items()}

    def save(self, step: int, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bool:
        """Writes one; False, with a warning, where the disk refuses: the checkpoints before it stay."""
        try:
            with whole(self._folder / f"step-{step:09d}") as unfinished:
                unfinished.mkdir()
                self._write(unfinished, data, arrays)
        except (OSError, tf.errors.OpError) as error:
            log.warning("No checkpoint at step %d: %s. Training goes on.", step, error)
            return False
        for old in self._paths()[: -self._keep]:
            shutil.rmtree(old, ignore_errors=True)
        return True

    def restore(self) -> Loaded | None:
        """Puts the newest readable checkpoint into the variables; None where there is none.

        A damaged one is passed over with a warning, and put aside once an older one is read: it must not take
        the place of a good one among those that are kept. Raises InputError where all are damaged or where
        they are of another run or model.
        """
        paths, damaged = self._paths(), []
        for path in reversed(paths):
            try:
                loaded = self._read(path)
            except (OSError, ValueError, KeyError, TypeError, tf.errors.OpError) as error:
                if isinstance(error, InputError):
                    raise
                log.warning("Checkpoint %s is damaged (%s); trying the one before.", path, error)
                damaged.append(path)
                continue
            for other in damaged:
                aside = other.with_name(f"damaged-{other.name}")
                shutil.rmtree(aside, ignore_errors=True)
                other.rename(aside)
            return loaded
        if paths:
            raise InputError(
                f"All checkpoints in {self._folder} are damaged. Restore them from a copy, or train this run "
                "from the start with rerun=true."
            )
        return None

    def _paths(self) -> list[Path]:
        """Those that are there, a replaced one that a kill left beside its successor (`step-*.before`) too."""
        return sorted(self._folder.glob("step-*"))

    def _write(self, path: Path, data: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        self._checkpoint.write(str(path / "variables"))
        np.savez(path / "arrays.npz", **arrays)
        digests = {file.name: digest(file) for file in sorted(path.iterdir())}
        content = {"key": self._key, "data": data, "signature": self._signature, "digests": digests}
        (path / STATE).write_text(json.dumps({"content": content, "sha256": _text_digest(content)}))

    def _read(self, path: Path) -> Loaded:
        content = _read_state(path / STATE)
        for name, expected in content["digests"].items():
            if digest(path / name) != expected:
                raise ValueError(f"{name} does not have the content it was written with")
        if content.get("key") != self._key:
            raise InputError(
                f"The checkpoint {path} is of the run {content.get('key', 'of an earlier version')}, and this run is "
                f"{self._key}. It is left untouched: move it away, or train this run from the start with rerun=true."
            )
        if content["signature"] != self._signature:
            raise InputError(
                f"The checkpoint {path} is of another model or optimizer: {self._difference(content['signature'])}. "
                "It is left untouched; rerun=true trains this run from the start, output=another_folder elsewhere."
            )
        with np.load(path / "arrays.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        self._checkpoint.read(str(path / "variables")).assert_consumed()
        return Loaded(content["data"], arrays)

    def _difference(self, other: dict) -> str:
        for group in {**self._signature, **other}:
            members, theirs = self._signature.get(group, []), other.get(group, [])
            if len(theirs) != len(members):
                return f"it has {len(theirs)} {group} variables, this run {len(members)}"
            for i, (mine, their) in enumerate(zip(members, theirs, strict=True)):
                if mine != their:
                    return f"{group} variable {i} has shape and type {their} there, {mine} here"
        return "its variables are grouped otherwise"


def _tensor_variable(variable: Any) -> tf.Variable:
    """The TensorFlow variable that a Keras variable wraps."""
    return variable if isinstance(variable, tf.Variable) else variable.value


def _read_state(file: Path) -> dict[str, Any]:
    """The content of a state file. Raises ValueError where it is not what was written."""
    state = json.loads(file.read_text())
    if not isinstance(state, dict) or state.get("sha256") != _text_digest(state.get("content")):
        raise ValueError(f"{file.name} does not have the content it was written with")
    return state["content"]


def _text_digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
