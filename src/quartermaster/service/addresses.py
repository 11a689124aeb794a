"""Addresses: each segment of a path is decoded by itself, so that an id may hold a slash, or look like a path.

Servers decode a path as a whole, and `a%2Fb` would be two segments. Here slashes and percent signs within a segment
stay encoded until its route is found; then the segment is decoded, once.
"""

from __future__ import annotations

from urllib.parse import quote, unquote, unquote_to_bytes

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Scope


class _Id(Convertor[str]):
    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return unquote(value)

    def to_string(self, value: str) -> str:
        return quote(value, safe="")


def register_ids() -> None:
    """Let routes say of a segment that it is an id: `/orders/{order_id:id}`."""
    register_url_convertor("id", _Id())


def routed_path(scope: Scope) -> str:
    """Return the path by which a route is found.

    Parameters
    ----------
    scope
        Of the request.

    Raises
    ------
    UnicodeDecodeError
        If a segment is not UTF-8.
    """
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    segments = (unquote_to_bytes(segment).decode() for segment in raw.split(b"/"))
    return "/".join(segment.replace("%", "%25").replace("/", "%2F") for segment in segments)
