"""Tracking: where a run's parameters, metrics, files and status go."""
