"""What ids and free texts may hold. Ids are compared and kept byte for byte; nothing is trimmed or folded."""

from __future__ import annotations

import re

from quartermaster.io.limits import MAX_CELL

MAX_ID = 128
"""Longest id, in characters."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_BAD_IN_ID = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff{_BIDI}]")
_ORDINARY_ID = re.compile(r"[A-Za-z0-9_.:/](?:[A-Za-z0-9_.:/ \-]{0,126}[A-Za-z0-9_.:/\-])?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FORMULA_SIGNS = "=+-@"


class Refused(Exception):  # noqa: N818 - an answer to one cell, turned into a Problem by whoever knows its place
    """One value is not allowed.

    Parameters
    ----------
    code, detail
        As in `quartermaster.errors.Problem`.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def check_id(text: str) -> str:
    """Return an id unchanged if it is one.

    Parameters
    ----------
    text
        The id.

    Raises
    ------
    Refused
        If it is empty, longer than 128 characters, begins or ends with a blank, begins with ``=``, ``+``, ``-`` or
        ``@``, or holds control or bidirectional characters.
    """
    if _ORDINARY_ID.fullmatch(text):
        return text
    if "\x00" in text or _SURROGATE.search(text):
        raise Refused("text_not_allowed", "must not hold NUL or half a surrogate pair")
    if not text.strip():
        raise Refused("id_format", "must be a text of 1 to 128 characters, not only blanks")
    if len(text) > MAX_ID:
        raise Refused("id_format", f"must have at most {MAX_ID} characters, has {len(text)}")
    if text != text.strip():
        raise Refused("id_format", "must not begin or end with a blank")
    if text[0] in _FORMULA_SIGNS:
        raise Refused("id_format", "must not begin with =, +, - or @")
    if _BAD_IN_ID.search(text):
        raise Refused("id_format", "must not hold control or text-direction characters")
    return text


def check_text(text: str) -> str:
    """Return a free text unchanged if it is allowed.

    Parameters
    ----------
    text
        The text; any characters but newlines and halves of surrogate pairs, at most 32 768.

    Raises
    ------
    Refused
        If it is not allowed.
    """
    if "\n" in text or _SURROGATE.search(text):
        raise Refused("text_not_allowed", "must not hold a newline or half a surrogate pair")
    if len(text) > MAX_CELL:
        raise Refused("text_not_allowed", f"must have at most {MAX_CELL} characters, has {len(text)}")
    return text


def check_list(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list of texts unchanged if each is allowed in a list.

    Parameters
    ----------
    texts
        The texts.

    Raises
    ------
    Refused
        If one is empty, holds a semicolon (which separates them in CSV), or is no allowed text.
    """
    for text in texts:
        if not text or ";" in text:
            raise Refused("list_format", "must be texts separated by single semicolons, none of them empty")
        check_text(text)
    return texts


_GUARDED = re.compile("'*[=+\\-@\t\r\x00]")
_RESTORABLE = re.compile("'+[=+\\-@\t\r\x00]")


def guarded(text: str) -> str:
    """Prefix ``'`` to a text that a spreadsheet would run as a formula (OWASP ASVS 1.2.10).

    Parameters
    ----------
    text
        Text of a CSV cell.
    """
    return "'" + text if _GUARDED.match(text) else text


def restored(text: str) -> str:
    """Undo `guarded`.

    Parameters
    ----------
    text
        Text of a CSV cell as read.
    """
    return text[1:] if _RESTORABLE.match(text) else text
