"""Where events may go (S11): hosts allowed by name, at public addresses, connected to as they were seen."""

from __future__ import annotations

import ipaddress
import ssl

import pytest
import trustme
from receivers import receiving

from quartermaster.service.webhooks import post as post_module
from quartermaster.service.webhooks.post import Outcome, post
from quartermaster.service.webhooks.settings import WebhookSettings
from quartermaster.service.webhooks.signature import signed_headers
from quartermaster.service.webhooks.targets import (
    TargetRefused,
    address_of,
    is_public,
    readable_url,
    resolve_by_system,
    target_of,
)

OPEN = WebhookSettings(hosts=frozenset({"shop.example", "shop.example:8443", "[2606:4700::1111]", "1.1.1.1"}))
NOBODY = "0.0.0.0"  # noqa: S104 (nothing is bound to it)
PRIVATE = [
    "127.0.0.1", "127.8.9.1", NOBODY, "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fe80::1",
    "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
]  # fmt: skip
"""Addresses that are not of the public internet, and such in disguise: mapped, 6to4, Teredo, NAT64."""
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_are_told_in_every_disguise(text):
    assert not is_public(ipaddress.ip_address(text))
    with pytest.raises(TargetRefused, match="private"):
        address_of(target_of("https://shop.example/", OPEN), lambda *_: [text])
    with pytest.raises(TargetRefused, match="private"):  # one is enough
        address_of(target_of("https://shop.example/", OPEN), lambda *_: ["1.1.1.1", text])


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_connected_to(text):
    assert is_public(ipaddress.ip_address(text))
    found = address_of(target_of("https://shop.example/", OPEN), lambda *_: [text, "8.8.4.4"])
    assert found == ipaddress.ip_address(text)


def test_teredo_hides_its_client():
    address = ipaddress.ip_address("2001:0:4136:e378:8000:63bf:f5ff:fffe")
    assert str(address.teredo[1]) == "10.0.0.1"


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/", "https://shop.example:443/a?b=c", "https://SHOP.example./", "https://shop.example:8443/",
        "https://[2606:4700::1111]/", "https://1.1.1.1/",
    ],
)  # fmt: skip
def test_allowed_hosts(url):
    target = target_of(url, OPEN)
    assert not target.private
    assert target.host == target.host.lower()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://shop.example/", "must be"),
        ("http://10.0.0.1/", "must be"),
        ("http://127.0.0.1:80/", "https"),
        ("https://shop.example:8080/", "not allowed"),
        ("https://other.example/", "not allowed"),
        ("https://shop.example.evil.example/", "not allowed"),
        ("https://evil-shop.example/", "not allowed"),
        ("https://127.0.0.1/", "not allowed"),
        ("https://0x7f000001/", "not allowed"),
        ("https://[::1]/", "not allowed"),
        ("https://shop.example@evil.example/", "no login"),
        ("https://me:pw@shop.example/", "no login"),
        ("https://shop.example/#x", "no fragment"),
        ("ftp://shop.example/", "must be"),
        ("file:///etc/passwd", "must be"),
        ("gopher://shop.example:70/_x", "must be"),
        ("https:///etc", "must be"),
        ("shop.example", "must be"),
        ("https://shop.example/\r\nhost: x", "printable"),
        ("https://shop.ex\u0430mple/", "printable"),
        ("https://shop.example/" + "x" * 2_000, "at most"),
        ("https://shop.example:99999/", "not allowed"),
        ("https://[::1/", "not a URL"),
    ],
)
def test_other_urls_are_refused(url, why):
    with pytest.raises(TargetRefused, match=why):
        target_of(url, OPEN)


def test_without_allowed_hosts_nothing_is_even_looked_up():
    asked = []

    def resolve(*host):
        asked.append(host)
        return ["1.1.1.1"]

    none = WebhookSettings()
    assert not none.on
    for url in ("https://shop.example/", "https://1.1.1.1/", "http://127.0.0.1:80/"):
        assert not post(url, b"", {}, settings=none, resolve=resolve).taken
    assert asked == []


