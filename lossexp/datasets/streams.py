"""Independent random streams derived from one experiment seed.

Every use of randomness has a name ("split", "order", ...). Its stream depends on the seed and that name
only, so that drawing more numbers for one use, or adding a new use, changes nothing elsewhere.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from lossexp.errors import InputError


def seed_sequence(seed: int, *keys: str | int) -> np.random.SeedSequence:
    """The source of entropy of one stream: `seed` with `keys` as its NumPy spawn key.

    Strings count as their CRC-32, integers (an epoch, a step) as themselves; both must fit 32 bits, as a
    word of the spawn key does. `SeedSequence` and the bit generators promise the same numbers in every
    NumPy version.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed={seed!r} is not a whole number from 0 up. Set seed=0, seed=1, ...")
    words = tuple(crc32(key.encode()) if isinstance(key, str) else int(key) for key in keys)
    return np.random.SeedSequence(int(seed), spawn_key=words)


def random_state(seed: int, *keys: str | int) -> np.random.RandomState:
    """The stream as what scikit-learn takes for `random_state`."""
    return np.random.RandomState(np.random.MT19937(seed_sequence(seed, *keys)))
