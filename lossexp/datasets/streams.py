"""Streams of examples: a `tf.data.Dataset` or a `keras.utils.PyDataset`, read once into files."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lossexp.base.blame import blaming
from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Split
from lossexp.datasets.store import once, read_examples, write_examples

BATCH = 256
log = logging.getLogger(__name__)


def is_stream(found: Any) -> bool:
    """Whether it is a `tf.data.Dataset` or a `keras.utils.PyDataset`; without importing either."""
    return _is_tf_data(found) or (hasattr(found, "num_batches") and hasattr(found, "__getitem__"))


def _is_tf_data(found: Any) -> bool:
    return hasattr(found, "element_spec") and hasattr(found, "as_numpy_iterator")


def read_stream(stream: Any, place: Path, reread: bool, where: str) -> Split:
    """The examples of a stream, from files below `place`, which are written first where they are not there.

    stream: gives `(x, y)` or `(x, y, sample_weight)`, in batches or one example at a time. reread: whether files that
    are there are written anew. Raises InputError, from `where`, for a stream without end or of something else.
    """
    if reread:
        shutil.rmtree(place, ignore_errors=True)

    def write(folder: Path) -> None:
        with blaming(where):
            total, batches = _batches(stream, where)
        if not write_examples(folder, _blamed(batches, where), f"reading {place.name}, once", total, where):
            raise InputError(f"{where} gives no examples.")

    try:
        if place.is_dir():
            log.info("%s: read from %s, where an earlier run put it; dataset.reread=true reads it anew", where, place)
        once(place, write)
    except OSError as error:
        raise InputError(
            f"{where} is read into files in {place}, which failed: {error}. Free some space, or name another folder "
            "with dataset.data_dir."
        ) from error
    return read_examples(place)


def _blamed(batches: Iterator, where: str) -> Iterator:
    """The same batches; errors in the user's code that makes them are told with their place."""
    with blaming(where):
        yield from batches


def _batches(stream: Any, where: str) -> tuple[int | None, Iterator[tuple[np.ndarray, ...]]]:
    """How many batches there will be, where that is known, and they themselves."""
    if not _is_tf_data(stream):
        total = stream.num_batches
        if total is None:
            raise InputError(f"{where} has no end (its num_batches is None). Give it a __len__.")
        return total, (_arrays(stream[i], where) for i in range(total))
    _check_spec(stream.element_spec, where)
    if not _is_batched(stream.element_spec, where):
        stream = stream.batch(BATCH)
    total = int(stream.cardinality())
    if total == -1:  # tf.data's for one without end
        raise InputError(f"{where} has no end, since it repeats. Leave repeat() out, or end it: dataset.take(n).")
    return total if total >= 0 else None, (_arrays(element, where) for element in stream.as_numpy_iterator())


def _check_spec(spec: Any, where: str) -> None:
    fits = isinstance(spec, tuple) and len(spec) in (2, 3) and all(hasattr(part, "shape") for part in spec)
    if not fits:
        raise InputError(f"{where} gives {spec}. Give (x, y), or (x, y, sample_weight), of one tensor each.")


def _is_batched(spec: tuple, where: str) -> bool:
    """Whether elements are batches. Raises InputError for shapes of which a batch has some and one picture too."""
    x, y = (part.shape for part in spec[:2])
    if len(x) < 2 or not len(y) or x[0] != y[0]:
        return False
    if x[0] is None or len(y) == 1 or len(x) > 3 or x[1] != y[1]:
        return True
    if (len(x), len(y)) == (3, 2) or (len(y) == 3 and y[-1] == 1):  # one picture and its mask
        return False
    raise InputError(
        f"{where} gives x of shape {x} and y of shape {y}, which may be a batch or one example. End it with "
        ".batch(32), or with .unbatch().batch(32) where it gives batches."
    )


def _arrays(element: Any, where: str) -> tuple[np.ndarray, ...]:
    if not isinstance(element, tuple | list) or len(element) not in (2, 3):
        raise InputError(f"{where} gives {type(element).__name__}. Give (x, y), or (x, y, sample_weight).")
    x, y, *weight = (np.asarray(part) for part in element)
    if y.dtype == object:  # TensorFlow's texts are bytes
        y = np.array([text.decode() if isinstance(text, bytes) else text for text in y.flat]).reshape(y.shape)
    return x, y, *weight
