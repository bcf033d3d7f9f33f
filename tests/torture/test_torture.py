"""Runs killed again and again: the same command then gives the same bits, once. docs/reliability.md has the figures.

Run it by hand: `scripts/test -m slow tests/torture -s`. It starts some 350 short processes.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mlflow import MlflowClient

from lossexp.experiment.run_folder import damaged, read_record
from lossexp.metrics import load_outputs
from lossexp.tracking.metrics_file import read_metrics
from tests.torture.victim import make_store, nursery, train

pytestmark = pytest.mark.slow

RUN = ("model=mlp", "model.dropout=0.2", "trainer.jit_compile=false")
LONG = (*RUN, "trainer.epochs=12", "trainer.checkpoint_seconds=0")
WORKERS = 2
KILLS, RUNS = 40, 8  # at random moments; each run is killed that many times before it may finish
OTHERS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
STORES = 20
SEED = 20


def complete(function, folder, *args):
    """Lets the process end; it must end well."""
    process = nursery().Process(target=function, args=(folder, *args))
    process.start()
    process.join(300)
    assert process.exitcode == 0, (folder, process.exitcode, (folder / "output.txt").read_text()[-4000:])


def stop(function, folder, args, seconds, number=signal.SIGKILL):
    """Sends the process a signal after so many seconds; whether it was still at work."""
    process = nursery().Process(target=function, args=(folder, *args))
    process.start()
    process.join(seconds)
    at_work = process.exitcode is None
    if at_work:
        os.kill(process.pid, number)
    process.join(120)
    assert at_work or process.exitcode == 0
    return at_work


def facts(folder: Path) -> dict:
    """All that a run has left, without what a clock or an id has in it."""
    [run_dir] = (folder / "runs").iterdir()
    record = read_record(run_dir)
    assert record.stage == "closed"
    assert damaged(run_dir, record.files) == []
    assert not list(run_dir.glob(".unfinished-*"))
    lines = [(r["step"], timeless(r["metrics"])) for r in read_metrics(run_dir / "metrics.jsonl")]
    return {
        "scores": (run_dir / "scores.json").read_text(),
        "outputs": load_outputs(run_dir / "test_outputs.npz").outputs.tolist(),
        "metrics.jsonl": lines,
        "mlflow": mlflow_facts(folder),
    }


def stage_and_training(folder: Path) -> tuple[str, str] | None:
    for run_dir in folder.glob("runs/*"):
        record = read_record(run_dir)
        return record and (record.stage, record.training)
    return None


def mlflow_facts(folder: Path) -> list[dict]:
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("torture").experiment_id
    models = client.search_logged_models([experiment])
    found = []
    for run in client.search_runs([experiment], order_by=["attributes.start_time ASC"]):
        run_id = run.info.run_id
        history = {key: client.get_metric_history(run_id, key) for key in timeless(run.data.metrics)}
        found.append(
            {
                "status": run.info.status,
                "points": {key: sorted((p.step, p.value) for p in points) for key, points in history.items()},
                "params": run.data.params,
                "artifacts": sorted(f.path for f in client.list_artifacts(run_id)),
                "models": [m.status for m in models if m.source_run_id == run_id],
                "outputs": len(run.outputs.model_outputs),
                "inputs": len(run.inputs.dataset_inputs),
            }
        )
    return found


def timeless(metrics: dict) -> dict:
    return {name: value for name, value in metrics.items() if not name.startswith("time/")}


def whole_run(folder, overrides):
    began = time.monotonic()
    complete(train, folder, overrides)
    return facts(folder), time.monotonic() - began


def each(function, items):
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(function, items))


def test_runs_killed_at_random_moments_end_as_if_they_had_not_been(tmp_path):
    complete(make_store, tmp_path / "nothing")  # starts the nursery, so that it is not timed
    expected, seconds = whole_run(tmp_path / "whole", LONG)
    chance = random.Random(SEED)
    plans = [[(chance.random(), signal.SIGKILL) for _ in range(KILLS // RUNS)] for _ in range(RUNS)]
    plans += [[(chance.random(), number) for number in OTHERS] for _ in range(2)]

    def suffer(number):
        """Each signal meets a run at work: one that ended before is checked, and another one begun."""
        runs, limit = 1, seconds
        for moment, what in plans[number]:
            while not stop(train, tmp_path / f"{number}-{runs}", (LONG,), moment * limit, what):
                assert facts(tmp_path / f"{number}-{runs}") == expected
                runs, limit = runs + 1, 0.8 * limit
        complete(train, tmp_path / f"{number}-{runs}", LONG)
        assert facts(tmp_path / f"{number}-{runs}") == expected
        return runs

    runs = sum(each(suffer, range(len(plans))))
    print(f"\n{KILLS} SIGKILLs and {2 * len(OTHERS)} other signals met {runs} runs at work")


@pytest.mark.parametrize("rerun", [False, True])
def test_a_kill_between_each_two_steps_changes_nothing(rerun, tmp_path):
    start, overrides = tmp_path / "start", (*RUN, "trainer.epochs=2")
    if rerun:
        complete(train, start, overrides)
        overrides = (*overrides, "rerun=true")
    else:
        complete(make_store, start)
    shutil.copytree(start, tmp_path / "whole")
    begun = stage_and_training(start)
    expected, _ = whole_run(tmp_path / "whole", overrides)
    steps = int((tmp_path / "whole" / "steps").read_text())

    def suffer(number):
        folder = tmp_path / str(number)
        shutil.copytree(start, folder)
        process = nursery().Process(target=train, args=(folder, overrides, number))
        process.start()
        process.join(300)
        assert process.exitcode == -signal.SIGKILL
        # Once run.json says that it is done, `rerun=true` would rightly train once more.
        state = stage_and_training(folder)
        done = rerun and state != begun and state[0] == "closed"
        complete(train, folder, overrides[:-1] if done else overrides)
        return facts(folder)

    for number, found in zip(range(1, steps + 1), each(suffer, range(1, steps + 1)), strict=True):
        assert found == expected, number
    print(f"\n{steps} steps, a kill after each")


def test_a_store_can_be_killed_while_it_is_made(tmp_path):
    complete(make_store, tmp_path / "nothing")
    began = time.monotonic()
    complete(make_store, tmp_path / "whole")
    seconds, chance = time.monotonic() - began, random.Random(SEED)
    plans = [(chance.uniform(0, seconds), number) for number in [signal.SIGKILL] * STORES + [signal.SIGINT] * 10]

    def suffer(number):
        folder = tmp_path / str(number)
        at_work = stop(make_store, folder, (), *plans[number])
        complete(make_store, folder)
        names = {e.name for e in MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()}
        assert names == {"Default", "lossexp"}
        assert not list(folder.glob("*half-made*"))
        return at_work

    hits = each(suffer, range(len(plans)))
    print(f"\n{sum(hits[:STORES])} of {STORES} SIGKILLs and {sum(hits[STORES:])} of 10 Ctrl-C met a store being made")
