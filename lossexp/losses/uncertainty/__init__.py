"""Losses of a predicted mean and spread."""
