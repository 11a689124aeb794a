"""JSON written as it was read: no number passes through a float."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def exact_json(document: Any) -> str:
    """Write a document that was parsed, its keys sorted: each number has the digits that it came with.

    Parameters
    ----------
    document
        From `parse_document`: nested at most 20 deep.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    try:
        return _written(document)
    except TypeError:  # a Decimal, of which the standard library knows nothing
        return _by_parts(document)


def _by_parts(value: Any) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("a number that is not finite is no JSON")
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_written(key)}: {_by_parts(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_by_parts, value)) + "]"
    return _written(value)


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
