"""One attempt to send one event: to the address that was checked, without redirects, and within its time."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

import anyio
import httpx

from quartermaster.service.webhooks.settings import WebhookSettings
from quartermaster.service.webhooks.targets import Resolve, TargetRefused, address_of, resolve_by_system, target_of

GONE = 410
"""Status by which a receiver says that it wants no more (Standard Webhooks)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt.

    Parameters
    ----------
    status
        What was answered; None where nothing was.
    failure
        Why the event was not taken, in words; empty where it was.
    """

    status: int | None
    failure: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver has the event."""
        return not self.failure


Post = Callable[[str, bytes, Mapping[str, str]], Outcome]
"""Sends a body with headers to a URL."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    settings: WebhookSettings,
    resolve: Resolve = resolve_by_system,
    trust: ssl.SSLContext | None = None,
) -> Outcome:
    """Send an event once; never raises.

    Parameters
    ----------
    url, body, headers
        Where, what, with what besides.
    settings
        Where it may go, and how long it may take in all.
    resolve
        Looks up addresses.
    trust
        Whose certificates are believed; None = the public ones, or those that the environment names
        (``SSL_CERT_FILE``).
    """
    attempt = partial(_attempt, url, body, headers, settings, resolve, trust or _public_trust())
    return anyio.run(_within, settings.attempt_seconds, attempt)


async def _within(seconds: float, attempt: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Wait for an attempt, a little at a time or in one piece, but no longer in all."""
    try:
        with anyio.fail_after(seconds):
            return await attempt()
    except TimeoutError:
        return Outcome(None, f"no answer in {seconds:g} s")


async def _attempt(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    settings: WebhookSettings,
    resolve: Resolve,
    trust: ssl.SSLContext,
) -> Outcome:
    try:
        target = target_of(url, settings)
        address = await anyio.to_thread.run_sync(address_of, target, resolve, abandon_on_cancel=True)
    except TargetRefused as refused:
        return Outcome(None, str(refused))
    named = {**headers, "host": target.url.netloc.decode("ascii"), "content-type": "application/json"}
    pinned = target.url.copy_with(host=str(address))
    # The name is what the certificate must be of; the address is where the connection goes. No proxy of the
    # environment comes between: it would look the name up again.
    pause = settings.attempt_seconds
    async with httpx.AsyncClient(verify=trust, trust_env=False, timeout=pause, follow_redirects=False) as client:
        request = client.build_request(
            "POST", pinned, content=body, headers=named, extensions={"sni_hostname": target.host}
        )
        try:
            answer = await client.send(request, stream=True)
        except httpx.TransportError as error:
            return Outcome(None, _kind(error))
        await answer.aclose()  # what it says besides is not read
    taken = answer.is_success
    return Outcome(answer.status_code, "" if taken else f"answered {answer.status_code}")


def _kind(error: BaseException) -> str:
    """Say what failed, without the words of others."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate is not good"
        cause = cause.__cause__ or cause.__context__
    return {"ConnectError": "no connection"}.get(type(error).__name__, type(error).__name__)


@cache
def _public_trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()
