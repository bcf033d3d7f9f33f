"""Differences that must not cancel."""

from __future__ import annotations

import tensorflow as tf


def errors(t: tf.Tensor, log_p: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
    """`p - t` as `(1 - t) p - t q`, q = 1 - p, which keeps the digits of a small error of a hard label."""
    return (1.0 - t) * tf.exp(log_p) - t * tf.exp(log_q)
