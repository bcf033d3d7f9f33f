"""Keras's own losses, and any other class or function."""
