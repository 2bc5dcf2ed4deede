"""Write the comment that people read in GitHub.

Pure. At most `COMMENT_LIMIT` characters, links first, since GitHub and mail cut the end. Text that
others wrote (job names, flows, a policy's keys) is neutralised before it is quoted. What is said of
flows is in `gate.domain.requests.flow_lines`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, assert_never

from gate.domain.model.overrides import ALL_ROUTES, OverrideAsk, OverrideRecord, OverrideRoutes
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.domain.overrides.rationale import fold
from gate.domain.requests.behind import Behind
from gate.domain.requests.decide import Decision, Reason, ReasonCode, Verdict
from gate.domain.requests.flow_lines import describe_flows, render_context
from gate.domain.text.escaping import code_span, cut, cut_markdown, neutralise

COMMENT_LIMIT: Final = 1024
"""Characters GitHub takes in a status report (docs: Creating custom deployment protection rules);
whether a review is held to it too is not documented, so it is."""

_DETAIL_LIMIT: Final = 560
_LINE_LIMIT: Final = 280
_MORE_LIMIT: Final = len("> … and 99999 more")
_ROOM_FOR_DETAILS: Final = 220
_BETWEEN: Final = "\n\n"
_BESIDE: Final = " · "
_NAME_LIMIT: Final = 60
_WORDS_LIMIT: Final = 80
_MOST_NAMES: Final = 3


def explain(
    decision: Decision,
    request: GateRequest,
    now: datetime,
    routes: OverrideRoutes = ALL_ROUTES,
) -> str:
    """Say what was decided, on what, what happens next and what a person can do now.

    Details get the room that the rest leaves: foreign text must not push out how the hold ends. Of
    what the report links, as much is shown as leaves room for some details. Nothing is linked that
    only a holder of one of the gate's tokens can open.
    """
    headline, line = _headline(decision, request), _evidence_line(decision, now)
    ending = _next_step(decision, request, now, routes)
    room = COMMENT_LIMIT - len(_BETWEEN.join([headline, line, "", ending]))
    for context in render_context(decision.evidence):
        if room - len(_BESIDE + context) >= _ROOM_FOR_DETAILS:
            line = _BESIDE.join(part for part in (line, context) if part)
            room -= len(_BESIDE + context)
    parts = [headline, line, _details(decision, min(room, _DETAIL_LIMIT)), ending]
    return cut_markdown(_BETWEEN.join(part for part in parts if part), COMMENT_LIMIT)


def _headline(decision: Decision, request: GateRequest) -> str:
    match decision.verdict:
        case Verdict.APPROVE if decision.reason is ReasonCode.OBSERVE_MODE:
            return "**Approved in observe mode** — the policy records verdicts and holds nothing."
        case Verdict.APPROVE if decision.reason is ReasonCode.OVERRIDE:
            return _released_by(decision) + _whose_wave(decision, request)
        case Verdict.APPROVE:
            return "**Approved** — production validation passed."
        case Verdict.REJECT:
            return f"**Rejected** — {_because(decision.reasons)}."
        case Verdict.WAIT:
            return f"**On hold** — {_because(decision.reasons)}."
        case _:
            assert_never(decision.verdict)


def _released_by(decision: Decision) -> str:
    """Name who overrode which hold, without mentioning anybody."""
    claims = decision.override.claims if decision.override is not None else ()
    people = [neutralise(claim.person.login, _NAME_LIMIT) for claim in claims]
    shown = people[:_MOST_NAMES]
    if len(people) > len(shown):
        shown.append(f"{len(people) - len(shown)} more")
    names = " and ".join(shown) or "somebody"
    held = _because(decision.reasons[1:])
    return f"**Approved by override** — {names} released it{f' although {held}' if held else ''}."


def _whose_wave(decision: Decision, request: GateRequest) -> str:
    """Say that an override from before jobs of a later wave asked covers them too; else nothing."""
    claims = decision.override.claims if decision.override is not None else ()
    times = [claim.received_at or claim.given_at for claim in claims]
    if request.round == 1 or not times or max(times) >= request.waiting_since:
        return ""
    return " The jobs of this wave asked later; that override covers them too."


def _because(reasons: tuple[Reason, ...]) -> str:
    return "; ".join(dict.fromkeys(_PHRASES[reason.code] for reason in reasons))


_PHRASES: Final = {
    ReasonCode.VALIDATION_PASSED: "production validation passed",
    ReasonCode.OVERRIDE: "a reviewer has overridden the hold",
    ReasonCode.OBSERVE_MODE: "the policy only observes",
    ReasonCode.VALIDATION_FAILED: "production validation failed",
    ReasonCode.VALIDATION_RUNNING: "production validation is still running",
    ReasonCode.VALIDATION_INCONCLUSIVE: "production validation proved nothing",
    ReasonCode.VALIDATION_MISSING: "there is no production validation",
    ReasonCode.VALIDATION_STALE: "the last production validation is too old",
    ReasonCode.VALIDATION_UNCOVERED: (
        "the last production validation does not cover this deployment"
    ),
    ReasonCode.VALIDATION_WAITS_FOR_ITSELF: "production validation waits for this very gate",
    ReasonCode.OVERRIDE_INCOMPLETE: "the override is not complete",
    ReasonCode.OVERRIDE_INELIGIBLE: "an override was refused",
    ReasonCode.POLICY_INVALID: "the gate's policy file is not valid",
    ReasonCode.POLICY_UNAVAILABLE: "the gate's policy could not be read",
    ReasonCode.ENVIRONMENT_NOT_IN_POLICY: "the policy has no entry for this environment",
    ReasonCode.FACTS_UNAVAILABLE: "GitHub could not be asked for the facts",
    ReasonCode.GAVE_UP: "the hold lasted as long as it may",
}


def _evidence_line(decision: Decision, now: datetime) -> str:
    """Link the run the verdict rests on, with its age, then other runs; nothing without one."""
    evidence = decision.evidence
    if evidence is None or evidence.run is None:
        return ""
    began = evidence.run.started_at
    if evidence.beginning is not None:
        began = min(began, evidence.beginning.at)
    links = [f"{_run_link('validation run', evidence.run)}, started {age(now - began)}"]
    if evidence.infrastructure is not None:
        change = evidence.infrastructure
        stands = f"finished {age(now - change.updated_at)}" if change.is_completed else "not over"
        links.append(f"{_run_link('infrastructure run', change)}, {stands}")
    return _BESIDE.join(links)


def _run_link(label: str, run: WorkflowRun) -> str:
    attempt = f", attempt {run.run_attempt}" if run.run_attempt > 1 else ""
    return f"[{label} {run.run_id}{attempt}]({run.html_url})"


def _quoted(decision: Decision) -> list[str]:
    """List what makes the reasons concrete, raw; of an override, what each person said."""
    reasons = decision.reasons
    said: list[str] = []
    if decision.override is not None:
        said = _rationales(decision.override)
        reasons = tuple(reason for reason in reasons if reason.code is not ReasonCode.OVERRIDE)
    return said + [line.strip() for reason in reasons for line in reason.detail.splitlines()]


def _rationales(record: OverrideRecord) -> list[str]:
    """Give each person's words on a line of their own, so that nobody speaks for another."""
    return [
        f"{fold(claim.person.login)}: {cut(fold(claim.rationale), _LINE_LIMIT)}"
        for claim in record.claims
    ]


