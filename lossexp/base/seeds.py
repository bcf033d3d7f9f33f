"""Independent random streams from one seed, so that changing one thing does not reshuffle another."""

from __future__ import annotations

import zlib

import numpy as np

from lossexp.base.errors import InputError


def check_seed(seed: object) -> None:
    """Raises InputError unless `seed` is a whole number from 0 up."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed={seed} is not a whole number from 0 up. Set seed=0, seed=1, ...")


def derive(seed: int, stream: str) -> int:
    """A 31-bit seed for the named stream (`"weights"`, `"order"`, ...), a pure function of both."""
    check_seed(seed)
    return int(np.random.SeedSequence([seed, zlib.crc32(stream.encode())]).generate_state(1)[0] >> 1)
