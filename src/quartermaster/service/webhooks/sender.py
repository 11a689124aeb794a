"""Telling webhooks what happened: each in the order of events, one sender at a time, at least once.

What is to be sent is in the store, not here. A look takes the webhooks that are due; each is held while it is told, so
that another process over the same database tells others meanwhile.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from quartermaster.service.order_calls import event_entry
from quartermaster.service.webhooks.post import GONE, Outcome, Post, post
from quartermaster.service.webhooks.secrets import digest, secret_of
from quartermaster.service.webhooks.settings import WebhookSettings
from quartermaster.service.webhooks.signature import signed_headers
from quartermaster.store import Store
from quartermaster.store.events import Event
from quartermaster.store.instants import SECOND
from quartermaster.store.webhooks import (
    DISABLED,
    Webhook,
    due_webhooks,
    events_for,
    hold_webhook,
    let_go,
    put_off,
    told,
)

LOG = logging.getLogger("quartermaster.webhooks")
HELD_ATTEMPTS = 3
"""A webhook is held for the time of so many attempts."""
NO_SECRET = "the key of this service does not give the secret of this webhook"  # noqa: S105 (a sentence)


class Sender:
    """Tells webhooks of events.

    Parameters
    ----------
    store
        The store.
    settings
        Where, how often, how long.
    key
        From which secrets are derived.
    send
        Sends one event once; None = over the network.
    clock
        The instant of an attempt, seconds since 1970.
    chance
        From 0 to 1.
    """

    def __init__(
        self,
        store: Store,
        settings: WebhookSettings,
        key: bytes,
        *,
        send: Post | None = None,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._settings, self._key = store, settings, key
        self._send = send or partial(post, settings=settings)
        self._clock, self._chance = clock, chance
        self._lifetime = round(HELD_ATTEMPTS * settings.attempt_seconds * SECOND)
        self._pool = ThreadPoolExecutor(settings.senders, thread_name_prefix="quartermaster-webhook")
        self._busy: set[tuple[str, str]] = set()
        self._guard = threading.Lock()
        self._ended = threading.Event()

    def look(self) -> None:
        """Begin to tell every webhook that is due and is not being told; does not wait for it."""
        with self._store.read() as transaction:
            due = [(one.scope_id, one.webhook_id) for one in due_webhooks(transaction)]
        for place in due:
            with self._guard:
                if place in self._busy or self._ended.is_set():
                    continue
                self._busy.add(place)
            self._pool.submit(self._work, place)

    def stop(self) -> None:
        """End after the attempts that are under way."""
        self._ended.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def tell(self, scope_id: str, webhook_id: str) -> int:
        """Tell a webhook what it does not know yet, until it fails; return how many events it has taken.

        Parameters
        ----------
        scope_id, webhook_id
            Which.
        """
        hold = partial(hold_webhook, scope_id=scope_id, webhook_id=webhook_id, lifetime=self._lifetime)
        held, taken = self._store.transact(hold), 0
        while held is not None and not self._ended.is_set():
            events = self._store.transact(partial(events_for, held=held, limit=self._settings.batch))
            of_these, whole = self._tell_all(held, events)
            taken += of_these
            if not whole or len(events) < self._settings.batch:
                break
            held = replace(held, after=events[-1].sequence)
        if held is not None:
            self._store.transact(partial(let_go, held=held))
        return taken

    def _work(self, place: tuple[str, str]) -> None:
        try:
            self.tell(*place)
        except Exception:
            LOG.warning("a webhook could not be told", extra=_place(*place), exc_info=True)
        finally:
            with self._guard:
                self._busy.discard(place)

    def _tell_all(self, held: Webhook, events: Sequence[Event]) -> tuple[int, bool]:
        """Tell events in their order; return how many were taken, and whether it came to the last."""
        taken = 0
        for event in events:
            if self._ended.is_set():
                return taken, False
            if not held.types or event.type in held.types:
                outcome = self._attempt(held, event)
                if not outcome.taken:
                    self._put_off(held, event, outcome)
                    return taken, False
                taken += 1
            elif event is not events[-1]:
                continue  # the cursor passes it with the next one
            if not self._store.transact(partial(told, held=held, sequence=event.sequence, lifetime=self._lifetime)):
                LOG.warning("webhook is held by another sender", extra=_place(held.scope_id, held.webhook_id))
                return taken, False
        return taken, True

    def _attempt(self, held: Webhook, event: Event) -> Outcome:
        secret = secret_of(self._key, held.scope_id, held.webhook_id, held.salt)
        if digest(secret) != held.secret_sha256:
            return Outcome(None, NO_SECRET)
        body = body_of(held.scope_id, event)
        headers = signed_headers(secret, event.event_id, int(self._clock()), body)
        began = time.perf_counter()
        outcome = self._send(held.url, body, headers)
        if outcome.taken:
            seconds = round(time.perf_counter() - began, 4)
            LOG.info("webhook told", extra={**_named(held, event, outcome), "seconds": seconds})
        return outcome

    def _put_off(self, held: Webhook, event: Event, outcome: Outcome) -> None:
        give_up = 0 if outcome.status == GONE else round(self._settings.give_up_seconds * SECOND)
        put = partial(put_off, held=held, failure=outcome.failure, delay=self._delay, give_up=give_up)
        done = self._store.transact(put)
        if done is None:
            LOG.warning("webhook is held by another sender", extra=_place(held.scope_id, held.webhook_id))
            return
        facts = {**_named(held, event, outcome), "failure": outcome.failure, "failures": done.failures}
        if done.state == DISABLED:
            LOG.error("webhook disabled", extra=facts)
        else:
            LOG.warning("webhook failed", extra=facts)

    def _delay(self, failures: int) -> int:
        """Return the microseconds to wait after so many failures before this one."""
        settings = self._settings
        longest = min(settings.first_delay_seconds * 2.0 ** min(failures, 60), settings.longest_delay_seconds)
        return round(longest * (1 - self._chance() / 2) * SECOND)


def body_of(scope_id: str, event: Event) -> bytes:
    """Write what is sent of an event: the same bytes in each attempt.

    Parameters
    ----------
    scope_id
        Where it happened.
    event
        The event.
    """
    document = {"scope_id": scope_id, **event_entry(event)}
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _place(scope_id: str, webhook_id: str) -> dict[str, object]:
    return {"scope_id": scope_id, "webhook_id": webhook_id}


def _named(held: Webhook, event: Event, outcome: Outcome) -> dict[str, object]:
    """Return what the log says of an attempt: the host, since a URL may hold what only its owner is to know."""
    return {
        **_place(held.scope_id, held.webhook_id),
        "host": urlsplit(held.url).hostname,
        "event_id": event.event_id,
        "sequence": event.sequence,
        "status": outcome.status,
    }
