"""Focal losses: examples that are right already fade."""
