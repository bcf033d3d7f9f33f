"""Two sweeps of two machines' worth of processes, at once, into one server on PostgreSQL."""

import os
import signal

import pytest
from mlflow import MlflowClient

from tests.servers import recorded_points, stored_points
from tests.sweeps.test_elsewhere import folder_in_the_middle, start, worker_of

pytestmark = pytest.mark.slow


def test_24_jobs_of_ray_and_of_fresh_processes_are_all_in_the_store_once_although_a_worker_is_killed(
    tmp_path, ray_cluster, team_server
):
    common = [f"tracking.uri={team_server.uri}", "trainer.epochs=40", "trainer.checkpoint_seconds=0"]
    (on_ray := tmp_path / "ray").mkdir()
    (on_cores := tmp_path / "cores").mkdir()
    ray = ["hydra/launcher=ray_cluster", f"hydra.launcher.init.address={ray_cluster}", "seed=range(0,12)"]
    sweeps = [
        start(on_ray, *common, *ray),
        start(on_cores, *common, "sweep.n_jobs=2", "seed=range(12,24)"),
    ]
    try:
        os.kill(worker_of(folder_in_the_middle(on_ray, sweeps[0])), signal.SIGKILL)
        said = [sweep.communicate(timeout=1200)[0] for sweep in sweeps]
    finally:
        for sweep in sweeps:
            sweep.kill()
    assert [sweep.returncode for sweep in sweeps] == [0, 0], said
    client = MlflowClient(team_server.uri)
    runs = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id], max_results=1000)
    assert {run.info.status for run in runs} == {"FINISHED"}
    jobs = [run for run in runs if run.data.tags["kind"] == "job"]
    assert len(runs) == 24 + 2
    assert len({run.data.tags["run_key"] for run in jobs}) == 24
    folders = {folder.name: folder for place in (on_ray, on_cores) for folder in place.glob("runs/*")}
    for run in jobs:
        recorded = recorded_points(folders[run.data.tags["run_key"]])
        assert recorded
        assert not set(recorded) - set(stored_points(client, run))
