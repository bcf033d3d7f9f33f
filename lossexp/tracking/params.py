"""Nested configuration to flat MLflow parameters: strings under legal keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lossexp.base.names import legal_name
from lossexp.tracking.uri import without_password

LONGEST = 6000


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"loss": {"gamma": 2.0}}` to `{"loss.gamma": 2.0}`; lists stay values, empty mappings vanish."""
    flat: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def as_params(params: Mapping[str, Any]) -> dict[str, str]:
    """Flat parameters as MLflow stores them: numbers as numbers ("2.0", "3"), lists as JSON, None not at all, as a
    word among numbers would take the parameter out of MLflow's contour plots.

    A value above 6000 characters is cut and says so (MLflow would cut it silently); passwords in URIs are
    left out.
    """
    known = {key: value for key, value in flatten(params).items() if value is not None}
    return {legal_name(key): _cut(without_password(_text(value))) for key, value in known.items()}


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return json.dumps(value, default=str)
    return str(value)


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    note = f"... [cut: {len(text)} characters in all]"
    return text[: LONGEST - len(note)] + note
