"""Losses for classes of very different size."""
