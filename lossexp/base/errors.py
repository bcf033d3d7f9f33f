"""The one exception for bad input, and the hint for a mistyped word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something the user gave cannot work; the message says what, where it was set and what would work.

    The command line prints the message as one paragraph, without a traceback.
    """


def did_you_mean(word: str, words: Iterable[str], cutoff: float = 0.5) -> str:
    """`"Did you mean focal? "`, with up to three near matches of `word`; empty where there is none."""
    near = difflib.get_close_matches(word, words, n=3, cutoff=cutoff)
    return f"Did you mean {' or '.join(near)}? " if near else ""
