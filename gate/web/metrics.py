"""Count what an operator watches, in Prometheus' form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from gate.clock import Clock
from gate.domain.limits.account import Kind, Why
from gate.domain.limits.spending import Spending
from gate.domain.model.alert import Channel
from gate.domain.nodes.fleet import Fleet
from gate.domain.nodes.node import NodeState
from gate.errors import RetryLater
from gate.store.engine.database import Database, Snapshot
from gate.store.inbox import deliveries
from gate.store.incidents.alerts import AlertState
from gate.store.nodes.holdings import LEASED, read_fleet
from gate.store.requests import requests
from gate.store.requests.requests import Undecided
from gate.store.statistics import gauges
from gate.store.statistics.gauges import Backlog
from gate.traces.port import NO_TRACES, Traces

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

QuotaLeft = Callable[[], Mapping[int | None, int]]


class Metrics:
    """The service's counters, and gauges that are read at each scrape."""

    def __init__(
        self,
        database: Database,
        quota_left: QuotaLeft,
        clock: Clock,
        traces: Traces = NO_TRACES,
        spending: Callable[[], Spending] = Spending,
    ) -> None:
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
        self.registry.register(_Spans(traces))
        self.registry.register(_Limits(spending))

    def render(self) -> bytes:
        """Return everything in the text form Prometheus reads."""
        return generate_latest(self.registry)


class _Limits(Collector):
    """What this process leased of GitHub's limits; every kind, so that no series is missing."""

    def __init__(self, spending: Callable[[], Spending]) -> None:
        self._spending = spending

    def collect(self) -> Iterator[Metric]:
        """Read the limiter's counts."""
        spending = self._spending()
        tokens = CounterMetricFamily(
            "gate_github_tokens_leased", "Tokens leased of GitHub's limits.", labels=["kind"]
        )
        for kind in Kind:
            tokens.add_metric([kind.value], spending.tokens.get(kind, 0))
        waits = CounterMetricFamily(
            "gate_github_waits", "Calls that a limit kept from being made.", labels=["limit"]
        )
        for why in Why:
            waits.add_metric([why.value], spending.waits.get(why, 0))
        leases = "Times that a slice was leased."
        yield CounterMetricFamily("gate_github_leases", leases, value=spending.leases)
        yield from (tokens, waits)


class _Gauges(Collector):
    """What is in the database and the limiter now."""

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
        now = self._clock()
        read = self._database.read(lambda snapshot: _read(snapshot, now))
        yield _gauge("gate_requests_undecided", "Requests that wait.", read.standing.undecided)
        yield _gauge(
            "gate_oldest_unanswered_seconds",
            "Age of the longest waiting request.",
            _age(read.standing.oldest, now),
        )
        yield _gauge(
            "gate_delivery_lag_seconds",
            "Age of the longest unread delivery.",
            _age(read.unread, now),
        )
        yield _gauge("gate_incidents_open", "Incidents that go on.", read.incidents.count)
        yield _gauge(
            "gate_oldest_open_incident_seconds",
            "Age of the incident that goes on longest.",
            _age(read.incidents.oldest, now),
        )
        yield from _of_alerts(read, now)
        yield from _of_nodes(read.fleet)


class _Spans(Collector):
    """What became of the spans of this process."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces

    def collect(self) -> Iterator[Metric]:
        """Read the counts; there are none while traces are off."""
        spans = CounterMetricFamily(
            "gate_trace_spans", "Spans of traces by what became of them.", labels=["outcome"]
        )
        for fate, count in self._traces.counts().items():
            spans.add_metric([fate.value], count)
        yield spans


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one scrape reads in one snapshot."""

    standing: Undecided
    unread: datetime | None
    incidents: Backlog
    outbox: Mapping[str, Backlog]
    recent: Mapping[tuple[str, str], int]
    fleet: Fleet


def _read(snapshot: Snapshot, now: datetime) -> _Reading:
    return _Reading(
        requests.count_undecided(snapshot),
        deliveries.oldest_unread(snapshot),
        gauges.read_open_incidents(snapshot),
        gauges.read_outbox(snapshot),
        gauges.read_recent_alerts(snapshot, now),
        read_fleet(snapshot, now),
    )


def _of_alerts(read: _Reading, now: datetime) -> Iterator[Metric]:
    """Yield every channel and state, so that no series ends when there is nothing to count."""
    owed = GaugeMetricFamily(
        "gate_alerts_owed", "Messages a channel has not taken.", labels=["channel"]
    )
    waiting = GaugeMetricFamily(
        "gate_alert_outbox_seconds",
        "Age of the oldest message a channel has not taken.",
        labels=["channel"],
    )
    recent = GaugeMetricFamily(
        "gate_alerts_last_day",
        "Messages planned within a day, by what became of them.",
        labels=["channel", "state"],
    )
    for channel in Channel:
        backlog = read.outbox.get(channel.value, Backlog(0, None))
        owed.add_metric([channel.value], backlog.count)
        waiting.add_metric([channel.value], _age(backlog.oldest, now))
        for state in AlertState:
            labels = channel.value, state.value
            recent.add_metric(labels, read.recent.get(labels, 0))
    yield from (owed, waiting, recent)


def _of_nodes(fleet: Fleet) -> Iterator[Metric]:
    """Yield every state and kind of work; a node's id is no label, it is new at each start."""
    nodes = GaugeMetricFamily("gate_nodes", "Running processes by state.", labels=["state"])
    for state in NodeState:
        nodes.add_metric([state.value], fleet.count(state))
    leases = GaugeMetricFamily("gate_leases", "Rows that a node works on.", labels=["work"])
    held = fleet.held()
    for work in LEASED:
        leases.add_metric([work], held.get(work, 0))
    lag = "Time for which the oldest due row has waited for a worker."
    yield from (nodes, leases, _gauge("gate_due_lag_seconds", lag, fleet.lag.total_seconds()))


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _age(since: datetime | None, now: datetime) -> float:
    """Return an age in seconds; zero of nothing, so that an empty queue raises no alert."""
    return (now - since).total_seconds() if since is not None else 0.0
