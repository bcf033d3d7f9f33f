"""Errors in one paragraph each: what is wrong, where it was set, what would work."""

from lossexp.config.messages.paragraph import INPUT_ERRORS, explain, explained

__all__ = ["INPUT_ERRORS", "explain", "explained"]
