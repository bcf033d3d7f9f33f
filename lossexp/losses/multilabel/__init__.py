"""Losses of several labels an example, or of one label against the rest."""
