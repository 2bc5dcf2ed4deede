"""Queue the alerts about the gate itself, about bypasses and about refused answers."""

from __future__ import annotations

from functools import partial

from gate.domain.incidents.alert_content import AlertSubject
from gate.domain.incidents.gate_alerts import (
    LeftOut,
    UnreadPolicy,
    key_of_end,
    key_of_problem,
    left_out_thread,
    policy_thread,
    render_broken_policy,
    render_left_out,
    render_mended,
    render_unanswered,
    told_of,
)
from gate.domain.model.alert import Alert
from gate.domain.model.ids import RequestId
from gate.domain.model.policy import InvalidPolicy, LoadedPolicy, PolicyReading, UnavailablePolicy
from gate.domain.model.request import RequestState
from gate.domain.text.addresses import file_page
from gate.reconciler.incidents.alert_planning import Telling, held_deployments, owe_bypass_alert
from gate.reconciler.observe.policy import misnamed, shown, sources_of
from gate.store.engine.database import Transaction
from gate.store.github import runs
from gate.store.incidents import alerts
from gate.store.requests import requests, untold_ends


def tell_ends(tx: Transaction, telling: Telling) -> bool:
    """Queue alerts about deployments that bypassed the gate, or whose answer GitHub refused.

    Returns whether there is something to send.
    """
    told = untold_ends.untold_requests(tx, telling.repository.id)
    for request_id in told:
        _tell_end(tx, request_id, telling)
    return bool(told)


def _tell_end(tx: Transaction, request_id: RequestId, telling: Telling) -> None:
    untold_ends.record_told(tx, request_id, telling.now)
    request = requests.read_request(tx, request_id)
    if request is None:
        return
    if request.state is not RequestState.UNANSWERABLE:
        owe_bypass_alert(tx, request, telling)
        return
    url = runs.read_page(tx, request.key)
    subject = AlertSubject(telling.repository.full_name, url, telling.deps.runbooks, ())
    _owe(tx, render_unanswered(request, url, telling.policy, subject, telling.now), telling)


def tell_policy(tx: Transaction, reading: PolicyReading, telling: Telling) -> bool:
    """Queue one alert about an invalid policy, or one that lacks an environment with held runs.

    Queues one more when the problem is fixed. Returns whether there is something to send.
    """
    if isinstance(reading, InvalidPolicy):
        return _tell_broken(tx, reading, telling)
    if isinstance(reading, UnavailablePolicy):
        return tell_unread_policy(tx, reading, telling)
    sources = sources_of(telling.repository)
    places = [shown(it, telling.repository) for it in (*sources, *map(misnamed, sources))]
    mended = [_tell_mended(tx, it, telling) for it in places]
    about = partial(LeftOut, telling.repository.id, source=reading.source, digest=reading.digest)
    left_out = [_tell_left_out(tx, about(it), telling) for it in _left_out(tx, reading, telling)]
    named = [_tell_named(tx, about(it), telling) for it in reading.policy.environments]
    return any([*mended, *left_out, *named])


def tell_unread_policy(tx: Transaction, reading: UnavailablePolicy, telling: Telling) -> bool:
    """Queue one alert about a policy that cannot be read, which holds like an invalid one.

    Returns whether there is something to send.
    """
    own, _ = sources_of(telling.repository)
    return _tell_broken(tx, UnreadPolicy(shown(own, telling.repository), reading.detail), telling)


def _tell_broken(tx: Transaction, broken: InvalidPolicy | UnreadPolicy, telling: Telling) -> bool:
    thread = policy_thread(telling.repository.installation_id, broken.source)
    key = key_of_problem(told_of(broken, thread), alerts.last_said(tx, thread), telling.now)
    if key is None:
        return False
    subject = _subject(tx, telling, broken.source)
    return _owe(tx, render_broken_policy(broken, key, thread, subject, telling.now), telling)


def _tell_mended(tx: Transaction, source: str, telling: Telling) -> bool:
    thread = policy_thread(telling.repository.installation_id, source)
    key = key_of_end(alerts.last_said(tx, thread))
    if key is None:
        return False
    subject = _subject(tx, telling, source)
    return _owe(tx, render_mended(source, key, thread, subject, telling.now), telling)


def _left_out(tx: Transaction, reading: LoadedPolicy, telling: Telling) -> list[str]:
    """List the environments with held deployments that the policy does not name, each once."""
    held = requests.undecided_requests(tx, telling.repository.id)
    asked = {it.key.environment: it.environment for it in held}
    return [it for it in asked.values() if reading.policy.environment(it) is None]


def _tell_left_out(tx: Transaction, left_out: LeftOut, telling: Telling) -> bool:
    thread = left_out_thread(left_out)
    name, last = f"{thread}/{left_out.digest}", alerts.last_said(tx, thread)
    key = key_of_problem(name, last, telling.now)
    if key is None:
        return False
    subject = _subject(tx, telling, left_out.source, left_out.environment)
    alert = render_left_out(left_out, key, telling.policy, subject, telling.now)
    return _owe(tx, alert, telling)


def _tell_named(tx: Transaction, named: LeftOut, telling: Telling) -> bool:
    """Queue the alert that the policy names an environment, after one that it did not."""
    thread = left_out_thread(named)
    key = key_of_end(alerts.last_said(tx, thread))
    if key is None:
        return False
    subject = _subject(tx, telling, named.source, named.environment)
    return _owe(tx, render_mended(named, key, thread, subject, telling.now), telling)


def _subject(
    tx: Transaction, telling: Telling, source: str, environment: str | None = None
) -> AlertSubject:
    """Link the policy's file, and list the deployments that wait because of it."""
    repository = telling.repository
    page = file_page(runs.newest_page(tx, repository.id), source)
    held = held_deployments(tx, repository.id, environment)
    return AlertSubject(repository.full_name, page, telling.deps.runbooks, held)


def _owe(tx: Transaction, alert: Alert, telling: Telling) -> bool:
    return alerts.owe_alert(tx, alert, telling.channels, telling.repository.id)
