"""Bring each incident's issue on GitHub to what it has to be.

What the issue should say is written again at each look and compared with what was sent last. A step
is recorded as begun before it is sent; one whose outcome nobody knows is looked up by its mark
before anything else is sent. Where GitHub takes no issue, the incident goes on without one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from gate.domain.incidents.issue.plan import (
    AddRemark,
    AnswerClosing,
    Followed,
    IssueStep,
    OpenIssue,
    UpdateIssue,
    digest_of,
    plan_step,
)
from gate.domain.incidents.issue.remarks import render_closed_by_hand
from gate.domain.incidents.issue.text import keep_ticks
from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deadlines import while_leased
from gate.reconciler.deps import Deps
from gate.reconciler.incidents.issue_lookup import BegunStep, look_up
from gate.reconciler.incidents.issue_view import (
    AGAIN,
    WITHOUT_POLICY,
    IssueView,
    NothingToShow,
    PolicyUnavailable,
    observe_view,
)
from gate.reconciler.trail import incident_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Transaction
from gate.store.engine.due import Taken
from gate.store.engine.turns import take_turn_of_repository
from gate.store.github import repositories
from gate.store.incidents import incidents, issues
from gate.store.incidents.checks import mark_check
from gate.store.incidents.issues import TakenIssue

_MOST_STEPS: Final = 20
"""More than one incident ever lacks at once; the rest waits for the next look."""


_REFUSED_AGAIN: Final = timedelta(hours=1)
"""How soon it is tried again what GitHub has refused: people may have granted it since."""

_GIVEN_UP_AFTER: Final = timedelta(days=1)
"""How long after the end it is tried to close an issue: it may have been deleted."""


log = get_logger(__name__)


def keep_issue(row: Taken, deps: Deps) -> None:
    """Bring one incident's issue up to date, or say when it is tried again."""
    taken = deps.database.transact(lambda tx: issues.taken_issue(tx, row))
    incident_id = taken.incident_id
    try:
        due_at = _bring_up_to_date(taken, deps)
    except (RetryLater, OutcomeUnknown) as error:
        _postpone(taken, error, deps)
    except PolicyUnavailable as error:
        _settle(taken, deps.clock() + WITHOUT_POLICY, taken.refused, deps)
        log.warning("issue.postponed", incident_id=incident_id, reason=error.reason)
    except Refused as refused:
        _record_refusal(taken, refused, deps)
    else:
        _settle(taken, due_at, None, deps)


def _bring_up_to_date(taken: TakenIssue, deps: Deps) -> datetime | None:
    """Make the steps that are owed, one after the other; give when to look again."""
    if taken.begun is not None and taken.begun_at is not None:
        taken = _look_up(taken, taken.begun, taken.begun_at, deps)
    for _ in range(_MOST_STEPS):
        view = observe_view(taken, deps)
        if isinstance(view, NothingToShow):
            return view.again
        step = plan_step(
            taken.followed,
            view.text,
            view.remark,
            render_closed_by_hand(view.record.incident),
            labels=view.policy.incidents.labels,
            is_wanted=view.policy.incidents.issue,
        )
        if step is None:
            return _next_look(view, deps.clock())
        taken = _make(step, taken, view, deps)
    return deps.clock()


def _next_look(view: IssueView, now: datetime) -> datetime | None:
    incident = view.record.incident
    is_wanted = view.record.issue_number is not None or view.policy.incidents.issue
    return now + AGAIN if incident.is_open and is_wanted else None


def _make(step: IssueStep, taken: TakenIssue, view: IssueView, deps: Deps) -> TakenIssue:
    """Begin a step, send it, record it; gives the issue as it is then."""
    incident_id, now = taken.incident_id, deps.clock()

    def begin(tx: Transaction) -> None:
        if issues.rows.lock(tx, taken.taken) is None:
            raise RetryLater("lease_lost", f"issue of incident {incident_id}")
        issues.record_begun(tx, incident_id, step.name, now)

    deps.database.transact(begin)
    deps.failpoint("issue_begun")
    try:
        followed, url = _send(step, taken, view, deps)
    except (RetryLater, Refused):
        deps.database.transact(lambda tx: _forget_begun(tx, taken))
        raise
    deps.failpoint("issue_sent")
    return _record(taken, step.name, followed, url, deps)


def _forget_begun(tx: Transaction, taken: TakenIssue) -> None:
    """Note that a step was not made, unless another node has begun one since."""
    if issues.rows.lock(tx, taken.taken) is not None:
        issues.record_begun(tx, taken.incident_id, None, None)


