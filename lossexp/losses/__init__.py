"""Losses: every one a `keras.losses.Loss` on raw outputs; the contract is `loss.Loss`.

The names are those of `public`.
"""

import importlib
import sys

# Python imports a package before it runs `python -m package`, and sys.argv[0] is "-m" meanwhile. Then nothing
# is imported yet, so that `--help` need not wait for TensorFlow.
if sys.argv[:1] == ["-m"] and __name__ in sys.orig_argv:
    __all__: list[str] = []
else:
    from lossexp.losses.public import *  # noqa: F403
    from lossexp.losses.public import __all__  # noqa: F401


def __getattr__(name: str):
    """Names that were not imported above."""
    if not name.startswith("__"):
        public = importlib.import_module("lossexp.losses.public")
        if name in public.__all__:
            return getattr(public, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
