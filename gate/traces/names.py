"""Name every span and every attribute; docs/how-to/trace-the-gate.md is generated from here.

An attribute that is not listed cannot be written, so no payload, comment, login or name of an
environment gets into a trace by the way.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class SpanName(Enum):
    """The kinds of spans."""

    WEBHOOK = "webhook"
    READ = "delivery.read"
    ASK = "delivery.ask"
    PASS = "request.pass"  # noqa: S105 - a pass over a request
    FACTS = "request.facts"
    OBSERVE = "request.observe"
    DECIDE = "request.decide"
    PLAN = "request.plan"
    EFFECT = "effect"
    GITHUB = "github"
    ALERT = "alert.send"
    WORK = "work"
    SWEEP = "sweep"


class Attribute(Enum):
    """The attributes that spans may have."""

    DELIVERY_ID = "gate.delivery_id"
    EVENT = "gate.event"
    OBSERVED = "gate.observed"
    OUTCOME = "gate.outcome"
    REQUEST_ID = "gate.request_id"
    REQUEST_IDS = "gate.request_ids"
    REPOSITORY_ID = "gate.repository_id"
    RUN_ID = "gate.run_id"
    RUN_ATTEMPT = "gate.run_attempt"
    NEEDS = "gate.needs"
    VERDICT = "gate.verdict"
    REASON = "gate.reason"
    EFFECTS = "gate.effects"
    EFFECT_KIND = "gate.effect.kind"
    EFFECT_STATE = "gate.effect.state"
    EFFECT_STATUS = "gate.effect.status"
    CHANNEL = "gate.channel"
    ALERT_KIND = "gate.alert.kind"
    WORK = "gate.work"
    METHOD = "http.request.method"
    ROUTE = "url.template"
    STATUS = "http.response.status_code"
    RESENDS = "http.request.resend_count"
    ERROR = "error.type"


SPAN_MEANINGS: Final = {
    SpanName.WEBHOOK: "a webhook, from its last byte until the delivery is durable",
    SpanName.READ: "a stored delivery is read into facts, with others in one transaction",
    SpanName.ASK: "GitHub is asked which attempt of a run a delivery is about",
    SpanName.PASS: "one pass over a request, until its last effect is settled",
    SpanName.FACTS: "the stored facts are gathered, in the transaction of the decision",
    SpanName.OBSERVE: "facts that were missing are read from GitHub",
    SpanName.DECIDE: "the decision",
    SpanName.PLAN: "the list of effects that are owed to GitHub",
    SpanName.EFFECT: "a review, report or deployment status is sent, and its outcome recorded",
    SpanName.GITHUB: "one call to GitHub, with its redirects and the wait for the rate limiter",
    SpanName.ALERT: "one message to an alert channel",
    SpanName.WORK: "one item of other work that waits in the database",
    SpanName.SWEEP: "one round of the sweep",
}

ATTRIBUTE_MEANINGS: Final = {
    Attribute.DELIVERY_ID: "GitHub's id of the webhook, as in the App's *Advanced* page",
    Attribute.EVENT: "name of the webhook's event",
    Attribute.OBSERVED: "what the delivery was read as, as in the log event `delivery.processed`",
    Attribute.OUTCOME: "slug of what became of it",
    Attribute.REQUEST_ID: "id of the gate request, as in `/requests/{id}`",
    Attribute.REQUEST_IDS: "ids of the requests that the delivery made due, at most 100",
    Attribute.REPOSITORY_ID: "numeric id of the repository",
    Attribute.RUN_ID: "id of the workflow run",
    Attribute.RUN_ATTEMPT: "number of its attempt",
    Attribute.NEEDS: "kinds of the facts that were missing",
    Attribute.VERDICT: "`approve`, `reject` or `wait`; of a closed request, its state",
    Attribute.REASON: "main [reason](../reference/reasons.md) of the verdict",
    Attribute.EFFECTS: "number of effects that are owed",
    Attribute.EFFECT_KIND: "`review`, `report` or `status`",
    Attribute.EFFECT_STATE: "`approved` or `rejected`, of a review",
    Attribute.EFFECT_STATUS: "status of the effect after the attempt",
    Attribute.CHANNEL: "the alert channel",
    Attribute.ALERT_KIND: "kind of the alert",
    Attribute.WORK: "kind of the work",
    Attribute.METHOD: "HTTP method",
    Attribute.ROUTE: "path of the call, with placeholders for all ids and names",
    Attribute.STATUS: "HTTP status of GitHub's last answer",
    Attribute.RESENDS: "how many redirects were followed",
    Attribute.ERROR: "slug of the error that ended the span, or `bug`",
}
