"""Turn the record of a deployment into what its page shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from markupsafe import Markup

from gate.domain.evidence.judge import with_reports
from gate.domain.model.ledger import EffectKind, LedgerEntry
from gate.domain.model.overrides import OverrideRoutes
from gate.domain.model.policy.policy import (
    LONGEST_HOLD,
    ValidationRule,
)
from gate.domain.model.request import CLOSED_WITHOUT_US, GateRequest
from gate.domain.requests.decide import deciding_policy
from gate.domain.requests.decision import Decision, Verdict
from gate.domain.requests.explanation.change import describe_change
from gate.domain.requests.explanation.details import list_details
from gate.domain.requests.explanation.flow_lines import describe_flows
from gate.domain.requests.explanation.remedies import (
    ANYWHERE,
    Action,
    Guide,
    IssueLink,
    Way,
    find_actions,
    routes_offered,
)
from gate.domain.requests.explanation.rules import Rule, list_rules
from gate.domain.requests.explanation.standing import describe_standing
from gate.domain.requests.explanation.story import (
    Story,
    alert_events,
    incident_events,
    tell,
    trail_events,
    validation_events,
)
from gate.store.requests.story import DeploymentRecord
from gate.web.pages.deployment.comment_html import render_comment, render_line
from gate.web.pages.deployment.policy import Found


@dataclass(frozen=True, slots=True)
class ShownAction:
    """Something that people can do: `words` are to be copied, `url` is the place in GitHub.

    `markdown` is what `text` was made from.
    """

    text: Markup
    markdown: str
    words: str
    place: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownComment:
    """A comment as it was posted."""

    name: str
    status: str
    html: Markup


def show_deployment(found: Found) -> dict[str, Any]:
    """Return the values of a deployment's page."""
    record, request = found.record, found.record.request
    decision = newest_decision(record)
    return {
        "found": found,
        "record": record,
        "request": request,
        "decision": decision,
        "standing": describe_standing(request.state, record.reason, decision),
        "details": shown_details(request, decision),
        "run_url": _run_page(record),
        "actions": _actions(record, decision),
        "rules": _rules(found),
        "override": _override_line(decision),
        "change": _change(found, decision),
        "is_usable": found.is_usable,
        "longest_hold": LONGEST_HOLD,
        "story": _story(record),
        "comments": [_comment(it) for it in record.ledger.entries if it.is_begun],
    }


def newest_decision(record: DeploymentRecord) -> Decision | None:
    """Return the newest decision, with the reports that its evidence had."""
    if record.decision is None:
        return None
    decision = record.decision.decision
    if decision.evidence is None:
        return decision
    shown = with_reports(decision.evidence, record.decision.facts.reports)
    return replace(decision, evidence=shown)


def shown_details(request: GateRequest, decision: Decision | None) -> list[str]:
    """List what makes the decision concrete: failed flows, what an override lacks, a rationale.

    Nothing where GitHub stopped waiting: what was decided before it is not why.
    """
    if decision is None or request.state in CLOSED_WITHOUT_US:
        return []
    flows, more = describe_flows(decision.evidence)
    rest = [f"and {more} more flow{'s' if more > 1 else ''}"] if more else []
    return [*flows, *rest, *list_details(decision)]


def _run_page(record: DeploymentRecord) -> str:
    """Return the page of the attempt that asked: GitHub shows the newest without its number."""
    if record.run is None:
        return ""
    base = record.run.html_url.partition("/attempts/")[0]
    attempt = record.request.key.run_attempt
    return f"{base}/attempts/{attempt}" if attempt > 1 else base


def _actions(record: DeploymentRecord, decision: Decision | None) -> list[ShownAction]:
    """List what people can do about a hold, in the words of the comment on it."""
    if decision is None or decision.verdict is not Verdict.WAIT or not record.request.is_undecided:
        return []
    guide = Guide(_routes(record), _issue(record))
    return [_action(it, record) for it in find_actions(decision, record.request, guide)]


def _routes(record: DeploymentRecord) -> OverrideRoutes:
    """Return the routes of an override that the reports offer, wherever they had room for them."""
    posted = [
        it.effect.comment for it in record.ledger.entries if it.effect.kind is EffectKind.REPORT
    ]
    return routes_offered(posted) if posted else ANYWHERE.routes


def _issue(record: DeploymentRecord) -> IssueLink | None:
    if record.incident is None or not record.incident.record.incident.is_open:
        return None
    number, url = record.incident.record.issue_number, record.incident.record.issue_url
    return IssueLink(number, url) if number is not None and url is not None else None


def _action(action: Action, record: DeploymentRecord) -> ShownAction:
    place, url = "", ""
    if action.way is Way.REVIEW:
        place, url = "Open the run to review", _run_page(record)
    elif action.way is Way.WORKFLOW and record.run is not None:
        place = "Open the workflows"
        url = record.run.html_url.partition("/actions/")[0] + "/actions"
    elif action.way is Way.COMMENT and (issue := _issue(record)) is not None:
        place, url = f"Open issue #{issue.number}", issue.url
    return ShownAction(render_line(action.text), action.text, action.words, place, url)


def _rules(found: Found) -> tuple[Rule, ...]:
    recorded = found.record.decision
    if recorded is None or found.reading is None:
        return ()
    return list_rules(found.reading, recorded.facts, recorded.at)


def _override_line(decision: Decision | None) -> str:
    """Count the overrides that a hold has, and those it needs; nothing where none is asked for."""
    if decision is None:
        return ""
    if decision.override is not None:
        given = len(decision.override.claims)
        return f"Override: {given} of {given}"
    if decision.ask is None:
        return ""
    needed = decision.needed or decision.ask.approvals
    given = decision.ask.approvals - needed
    refused = len(decision.refused)
    times = f", {refused} refused" if refused else ""
    return f"Override: {given} of {decision.ask.approvals}{times}"


def _change(found: Found, decision: Decision | None) -> str:
    if decision is None:
        return "The gate's first look, which comes within seconds."
    is_answered = not found.record.request.is_undecided
    if not _routes(found.record).is_open:
        decision = replace(decision, ask=None)
    return describe_change(decision, _validation_rule(found), is_answered=is_answered)


def _validation_rule(found: Found) -> ValidationRule | None:
    recorded = found.record.decision
    if recorded is None or found.reading is None:
        return None
    policy = deciding_policy(found.reading, recorded.facts, recorded.at)
    return policy.validation if policy is not None else None


def _story(record: DeploymentRecord) -> Story:
    page = _run_page(record)
    events = [
        *validation_events(record.evidence),
        *trail_events(record.trail, page),
        *alert_events(record.alerts),
    ]
    if record.incident is not None:
        events += incident_events(record.incident.events, record.request.id)
    return tell(events, record.left_out)


_KINDS: Final = {
    EffectKind.REPORT: "Status report",
    EffectKind.REVIEW: "Answer",
    EffectKind.STATUS: "Deployment status",
}


def _comment(entry: LedgerEntry) -> ShownComment:
    return ShownComment(
        _KINDS[entry.effect.kind],
        entry.status.value,
        render_comment(entry.effect.comment),
    )
