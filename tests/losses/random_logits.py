"""Random batches for property tests."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

COUNTS = [800, 90, 17, 2]


def labels_and_logits(num_classes: int = len(COUNTS), largest: float = 100.0, rows: int = 5):
    """`(class numbers [rows], float32 logits [rows, num_classes])`, logits in [-largest, largest]."""
    logits = st.floats(-largest, largest, width=32)
    return st.tuples(
        arrays(np.int64, rows, elements=st.integers(0, num_classes - 1)),
        arrays(np.float32, (rows, num_classes), elements=logits),
    )
