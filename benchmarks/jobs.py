"""Memory from job to job of a sweep in one process."""

from __future__ import annotations

import multiprocessing
import os
import resource

from benchmarks.contenders import WORKLOADS, train_with_fit, train_with_lossexp

JOBS = 10
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
