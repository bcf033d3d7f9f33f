"""Likelihoods of counts and positive amounts."""
