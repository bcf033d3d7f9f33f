"""Metrics on disk: one JSON object a line, `{"step": 120, "time": 1.7e9, "metrics": {"val/nll": 0.31}}`.

The file is the record of a run that no server can lose. A line is written whole and at once, so a killed
process leaves at most one torn line at the end, which the reader skips and the writer steps over.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE_NAME = "metrics.jsonl"


def append_metrics(path: Path, metrics: Mapping[str, float], step: int) -> None:
    """Adds one record; NaN and infinities become the strings "nan", "inf", "-inf" (JSON has none)."""
    record = {"step": int(step), "time": round(time.time(), 3), "metrics": _encode(metrics)}
    with open(path, "ab+") as file:
        if _ends_torn(file):
            file.write(b"\n")
        file.write(json.dumps(record, allow_nan=False).encode() + b"\n")


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Records sorted by step, one a step: `{"step": int, "time": float, "metrics": {name: float}}`.

    Records of one step are merged, later values win: a continued run repeats the steps since its
    checkpoint. A missing file gives an empty list.
    """
    by_step: dict[int, dict[str, Any]] = {}
    for line in _lines(path):
        try:
            record = json.loads(line)
            step, at, metrics = record["step"], record["time"], record["metrics"]
        except (ValueError, KeyError, TypeError):
            continue
        merged = by_step.setdefault(step, {"step": step, "time": at, "metrics": {}})
        merged["time"] = at
        merged["metrics"] |= {name: float(value) for name, value in metrics.items()}
    return [by_step[step] for step in sorted(by_step)]


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
