"""Where a webhook leads: to a host that is allowed by name, at an address that is public, and to no other place.

The address is looked up once and the connection made to it: a second look-up could give another one.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import httpx

from quartermaster.service.webhooks.settings import WebhookSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]
"""Looks up the addresses of a host and port, as text."""
HTTP_PORT, HTTPS_PORT = 80, 443
MAX_URL = 2_000
"""Longest URL, characters."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class TargetRefused(Exception):  # noqa: N818 (it is a decision, not a fault)
    """Nothing is sent there; says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be sent to, once its addresses are seen.

    Parameters
    ----------
    url
        The URL.
    host, port
        Whom it names.
    private
        Whether private addresses are allowed.
    loopback
        Whether only loopback addresses are: it is not encrypted.
    """

    url: httpx.URL
    host: str
    port: int
    private: bool
    loopback: bool


def target_of(text: str, settings: WebhookSettings) -> Target:
    """See whether a URL may be sent to by its name; asks no network.

    Parameters
    ----------
    text
        The URL.
    settings
        Which hosts are allowed.

    Raises
    ------
    TargetRefused
        If it is no such URL, or its host is not allowed.
    """
    url = readable_url(text)
    host = url.raw_host.decode("ascii").rstrip(".").lower()
    plain = url.scheme == "http"
    port = url.port or (HTTP_PORT if plain else HTTPS_PORT)
    if plain and not settings.insecure_local:
        raise TargetRefused("must begin with https://")
    private = _among(host, port, settings.private_hosts)
    if not private and not _among(host, port, settings.hosts):
        raise TargetRefused("host is not allowed")
    return Target(url, host, port, private, plain)


def readable_url(text: str) -> httpx.URL:
    """Read the URL of a webhook.

    Parameters
    ----------
    text
        The URL.

    Raises
    ------
    TargetRefused
        If it is none of ``https://HOST[:PORT]/…``, or ``http://`` to this machine, or holds a login or a fragment.
    """
    if len(text) > MAX_URL or not text.isascii() or not text.isprintable():
        raise TargetRefused(f"must be at most {MAX_URL} printable ASCII characters")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise TargetRefused("is not a URL") from None
    if not url.host or not (url.scheme == "https" or (url.scheme == "http" and _names_this_machine(url.host))):
        raise TargetRefused("must be https://HOST/…, or http:// to localhost or a loopback address")
    if url.userinfo or url.fragment:
        raise TargetRefused("must hold no login and no fragment")
    return url


def address_of(target: Target, resolve: Resolve) -> Address:
    """Look up a target and return the address to connect to.

    Parameters
    ----------
    target
        The target.
    resolve
        Looks up addresses.

    Raises
    ------
    TargetRefused
        If it has no address, or one to which nothing may be sent: one is enough, since which of them is asked is for
        the name's owner to turn.
    """
    try:
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in resolve(target.host, target.port)]
    except (OSError, ValueError, UnicodeError):
        raise TargetRefused("host has no address") from None
    if not found:
        raise TargetRefused("host has no address")
    for address in found:
        if not _allowed(address, target):
            raise TargetRefused("host is at a private address")
    return found[0]


def resolve_by_system(host: str, port: int) -> list[str]:
    """Look up addresses as this machine does.

    Parameters
    ----------
    host, port
        Whose.
    """
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: Address) -> bool:
    """Tell whether an address is of the public internet, and so is every address inside it.

    Parameters
    ----------
    address
        The address.
    """
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    own = address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
    return own and not (address.version == 6 and address.is_site_local)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for or leads to; None where there is none."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def _allowed(address: Address, target: Target) -> bool:
    inner = _inner(address) or address
    if target.loopback:
        return inner.is_loopback
    if target.private:  # never what is nobody's host: the metadata of clouds, everybody, nobody
        return not (inner.is_link_local or inner.is_multicast or inner.is_unspecified or inner.is_reserved)
    return is_public(address)


def _names_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _among(host: str, port: int, allowed: Iterable[str]) -> bool:
    names = {name.lower() for name in allowed}
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" in names or (port == HTTPS_PORT and bool({shown, host} & names))
