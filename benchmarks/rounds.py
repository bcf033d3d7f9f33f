"""Contenders in processes of their own, which train in turn."""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import time
from dataclasses import dataclass

from benchmarks.contenders import CONTENDERS, Workload


def serve(name: str, workload: Workload, precision: str, pipe) -> None:
    """A contender's process: trains whenever asked and answers with seconds an epoch."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from lossexp.process.runtime import runtime

    with runtime(0, precision):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        train = CONTENDERS[name](workload, precision)
        train(1)
        pipe.send(time.perf_counter() - start)
        while pipe.recv():
            start = time.perf_counter()
            train(workload.epochs)
            pipe.send((time.perf_counter() - start) / workload.epochs)
        pipe.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


@dataclass
class Result:
    """first: seconds until the first epoch is done, tracing included. seconds: of later epochs. megabytes: peak."""

    first: float
    seconds: list[float]
    megabytes: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def compare(workload: Workload, precision: str, rounds: int) -> dict[str, Result]:
    """All contenders on one workload, in turn."""
    context = multiprocessing.get_context("spawn")
    pipes, results = {}, {}
    for name in CONTENDERS:
        pipes[name], theirs = context.Pipe()
        context.Process(target=serve, args=(name, workload, precision, theirs), daemon=True).start()
        results[name] = Result(pipes[name].recv(), [])
    for _ in range(rounds):
        for name, pipe in pipes.items():
            pipe.send(True)
            results[name].seconds.append(pipe.recv())
    for name, pipe in pipes.items():
        pipe.send(False)
        results[name].megabytes = pipe.recv()
    return results
