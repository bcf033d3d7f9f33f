"""How a sweep ends that did not train all of its jobs."""


class SweepFailed(Exception):
    """Not all jobs of a sweep finished, which has been told."""
