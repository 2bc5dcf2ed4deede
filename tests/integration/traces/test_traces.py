"""A webhook and what follows from it are one trace, which holds nothing that people wrote."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from gate.settings.checks import TracesHeader
from gate.simulator.faults import Fault
from gate.traces.names import Attribute
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, wait_for
from tests.support.trace_receiver import Collector, SeenSpan, collecting, tree

REVIEW = "/repos/{owner}/{repo}/actions/runs/{id}/deployment_protection_rule"
RULE = "deployment_protection_rule"
SENT = ["effect", ["github"]]
DECIDED = [["request.facts"], ["request.decide"], ["request.plan"]]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Provide who takes the traces."""
    with collecting() as running:
        yield running


def turn_on(gate: Gate, collector: Collector, **settings: object) -> None:
    """Start the gate again, with traces on."""
    known = {"traces_endpoint": f"{collector.url}/v1/traces"}
    gate.settings = gate.settings.model_copy(update=known | settings)
    gate.restart()


def sent_spans(gate: Gate, collector: Collector) -> list[SeenSpan]:
    """Return all spans, those included that a process sends at its end."""
    gate.restart()
    return collector.spans()


def trace_of(spans: list[SeenSpan], delivery_id: object) -> list[SeenSpan]:
    """Return the spans of a delivery's trace."""
    trace = hashlib.sha256(str(delivery_id).encode()).hexdigest()[:32]
    return [it for it in spans if it.trace == trace]


def of_event(spans: list[SeenSpan], event: str) -> list[SeenSpan]:
    """Return the trace of the newest webhook of an event."""
    newest = [it for it in spans if it.attributes.get("gate.event") == event][-1]
    return trace_of(spans, newest.attributes["gate.delivery_id"])


def test_a_green_deployment_is_one_trace_from_webhook_to_answer(
    gate: Gate, collector: Collector
) -> None:
    """Its spans are below the webhook's, whose ids follow from GitHub's id of the delivery."""
    turn_on(gate, collector)
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.github.deploy(REPOSITORY)
    gate.settle()

    spans = of_event(sent_spans(gate, collector), RULE)

    (root,) = tree(spans)
    assert root[0] == "webhook"
    assert sorted(root[1:]) == [["delivery.read"], ["request.pass", *DECIDED, SENT]]
    by_name = {it.name: it.attributes for it in spans}
    request_id = by_name["request.pass"]["gate.request_id"]
    assert by_name["delivery.read"]["gate.request_ids"] == [request_id]
    assert by_name["request.pass"]["gate.verdict"] == "approve"
    assert by_name["request.decide"]["gate.reason"] == "validation_passed"
    assert by_name["effect"] == {
        "gate.effect.kind": "review",
        "gate.effect.state": "approved",
        "gate.effect.status": "done",
        "gate.outcome": "sent",
    }
    assert by_name["github"] == {
        "http.request.method": "POST",
        "url.template": REVIEW,
        "http.response.status_code": 204,
        "http.request.resend_count": 0,
    }


def test_a_held_deployment_is_answered_in_the_trace_of_the_green_run(
    gate: Gate, collector: Collector
) -> None:
    """That pass links to the trace in which the request was opened."""
    turn_on(gate, collector)
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.validate(REPOSITORY, "success")
    gate.settle()

    spans = sent_spans(gate, collector)

    request_id = gate.record(run_id).id
    passes = [it for it in spans if it.attributes.get("gate.request_id") == request_id]
    (opened,) = [it for it in spans if it.attributes.get("gate.event") == RULE]
    assert {it.name for it in passes} == {"request.pass"}
    assert [it.attributes["gate.verdict"] for it in passes[:1]] == ["wait"]
    assert passes[0].trace == opened.trace
    assert passes[0].links == ()
    (answering,) = [it for it in passes if it.attributes.get("gate.verdict") == "approve"]
    assert answering.links == (opened.trace,)
    green = [it for it in spans if it.trace == answering.trace]
    assert {it.attributes["gate.event"] for it in green if it.name == "webhook"} == {"workflow_run"}