def _details(decision: Decision, room: int) -> str:
    """Quote what makes the reasons concrete, then the flows, neutralised and within `room`."""
    flows, unlisted = describe_flows(decision.evidence)
    lines = [line for line in _quoted(decision) if line] + flows
    if not lines or room <= _MORE_LIMIT:
        return ""
    shown: list[str] = []
    left = room - _MORE_LIMIT
    for line in lines:
        quoted = f"> {neutralise(line, _LINE_LIMIT)}"
        if len(quoted) > left:
            break
        shown.append(quoted)
        left -= len(quoted) + 1
    more = len(lines) - len(shown) + unlisted
    return "\n".join([*shown, f"> … and {more} more"] if more else shown)


def _next_step(
    decision: Decision, request: GateRequest, now: datetime, routes: OverrideRoutes
) -> str:
    match decision.verdict:
        case Verdict.APPROVE:
            return ""
        case Verdict.REJECT:
            return "This attempt is over. Fix the cause, then re-run the deployment's jobs."
        case Verdict.WAIT:
            end = f"{decision.give_up_at:%Y-%m-%d %H:%M} UTC"
            warning = "**Last call.** " if decision.last_call else ""
            left = span(decision.give_up_at - now)
            remedies = " ".join(
                dict.fromkeys(_remedy(it.code, decision) for it in decision.reasons)
            )
            override = ""
            if decision.ask is not None:
                override = _how_to_override(decision.ask, request, routes)
            otherwise = "Otherwise" if override else "Without it,"
            return (
                f"{warning}{_what_waits(decision.behind)}"
                f"{remedies} {_what_follows(decision)} {override}"
                f"{otherwise} the gate rejects this attempt at {end} (in {left})."
            )
        case _:
            assert_never(decision.verdict)


