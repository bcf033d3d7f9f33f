"""Metrics on disk: one JSON object a line, `{"step": 120, "time": 1.7e9, "metrics": {"val/nll": 0.31}}`.

The file is the record of a run that no server can lose. A line is written whole and at once, so a killed
process leaves at most one torn line at the end, which the reader skips and the writer steps over. A run that is
continued writes it anew from its checkpoint, which is what is trusted.
"""

from __future__ import annotations

import json
import math
import operator
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lossexp.base.files import whole

FILE_NAME = "metrics.jsonl"
LATEST = 1e11  # seconds since 1970 that stores can take, some thousand years


def append_metrics(path: Path, metrics: Mapping[str, float], step: int, at: float | None = None) -> None:
    """Adds one record; NaN and infinities become the strings "nan", "inf", "-inf" (JSON has none).

    at: seconds since 1970; None is now.
    """
    with open(path, "ab+") as file:
        if _ends_torn(file):
            file.write(b"\n")
        file.write(_line(metrics, step, time.time() if at is None else at))


def write_metrics(path: Path, history: Sequence[tuple[Mapping[str, float], int]]) -> None:
    """Makes the file hold these metrics of these steps and nothing else; steps that it had keep their time."""
    known = {record["step"]: record["time"] for record in read_metrics(path)}
    with whole(path) as unfinished:
        lines = [_line(metrics, step, known.get(step, time.time())) for metrics, step in history]
        unfinished.write_bytes(b"".join(lines))


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Records sorted by step, one a step: `{"step": int, "time": float, "metrics": {name: float}}`.

    Records of one step are merged, later values win. Lines that are no records are left out, and a missing file
    gives an empty list.
    """
    by_step: dict[int, dict[str, Any]] = {}
    for line in _lines(path):
        record = _record(line)
        if record is None:
            continue
        merged = by_step.setdefault(record["step"], {**record, "metrics": {}})
        merged["time"] = record["time"]
        merged["metrics"] |= record["metrics"]
    return [by_step[step] for step in sorted(by_step)]


def _record(line: str) -> dict[str, Any] | None:
    """The record in a line; None where it holds anything else."""
    try:
        record = json.loads(line)
        metrics = {str(name): float(value) for name, value in record["metrics"].items()}
        at = float(record["time"])
        return {"step": operator.index(record["step"]), "time": at, "metrics": metrics} if 0 <= at < LATEST else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _line(metrics: Mapping[str, float], step: int, at: float) -> bytes:
    record = {"step": int(step), "time": round(at, 3), "metrics": _encode(metrics)}
    return json.dumps(record, allow_nan=False).encode() + b"\n"


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return path.read_text("utf-8", errors="replace").splitlines()


def _encode(metrics: Mapping[str, float]) -> dict[str, float | str]:
    values = {name: float(value) for name, value in metrics.items()}
    return {name: value if math.isfinite(value) else str(value) for name, value in values.items()}


def _ends_torn(file: Any) -> bool:
    if file.seek(0, 2) == 0:
        return False
    file.seek(-1, 2)
    return file.read(1) != b"\n"