def test_a_pass_that_is_made_again_stays_in_the_trace(gate: Gate, collector: Collector) -> None:
    """After a restart, and although GitHub did not take the answer at first."""
    turn_on(gate, collector)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    fault = gate.github.add_fault(Fault(f"{RULE}$", method="POST", status=503, apply=False))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.clear_faults(fault)
    gate.restart()
    gate.advance(minutes=5)

    spans = of_event(sent_spans(gate, collector), RULE)

    assert gate.record(run_id).state == "approved"
    outcomes = [it.attributes["gate.outcome"] for it in spans if it.name == "effect"]
    assert outcomes[-1] == "sent"
    assert outcomes[0] != "sent"
    assert {it.is_error for it in spans if it.attributes.get("url.template") == REVIEW} == {
        True,
        False,
    }


def test_a_look_by_time_is_a_trace_of_its_own_with_a_link(gate: Gate, collector: Collector) -> None:
    """No webhook led to it, so it links to the one that opened the request."""
    turn_on(gate, collector)
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    before = len(sent_spans(gate, collector))
    gate.advance(days=3)

    spans = sent_spans(gate, collector)

    request_id = gate.record(run_id).id
    (opened,) = [it for it in spans if it.attributes.get("gate.event") == RULE]
    later = [it for it in spans[before:] if it.attributes.get("gate.request_id") == request_id]
    assert later
    assert {(it.parent, it.links) for it in later} == {("", (opened.trace,))}


def test_nothing_that_people_wrote_is_in_a_trace(gate: Gate, collector: Collector) -> None:
    """Neither tokens nor comments, names of people, repositories or environments."""
    header = TracesHeader("authorization", SecretStr("Basic planted-header"))
    turn_on(gate, collector, traces_headers=(header,))
    github = gate.github
    github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["planted-person"])
    gate.validate(REPOSITORY, "failure")
    run_id = github.deploy(REPOSITORY).run_id
    gate.settle()
    github.advance(2)
    why = "planted-comment: I accept the risk, since checkout is down and this build mends it"
    github.review_as("planted-person", run_id, ENVIRONMENT, "approved", why)
    gate.settle()
    gate.sweep()

    sent_spans(gate, collector)

    assert gate.record(run_id).state == "approved"
    everything = b"".join(collector.bodies)
    assert b"request.pass" in everything
    for secret in ("planted", "ghs_", "Bearer", "octo-org", "frontend", "production", "eyJ"):
        assert secret.encode() not in everything, secret
    assert {it["authorization"] for it in collector.headers} == {"Basic planted-header"}
    known = {it.value for it in Attribute}
    assert {key for it in collector.spans() for key in it.attributes} <= known


def test_the_log_names_the_trace(gate: Gate, collector: Collector) -> None:
    """Lines about a delivery do, and those that are written while a span is open."""
    turn_on(gate, collector)
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    with capture_logs(processors=[merge_contextvars]) as lines:
        gate.settle()
    spans = sent_spans(gate, collector)

    finished = [it for it in lines if it["event"] == "reconcile.finished"]
    assert {it["trace_id"] for it in finished} <= {it.trace for it in spans}
    read = {
        it["delivery_id"]: it["trace_id"] for it in lines if it["event"] == "delivery.processed"
    }
    assert read
    for delivery_id, trace_id in read.items():
        assert trace_id == hashlib.sha256(delivery_id.encode()).hexdigest()[:32]


@pytest.mark.parametrize("way", ["refuses", "hangs"])
def test_a_collector_that_is_down_delays_no_decision(
    gate: Gate, collector: Collector, way: str
) -> None:
    """Deployments are answered; what became of the spans is counted."""
    if way == "refuses":
        collector.status = 400
    else:
        collector.hold = threading.Event()
    turn_on(gate, collector)
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()

    assert gate.record(run_id).state == "approved"
    if way == "hangs":
        with capture_logs() as lines:
            gate.service.deps.traces.close()
        assert [it["event"] for it in lines] == ["traces.left_unsent"]
    metric = 'gate_trace_spans_total{outcome="failed"}'
    if way == "refuses":
        wait_for(
            lambda: float(gate.client().get("/metrics").text.split(metric)[1].split()[0]) > 0,
            "the count of what was not taken",
        )
