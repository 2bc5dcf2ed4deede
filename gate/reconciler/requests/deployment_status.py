"""Follow a released deployment to its end, and leave a word of the override in its history.

GitHub's own webhook usually tells the end. It may be lost, so the request is looked at from time to
time, for as long as a deployment may reasonably run.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.ids import DeploymentId
from gate.domain.model.ledger import Effect, EffectKind, EffectStatus, status_key
from gate.domain.model.overrides import OverrideRecord
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.requests.decision import ReasonCode
from gate.domain.requests.deployment_status import is_final, is_own, plan_mirrors
from gate.domain.requests.missing_facts import StatusesNeeded
from gate.reconciler.observe.request import Observed
from gate.reconciler.requests.snapshot import Missing, Passed, View
from gate.store.engine.database import Transaction
from gate.store.github import deployments, runs
from gate.store.requests import decisions, leases, ledger

_LOOK: Final = timedelta(hours=1)
_FOLLOWED: Final = timedelta(days=7)
_SETTLED: Final = frozenset({EffectStatus.DONE, EffectStatus.REFUSED})


def follow_deployment_at(effect: Effect, now: datetime) -> datetime | None:
    """Return when to look at a request again whose review was just answered; None for never."""
    is_override = effect.kind is EffectKind.REVIEW and effect.topic == ReasonCode.OVERRIDE
    return now + _LOOK if is_override else None


def pass_closed(tx: Transaction, view: View, observed: Observed, now: datetime) -> Missing | Passed:
    """Look at a request that GitHub waits for no more; only an override leaves something to do."""
    request = view.request
    record = _override_of(tx, request)
    open_ids = _without_status(view) if record is not None else ()
    answered_at = request.answered_at
    if record is None or not open_ids or answered_at is None or now - answered_at > _FOLLOWED:
        return _released(tx, view, None)
    if observed.statuses is None and observed.error is None:
        known = dict(deployments.known_states(tx, request.key.repository_id, open_ids))
        is_due = now >= answered_at + _LOOK
        if is_due or any(is_final(state) for state in known.values()):
            return Missing(view, (StatusesNeeded(open_ids),))
    statuses = observed.statuses or {}
    for deployment_id, seen in statuses.items():
        landed = any(is_own(it.log_url, request) for it in seen)
        _settle_lost(tx, view, deployment_id, landed=landed, now=now)
    states = {it: seen[0].state for it, seen in statuses.items() if seen}
    entries = ledger.read_ledger(tx, request.id)
    effects = plan_mirrors(request, entries, states, record, _page_of(tx, request, record))
    ledger.record_intents(tx, request, entries, effects, decision_id=None, now=now)
    due_at = now + _LOOK
    if effects:
        return Passed(view, "closed", request.state, effects, due_at)
    return _released(tx, view, due_at)


def _settle_lost(
    tx: Transaction, view: View, deployment_id: DeploymentId, *, landed: bool, now: datetime
) -> None:
    """Find out what became of a status whose answer was lost: GitHub shows it, or does not."""
    key = status_key(view.request.key, deployment_id)
    for entry in view.entries.entries:
        if entry.effect.key == key and entry.is_unsettled:
            status = EffectStatus.DONE if landed else EffectStatus.INTENDED
            outcome = "landed" if landed else "not_landed"
            ledger.record_outcome(tx, key, status, outcome, now)


def _override_of(tx: Transaction, request: GateRequest) -> OverrideRecord | None:
    """Return the override that a request was released by, if it was."""
    if request.state is not RequestState.APPROVED:
        return None
    last = decisions.last_decision(tx, request.id)
    return last.override if last is not None else None


def _page_of(tx: Transaction, request: GateRequest, record: OverrideRecord) -> str:
    """Return the page of the run that went on; where it is not known, of a reviewer's own words."""
    said = (claim.url for claim in record.claims if claim.url)
    return runs.read_page(tx, request.key) or next(said, "")


def _without_status(view: View) -> tuple[DeploymentId, ...]:
    """List the deployments whose history tells nothing of the override yet."""
    key = view.request.key
    told = {it.effect.key for it in view.entries.entries if it.status in _SETTLED}
    return tuple(it for it in view.request.known_deployments if status_key(key, it) not in told)


def _released(tx: Transaction, view: View, due_at: datetime | None) -> Passed:
    request = view.request
    leases.release(tx, view.lease, generation=request.generation, due_at=due_at, failures=0)
    return Passed(view, "closed", request.state)
