"""Clients of a service that may be killed under them: what they asked, under which key, and what they were told."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Reply = tuple[int, bytes]


@dataclass(slots=True, eq=False)
class Claim:
    """A call that was sent, and its reply; None while nothing has come."""

    kind: str
    method: str
    path: str
    body: Any
    key: str
    reply: Reply | None = None

    @property
    def told(self) -> Any:
        """What the reply says."""
        return json.loads(self.reply[1]) if self.reply else None

    @property
    def done(self) -> bool:
        """Whether it was accepted."""
        return self.reply is not None and self.reply[0] < 300


@dataclass(eq=False)
class Client:
    """Somebody who places orders, holds units, has plans made and changes their mind.

    `order` is a document that each order is a copy of, with an id of its own.
    """

    number: int
    secret: str
    scope: str
    order: dict[str, Any]
    lines: list[dict[str, Any]]
    seed: int
    claims: list[Claim] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed * 1_000 + self.number)
        self._names = itertools.count()

    def work(self, address: str, stop: threading.Event) -> None:
        """Call until the service has gone, or it is enough."""
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
        while not stop.is_set():
            claim = self._next()
            self.claims.append(claim)
            try:
                claim.reply = self.send(connection, claim)
            except (OSError, http.client.HTTPException):
                return
            if claim.reply[0] not in (200, 201, 202, 409, 503):
                self.faults.append(f"{claim.method} {claim.path}: {claim.reply}")

    def send(self, connection: http.client.HTTPConnection, claim: Claim) -> Reply:
        """Send a call, be it for the first time or again."""
        content = None if claim.body is None else json.dumps(claim.body)
        headers = {
            "authorization": f"Bearer {self.secret}",
            "content-type": "application/json",
            "idempotency-key": claim.key,
        }
        connection.request(claim.method, f"/v1/scopes/{self.scope}{claim.path}", content, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _next(self) -> Claim:
        name = f"{self.number}-{next(self._names)}"
        kinds = {
            "orders": 4,
            "reserve": 3,
            "route": 3,
            "commit": 2,
            "release": 1,
            "extend": 1,
            "feed": 1,
            "plan": 1,
            "cancel": 1,
        }
        kind = self._draw.choices(list(kinds), list(kinds.values()))[0]
        call = getattr(self, f"_{kind}")(name)
        if call is None:  # there is nothing yet that it could be done to
            kind, call = "orders", self._orders(name)
        return Claim(kind, *call, key=f"key {name}")

    def _orders(self, name: str) -> Any:
        return "POST", "/orders", {"orders": [{**self.order, "order_id": f"{name}-{part}"} for part in (1, 2)]}

    def _reserve(self, name: str) -> Any:
        return "POST", "/reservations", {"lines": self.lines, "order_id": f"reserved {name}"}

    def _route(self, name: str) -> Any:
        return "POST", "/route", {"order": {**self.order, "order_id": f"routed {name}"}, "reserve": True}

    def _commit(self, name: str) -> Any:
        return self._of_held("commit")

    def _release(self, name: str) -> Any:
        return self._of_held("release")

    def _extend(self, name: str) -> Any:
        return self._of_held("extend", {"lifetime_seconds": 3600})

    def _of_held(self, what: str, body: Any = None) -> Any:
        held = [one.told["reservation_id"] for one in self.claims if one.kind == "reserve" and one.done]
        return ("POST", f"/reservations/{self._draw.choice(held)}/{what}", body) if held else None

    def _feed(self, name: str) -> Any:
        row = {**{key: self.lines[0][key] for key in ("node_id", "sku")}, "on_hand": 1_000_000}
        return "POST", "/inventory", {"kind": "full", "as_of": datetime.now(UTC).isoformat(), "rows": [row]}

    def _plan(self, name: str) -> Any:
        return "POST", "/plans", {"policy": {"strategy": "cheapest"}, "commit": True, "report": False}

    def _cancel(self, name: str) -> Any:
        put = [one["order_id"] for claim in self.accepted("orders") for one in claim.told["orders"]]
        return ("DELETE", f"/orders/{self._draw.choice(put)}", None) if put else None

    def accepted(self, kind: str) -> Iterator[Claim]:
        """The calls of a kind that were accepted."""
        return (claim for claim in self.claims if claim.kind == kind and claim.done)
