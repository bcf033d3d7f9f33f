"""Distances between predicted and true values."""
