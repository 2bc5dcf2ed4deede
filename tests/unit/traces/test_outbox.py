"""Spans wait in a bounded queue; what does not fit is counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from gate.errors import RetryLater
from gate.traces.names import SpanName
from gate.traces.outbox import MOST_WAITING, Outbox
from gate.traces.port import Fate
from gate.traces.tracer import OpenTelemetryTraces
from tests.support.trace_receiver import Collector, collecting


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Provide who takes the traces."""
    with collecting() as running:
        yield running


def test_what_does_not_fit_is_dropped_and_counted(collector: Collector) -> None:
    """While the collector hangs, no more than the queue takes is kept."""
    collector.hold = threading.Event()
    traces = OpenTelemetryTraces(Outbox(collector.url, {}), 1.0, "node")
    for _ in range(MOST_WAITING + 10):
        with traces.trace(SpanName.SWEEP):
            pass
    assert traces.counts()[Fate.DROPPED] == 10
    collector.hold.set()
    traces.close()
    assert traces.counts() == {Fate.EXPORTED: MOST_WAITING, Fate.FAILED: 0, Fate.DROPPED: 10}
    assert len(collector.spans()) == MOST_WAITING


@pytest.mark.parametrize(
    ("error", "slug"),
    [
        (RetryLater("github_unavailable", "planted"), "github_unavailable"),
        (ValueError("planted"), "bug"),
    ],
)
def test_an_error_is_noted_by_its_slug_only(
    collector: Collector, error: Exception, slug: str
) -> None:
    """Its message may hold anything."""
    traces = OpenTelemetryTraces(Outbox(collector.url, {}), 1.0, "node")
    with (
        suppress(ValueError, RetryLater),
        traces.trace(SpanName.SWEEP),
        traces.span(SpanName.GITHUB),
    ):
        raise error
    traces.close()
    for span in collector.spans():
        assert span.is_error
        assert span.attributes == {"error.type": slug}
    assert len(collector.spans()) == 2
    assert b"planted" not in b"".join(collector.bodies)


def test_headers_go_to_no_other_address(collector: Collector) -> None:
    """A redirect is not followed, and counts as a failure."""
    collector.redirect = "/elsewhere"
    traces = OpenTelemetryTraces(Outbox(collector.url, {"x-key": "a secret"}), 1.0, "node")
    with traces.trace(SpanName.SWEEP):
        pass
    traces.close()
    assert traces.counts()[Fate.FAILED] == 1
    assert set(collector.paths) == {"/"}


def test_a_share_of_the_traces_is_chosen_by_their_ids(collector: Collector) -> None:
    """So that two nodes choose the same ones."""
    nodes = [OpenTelemetryTraces(Outbox(collector.url, {}), 0.5, "node") for _ in range(2)]
    deliveries = [f"delivery-{number}" for number in range(100)]
    nodes[0].record(SpanName.WEBHOOK, deliveries[0], 0.0)
    for delivery_id in deliveries:
        nodes[0].record(SpanName.WEBHOOK, delivery_id, 0.0, is_first=True)
        with nodes[1].trace(SpanName.PASS, delivery=delivery_id):
            pass
    for node in nodes:
        node.close()
    chosen = {it.trace for it in collector.named("webhook")}
    assert chosen == {it.trace for it in collector.named("request.pass")}
    assert 20 < len(chosen) < 80
