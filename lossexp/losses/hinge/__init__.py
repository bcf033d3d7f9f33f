"""Hinge losses: nothing to gain beyond a margin."""