def _send(
    step: IssueStep, taken: TakenIssue, view: IssueView, deps: Deps
) -> tuple[Followed, str | None]:
    """Send a step; gives what GitHub has then, and the page of an issue that is new."""
    followed, is_leased = taken.followed, while_leased(taken.taken, deps)
    address, number = view.address, followed.number or 0
    match step:
        case OpenIssue(text, labels):
            page = deps.github.issues.send_issue(
                address, title=text.title, body=text.body, labels=labels, is_timely=is_leased
            )
            opened = Followed(page.number, digest_of(text), text.is_open, view.record.events)
            return opened, page.url
        case AddRemark(remark):
            deps.github.issues.send_comment(address, number, remark.body, is_timely=is_leased)
            return replace(followed, told=remark.position), None
        case AnswerClosing(body):
            deps.github.issues.send_comment(address, number, body, is_timely=is_leased)
            return replace(followed, owes_closing=False), None
        case UpdateIssue(text):
            # What people ticked is nowhere but in the issue.
            body = keep_ticks(text.body, deps.github.issues.read_issue_text(address, number))
            deps.github.issues.send_issue_update(
                address,
                number,
                title=text.title,
                body=body,
                is_open=text.is_open,
                is_timely=is_leased,
            )
            return replace(followed, digest=digest_of(text), is_open=text.is_open), None
        case _:
            assert_never(step)


def _record(
    taken: TakenIssue, step: str, followed: Followed, url: str | None, deps: Deps
) -> TakenIssue:
    """Record what GitHub has now."""
    is_new = url is not None and followed.number is not None

    def record(tx: Transaction) -> None:
        take_turn_of_repository(tx, taken.repository_id)
        if issues.rows.lock(tx, taken.taken) is None:
            # Whoever has it now has looked the step up by its mark, and may have gone further.
            raise RetryLater("lease_lost", f"issue of incident {taken.incident_id}")
        if is_new:
            # A page may wait for the issue.
            mark_check(tx, taken.repository_id, deps.clock())
        if url is not None and followed.number is not None:
            incidents.record_issue(tx, taken.incident_id, followed.number, url)
            detail: dict[str, object] = {"number": followed.number, "url": url}
            _put_on_record(tx, taken, "issue.opened", deps.clock(), detail=detail)
        issues.record_step(tx, taken, followed)

    deps.database.transact(record)
    log.info("issue.sent", incident_id=taken.incident_id, step=step, number=followed.number)
    return replace(taken, followed=followed, begun=None, begun_at=None, refused=None)


def _look_up(taken: TakenIssue, begun: str, begun_at: datetime, deps: Deps) -> TakenIssue:
    """Find out whether a step was made whose outcome nobody knows."""
    repository = deps.database.read(
        lambda snapshot: repositories.read_repository(snapshot, taken.repository_id)
    )
    if repository is None:
        return taken
    step = BegunStep(taken.incident_id, begun, begun_at, taken.followed)
    followed, url = look_up(step, repository.address, deps)
    return _record(taken, begun, followed, url, deps)


def _postpone(taken: TakenIssue, error: RetryLater | OutcomeUnknown, deps: Deps) -> None:
    """Come back to an issue later."""
    due_at = deps.clock() + backoff(taken.taken.attempts, error, spread=taken.incident_id)
    deps.database.transact(
        lambda tx: issues.rows.postpone(tx, taken.taken, due_at, refused=taken.refused)
    )
    log.warning("issue.postponed", incident_id=taken.incident_id, reason=error.reason)


def _record_refusal(taken: TakenIssue, refused: Refused, deps: Deps) -> None:
    """Let the incident go on without an issue, say so once, and try again later."""
    now = deps.clock()

    def record(tx: Transaction) -> None:
        take_turn_of_repository(tx, taken.repository_id)
        known = incidents.read_incident(tx, taken.incident_id)
        ended = known.incident.resolved if known is not None else None
        is_given_up = ended is not None and now - ended.at > _GIVEN_UP_AFTER
        due_at = None if is_given_up else now + _REFUSED_AGAIN
        if taken.refused != refused.reason:
            detail: dict[str, object] = {"detail": refused.detail}
            _put_on_record(tx, taken, "issue.refused", now, reason=refused.reason, detail=detail)
        issues.rows.settle(tx, taken.taken, due_at=due_at, refused=refused.reason)

    deps.database.transact(record)
    log.warning(
        "issue.refused",
        incident_id=taken.incident_id,
        repository_id=taken.repository_id,
        reason=refused.reason,
        detail=refused.detail,
    )


def _settle(taken: TakenIssue, due_at: datetime | None, refused: str | None, deps: Deps) -> None:
    deps.database.transact(
        lambda tx: issues.rows.settle(tx, taken.taken, due_at=due_at, refused=refused)
    )


def _put_on_record(
    tx: Transaction,
    taken: TakenIssue,
    kind: str,
    now: datetime,
    *,
    reason: str | None = None,
    detail: dict[str, object],
) -> None:
    record = incidents.read_incident(tx, taken.incident_id)
    if record is None:
        return
    record_audit(tx, incident_entry(record.incident, kind, now, reason=reason, detail=detail))
