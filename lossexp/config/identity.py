"""A run's identity: hashes of what the resolved config says, so that the same command is the same run."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from lossexp.base.errors import InputError

# Of many runs: what a sweep or a search asks for, which is nothing to its jobs.
OF_SWEEPS = ("sets", "seeds", "baseline", "sweep", "tune")
# Where things are written, who watches, and how they look: none of it changes what is trained.
TOP_LEVEL_EXCLUDED = (
    *("hydra", "tracking", "debug", "output", "name", "rerun"),
    *("mode", "run", "inputs", "trusted_packages", "trusted_paths"),
    *OF_SWEEPS,
)
# Settings that name a file, or a folder of files, whose content counts and not its place.
FILES = {"dataset": ("path",), "model": ("path", "weights"), "noise": ("T",), "loss": ("transition",)}
# By these two, runs of earlier versions keep their keys: settings that came later, with the value that changes nothing,
# and what a setting was called.
NOTHING_NEW = {"noise": {"_target_": "lossexp.datasets.noise.clean.Clean"}, "loss.clip": None}
FORMERLY = {"loss.T": "transition"}
EXCLUDED = {
    "dataset": ("data_dir", "download", "in_memory", "reread"),
    "model": ("download",),
    "trainer": ("progress", "keep_checkpoints", "checkpoint_seconds", "device_megabytes"),
}


def identity(config: DictConfig | Mapping) -> dict[str, Any]:
    """The part of the config that decides a run's result, as plain data.

    A file of data or of a model is represented by the digest of its content, so that the same data at another path
    is the same run and other data at the same path is another run (a folder of files: by their names, sizes and
    times of change). So is the code of trusted packages.
    """
    chosen = {}
    for key in config:
        if not decides(str(key)):
            continue
        value = config[key]
        plain = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
        if isinstance(plain, dict):
            plain = {FORMERLY.get(f"{key}.{k}", k): v for k, v in plain.items() if _counts(f"{key}.{k}", v)}
        if _counts(str(key), plain):
            chosen[str(key)] = plain
    for group, names in FILES.items():
        node = chosen.get(group)
        for name in names if isinstance(node, dict) else ():
            if name in node:
                node[name] = _contents(node[name], f"{group}.{name}")
    trusted = set(config.get("trusted_packages") or ())
    sources = {name: source_digest(name) for name in sorted(_packages(chosen) & trusted)}
    return {**chosen, "sources": sources} if sources else chosen


def _counts(setting: str, value: Any) -> bool:
    """Whether this value of a setting can make another run of one of an earlier version."""
    return decides(setting) and (setting not in NOTHING_NEW or value != NOTHING_NEW[setting])


def decides(setting: str) -> bool:
    """Whether a setting such as `trainer.epochs`, or a group, can change what is trained; `trainer.progress` cannot."""
    group, _, key = setting.partition(".")
    return group not in TOP_LEVEL_EXCLUDED and key not in EXCLUDED.get(group, ())


def _packages(node: Any) -> set[str]:
    """Top-level packages of all targets in the config."""
    if isinstance(node, dict):
        own = {str(node["_target_"]).split(".")[0]} if "_target_" in node else set()
        return own.union(*(_packages(value) for value in node.values()))
    return set().union(*(_packages(value) for value in node)) if isinstance(node, list) else set()


def source_digest(package: str) -> str:
    """A digest of a user's module, or of all modules of a package: edited code is another run."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.origin:
        return "unknown"
    origin = Path(spec.origin)
    files = sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    return _digest([[str(file.relative_to(origin.parent)), _content(file)] for file in files])


def run_key(config: DictConfig | Mapping) -> str:
    """16 hexadecimal digits that name the run: equal for equal `identity(config)`."""
    return _digest(identity(config))


def group_key(config: DictConfig | Mapping) -> str:
    """`run_key` without the seed: the runs that are averaged over. A number in `noise.seed` is the same for all."""
    found = identity(config)  # once: it reads the dataset's file
    seed, noise = found.pop("seed", None), found.pop("noise", None)
    return _digest([_without_seed(found, seed), noise] if noise else _without_seed(found, seed))


def _without_seed(node: Any, seed: Any) -> Any:
    """Removes `seed` keys that follow the run's seed; a seed fixed to another value stays."""
    if isinstance(node, dict):
        return {k: _without_seed(v, seed) for k, v in node.items() if not (k == "seed" and v == seed)}
    return [_without_seed(v, seed) for v in node] if isinstance(node, list) else node


def _digest(data: Any) -> str:
    text = json.dumps(_canonical(data), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _canonical(node: Any) -> Any:
    """Numbers by value, so that `gamma=2` and `gamma=2.0` are the same run."""
    if isinstance(node, dict):
        return {str(k): _canonical(v) for k, v in node.items()}
    if isinstance(node, list | tuple):
        return [_canonical(v) for v in node]
    if isinstance(node, int) and not isinstance(node, bool) and abs(node) < 2**53:
        return float(node)
    return node


def _contents(path: Any, setting: str) -> Any:
    """Digests in the place of a path, or of several by name."""
    if isinstance(path, dict):
        return {name: _contents(inner, f"{setting}.{name}") for name, inner in path.items()}
    try:
        return _content(Path(path).expanduser()) if isinstance(path, str) else path
    except OSError as error:
        raise InputError(f"{setting}={path} cannot be read: {error.strerror}.") from error


def _content(path: Path) -> str:
    """A digest of a file's content; of a folder's files, which may be too large to read, their sizes and times."""
    if path.is_dir():
        files = sorted(path.glob("*.npy")) or sorted(file for file in path.rglob("*") if file.is_file())
        return "files:" + _digest([[str(file.relative_to(path)), *_size_and_time(file)] for file in files])
    if not path.is_file():
        return str(path)
    return "sha256:" + _file_digest(path.absolute(), *_size_and_time(path))


@cache
def _file_digest(path: Path, size: str, changed: str) -> str:
    """Of a file as it was then, read once: all jobs of a sweep have it in their keys."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size_and_time(file: Path) -> tuple[str, str]:
    found = file.stat()
    return str(found.st_size), str(found.st_mtime_ns)
