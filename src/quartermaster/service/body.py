"""Reading a request body: refused early, capped while it streams, never waited for without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from email.message import Message

from starlette.requests import Request

from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.settings import ServiceSettings

JSON_TYPE = "application/json"
"""The content type that every body may have."""
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def check_headers(request: Request, settings: ServiceSettings, types: tuple[str, ...] = (JSON_TYPE,)) -> str:
    """Refuse what its headers already rule out, before a byte of the body is read; return the content type.

    Parameters
    ----------
    request
        The request.
    settings
        Limits.
    types
        Content types that the route takes.

    Raises
    ------
    RequestRefused
        415 for another content type, charset or any content encoding; 413 for a declared length above the cap.
    """
    told = Message()
    told["content-type"] = request.headers.get("content-type", "")
    (media, _), *parameters = told.get_params([("", "")])
    media = media.strip().lower()
    if media not in types:
        raise RequestRefused("media_type", f"Content-Type must be {' or '.join(types)}")
    charsets = [value for name, value in parameters if name.strip().lower() == "charset"]
    if any(str(charset).strip().lower() not in ("utf-8", "utf8") for charset in charsets):
        raise RequestRefused("media_type", "charset must be utf-8")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise RequestRefused("content_encoding", "Content-Encoding is not supported; send the body as it is")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > settings.max_body_bytes:
        raise _too_large(settings)
    return media


async def read_body(request: Request, settings: ServiceSettings) -> bytes:
    """Read the body, at most `max_body_bytes` of it and for at most `body_timeout_seconds`.

    Parameters
    ----------
    request
        The request.
    settings
        Limits.

    Raises
    ------
    RequestRefused
        413 as soon as the body passes its cap, 408 when it comes too slowly, 415 when it is UTF-16.
    """
    async with in_time(settings):
        body = b"".join([chunk async for chunk in chunks(request, settings)])
    if body[:2] in _UTF16_MARKS:
        raise RequestRefused("utf16", "the body must be UTF-8, not UTF-16")
    return body


async def chunks(request: Request, settings: ServiceSettings) -> AsyncGenerator[bytes, None]:
    """Yield the body as it arrives, at most `max_body_bytes` of it.

    Parameters
    ----------
    request
        The request.
    settings
        Limits.

    Raises
    ------
    RequestRefused
        413 as soon as the body passes its cap.
    """
    held = 0
    async for chunk in request.stream():
        held += len(chunk)
        if held > settings.max_body_bytes:
            raise _too_large(settings)
        yield chunk


@asynccontextmanager
async def in_time(settings: ServiceSettings) -> AsyncIterator[None]:
    """Give up on a body that does not arrive within `body_timeout_seconds`.

    Parameters
    ----------
    settings
        Limits.

    Raises
    ------
    RequestRefused
        408.
    """
    try:
        async with asyncio.timeout(settings.body_timeout_seconds):
            yield
    except TimeoutError:
        limit = f"{settings.body_timeout_seconds:g}"
        raise RequestRefused("timeout", f"the body must arrive within {limit} seconds", _CLOSE) from None


_CLOSE = {"Connection": "close"}
"""The rest of a refused body is not read, so the connection cannot serve another request."""


def _too_large(settings: ServiceSettings) -> RequestRefused:
    return RequestRefused("too_large", f"the body must be at most {settings.max_body_bytes} bytes", _CLOSE)
