"""Count what an operator watches, in Prometheus' form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from gate.clock import Clock
from gate.errors import RetryLater
from gate.store import inbox, requests
from gate.store.database import Database

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

QuotaLeft = Callable[[], Mapping[int | None, int]]


class Metrics:
    """The service's counters, and gauges that are read when somebody asks for them."""

    def __init__(self, database: Database, quota_left: QuotaLeft, clock: Clock) -> None:
        """Begin at zero."""
        self.registry: Final = CollectorRegistry()
        self.deliveries: Final = Counter(
            "gate_deliveries",
            "Webhook deliveries by what became of them at the door.",
            ["outcome"],
            registry=self.registry,
        )
        self.stored_seconds: Final = Histogram(
            "gate_delivery_stored_seconds",
            "Time from a delivery's arrival until it was durable.",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self.reports: Final = Counter(
            "gate_reports",
            "Reports and alerts of workflow runs by how they were answered.",
            ["route", "status"],
            registry=self.registry,
        )
        self.registry.register(_Gauges(database, quota_left, clock))

    def render(self) -> bytes:
        """Give everything in the text form Prometheus reads."""
        return generate_latest(self.registry)


class _Gauges(Collector):
    """What stands in the database and the limiter now."""

    def __init__(self, database: Database, quota_left: QuotaLeft, clock: Clock) -> None:
        self._database = database
        self._quota_left = quota_left
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Read the gauges; those of the database are left out while it cannot be used."""
        with suppress(RetryLater):
            yield from self._of_database()
        quota = GaugeMetricFamily(
            "gate_github_quota_left", "Calls left this hour.", labels=["installation_id"]
        )
        for installation_id, left in self._quota_left().items():
            quota.add_metric([str(installation_id or "app")], left)
        yield quota

    def _of_database(self) -> Iterator[Metric]:
        standing, unread = self._database.read(
            lambda snapshot: (requests.read_standing(snapshot), inbox.oldest_unread(snapshot))
        )
        now = self._clock()
        yield GaugeMetricFamily(
            "gate_requests_undecided", "Requests that wait.", value=standing.undecided
        )
        oldest = (now - standing.oldest).total_seconds() if standing.oldest is not None else 0.0
        yield GaugeMetricFamily(
            "gate_oldest_unanswered_seconds", "Age of the longest waiting request.", value=oldest
        )
        lag = (now - unread).total_seconds() if unread is not None else 0.0
        yield GaugeMetricFamily(
            "gate_delivery_lag_seconds", "Age of the longest unread delivery.", value=lag
        )
