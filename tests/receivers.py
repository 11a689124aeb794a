"""A receiver of webhooks: a real HTTP server on loopback, whose answers a test chooses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = int | Callable[[BaseHTTPRequestHandler], None]
"""A status; or what is done in place of an answer."""


@dataclass
class Got:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What came, and the answers that are still to be given; 204 where none is left."""

    port: int
    got: list[Got] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=7"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.got]


@contextmanager
def receiving(port: int = 0, context: Any = None, answers: Sequence[Answer] = ()) -> Iterator[Receiver]:
    """Receive until the block ends; with a TLS context, by HTTPS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.got.append(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            answer = told.answers.pop(0) if told.answers else 204
            if callable(answer):
                answer(self)
                return
            self.send_response(answer)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    told = Receiver(server.server_address[1], answers=list(answers))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def trickle(seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer a byte of a header at a time, for so long."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    return answer


def is_signed(secret: str, got: Got) -> bool:
    """Check a signature as a receiver does, by the specification alone."""
    text = b".".join([got.headers["webhook-id"].encode(), got.headers["webhook-timestamp"].encode(), got.body])
    mac = hmac.new(base64.b64decode(secret[len("whsec_") :]), text, hashlib.sha256)
    wanted = base64.b64encode(mac.digest()).decode()
    schemes = [one.split(",", 1) for one in got.headers["webhook-signature"].split(" ")]
    return any(scheme == "v1" and hmac.compare_digest(value, wanted) for scheme, value in schemes)
