"""Memory from job to job of a sweep in one process."""

from __future__ import annotations

import multiprocessing
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.contenders import WORKLOADS, train_with_fit, train_with_lossexp

JOBS = 10
SWEEP = ("-m", "loss=ce,focal,gce", "seed=range(10)", "model=mlp", "trainer.epochs=2", "trainer.jit_compile=false")
WAYS = {
    "lossexp": train_with_lossexp(False),
    "fit": train_with_fit(),
    "lossexp, XLA": train_with_lossexp(True),
    "fit, XLA": train_with_fit(jit_compile=True),
}


def serve(name: str, pipe) -> None:
    """A process that trains one job after the other and sends its peak memory (MB) after each."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from lossexp.process.runtime import runtime

    for seed in range(JOBS):
        with runtime(seed):
            WAYS[name](WORKLOADS[0], "float32")(1)
        pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memory_over_jobs() -> dict[str, list[float]]:
    """Peak memory of the process (MB) after each of `JOBS` jobs, by way of training."""
    context, peaks = multiprocessing.get_context("spawn"), {}
    for name in WAYS:
        pipe, theirs = context.Pipe()
        process = context.Process(target=serve, args=(name, theirs), daemon=True)
        process.start()
        peaks[name] = [pipe.recv() for _ in range(JOBS)]
        process.join()
    return peaks


def memory_of_sweep() -> list[float]:
    """Memory (MB) of the process of a whole sweep of 30 jobs, MLflow and figures too, after each job."""
    command, found = [sys.executable, "-u", "-m", "lossexp", *SWEEP], []
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                if re.match(r"\[\d+/30\] finished", line):
                    status = Path(f"/proc/{process.pid}/status").read_text()
                    found.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024)
    return found


def sweep_table(megabytes: list[float]) -> str:
    """Markdown: a whole sweep's memory after some of its jobs."""
    after = [number for number in (1, 2, 10, 20, 30) if number <= len(megabytes)]
    growth = (megabytes[-1] - megabytes[9]) / (len(megabytes) - 10)
    said = ", ".join(f"{number}: {megabytes[number - 1]:,.0f}" for number in after)
    return (
        f"`python -m lossexp {' '.join(SWEEP)}`: memory of the process (MB) after job {said}; growth a job from the "
        f"tenth on: {growth:.2f}."
    )


def table(peaks: dict[str, list[float]]) -> str:
    """Markdown: growth of the peak a job, from the second job on (the first one loads what all need)."""
    lines = [
        f"### Memory over {JOBS} jobs in one process ({WORKLOADS[0].name}, float32)",
        "",
        "| way | after job 1 (MB) | after job 2 | after the last | growth a job |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, megabytes in peaks.items():
        growth = (megabytes[-1] - megabytes[1]) / (JOBS - 2)
        lines.append(f"| {name} | {megabytes[0]:,.0f} | {megabytes[1]:,.0f} | {megabytes[-1]:,.0f} | {growth:.1f} |")
    return "\n".join(lines)
