"""Short words for what tests of the tracker do."""

from lossexp.tracking.journal import Journal

TAGS = {"run_key": "abc", "training": "1", "loss": "focal"}


def open_run(tracker, root, **kwargs):
    tracker.open(**{"run_name": "digits-focal", "run_dir": root / "run", "tags": TAGS, **kwargs})
    return tracker


def stored(tracker):
    """The run as the store has it."""
    return tracker.connection.client.get_run(tracker.run_id)


def history(tracker, key):
    """`(step, value)` of every point of a metric."""
    return [(m.step, m.value) for m in tracker.connection.client.get_metric_history(tracker.run_id, key)]


def names(tracker, folder=None):
    """Artifacts in a folder of the run."""
    return sorted(f.path for f in tracker.connection.client.list_artifacts(tracker.run_id, folder))


def sent(tracker):
    """Whether the store has all that the closed tracker was told."""
    return Journal(tracker.run_dir).is_sent(tracker.uri)
