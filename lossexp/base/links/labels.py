"""The link of many labels an example: one yes-or-no question for each."""

from __future__ import annotations

import numpy as np
from scipy import special

from lossexp.base.links.classes import ClassLink


class Labels(ClassLink):
    """L logits of the questions "does it have label k?"; probabilities `[n, L]` are their sigmoids.

    Unlike those of classes they do not sum to 1: an example may have any number of labels. A label is predicted where
    its logit is above 0, which is where its probability is above 1/2.
    """

    name = "labels"

    def probabilities(self, outputs):
        return special.expit(outputs)

    def log_probabilities(self, outputs):
        return special.log_expit(outputs)

    def predicted(self, outputs):
        """Which labels are predicted, `[n, L]` int32 of 0 and 1, from a float32 tensor of raw outputs."""
        import tensorflow as tf

        return tf.cast(outputs > 0.0, tf.int32)

    def at_margins(self, margins, label, num_classes):
        return margins[:, np.newaxis] * (2 * np.eye(num_classes)[label] - 1)
