"""Parameters of the query: each is read by its kind, and told of like any other input where it is not of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quartermaster.errors import InputError, Problem
from quartermaster.io.findings import shown
from quartermaster.io.raw import unknown_name

if TYPE_CHECKING:
    from quartermaster.service.asked import Asked


def whole(asked: Asked, name: str, otherwise: int, most: int, least: int = 0) -> int:
    """Read a whole number of the query.

    Parameters
    ----------
    asked
        The request.
    name
        Of the parameter.
    otherwise
        Its value where it is not given.
    most, least
        Its range.

    Raises
    ------
    InputError
        ``out_of_range``.
    """
    text = asked.parameters.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and least <= int(text) <= most):
        raise _wrong("out_of_range", f"must be a whole number from {least} to {most}", name, text)
    return int(text)


def flag(asked: Asked, name: str) -> bool:
    """Read a parameter that is true or false; false where it is not given.

    Parameters
    ----------
    asked, name
        As in `whole`.

    Raises
    ------
    InputError
        ``choice``.
    """
    return one_of(asked, name, ("true", "false")) == "true"


def one_of(asked: Asked, name: str, known: Sequence[str]) -> str | None:
    """Read one of a few words; None where it is not given.

    Parameters
    ----------
    asked, name
        As in `whole`.
    known
        The words.

    Raises
    ------
    InputError
        ``choice``.
    """
    text = asked.parameters.get(name)
    if text is not None and text not in known:
        raise _wrong("choice", f"must be {' or '.join(known)}", name, text)
    return text


def words(asked: Asked, name: str) -> str | None:
    """Read a text of the query; None where it is not given.

    Parameters
    ----------
    asked, name
        As in `whole`.

    Raises
    ------
    InputError
        ``text_not_allowed`` where it holds NUL, which no id does and PostgreSQL does not take.
    """
    text = asked.parameters.get(name)
    if text is not None and "\x00" in text:
        raise _wrong("text_not_allowed", "must not hold NUL", name, text)
    return text


def check_known(asked: Asked, known: Sequence[str]) -> None:
    """See that the query has no parameter that its route does not take.

    Parameters
    ----------
    asked
        The request.
    known
        What the route takes.

    Raises
    ------
    InputError
        ``unknown_field``.
    """
    problems = [
        Problem("unknown_field", unknown_name(name, known) if known else "is not known", pointer=f"?{shown(name)}")
        for name in asked.parameters
        if name not in known
    ]
    if problems:
        raise InputError(problems)


def _wrong(code: str, detail: str, name: str, text: str) -> InputError:
    return InputError([Problem(code, detail, pointer=f"?{name}", value=shown(text))])
