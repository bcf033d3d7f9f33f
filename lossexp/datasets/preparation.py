"""Downloads and prepares TFDS files: only when allowed, never in vain, one process at a time."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from filelock import FileLock

from lossexp.base.errors import InputError

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

HOST = "storage.googleapis.com"  # where TFDS looks first, for every dataset
PROBE_SECONDS = 3.0


def check_allowed(name: str, folder: Path, download: bool) -> None:
    """Raises InputError if nothing of dataset `name` is in `folder` and downloading is not allowed.

    Also for a name in a namespace, `huggingface:mnist`, where TFDS would fetch code and run it. Looks at names only,
    so that the answer comes at once.
    """
    if re.match(r"[^/]*:[^\d/]", name):  # a version after the colon is a number, mnist:3.0.1
        raise InputError(f"dataset.name={name} is in a namespace, whose code TFDS would fetch. Name one of TFDS's own.")
    if not download and not (folder / name.split("/")[0].split(":")[0]).is_dir():
        raise _not_prepared(name, folder)


def check_features(name: str, folder: Path) -> None:
    """Raises InputError for prepared files of `name` that name features of other packages, which TFDS would import."""
    for file in (folder / name.split("/")[0].split(":")[0]).rglob("features.json"):
        try:
            classes = list(_classes(json.loads(file.read_text("utf-8"))))
        except (OSError, ValueError, RecursionError):
            continue  # TFDS cannot read it either, and says so
        for named in classes:
            if not named.startswith("tensorflow_datasets.") and named.rpartition(".")[0] not in sys.modules:
                raise InputError(
                    f"dataset.name={name}: {file} has a feature of the class {named}, which TFDS would import. Only "
                    "TFDS's own features are read."
                )


def _classes(node: Any) -> Iterator[str]:
    """The dotted class names in a features.json, under each key that TFDS takes them from."""
    if isinstance(node, dict):
        for key in ("type", "pythonClassName", "python_class_name"):
            if isinstance(node.get(key), str) and "." in node[key]:
                yield node[key]
        node = list(node.values())
    for inner in node if isinstance(node, list) else []:
        yield from _classes(inner)


def prepare(builder: DatasetBuilder, name: str, folder: Path, download: bool) -> None:
    """Downloads and prepares the files of `builder` in `folder`.

    Raises InputError where downloading is not allowed, where no network answers within three seconds
    (TFDS by itself would try for minutes), and where TFDS fails.
    """
    if not download:
        raise _not_prepared(name, folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / f".{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.lock"
    # Two processes that prepare one dataset at once would break each other's files.
    with FileLock(lock):
        if builder.is_prepared():
            return
        if not reachable():
            raise InputError(
                f"dataset={name} is to be downloaded (dataset.download=true), but {HOST} does not answer "
                f"within {PROBE_SECONDS:g} seconds. Connect to the internet, or copy the prepared files into "
                f"{folder} (dataset.data_dir)."
            )
        try:
            builder.download_and_prepare()
        except Exception as error:
            raise InputError(
                f"dataset={name}: TFDS could not prepare it in {folder} (dataset.data_dir): {error}"
            ) from error


def reachable(host: str = HOST, port: int = 443, seconds: float = PROBE_SECONDS) -> bool:
    """Whether a connection to `host`, or to the proxy that leads there, opens within `seconds`."""
    proxy = getproxies().get("https")
    if proxy:
        address = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        host, port = address.hostname or host, address.port or port
    opened = threading.Event()

    def connect() -> None:
        try:
            with socket.create_connection((host, port), timeout=seconds):
                opened.set()
        except OSError:
            pass

    # A thread, because the timeout of a socket does not cover looking up the host's name.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    return opened.is_set()


def _not_prepared(name: str, folder: Path) -> InputError:
    return InputError(
        f"dataset={name} is not prepared in {folder}. Set dataset.download=true to download it there once, "
        "dataset.data_dir (or the environment variable TFDS_DATA_DIR) to the folder that has it, or choose a "
        "dataset that needs no download, such as dataset=digits."
    )
