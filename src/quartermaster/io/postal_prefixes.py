"""Whether a text can begin a postal code: the patterns of whole codes, turned into patterns of their beginnings."""

from __future__ import annotations

import re
from functools import cache

from quartermaster.io.iso import ANY_POSTAL, POSTAL_PATTERNS

_PIECE = re.compile(r"(\[[^\]]+\]|[^][(){}?])(?:(\?)|\{([0-9]+)(?:,([0-9]+))?\})?")
"""One character or class with how often it stands: once, ``?``, ``{m}`` or ``{m,n}``."""


def begins_postal_code(prefix: str, country: str) -> bool:
    """Tell whether some postal code of a country's pattern begins with a text; it need not be in use.

    Parameters
    ----------
    prefix
        The text; an empty one begins every code.
    country
        ISO 3166-1 alpha-2 code.
    """
    return _beginnings(POSTAL_PATTERNS.get(country, ANY_POSTAL).pattern).fullmatch(prefix) is not None


@cache
def _beginnings(pattern: str) -> re.Pattern[str]:
    """Turn the pattern of whole codes into that of what they begin with.

    ``ab?c`` becomes ``(ab?(c)?)?``. A group that may be absent only ever ends a pattern, and what begins the longer
    code includes what begins the shorter one, so the group is read as if it were there.
    """
    nested = ""
    for piece, maybe, least, most in reversed(_PIECE.findall(pattern.replace("(", "").replace(")?", ""))):
        required = 0 if maybe else int(least or 1)
        nested = f"{piece}{{0,{int(most or least or 1) - required}}}{nested}"
        for _ in range(required):
            nested = f"(?:{piece}{nested})?"
    return re.compile(nested)