def test_plain_http_is_for_loopback_only():
    local = WebhookSettings(hosts=frozenset({"localhost:80"}), insecure_local=True)
    target = target_of("http://localhost/", local)
    assert str(address_of(target, lambda *_: ["127.0.0.1"])) == "127.0.0.1"
    for text in ("1.1.1.1", "10.0.0.1", "169.254.169.254"):
        with pytest.raises(TargetRefused):
            address_of(target, lambda *_, text=text: [text])


@pytest.mark.parametrize(
    ("text", "allowed"),
    [("10.0.0.1", True), ("127.0.0.1", True), ("fd00::1", True), ("1.1.1.1", True), ("169.254.169.254", False),
     ("::ffff:169.254.169.254", False), ("fe80::1", False), (NOBODY, False), ("224.0.0.1", False)],
)  # fmt: skip
def test_hosts_that_may_be_private(text, allowed):
    target = target_of("https://erp.internal/", WebhookSettings(private_hosts=frozenset({"erp.internal"})))
    if allowed:
        assert str(address_of(target, lambda *_: [text])) == text
    else:
        with pytest.raises(TargetRefused):
            address_of(target, lambda *_: [text])


def test_names_are_looked_up_as_this_machine_does():
    assert "127.0.0.1" in resolve_by_system("localhost", 443)
    target = target_of("https://localhost/", WebhookSettings(hosts=frozenset({"localhost"})))
    with pytest.raises(TargetRefused, match="private"):  # a name that leads to loopback
        address_of(target, resolve_by_system)
    nowhere = target_of("https://x.invalid/", WebhookSettings(hosts=frozenset({"x.invalid"})))
    with pytest.raises(TargetRefused, match="no address"):
        address_of(nowhere, lambda *_: resolve_by_system("name..empty", 443))


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def served(authority, *names):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def sent(receiver, authority, resolve, host="shop.example"):
    allowed = WebhookSettings(private_hosts=frozenset({f"{host}:{receiver.port}"}), attempt_seconds=10)
    url = f"https://{host}:{receiver.port}/hook"
    return post(url, b"{}", {"x-test": "1"}, settings=allowed, resolve=resolve, trust=trusting(authority))


def test_the_name_is_asked_for_at_the_address_that_was_seen_and_only_once(authority):
    """No second look-up: the name leads elsewhere the next time, as a name that is turned against us does."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    with receiving(context=served(authority, "shop.example")) as receiver:
        assert sent(receiver, authority, lambda *_: answers.pop(0)) == Outcome(204)
        (got,) = receiver.got
    assert len(answers) == 1
    assert got.headers["host"] == f"shop.example:{receiver.port}"
    assert (got.headers["x-test"], got.body) == ("1", b"{}")


def test_a_certificate_of_another_name_or_of_nobody_is_refused(authority):
    with receiving(context=served(authority, "other.example", "127.0.0.1")) as receiver:
        assert sent(receiver, authority, lambda *_: ["127.0.0.1"]) == Outcome(None, "certificate is not good")
    with receiving(context=served(trustme.CA(), "shop.example")) as receiver:
        assert sent(receiver, authority, lambda *_: ["127.0.0.1"]) == Outcome(None, "certificate is not good")
    assert receiver.got == []


def test_proxies_of_the_environment_do_not_come_between(authority, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with receiving(context=served(authority, "shop.example")) as receiver:
        assert sent(receiver, authority, lambda *_: ["127.0.0.1"]).taken


def test_public_certificates_are_what_is_believed_else():
    assert post_module._public_trust().verify_mode is ssl.CERT_REQUIRED
    assert post_module._public_trust().check_hostname


def test_the_signature_is_that_of_the_specification():
    """Known value: the example of the Standard Webhooks reference libraries."""
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # a published example, not a secret
    headers = signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_readable_urls_keep_their_query():
    assert str(readable_url("https://shop.example/a?b=c%20d")) == "https://shop.example/a?b=c%20d"