def _what_waits(behind: Behind) -> str:
    """Tell of newer deployments that this one holds up or that GitHub dropped because of it."""
    if not behind.total:
        return ""
    runs = (
        "newer run of this workflow waits or was"
        if behind.total == 1
        else ("newer runs of this workflow wait or were")
    )
    lost = f" ({behind.cancelled} cancelled; re-run what you need)" if behind.cancelled else ""
    return f"{behind.total} {runs} cancelled behind this hold{lost}. "


def _remedy(code: ReasonCode, decision: Decision) -> str:
    """Say what helps against a reason; to override is no help where nobody may."""
    if code is ReasonCode.OVERRIDE_INELIGIBLE and decision.ask is None:
        return ""
    return _REMEDIES[code]


def _how_to_override(ask: OverrideAsk, request: GateRequest, routes: OverrideRoutes) -> str:
    """Say the ways in which a reviewer releases this hold, and what they must write."""
    environment = neutralise(ask.environment, _NAME_LIMIT)
    ways = [
        way
        for way, is_open in (
            ("in the review of this deployment", routes.review),
            (f"by the environment {environment}", routes.environment),
            (f"by `/override {request.key.run_id}` on an issue", routes.comment),
        )
        if is_open
    ]
    if not ways:
        return (
            "Nobody can override it: the policy lists no reviewers, and neither this environment "
            f"nor {environment} has any. "
        )
    words = code_span(cut(fold(ask.acknowledge), _WORDS_LIMIT))
    people = "a reviewer overrides" if ask.approvals == 1 else f"{ask.approvals} people override"
    *others, last = ways
    how = f"{', '.join(others)}, or {last}" if others else last
    return (
        f"Or {people} it: {how}; with {words} and the reason, in "
        f"{ask.min_length} characters or more. "
    )


def _what_follows(decision: Decision) -> str:
    """Promise the release only where the remedy is all that the verdict lacks."""
    if any(reason.code in _NOT_JUDGED for reason in decision.reasons):
        return "The gate then judges the validation by itself."
    return "Nothing else is needed: the deployment goes on by itself then."


_NOT_JUDGED: Final = frozenset(
    {
        ReasonCode.POLICY_INVALID,
        ReasonCode.POLICY_UNAVAILABLE,
        ReasonCode.ENVIRONMENT_NOT_IN_POLICY,
        ReasonCode.FACTS_UNAVAILABLE,
    }
)
_RERUN: Final = "Fix production, or roll the change back, and re-run the validation."
_RUN: Final = "Run the validation on the branch the policy names."
_REMEDIES: Final = {
    ReasonCode.VALIDATION_PASSED: "",
    ReasonCode.OVERRIDE: "",
    ReasonCode.OBSERVE_MODE: "",
    ReasonCode.VALIDATION_FAILED: _RERUN,
    ReasonCode.VALIDATION_RUNNING: "Wait for the validation to end green.",
    ReasonCode.VALIDATION_INCONCLUSIVE: "Re-run the validation until it ends green.",
    ReasonCode.VALIDATION_MISSING: _RUN,
    ReasonCode.VALIDATION_STALE: "Run the validation again.",
    ReasonCode.VALIDATION_UNCOVERED: _RUN,
    ReasonCode.VALIDATION_WAITS_FOR_ITSELF: (
        "Validate in a workflow of its own, whose jobs do not use the gated environment."
    ),
    ReasonCode.OVERRIDE_INCOMPLETE: "To override, say what is missing in a comment.",
    ReasonCode.OVERRIDE_INELIGIBLE: "Somebody else must override.",
    ReasonCode.POLICY_INVALID: "Correct the policy on the default branch (`gate policy check`).",
    ReasonCode.POLICY_UNAVAILABLE: "The gate keeps trying.",
    ReasonCode.ENVIRONMENT_NOT_IN_POLICY: "Add it to the policy on the default branch.",
    ReasonCode.FACTS_UNAVAILABLE: "The gate keeps trying.",
    ReasonCode.GAVE_UP: "",
}


def age(elapsed: timedelta) -> str:
    """Say how long ago something was, in the one or two largest units."""
    return f"{span(elapsed)} ago"


def span(length: timedelta) -> str:
    """Say how long something is, in whole units that a person compares at a glance."""
    seconds = max(0, int(length.total_seconds()))
    for size, unit, smaller, smaller_unit in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // smaller
            return (
                f"{seconds // size} {unit} {rest} {smaller_unit}"
                if rest
                else f"{seconds // size} {unit}"
            )
    return f"{seconds} s"
