"""Write the comment that people read in GitHub.

Pure. In this order: the state and its reason, the evidence, what failed, what people can do, when
the hold ends, and the full record. At most `COMMENT_LIMIT` characters: `gate.domain.text.fitting`
leaves out whole parts. Text that others wrote (job names, flows, a policy's keys) is neutralized
before it is quoted. `details` lists what makes the reasons concrete, `flow_lines` the flows,
`remedies` what people can do.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, assert_never

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict
from gate.domain.requests.explanation.details import LINE_LIMIT, list_details
from gate.domain.requests.explanation.flow_lines import (
    describe_flows,
    render_artifacts,
    render_terraform,
)
from gate.domain.requests.explanation.phrases import describe, join_phrases
from gate.domain.requests.explanation.remedies import ANYWHERE, Guide, list_actions
from gate.domain.text.durations import age, remaining
from gate.domain.text.escaping import link, neutralize
from gate.domain.text.fitting import BETWEEN, Paragraph, Part, Rank, leave_out, render

COMMENT_LIMIT: Final = 1024
"""Characters GitHub takes in a status report (docs: Creating custom deployment protection rules);
whether a review is held to it too is not documented, so it is."""

_MOST_DETAILS: Final = 560
_SHORTEST_CUT: Final = 60
_MORE_LIMIT: Final = len("> … and 99999 more flows")
_ROOM_FOR_DETAILS: Final = 240
_BESIDE: Final = " · "
_NAME_LIMIT: Final = 60
_CONCLUSION_LIMIT: Final = 30
_MOST_NAMES: Final = 3


def explain(
    decision: Decision, request: GateRequest, now: datetime, guide: Guide = ANYWHERE
) -> str:
    """Return the comment on a decision: what was decided, on what, and what people can do now.

    Details get the room that the other parts leave: foreign text never pushes out how the hold
    ends. Some parts are left out to make room for the details, see `Rank`. The last line
    links the deployment's page, which asks its readers to sign in.
    """
    above = [Paragraph((_headline(decision, request),)), _evidence(decision, now)]
    below = _what_follows(decision, request, now, guide)
    wanted = _details(decision, _ROOM_FOR_DETAILS)
    kept = leave_out([*above, *below], COMMENT_LIMIT - len(BETWEEN + wanted), Rank.DETAILS)
    kept = leave_out(kept, COMMENT_LIMIT, Rank.RECORD)
    room = COMMENT_LIMIT - len(render(kept)) - len(BETWEEN)
    details = _details(decision, min(room, _MOST_DETAILS))
    if len(details) < len(wanted) <= room:
        details = wanted
    return render([*kept[: len(above)], Paragraph((Part(details),)), *kept[len(above) :]])


def _headline(decision: Decision, request: GateRequest) -> Part:
    because = _because(decision.reasons, decision.evidence)
    match decision.verdict:
        case Verdict.APPROVE if decision.reason is ReasonCode.OBSERVE_MODE:
            found = _because(decision.reasons[1:], decision.evidence)
            finding = f" Finding: {found}." if found else ""
            return Part(f"**Approved: the policy only observes and holds nothing.**{finding}")
        case Verdict.APPROVE if decision.reason is ReasonCode.OVERRIDE:
            return Part(_released_by(decision) + _covering_later_jobs(decision, request))
        case Verdict.APPROVE:
            return Part(f"**Approved: {because}**")
        case Verdict.REJECT:
            return Part(f"**Rejected: {because}**")
        case Verdict.WAIT:
            return Part(f"**On hold: {because}**")
        case _:
            assert_never(decision.verdict)


def _released_by(decision: Decision) -> str:
    """Name who overrode which hold, without mentioning anybody."""
    claims = decision.override.claims if decision.override is not None else ()
    people = [neutralize(claim.person.login, _NAME_LIMIT) for claim in claims]
    shown = people[:_MOST_NAMES]
    if len(people) > len(shown):
        shown.append(f"{len(people) - len(shown)} more")
    by = f" by {' and '.join(shown)}" if shown else ""
    held = _because(decision.reasons[1:], decision.evidence)
    return f"**Approved by override{by}{f', although {held}' if held else ''}**"


def _covering_later_jobs(decision: Decision, request: GateRequest) -> str:
    """Return a note that an override covers jobs that asked after it; nothing without such jobs."""
    claims = decision.override.claims if decision.override is not None else ()
    times = [claim.received_at or claim.given_at for claim in claims]
    if request.round == 1 or not times or max(times) >= request.waiting_since:
        return ""
    return " The override was given for earlier jobs of this run and covers these jobs too."


def _because(reasons: tuple[Reason, ...], evidence: Evidence | None) -> str:
    """Name the reasons, the main one first."""
    return join_phrases(_phrase(it.code, evidence) for it in reasons)


def _phrase(code: ReasonCode, evidence: Evidence | None) -> str:
    """Name a reason, with the number of flows or the conclusion that made it one."""
    words, more = describe(code, evidence)
    shown = neutralize(more, _CONCLUSION_LIMIT)
    return f"{words} ({shown})" if shown else words


def _evidence(decision: Decision, now: datetime) -> Paragraph:
    """Link the runs the verdict rests on, with their age; nothing without one."""
    evidence = decision.evidence
    if evidence is None:
        return Paragraph(())
    parts = []
    if evidence.run is not None:
        began = evidence.run.started_at
        if evidence.beginning is not None:
            began = min(began, evidence.beginning.at)
        run = f"{_run_link('Validation run', evidence.run)}, started {age(now - began)}"
        parts.append(Part(run, Rank.EVIDENCE))
    if evidence.run is not None and evidence.infrastructure is not None:
        change = evidence.infrastructure
        ended = f"finished {age(now - change.updated_at)}"
        stands = ended if change.is_completed else "still running"
        text = f"{_run_link('infrastructure run', change)}, {stands}"
        parts.append(Part(text, Rank.INFRASTRUCTURE))
    parts += [Part(it, Rank.TERRAFORM) for it in render_terraform(evidence)]
    parts += [Part(it, Rank.ARTIFACT) for it in render_artifacts(evidence)]
    return Paragraph(tuple(parts), _BESIDE)


def _run_link(label: str, run: WorkflowRun) -> str:
    attempt = f", attempt {run.run_attempt}" if run.run_attempt > 1 else ""
    return link(f"{label} {run.run_id}{attempt}", run.html_url)


def _details(decision: Decision, room: int) -> str:
    """Quote what makes the reasons concrete, then the flows, neutralized and within `room`."""
    flows, unlisted = describe_flows(decision.evidence)
    reasons = list_details(decision)
    lines = reasons + flows
    if not lines or room <= _MORE_LIMIT:
        return ""
    shown: list[str] = []
    left = room - _MORE_LIMIT
    for line in lines:
        # The first line is rather cut than left out: it may be the only one.
        limit = LINE_LIMIT if shown or left < _SHORTEST_CUT else min(LINE_LIMIT, left - 2)
        quoted = f"> {neutralize(line, limit)}"
        if len(quoted) > left:
            break
        shown.append(quoted)
        left -= len(quoted) + 1
    if more := len(lines) - len(shown) + unlisted:
        what = f"{more} more"
        if len(shown) >= len(reasons):
            again = " more" if len(shown) > len(reasons) else ""
            what = f"{more}{again} flow{'s' if more > 1 else ''}"
        shown.append(f"> … and {what}")
    return "\n".join(shown)


def _what_follows(
    decision: Decision, request: GateRequest, now: datetime, guide: Guide
) -> list[Paragraph]:
    """Return what people can do, when the hold ends, and where the full record is."""
    record = Paragraph(())
    if guide.record:
        record = Paragraph((Part(link("Full record", guide.record), Rank.RECORD),))
    match decision.verdict:
        case Verdict.APPROVE:
            return [record]
        case Verdict.REJECT:
            text = "This attempt is over. Fix the cause, then re-run the deployment's jobs."
            return [Paragraph((Part(text),)), record]
        case Verdict.WAIT:
            return [list_actions(decision, request, guide), _ending(decision, now), record]
        case _:
            assert_never(decision.verdict)


def _ending(decision: Decision, now: datetime) -> Paragraph:
    """Return which deployments this one holds up, and when the hold ends."""
    parts = []
    behind = decision.behind
    if behind.total:
        runs = f"{behind.total} newer run{'s' if behind.total > 1 else ''} of this workflow"
        lost = f"; {behind.cancelled} cancelled: re-run those you need" if behind.cancelled else ""
        parts.append(Part(f"Behind this hold: {runs}{lost}.", Rank.BEHIND))
    warning = "**Ends soon:** if" if decision.last_call else "If"
    end = f"{decision.give_up_at:%Y-%m-%d %H:%M} UTC"
    left = remaining(decision.give_up_at - now)
    parts.append(
        Part(f"{warning} nothing changes, the gate rejects this attempt at {end} (in {left}).")
    )
    return Paragraph(tuple(parts), " ")
