"""Datasets: a source gives a `Dataset` of train, validation and test splits."""
