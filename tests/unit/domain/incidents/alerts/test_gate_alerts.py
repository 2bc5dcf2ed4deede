"""When a problem of the gate itself is alerted, and what the alert says."""

from __future__ import annotations

import pytest

from gate.domain.incidents.alerts.content import AlertSubject
from gate.domain.incidents.alerts.gate_alerts import (
    LastSaid,
    LeftOut,
    UnreadPolicy,
    key_of_end,
    key_of_problem,
    render_broken_policy,
    render_fixed,
    render_left_out,
    render_unanswered,
)
from gate.domain.model.alert import Alert, AlertKind
from gate.domain.model.ids import RepositoryId
from gate.domain.model.policy.policy import AlertPolicy, InvalidPolicy
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_request

PROBLEM = ("policy/1/abc", AlertKind.POLICY)
AGAIN = ("policy/1/abc/20260302T110000", AlertKind.POLICY)
OTHER = ("policy/1/xyz", AlertKind.POLICY)
ENDED = ("policy/1/abc/mended", AlertKind.RECOVERY)
LATER = "policy/1/abc/20260302T120000"


@pytest.mark.parametrize(
    ("last", "problem", "end"),
    [
        (None, "policy/1/abc", None),
        (PROBLEM, None, "policy/1/abc/mended"),
        (AGAIN, None, "policy/1/abc/20260302T110000/mended"),
        (OTHER, LATER, "policy/1/xyz/mended"),
        (ENDED, LATER, None),
    ],
)
def test_what_is_told(last: LastSaid | None, problem: str | None, end: str | None) -> None:
    """A problem once, until people heard of another one or of its end; an end only after one."""
    assert key_of_problem("policy/1/abc", last, NOW) == problem
    assert key_of_end(last) == end


FILE = "acme/shop/.github/deployment-gate.yml"
SUBJECT = AlertSubject("acme/shop", "https://github.example/file", "https://gate.example", ())
LEFT_OUT = LeftOut(RepositoryId(1), "staging", FILE, "abc")


@pytest.mark.parametrize(
    ("alert", "headline", "summary"),
    [
        (
            render_broken_policy(InvalidPolicy((), "abc", FILE), "key", "thread", SUBJECT, NOW),
            "acme/shop: policy is invalid; all deployments are held",
            f"Someone who can push to the default branch must fix {FILE} now.",
        ),
        (
            render_broken_policy(UnreadPolicy(FILE, "no access"), "key", "thread", SUBJECT, NOW),
            "acme/shop: policy cannot be read; all deployments are held",
            f"Someone who manages the App must give it access to {FILE} now.",
        ),
        (
            render_left_out(LEFT_OUT, "key", AlertPolicy(), SUBJECT, NOW),
            "acme/shop: the policy does not name staging; its deployments are held",
            f"staging uses the gate's rule, and {FILE} has no entry for it.",
        ),
        (
            render_fixed(LEFT_OUT, "key", "thread", SUBJECT, NOW),
            "acme/shop: the policy now names staging; the gate re-checks held deployments",
            f"{FILE} has an entry for staging.",
        ),
        (
            render_fixed(FILE, "key", "thread", SUBJECT, NOW),
            "acme/shop: policy is valid again; the gate re-checks held deployments",
            f"The gate uses {FILE} again.",
        ),
        (
            render_unanswered(make_request(), "", AlertPolicy(), SUBJECT, NOW),
            (
                "acme/shop: GitHub refused the gate's answer; a deployment to production-frontend"
                " is stuck"
            ),
            "The gate does not retry, because it does not know the reason.",
        ),
    ],
)
def test_what_an_alert_says(alert: Alert, headline: str, summary: str) -> None:
    """What is wrong and what it holds, then who has to act."""
    assert alert.headline == headline
    assert alert.summary.startswith(summary)
