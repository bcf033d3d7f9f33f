"""Independent random streams from one seed, so that changing one thing does not reshuffle another."""

from __future__ import annotations

import zlib

import numpy as np


def derive(seed: int, stream: str) -> int:
    """A 31-bit seed for the named stream (`"weights"`, `"order"`, ...), a pure function of both."""
    return int(np.random.SeedSequence([seed, zlib.crc32(stream.encode())]).generate_state(1)[0] >> 1)
