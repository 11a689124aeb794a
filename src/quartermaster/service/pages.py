"""Pages of lists: so many rows, and a signed cursor that says where the next page begins.

A cursor holds the place of the last row that was answered, so pages stay whole while rows come and go. It is signed,
with a key that the database holds, for one list of one scope: another list's, or one that was changed, is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.query import whole
from quartermaster.store import Store
from quartermaster.store.secret import secret_of

if TYPE_CHECKING:
    from quartermaster.service.asked import Asked

ROWS, MOST_ROWS = 1_000, 10_000
"""Rows of a page, where nothing is said and at the most."""
_SIGNATURE = 16
"""Bytes of a signature."""


class Cursors:
    """Signs and reads cursors.

    Parameters
    ----------
    store
        The database that holds the key.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key = b""

    def load(self) -> None:
        """Read the key, once; not while a transaction is under way in this thread."""
        if not self._key:
            self._key = secret_of(self._store, "cursors")

    def written(self, asked: Asked, place: Sequence[Any]) -> str:
        """Write a cursor.

        Parameters
        ----------
        asked
            The request whose next page it is of.
        place
            Of the last row answered, as JSON values.
        """
        content = json.dumps(place, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._signature(asked, content) + content).decode().rstrip("=")

    def read(self, asked: Asked) -> list[Any] | None:
        """Read the cursor of a request; None where it has none.

        Parameters
        ----------
        asked
            The request.

        Raises
        ------
        RequestRefused
            400 ``cursor`` for one that was not given out for this list.
        """
        given = asked.parameters.get("cursor")
        if given is None:
            return None
        try:
            held = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            held = b""
        content = held[_SIGNATURE:]
        # the text too: other texts than the one that was given out may stand for the same bytes
        genuine = hmac.compare_digest(held[:_SIGNATURE], self._signature(asked, content))
        if not genuine or self.written(asked, json.loads(content)) != given:
            raise RequestRefused("cursor", "the cursor is not one that was given out for this list")
        place: list[Any] = json.loads(content)
        return place

    def _signature(self, asked: Asked, content: bytes) -> bytes:
        filters = {name: text for name, text in asked.parameters.items() if name not in ("cursor", "limit")}
        of = json.dumps([asked.path, sorted(filters.items())]).encode()
        return hmac.digest(self._key, of + b"\n" + content, hashlib.sha256)[:_SIGNATURE]


def limit_of(asked: Asked, otherwise: int = ROWS, most: int = MOST_ROWS) -> int:
    """Read how many rows a page may have.

    Parameters
    ----------
    asked
        The request.
    otherwise, most
        Where nothing is said, and at the most.

    Raises
    ------
    InputError
        ``out_of_range``.
    """
    return whole(asked, "limit", otherwise, most, least=1)
