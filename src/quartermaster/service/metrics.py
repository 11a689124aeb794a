"""What can be watched of the service, for Prometheus: requests as they are answered, the store as it is when asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quartermaster.store import Store
from quartermaster.store.figures import figures
from quartermaster.store.keys import Key
from quartermaster.store.run_totals import run_totals

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper ends of the classes of seconds."""
OTHER = "other"
"""In place of the operation, where no route is met: addresses are anybody's text."""


class Metrics:
    """The figures of one application.

    Parameters
    ----------
    store
        The database; None = stateless.
    """

    def __init__(self, store: Store | None) -> None:
        self._store, self._registry = store, CollectorRegistry()
        labels = ("operation", "status")
        self.requests = Counter("quartermaster_requests", "Requests answered", labels, registry=self._registry)
        self.seconds = Histogram(
            "quartermaster_request_seconds",
            "Seconds until a request was answered",
            ("operation",),
            buckets=SECONDS,
            registry=self._registry,
        )

    def text(self, key: Key) -> bytes:
        """Write them as Prometheus reads them.

        Parameters
        ----------
        key
            Who asks: of scopes that it does not see nothing is told.
        """
        requests = generate_latest(self._registry)
        return requests if self._store is None else requests + generate_latest(_OfStore(self._store, key))


class _OfStore(Collector):
    """Figures of the store, each with the scope that it is of as its first label."""

    def __init__(self, store: Store, key: Key) -> None:
        self._store, self._key = store, key

    def collect(self) -> Iterator[Metric]:
        with self._store.read() as transaction:
            found, runs = figures(transaction), run_totals(transaction)
        for name, (meaning, labels, values) in found.items():
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = kind(f"quartermaster_{name}", meaning, labels=labels)
            for place, value in values.items():
                if self._key.sees(place[0]):
                    family.add_metric(place, value)
            yield family
        seconds = HistogramMetricFamily("quartermaster_solve_seconds", "Seconds that a run took", labels=["scope"])
        for scope_id, one in runs.items():
            if not self._key.sees(scope_id):
                continue
            ends = [(str(float(end)), float(count)) for end, count in one.within.items()]
            seconds.add_metric([scope_id], [*ends, ("+Inf", float(one.runs))], one.seconds)
        yield seconds


class Measured:
    """ASGI middleware that counts requests.

    Parameters
    ----------
    app
        The application.
    metrics
        Where it counts.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests are counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        finally:
            operation = getattr(scope.get("route"), "operation_id", None) or OTHER
            self._metrics.requests.labels(operation, str(status or "none")).inc()
            self._metrics.seconds.labels(operation).observe(time.perf_counter() - began)
