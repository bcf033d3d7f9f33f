"""What arrays are by their names: `x_train`, `train_images`, `val_labels`, `y`, ..."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from lossexp.base.errors import InputError, did_you_mean
from lossexp.datasets.dataset import Split

PARTS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
PART_OF = {word: part for part, words in PARTS.items() for word in words}
ROLES = {
    "x": ("x", "image", "images", "data", "input", "inputs", "feature", "features"),
    "y": ("y", "label", "labels", "target", "targets"),
    "sample_weight": ("sample_weight", "sample_weights", "weight", "weights", "w"),
}
KEYS = tuple(f"{role}_{part}" for part in PARTS for role in ROLES) + tuple(ROLES)  # without a part: to be cut
NAMES = MappingProxyType(dict.fromkeys(KEYS))
log = logging.getLogger(__name__)


def key_of(name: str) -> str | None:
    """Which of `KEYS` an array called `name` is, such as `y_val` for `val_labels`; None where the name does not say."""
    part, role = None, name.lower()
    for known, words in PARTS.items():
        for word in words:
            if role.startswith(f"{word}_") or role.endswith(f"_{word}"):
                part, role = known, role.removeprefix(f"{word}_").removesuffix(f"_{word}")
    known = next((known for known, words in ROLES.items() if role in words), None)
    return f"{known}_{part}" if known and part else known


def chosen(found: Collection[str], given: Mapping[str, str | None], where: str, layout: str) -> dict[str, str]:
    """The name of the array for each of `KEYS` that is there; those that are not read are named in a warning.

    found: names of what a source has. given: the user's own choice for some keys, by `dataset.names`. layout: what the
    source should be, for messages. Raises InputError where inputs or targets are missing, or two arrays are the same.
    """
    picked = {}
    for key, name in given.items():
        if key not in KEYS:
            raise InputError(
                f"dataset.names.{key}: no such key. {did_you_mean(key, KEYS)}Its keys are {', '.join(KEYS)}."
            )
        if name is not None and name not in found:
            raise InputError(f"dataset.names.{key}={name}: {where} has {', '.join(found) or 'nothing'}.")
        picked |= {} if name is None else {key: name}
    ours = set(picked)
    for name in found:
        key = key_of(name)
        if key is None or key in ours or name in picked.values():
            continue
        if key in picked:
            raise InputError(
                f"{where} has {picked[key]} and {name}, which may both be {key}. Say which: dataset.names.{key}={name}."
            )
        picked[key] = name
    if not _has_both(picked, "x_train", "y_train", where) and _has_both(picked, "x", "y", where):
        picked = {f"{key}_train" if key in ROLES else key: name for key, name in picked.items()}
    for part in PARTS:
        if not _has_both(picked, f"x_{part}", f"y_{part}", where) and part == "train":
            raise InputError(f"{where} lacks x_train, y_train; it has {', '.join(found) or 'nothing'}. {layout}")
    picked = {key: name for key, name in picked.items() if key not in ROLES}
    unread = [name for name in found if name not in picked.values()]
    if unread:
        log.warning("%s: %s not read; dataset.names says which array is which", where, ", ".join(unread))
    return picked


def _has_both(picked: Mapping[str, str], x: str, y: str, where: str) -> bool:
    """Whether both are there. Raises InputError where one is without the other."""
    if (x in picked) != (y in picked):
        has, lacks = (x, y) if x in picked else (y, x)
        raise InputError(
            f"{where} has {picked[has]}, but lacks {lacks}. Add it, or say which array it is: dataset.names.{lacks}=..."
        )
    return x in picked


def splits_of(arrays: Mapping[str, Any]) -> dict[str, Split]:
    """Splits of arrays by key: `x_train`, `y_train`, perhaps `sample_weight_train`, and so on."""
    parts = [part for part in PARTS if f"x_{part}" in arrays]
    return {
        part: Split(arrays[f"x_{part}"], arrays[f"y_{part}"], arrays.get(f"sample_weight_{part}")) for part in parts
    }
