"""Store what the jobs of run attempts reported, one report an attempt, and their alerts.

The first report of an attempt stands. What alerts add to it, `gate.domain.evidence.report_merge`
decides, and how much is kept of both `gate.domain.evidence.report_limits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import bindparam, false, func, or_, select, update

from gate.domain.evidence.report_limits import bounded
from gate.domain.evidence.report_merge import merge_reports, report_of
from gate.domain.model.ids import InstallationId, RepositoryId, RunId
from gate.domain.model.reports import AlertReport, ValidationReport
from gate.store.engine.codec import decode_alert, decode_report, encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.reports import alert_reports, validation_reports

_r: Final = validation_reports.c
_a: Final = alert_reports.c
MOST_ALERTS: Final = 20
"""Alerts of one run attempt."""

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)

_own_report: Final = (
    _r.repository_id == bindparam("repository"),
    _r.run_id == bindparam("run"),
    _r.run_attempt == bindparam("attempt"),
)
_own_alerts: Final = (
    _a.repository_id == bindparam("repository"),
    _a.run_id == bindparam("run"),
    _a.run_attempt == bindparam("attempt"),
)
_insert_report: Final = insert_or_ignore(validation_reports)
_lock_report: Final = select(_r.digest, _r.value).where(*_own_report).with_for_update()
_replace_report: Final = (
    update(validation_reports)
    .where(*_own_report)
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("installation_id", "digest", "seen_at", "has_trouble", "value")
        }
    )
)
_insert_alert: Final = insert_or_ignore(alert_reports)
_read_digest: Final = select(_a.digest).where(*_own_alerts, _a.event == bindparam("happened"))
_count_alerts: Final = select(func.count().label("alerts")).where(*_own_alerts)
_read_alerts: Final = select(_a.value).where(*_own_alerts).order_by(_a.received_at, _a.event)


class Reception(StrEnum):
    """What it meant that something was handed in."""

    NEW = "new"
    KNOWN = "known"
    CONFLICT = "conflict"
    TOO_MANY = "too_many"


def record_report(
    tx: Transaction, report: ValidationReport, installation_id: InstallationId
) -> Reception:
    """Store the report of an attempt; another one for the same attempt changes nothing.

    What alerts brought before stays in it. The row is locked while both are put together.
    """
    digest = _digest(replace(report, reported_at=_NO_TIME))
    row = _inserted_or_locked(tx, bounded(report), installation_id, digest)
    if row is None:
        return Reception.NEW
    if row.digest is not None:
        return Reception.KNOWN if row.digest == digest else Reception.CONFLICT
    merged = bounded(merge_reports(report, decode_report(row.value)))
    _write_report(tx, merged, installation_id, digest, seen_at=report.reported_at)
    return Reception.NEW


def record_alert(tx: Transaction, alert: AlertReport, installation_id: InstallationId) -> Reception:
    """Store an alert, and fold its flows into the report of its attempt.

    The same event of an attempt with another content changes nothing. After TOO_MANY the
    transaction must not be committed.
    """
    digest = _digest(replace(alert, received_at=_NO_TIME))
    values = {
        "repository_id": alert.repository_id,
        "run_id": alert.run_id,
        "run_attempt": alert.run_attempt,
        "event": alert.event,
        "installation_id": installation_id,
        "digest": digest,
        "received_at": alert.received_at,
        "value": encode(_bare(alert)),
    }
    key = _key(alert.repository_id, alert.run_id, alert.run_attempt)
    if _insert_alert.change(tx, values) == 0:
        row = tx.execute(_read_digest, {**key, "happened": alert.event}).one()
        return Reception.KNOWN if row.digest == digest else Reception.CONFLICT
    if tx.execute(_count_alerts, key).one().alerts > MOST_ALERTS:
        return Reception.TOO_MANY
    if alert.flows:
        _fold(tx, alert, installation_id)
    return Reception.NEW


def read_reports(
    snapshot: Snapshot, repository_id: RepositoryId, run_ids: Sequence[RunId]
) -> tuple[ValidationReport, ...]:
    """Read the reports of all attempts of some runs, by run and attempt."""
    if not run_ids:
        return ()
    wanted: dict[str, Any] = {"repository": repository_id}
    wanted |= {f"run_{number}": run_id for number, run_id in enumerate(run_ids)}
    rows = _reports_of(len(run_ids)).rows(snapshot, wanted)
    return tuple(decode_report(row.value) for row in rows)


def read_report(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> ValidationReport | None:
    """Read the report of one attempt."""
    found = read_reports(snapshot, repository_id, [run_id])
    return next((it for it in found if it.run_attempt == run_attempt), None)


def read_alerts(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> tuple[AlertReport, ...]:
    """Read what an attempt raised alerts about, oldest first; their flows are in its report."""
    rows = snapshot.execute(_read_alerts, _key(repository_id, run_id, run_attempt)).all()
    return tuple(decode_alert(row.value) for row in rows)


@cache
def _reports_of(count: int) -> Prepared:
    """Make the statement for a number of runs: it is a part of its text."""
    wanted = or_(false(), *(_r.run_id == bindparam(f"run_{number}") for number in range(count)))
    return Prepared(
        select(_r.value)
        .where(_r.repository_id == bindparam("repository"), wanted)
        .order_by(_r.run_id, _r.run_attempt)
    )


def _fold(tx: Transaction, alert: AlertReport, installation_id: InstallationId) -> None:
    """Add an alert's flows to the report of its attempt, or begin one that is still awaited."""
    told = report_of(alert)
    row = _inserted_or_locked(tx, bounded(told), installation_id, None)
    if row is None:
        return
    known = decode_report(row.value)
    merged = bounded(merge_reports(known, told))
    if merged != known:
        _write_report(tx, merged, installation_id, row.digest, seen_at=alert.received_at)


def _bare(alert: AlertReport) -> AlertReport:
    """Leave out of an alert what the report of its attempt has."""
    return replace(alert, flows=(), artifact_urls=()) if alert.flows else alert


def _inserted_or_locked(
    tx: Transaction, report: ValidationReport, installation_id: InstallationId, digest: str | None
) -> Any:  # noqa: ANN401 - a row
    """Insert a report; where there is one, give its row instead, locked."""
    key = _key(report.repository_id, report.run_id, report.run_attempt)
    values = {
        "repository_id": report.repository_id,
        "run_id": report.run_id,
        "run_attempt": report.run_attempt,
        "installation_id": installation_id,
        "digest": digest,
        "seen_at": report.reported_at,
        "has_trouble": report.has_trouble,
        "value": encode(report),
    }
    if _insert_report.change(tx, values) == 1:
        return None
    return tx.execute(_lock_report, key).first()


def _write_report(
    tx: Transaction,
    report: ValidationReport,
    installation_id: InstallationId,
    digest: str | None,
    *,
    seen_at: datetime,
) -> None:
    values = {
        "new_installation_id": installation_id,
        "new_digest": digest,
        "new_seen_at": seen_at,
        "new_has_trouble": report.has_trouble,
        "new_value": encode(report),
    }
    tx.execute(
        _replace_report, {**_key(report.repository_id, report.run_id, report.run_attempt), **values}
    )


def _digest(handed_in: ValidationReport | AlertReport) -> str:
    return sha256(encode(handed_in)).hexdigest()


def _key(repository_id: RepositoryId, run_id: RunId, run_attempt: int) -> dict[str, Any]:
    return {"repository": repository_id, "run": run_id, "attempt": run_attempt}
