"""Lists that are too long to be named by one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

Name = TypeVar("Name")

MOST_NAMED = 500
"""What one statement names, at the most."""


def in_chunks(named: Sequence[Name]) -> Iterator[Sequence[Name]]:
    """Cut a list into parts that one statement can name.

    Parameters
    ----------
    named
        The list.
    """
    return (named[at : at + MOST_NAMED] for at in range(0, len(named), MOST_NAMED))
