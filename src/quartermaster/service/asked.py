"""What calls are asked and what they answer, without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quartermaster.store.database import Transaction
from quartermaster.store.keys import Key


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call answers.

    Parameters
    ----------
    document
        JSON values.
    status
        HTTP status.
    """

    document: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call is asked.

    Parameters
    ----------
    key
        Who asks.
    scope_id
        Where.
    document
        The body, parsed, or as the route reads it; the path of a folder where files came; None without one.
    parameters
        Of the query.
    path
        Of the address.
    """

    key: Key
    scope_id: str
    document: Any
    parameters: Mapping[str, str]
    path: str


class ReadAgain(Exception):  # noqa: N818 - it is no error of anybody: what was read is out of date
    """What a call was asked is out of date: nothing of it happens, and it is read and called again.

    Parameters
    ----------
    detail
        What is told where that is so each time.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


Call = Callable[[Transaction, Asked], Answered]
"""A call: it may read and write in its transaction, and does nothing else."""
Reading = Callable[[Asked], Any]
"""Reads what is long to read before the transaction, for which others wait."""
