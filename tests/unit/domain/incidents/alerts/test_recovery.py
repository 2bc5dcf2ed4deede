"""An alert that the validation passed is about the run that passed."""

from __future__ import annotations

from gate.domain.evidence.evidence import Evidence
from gate.domain.incidents.alerts.content import AlertSubject, render_alert
from gate.domain.incidents.alerts.plan import Announcement, Message, plan_alerts
from gate.domain.incidents.alerts.words import list_next_steps
from gate.domain.incidents.events import (
    AlertLost,
    Detailed,
    IncidentEvent,
    Opened,
    Recovery,
    Resolution,
    Resolved,
)
from gate.domain.incidents.incident import apply, summarized
from gate.domain.incidents.issue.text import IssueSubject, render_issue
from gate.domain.incidents.rule import failure_of, observe_validation
from gate.domain.model.alert import AlertKind, HeldDeployment, Severity
from gate.domain.model.ids import RunId
from gate.domain.model.policy.policy import AlertPolicy, ValidationState
from tests.support.builders.defaults import NOW, OTHER_SHA
from tests.support.builders.reports import make_alert_report
from tests.support.incidents import lived, make_evidence, make_incident

POLICY = AlertPolicy()
PAGE = "https://github.com/acme/shop/actions/runs/777"
HELD = (HeldDeployment(RunId(601), 1, "production-frontend", PAGE),)
SUBJECT = AlertSubject("acme/shop", "", "https://gate.example.com/runbooks", HELD)
ALERT = make_alert_report(artifact_urls=(PAGE,))


def test_a_recovery_lists_nothing_of_what_failed() -> None:
    """Its run, attempt and commit are those that passed; no flow and no deployment is listed."""
    passed = Resolved(Resolution.VALIDATION_PASSED, "", Recovery(RunId(777), 2, OTHER_SHA, PAGE))
    incident, _ = lived(passed)

    message = Message("recovery", AlertKind.RECOVERY, Severity.INFO)
    alert = render_alert(incident, message, POLICY, SUBJECT, NOW)

    assert (alert.run_id, alert.run_attempt, alert.head_sha) == (777, 2, OTHER_SHA)
    assert alert.github_job_url == PAGE
    assert (alert.failed_flows, alert.artifact_urls, alert.held_deployments) == ((), (), ())


def test_after_the_policy_gates_no_more_people_are_sent_to_the_policy() -> None:
    """Re-running the validation would not release what waits."""
    incident, _ = lived(Resolved(Resolution.NOT_GATED, ""))

    (step,) = list_next_steps(incident, POLICY, NOW)
    assert "policy" in step


def test_artifacts_that_come_late_are_told_at_once_to_whoever_was_told_without() -> None:
    """And once: whoever has heard of them hears nothing more."""
    incident = make_incident("a.yml")
    fingerprint = incident.failure.fingerprint
    page = Announcement("page", AlertKind.PAGE, NOW, fingerprint, lacks_artifacts=True)

    due = plan_alerts(incident, POLICY, (page,), NOW).messages
    told = Announcement(due[0].topic, AlertKind.UPDATE, NOW, fingerprint)

    assert [it.topic for it in due] == ["artifacts/1"]
    assert plan_alerts(incident, POLICY, (page, told), NOW).messages == ()


def test_an_alert_of_a_job_whose_run_passed_holds_nothing_and_says_so() -> None:
    """It opens an incident all the same, since somebody wanted people to hear of it."""
    failure = failure_of(make_evidence(ValidationState.PASSED), (ALERT,))

    assert failure is not None
    assert failure.by_alert_only
    assert ALERT.event in failure.detail
    assert failure.artifact_urls == (PAGE,)
    incident = make_incident(failure=failure)
    assert any("holds none" in step for step in list_next_steps(incident, POLICY, NOW))
    body = render_issue(incident, [], IssueSubject(POLICY, ()), NOW).body
    assert "not held" in body


def test_an_alert_of_a_job_whose_run_goes_on_waits_for_its_end() -> None:
    """The run may still show more."""
    running = make_evidence(ValidationState.RUNNING, status="in_progress", conclusion=None)

    assert failure_of(running, (ALERT,)) is None


def test_an_incident_ends_by_a_green_state_of_which_no_run_is_known() -> None:
    """Then nothing is said of the run that passed."""
    event = observe_validation(make_incident(), Evidence(ValidationState.PASSED, None, ""), NOW)

    assert event is not None
    assert event.what == Resolved(Resolution.VALIDATION_PASSED, "")


def test_a_lost_alert_changes_nothing_of_an_incident() -> None:
    """It stands in the timeline only."""
    incident = make_incident()

    assert apply(incident, IncidentEvent(NOW, "gate", AlertLost("slack", "page/1"))) == incident


def test_artifacts_that_are_listed_later_belong_to_the_failure() -> None:
    """Nothing else about the incident changes, and the timeline stores the failure cut."""
    incident = make_incident("a.yml")
    opened = Opened(incident.failure)

    detailed = apply(incident, IncidentEvent(NOW, "gate", Detailed((PAGE,))))

    assert detailed.failure.artifact_urls == (PAGE,)
    assert detailed.failure.flows == incident.failure.flows
    assert summarized(Detailed((PAGE,))) == Detailed((PAGE,))
    assert isinstance(summarized(opened), Opened)
