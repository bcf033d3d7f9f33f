"""Seconds from command to result of a run of one step, beside what TensorFlow's import alone takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5
ONE_STEP = ["model=mlp", "trainer.epochs=1", "trainer.limit_train_batches=1", "rerun=true"]
COMMANDS = {
    "import tensorflow": ["-c", "import tensorflow"],
    "lossexp --help": ["-m", "lossexp", "--help"],
    "lossexp, one step, tracking=none": ["-m", "lossexp", *ONE_STEP, "tracking=none"],
    "lossexp, one step, MLflow": ["-m", "lossexp", *ONE_STEP],
}


def seconds_to_results() -> dict[str, float]:
    """Medians over rounds in which each command runs in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for name, arguments in COMMANDS.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, *arguments], cwd=folder, check=True, capture_output=True)
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def table(seconds: dict[str, float]) -> str:
    """Markdown, with the ratio to TensorFlow's import."""
    lines = [
        "### From command to result",
        "",
        "| command | seconds | times TensorFlow's import |",
        "|---|---:|---:|",
    ]
    for name, value in seconds.items():
        lines.append(f"| {name} | {value:.1f} | {value / seconds['import tensorflow']:.1f} |")
    return "\n".join(lines)
