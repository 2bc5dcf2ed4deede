"""Queue the alerts about the gate itself, about bypasses and about refused answers."""

from __future__ import annotations

from functools import partial

from gate.domain.incidents.alerts.content import AlertSubject
from gate.domain.incidents.alerts.gate_alerts import (
    LeftOut,
    UnreadPolicy,
    key_of_end,
    key_of_problem,
    left_out_thread,
    policy_thread,
    render_broken_policy,
    render_fixed,
    render_left_out,
    render_unanswered,
    told_of,
)
from gate.domain.model.alert import Alert
from gate.domain.model.ids import RequestId
from gate.domain.model.policy.policy import (
    InvalidPolicy,
    LoadedPolicy,
    PolicyReading,
    UnavailablePolicy,
)
from gate.domain.model.request import RequestState
from gate.domain.text.addresses import file_page
from gate.reconciler.incidents.alert_planning import (
    AlertContext,
    held_deployments,
    owe_bypass_alert,
)
from gate.store.engine.database import Transaction
from gate.store.github import runs
from gate.store.github.stored_policies import misnamed, shown, sources_of
from gate.store.incidents import alerts
from gate.store.requests import requests, unannounced_ends


def alert_ends(tx: Transaction, context: AlertContext) -> None:
    """Queue alerts about deployments that bypassed the gate, or whose answer GitHub refused."""
    for request_id in unannounced_ends.unannounced_requests(tx, context.repository.id):
        _alert_end(tx, request_id, context)


def _alert_end(tx: Transaction, request_id: RequestId, context: AlertContext) -> None:
    unannounced_ends.record_announced(tx, request_id, context.now)
    request = requests.read_request(tx, request_id)
    if request is None:
        return
    if request.state is not RequestState.UNANSWERABLE:
        owe_bypass_alert(tx, request, context)
        return
    url = runs.read_page(tx, request.key)
    subject = AlertSubject(context.repository.full_name, url, context.deps.runbooks, ())
    _owe(tx, render_unanswered(request, url, context.policy, subject, context.now), context)


def alert_policy_problem(tx: Transaction, reading: PolicyReading, context: AlertContext) -> None:
    """Queue one alert about an invalid policy, or one that lacks an environment with held runs.

    Queues one more when the problem is fixed.
    """
    if isinstance(reading, InvalidPolicy):
        _alert_broken(tx, reading, context)
        return
    if isinstance(reading, UnavailablePolicy):
        alert_unread_policy(tx, reading, context)
        return
    sources = sources_of(context.repository)
    places = [shown(it, context.repository) for it in (*sources, *map(misnamed, sources))]
    for it in places:
        _alert_fixed(tx, it, context)
    about = partial(LeftOut, context.repository.id, source=reading.source, digest=reading.digest)
    for it in _left_out(tx, reading, context):
        _alert_left_out(tx, about(it), context)
    for it in reading.policy.environments:
        _alert_named_again(tx, about(it), context)


def alert_unread_policy(tx: Transaction, reading: UnavailablePolicy, context: AlertContext) -> None:
    """Queue one alert about a policy that cannot be read, which holds like an invalid one."""
    own, _ = sources_of(context.repository)
    _alert_broken(tx, UnreadPolicy(shown(own, context.repository), reading.detail), context)


def _alert_broken(
    tx: Transaction, broken: InvalidPolicy | UnreadPolicy, context: AlertContext
) -> None:
    thread = policy_thread(context.repository.installation_id, broken.source)
    key = key_of_problem(told_of(broken, thread), alerts.last_announced(tx, thread), context.now)
    if key is None:
        return
    subject = _subject(tx, context, broken.source)
    _owe(tx, render_broken_policy(broken, key, thread, subject, context.now), context)


def _alert_fixed(tx: Transaction, source: str, context: AlertContext) -> None:
    thread = policy_thread(context.repository.installation_id, source)
    key = key_of_end(alerts.last_announced(tx, thread))
    if key is None:
        return
    subject = _subject(tx, context, source)
    _owe(tx, render_fixed(source, key, thread, subject, context.now), context)


def _left_out(tx: Transaction, reading: LoadedPolicy, context: AlertContext) -> list[str]:
    """List the environments with held deployments that the policy does not name, each once."""
    held = requests.undecided_requests(tx, context.repository.id)
    asked = {it.key.environment: it.environment for it in held}
    return [it for it in asked.values() if reading.policy.environment(it) is None]


def _alert_left_out(tx: Transaction, left_out: LeftOut, context: AlertContext) -> None:
    thread = left_out_thread(left_out)
    name, last = f"{thread}/{left_out.digest}", alerts.last_announced(tx, thread)
    key = key_of_problem(name, last, context.now)
    if key is None:
        return
    subject = _subject(tx, context, left_out.source, left_out.environment)
    alert = render_left_out(left_out, key, context.policy, subject, context.now)
    _owe(tx, alert, context)


def _alert_named_again(tx: Transaction, named: LeftOut, context: AlertContext) -> None:
    """Queue the alert that the policy names an environment, after one that it did not."""
    thread = left_out_thread(named)
    key = key_of_end(alerts.last_announced(tx, thread))
    if key is None:
        return
    subject = _subject(tx, context, named.source, named.environment)
    _owe(tx, render_fixed(named, key, thread, subject, context.now), context)


def _subject(
    tx: Transaction, context: AlertContext, source: str, environment: str | None = None
) -> AlertSubject:
    """Link the policy's file, and list the deployments that wait because of it."""
    repository = context.repository
    page = file_page(runs.newest_page(tx, repository.id), source)
    held = held_deployments(tx, repository.id, environment)
    return AlertSubject(repository.full_name, page, context.deps.runbooks, held)


def _owe(tx: Transaction, alert: Alert, context: AlertContext) -> None:
    alerts.owe_alert(tx, alert, context.channels, context.repository.id)
