"""Strict JSON: what the standard library lets pass is refused here, each with its code and place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from math import isinf
from typing import Any

import numpy as np

from quartermaster.errors import InputError, Problem
from quartermaster.io.files import decode
from quartermaster.io.findings import shown
from quartermaster.io.limits import MAX_JSON_DEPTH

MAX_INTEGER_DIGITS = 18
"""Longest integer; no column holds more."""
MAX_EXPONENT = 308
"""Largest power of ten of a number, which must be one that floats have, too."""
MAX_LITERAL_DIGITS = 4_300
"""Longest number at all; longer ones are noise, not numbers."""

_BLOCK = 2**16
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Flaw:
    """Stands in the parsed document where a value is refused, until its pointer is known."""

    __slots__ = ("code", "detail", "text")

    def __init__(self, code: str, detail: str, text: str) -> None:
        self.code = code
        self.detail = detail
        self.text = text


class _Object(dict[str, Any]):
    """An object with a key twice."""

    repeated: tuple[str, ...] = ()


def parse_document(data: bytes) -> Any:
    """Parse a JSON document; fractions and exponents become Decimal, exactly as written.

    Parameters
    ----------
    data
        UTF-8, with or without byte order mark.

    Returns
    -------
    object
        dict, list, str, int, Decimal, bool or None.

    Raises
    ------
    InputError
        If it is not UTF-8 or JSON, is nested more than 20 deep, repeats a key, holds NaN or Infinity, a number
        beyond 18 integer digits or what a float holds, or half a surrogate pair; carries every problem.
    """
    if not data.strip():
        raise InputError([Problem("missing_field", "the document is empty")])
    text = decode(data, "")
    _check_depth(data)
    flaws: list[_Flaw | _Object] = []
    try:
        document = json.loads(
            text,
            parse_float=lambda literal: _fraction(literal, flaws),
            parse_int=lambda literal: _integer(literal, flaws),
            parse_constant=lambda literal: _nonfinite(literal, flaws),
            object_pairs_hook=lambda pairs: _mapping(pairs, flaws),
        )
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode("utf-8", "surrogatepass"))
        raise InputError([Problem("json_syntax", f"is not JSON at byte {offset}: {error.msg}")]) from None
    except _LiteralError:
        raise InputError([Problem("json_syntax", f"holds a number of over {MAX_LITERAL_DIGITS} digits")]) from None
    except RecursionError:
        raise InputError([_too_deep()]) from None
    surrogates = _SURROGATE_ESCAPE.search(data) is not None
    if flaws or surrogates:
        problems = list(_problems(document, ""))
        if problems:
            raise InputError(problems)
    return document


class _LiteralError(Exception):
    """A number literal no parser should be asked to read."""


def _fraction(literal: str, flaws: list[_Flaw | _Object]) -> Any:
    if len(literal) > MAX_LITERAL_DIGITS:
        raise _LiteralError
    try:
        number = Decimal(literal)
    except InvalidOperation:  # an exponent beyond what Decimal holds
        number = Decimal("inf")
    places = number.adjusted() if number.is_finite() else MAX_EXPONENT + 1
    if abs(places) > MAX_EXPONENT or (places == MAX_EXPONENT and isinf(float(number))):
        if number == 0 and number.is_finite():
            return Decimal(0)
        return _flaw(
            "number_out_of_range", f"must be a number of a float's range, up to 1.7e{MAX_EXPONENT}", literal, flaws
        )
    return number


def _integer(literal: str, flaws: list[_Flaw | _Object]) -> Any:
    if len(literal) > MAX_LITERAL_DIGITS:
        raise _LiteralError
    if len(literal) - literal.startswith("-") > MAX_INTEGER_DIGITS:
        return _flaw(
            "number_out_of_range", f"must be a whole number of at most {MAX_INTEGER_DIGITS} digits", literal, flaws
        )
    return int(literal)


def _nonfinite(literal: str, flaws: list[_Flaw | _Object]) -> Any:
    return _flaw("json_nonfinite", "NaN and Infinity are not JSON numbers", literal, flaws)


def _flaw(code: str, detail: str, text: str, flaws: list[_Flaw | _Object]) -> _Flaw:
    flaw = _Flaw(code, detail, text)
    flaws.append(flaw)
    return flaw


def _mapping(pairs: list[tuple[str, Any]], flaws: list[_Flaw | _Object]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) == len(pairs):
        return mapping
    held = _Object(mapping)
    seen: set[str] = set()
    held.repeated = tuple(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    flaws.append(held)
    return held


def pointer_part(key: str) -> str:
    """Escape one key for a JSON pointer (RFC 6901).

    Parameters
    ----------
    key
        The key.
    """
    return key.replace("~", "~0").replace("/", "~1")


def _problems(value: Any, pointer: str) -> Iterator[Problem]:
    """Walk a document (at most 20 deep) for flaws."""
    if isinstance(value, _Flaw):
        yield Problem(value.code, value.detail, pointer=pointer, value=shown(value.text))
    elif isinstance(value, str):
        if _SURROGATE.search(value):
            detail = "holds half a surrogate pair"
            yield Problem("encoding", detail, pointer=pointer, value=shown(value))
    elif isinstance(value, dict):
        if isinstance(value, _Object):
            for key in value.repeated:
                place = f"{pointer}/{pointer_part(shown(key))}"
                yield Problem("json_duplicate_key", "stands twice in its object", pointer=place, value=shown(key))
        for key, inner in value.items():
            place = f"{pointer}/{pointer_part(shown(key))}"
            if _SURROGATE.search(key):
                yield Problem("encoding", "the key holds half a surrogate pair", pointer=place, value=shown(key))
            yield from _problems(inner, place)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _problems(inner, f"{pointer}/{number}")


def _too_deep() -> Problem:
    return Problem("json_too_deep", f"must be nested at most {MAX_JSON_DEPTH} deep")


def _check_depth(data: bytes) -> None:
    """Measure the nesting before parsing: a parser would have to recurse first."""
    inside, depth = 0, 0
    for text in _unescaped(data):
        block = np.frombuffer(text, dtype=np.uint8)
        quotes = np.cumsum(block == ord('"'), dtype=np.int32) + inside
        outside = quotes % 2 == 0
        opened = ((block == ord("[")) | (block == ord("{"))) & outside
        closed = ((block == ord("]")) | (block == ord("}"))) & outside
        depths = depth + np.cumsum(opened.astype(np.int32) - closed.astype(np.int32))
        if int(depths.max()) > MAX_JSON_DEPTH:
            raise InputError([_too_deep()])
        inside, depth = int(quotes[-1]) % 2, int(depths[-1])


def _unescaped(data: bytes) -> Iterator[bytes]:
    """Cut a document into blocks without escapes: all of it at once would keep every other thread waiting."""
    escaping = b"\\" in data
    start = 0
    while start < len(data):
        block = data[start : start + _BLOCK]
        start += _BLOCK
        if escaping and b"\\" in block:
            if (len(block) - len(block.rstrip(b"\\"))) % 2:  # what it escapes stands in the next block
                block += data[start : start + 1]
                start += 1
            block = _ESCAPE.sub(b"__", block)
        yield block
