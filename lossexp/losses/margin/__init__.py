"""Losses of cosines and margins."""
