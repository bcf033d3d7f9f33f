"""Training speed and memory beside Keras `fit` and the usual hand-written loop: `python -m benchmarks`.

Each way of training lives in a process of its own, so that its memory is its own; the processes train in
turn, an epoch each, so that a slow moment of the machine meets all of them.
"""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import jobs, start
from benchmarks.contenders import OURS, PRECISIONS, WORKLOADS, Workload
from benchmarks.rounds import Result, compare

DOCUMENT = Path("docs", "performance.md")


def table(workload: Workload, precision: str, results: dict[str, Result]) -> str:
    """A Markdown table of one workload."""
    ours = results[OURS].median
    lines = [
        f"### {workload.name}, {precision}",
        "",
        "| way | images/s | steps/s | lossexp is faster by | first epoch (s) | peak memory above import (MB) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, result in results.items():
        rate = workload.images / result.median
        lines.append(
            f"| {name} | {rate:,.0f} | {rate / workload.batch_size:,.0f} | {result.median / ours:.2f} | "
            f"{result.first:.1f} | {result.megabytes:,.0f} |"
        )
    keras_best = min(r.median for name, r in results.items() if name.startswith("fit"))
    lines += ["", f"Ratio to the best mode of `fit`: {keras_best / ours:.2f}; to plain `fit`: "]
    lines[-1] += f"{results['fit'].median / ours:.1f}."
    return "\n".join(lines)


def machine() -> str:
    """Processor count, device and versions, as one line."""
    import tensorflow as tf

    devices = [
        tf.config.experimental.get_device_details(d).get("device_name", "GPU")
        for d in tf.config.list_physical_devices("GPU")
    ]
    where = ", ".join(devices) or f"{os.cpu_count()} CPU cores ({platform.machine()})"
    return f"{where}; TensorFlow {version('tensorflow')}, Keras {version('keras')}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="timed epochs of each (default 15)")
    parser.add_argument("--only", default="", help="workloads whose name contains this, memory, sweep, or start")
    parser.add_argument("--precision", choices=PRECISIONS, help="one precision instead of both")
    parser.add_argument("--write", type=Path, help=f"also to this file (default: {DOCUMENT} if all is measured)")
    chosen = parser.parse_args()
    everything = not chosen.only and chosen.precision is None
    parts = [
        "# Performance",
        f"Printed by `scripts/benchmark --rounds {chosen.rounds}`. Medians of epochs timed in turn, each way of "
        f"training in a process of its own, random images, {machine()}. "
        "Absolute figures are this machine's; read the ratios.",
    ]
    for workload in WORKLOADS:
        for precision in PRECISIONS:
            if chosen.only in workload.name and chosen.precision in (None, precision):
                parts.append(table(workload, precision, compare(workload, precision, chosen.rounds)))
                print(parts[-1] + "\n", flush=True)
    if chosen.only in "memory":
        parts.append(jobs.table(jobs.memory_over_jobs()))
        print(parts[-1] + "\n", flush=True)
    if chosen.only in "sweep":
        parts.append(jobs.sweep_table(jobs.memory_of_sweep()))
        print(parts[-1] + "\n", flush=True)
    if chosen.only in "start":
        parts.append(start.table(start.seconds_to_results()))
        print(parts[-1] + "\n", flush=True)
    target = chosen.write or (DOCUMENT if everything and DOCUMENT.parent.is_dir() else None)
    if target:
        target.write_text("\n\n".join(parts) + "\n")
        print(f"written to {target}")


if __name__ == "__main__":
    main()
