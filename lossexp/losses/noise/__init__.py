"""Losses for wrong labels."""
