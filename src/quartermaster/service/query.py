"""Parameters of the query: each is read by its kind, and told of like any other input where it is not of it."""

from __future__ import annotations

from quartermaster.errors import InputError, Problem
from quartermaster.io.findings import shown
from quartermaster.service.desk import Asked


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
    text = asked.parameters.get(name, "false")
    if text not in ("true", "false"):
        raise _wrong("choice", "must be true or false", name, text)
    return text == "true"


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


def _wrong(code: str, detail: str, name: str, text: str) -> InputError:
    return InputError([Problem(code, detail, pointer=f"?{name}", value=shown(text))])
