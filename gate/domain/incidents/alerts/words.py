"""Write the sentences of an alert about an incident: the subject line, who must act, next steps.

Pure. Flow names and details are quoted raw: each channel neutralizes them in its own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

from gate.domain.incidents.alerts.plan import ARTIFACTS, LATE_TO_ACKNOWLEDGE, MOST_PAGES, Message
from gate.domain.incidents.events import Failure, Resolution
from gate.domain.incidents.incident import Incident
from gate.domain.incidents.words import at
from gate.domain.model.alert import AlertKind, HeldDeployment
from gate.domain.model.course import Course
from gate.domain.model.policy.policy import AlertPolicy
from gate.domain.text.durations import span
from gate.domain.text.escaping import cut
from gate.domain.text.fold import fold

MOST_HELD: Final = 20
"""Held deployments that an alert lists at most; it says when there are as many or more."""

REVIEW_LOGS: Final = "Review production validation logs"
_ROLLBACK: Final = "Check if infrastructure rollback is needed"
_INVESTIGATE: Final = "Investigate failed assertions"

_MOST_NAMED: Final = 2
_NAME_LIMIT: Final = 40


def headline(
    incident: Incident,
    message: Message,
    repository: str,
    held: Sequence[HeldDeployment],
    now: datetime,
) -> str:
    """Return the subject line: the repository, what happened, and what is held."""
    lasting = span(now - incident.broke_out_at)
    if message.kind is AlertKind.RECOVERY:
        return f"{repository} {incident.place.environment}{_recovered(incident, lasting)}"
    return f"{repository}: {_happened(incident, message, lasting)}; {_waiting(held)}"


def summarize(incident: Incident, message: Message, policy: AlertPolicy, now: datetime) -> str:
    """Return who must act, by when, and what is known of the failure."""
    if message.kind is AlertKind.RECOVERY:
        return _outcome(incident)
    parts = [_standing(incident, policy, now), _describe(incident.failure)]
    if message.pages_from is not None:
        parts.insert(0, _why_no_page(message.pages_from))
    return " ".join(parts)


def _happened(incident: Incident, message: Message, lasting: str) -> str:
    by_alert, flows = incident.failure.by_alert_only, _names(incident.failure)
    failed = f"{'alert from the validation job' if by_alert else 'failed validation'}{flows}"
    match message.kind:
        case AlertKind.PAGE | AlertKind.TEST:
            if by_alert:
                return f"the validation job raised an alert although its run passed{flows}"
            return f"production validation failed{' again' if incident.outbreak > 1 else ''}{flows}"
        case AlertKind.UPDATE:
            return f"{_update(message)}{flows}"
        case AlertKind.REMINDER:
            still = f"production validation{flows} still failing"
            if by_alert:
                still = f"{failed} still open"
            return f"{still} after {lasting}"
        case AlertKind.ESCALATION:
            if message.topic.startswith(LATE_TO_ACKNOWLEDGE):
                return f"{failed} not acknowledged after {lasting}"
            return f"no decision on the {failed} after {lasting}"
        case AlertKind.RECOVERY | AlertKind.BYPASS | AlertKind.POLICY | AlertKind.UNANSWERED:
            raise ValueError("the message is not about a failure")
        case _:
            assert_never(message.kind)


def _update(message: Message) -> str:
    if message.topic.startswith(ARTIFACTS):
        return "artifacts of the failed validation are available"
    if message.is_again:
        return "production validation failed again"
    return "the failing flows changed"


def _names(failure: Failure) -> str:
    """Return the first failed flows in parentheses; nothing when no report names them."""
    if not failure.flows:
        return ""
    names = [cut(fold(flow.flow_name), _NAME_LIMIT) for flow in failure.flows[:_MOST_NAMED]]
    more = failure.count - len(names)
    return f" ({', '.join(names)}{f' and {more} more' if more else ''})"


def _waiting(held: Sequence[HeldDeployment]) -> str:
    if not held:
        return "no deployment is waiting"
    count = len(held)
    many = " or more" if count >= MOST_HELD else ""
    return f"{count}{many} deployment{'s' if count > 1 else ''} held"


def _recovered(incident: Incident, lasting: str) -> str:
    match incident.how:
        case Resolution.VALIDATION_PASSED | None:
            return f" is green again after {lasting}; held deployments continue"
        case Resolution.RISK_ACCEPTED:
            who = _resolver(incident)
            return f": {who} accepted the risk after {lasting}; deployments stay held"
        case Resolution.BY_HAND:
            who = _resolver(incident)
            return f": {who} closed the incident after {lasting}; deployments stay held"
        case Resolution.NOT_GATED:
            return f": incident closed after {lasting}; the policy no longer gates it"
        case _:
            assert_never(incident.how)


def _outcome(incident: Incident) -> str:
    match incident.how:
        case Resolution.VALIDATION_PASSED | None:
            return "The validation passed, and the incident is closed."
        case Resolution.RISK_ACCEPTED | Resolution.BY_HAND:
            return (
                "The validation has not passed: held deployments wait until it passes or a reviewer"
                " overrides them."
            )
        case Resolution.NOT_GATED:
            return "Held deployments wait until the policy names the environment again."
        case _:
            assert_never(incident.how)


def _resolver(incident: Incident) -> str:
    return fold(incident.resolved.actor) if incident.resolved is not None else "a reviewer"


def _why_no_page(pages_from: datetime) -> str:
    return (
        f"Sent without a page: an incident pages at most {MOST_PAGES} times in 24 hours."
        f" The next page is possible from {at(pages_from)}."
    )


def _standing(incident: Incident, policy: AlertPolicy, now: datetime) -> str:
    """Return what people have done, and what is due by when."""
    if incident.decided is not None and incident.course is not None:
        return f"{fold(incident.decided.actor)} decided: {incident.course}."
    acknowledge_by = incident.broke_out_at + policy.acknowledge_within
    decide_by = incident.broke_out_at + policy.decide_within
    undecided = f"No decision yet{_since(decide_by, now)}."
    if incident.acknowledged is not None:
        return f"{fold(incident.acknowledged.actor)} acknowledged the incident. {undecided}"
    if now < min(acknowledge_by, decide_by):
        return f"On call: acknowledge by {at(acknowledge_by)}, decide by {at(decide_by)}."
    return f"Nobody has acknowledged the incident{_since(acknowledge_by, now)}. {undecided}"


def _since(deadline: datetime, now: datetime) -> str:
    return f"; due by {at(deadline)}" if now < deadline else f" (overdue since {at(deadline)})"


def _describe(failure: Failure) -> str:
    """Return how many flows failed; what is known otherwise when no report names them."""
    if not failure.flows:
        return f"Reason: {failure.detail}."
    count = failure.count
    failed = f"{count} flow{'s' if count > 1 else ''} failed"
    if failure.newly_failing is None:
        return f"{failed}."
    return f"{failed} ({len(failure.newly_failing) or 'none'} newly failing)."


def list_next_steps(incident: Incident, policy: AlertPolicy, now: datetime) -> tuple[str, ...]:
    """List what people do next, in order."""
    if not incident.is_open:
        return _steps_after_recovery(incident)
    steps: list[str] = []
    if incident.acknowledged is None:
        due = _due(incident.broke_out_at + policy.acknowledge_within, now)
        steps.append(f"Acknowledge{due}: comment /ack on the incident's issue")
    steps += [REVIEW_LOGS, _ROLLBACK, _INVESTIGATE]
    if incident.decided is None:
        due = _due(incident.broke_out_at + policy.decide_within, now)
        steps.append(
            f"Decide{due}: comment /decide rollback, /decide fix-forward or /decide accept-risk,"
            " with a reason"
        )
    if incident.failure.by_alert_only:
        steps.append("Stop deployments yourself if needed: the run passed, so the gate holds none")
    steps.append("Fix the failure and re-run the validation; held deployments then continue")
    return tuple(steps)


def _due(deadline: datetime, now: datetime) -> str:
    return f" by {at(deadline)}" if now < deadline else " (overdue)"


def _steps_after_recovery(incident: Incident) -> tuple[str, ...]:
    if incident.how is Resolution.VALIDATION_PASSED:
        check = "Check that held deployments continue; the gate releases those that the run covers"
        again = "Plan when to re-apply the change that was rolled back"
        return (check, again) if incident.course is Course.ROLLBACK else (check,)
    if incident.how is Resolution.NOT_GATED:
        return ("Add the environment to the policy again, or disable the gate's rule on it",)
    return ("Re-run the validation to release held deployments, or override them one by one",)
