"""A store for a team: processes in folders of their own train into one MLflow server on PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from mlflow import MlflowClient

from tests.servers import recorded_points, stored_points

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SMALL = ("model=mlp", "trainer.epochs=3", "trainer.progress=false", "loss=ce,focal")
MACHINES = ("first", "second", "third")


def test_runs_of_several_processes_are_whole_and_their_artifacts_go_through_the_server(team_server, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": team_server.uri}
    processes = []
    for number, name in enumerate(MACHINES):
        (tmp_path / name).mkdir()
        # So many examples that the runs of one are not those of another.
        command = [sys.executable, "-m", "lossexp", "-m", *SMALL, f"dataset.limit={300 + number}"]
        processes.append(subprocess.Popen(command, cwd=tmp_path / name, env=environment))
    try:
        assert [process.wait(timeout=500) for process in processes] == [0] * len(MACHINES)
    finally:
        for process in processes:
            process.kill()
            process.wait()

    client = MlflowClient(team_server.uri)
    found = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id], max_results=1000)
    assert {run.info.status for run in found} == {"FINISHED"}
    jobs = [run for run in found if run.data.tags["kind"] == "job"]
    folders = [run.parent for run in tmp_path.glob("*/runs/*/scores.json")]
    assert len(jobs) == len(folders) == 2 * len(MACHINES)
    assert {run.data.tags["run_dir"] for run in jobs} == {str(folder) for folder in folders}
    for run in jobs:
        assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
        assert stored_points(client, run) == recorded_points(Path(run.data.tags["run_dir"]))
        page = {"path": "figures/curves.png", "run_uuid": run.info.run_id}
        assert requests.get(f"{team_server.uri}/get-artifact", params=page).content.startswith(b"\x89PNG")
        assert [output.model_id for output in run.outputs.model_outputs]
    assert not list(tmp_path.glob("*/mlruns"))
