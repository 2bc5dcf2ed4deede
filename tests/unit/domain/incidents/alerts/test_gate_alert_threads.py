"""Whom an alert about the gate itself calls, and which alerts belong together."""

from __future__ import annotations

import pytest

from gate.domain.incidents.alerts.content import AlertSubject
from gate.domain.incidents.alerts.gate_alerts import (
    LeftOut,
    UnreadPolicy,
    left_out_thread,
    policy_thread,
    render_broken_policy,
    render_fixed,
    render_left_out,
    told_of,
)
from gate.domain.model.alert import AlertKind, Mention, Severity
from gate.domain.model.policy.policy import AlertPolicy, InvalidPolicy, Problem
from tests.support.builders.defaults import INSTALLATION, NOW, REPOSITORY

SOURCE = "acme/shop/.github/deployment-gate.yml"
SUBJECT = AlertSubject("acme/shop", "", "https://gate.example.com/runbooks", ())
LEFT_OUT = LeftOut(REPOSITORY, "Staging", SOURCE, "sha256:0")
PROBLEM = Problem(6, 3, "", "not a list")


@pytest.mark.parametrize(
    ("broken", "key"),
    [
        (InvalidPolicy((PROBLEM,), "sha256:1", SOURCE), "sha256:1"),
        (UnreadPolicy(SOURCE, "GitHub answered 403"), "unread"),
    ],
)
def test_a_policy_that_cannot_be_used(broken: InvalidPolicy | UnreadPolicy, key: str) -> None:
    """It is critical, and is told of once for each text or cause, for all repositories."""
    thread = policy_thread(INSTALLATION, SOURCE)
    alert = render_broken_policy(broken, told_of(broken, thread), thread, SUBJECT, NOW)

    assert alert.severity is Severity.CRITICAL
    assert alert.incident == thread
    assert alert.key == f"policy/{INSTALLATION}/{SOURCE}/{key}"


def test_an_environment_that_the_policy_leaves_out() -> None:
    """It warns, in one thread however the environment's name is written."""
    alert = render_left_out(LEFT_OUT, "key", AlertPolicy(), SUBJECT, NOW)

    assert alert.severity is Severity.WARNING
    assert alert.incident == left_out_thread(LEFT_OUT) == f"policy/{REPOSITORY}/staging"


@pytest.mark.parametrize("ended", [LEFT_OUT, SOURCE])
def test_the_end_of_a_problem_calls_nobody(ended: LeftOut | str) -> None:
    """There is nothing to do."""
    alert = render_fixed(ended, "key", "thread", SUBJECT, NOW)

    assert (alert.kind, alert.severity) == (AlertKind.RECOVERY, Severity.INFO)
    assert alert.mention is Mention.NONE
