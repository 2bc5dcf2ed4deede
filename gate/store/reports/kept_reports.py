"""Store each report that decisions rest on once, however many of them do, found by its hash.

An attempt's report grows with each alert. What a decision was made on is kept beside its record, so
that it can be made again; `gate.store.reports.reports` has what is known now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from gate.domain.model.ids import DecisionId
from gate.domain.model.reports import ValidationReport
from gate.store.engine.codec import decode_report, encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.requests import decision_reports, kept_reports

_insert: Final = insert_or_ignore(kept_reports)
_use: Final = (
    update(kept_reports)
    .where(kept_reports.c.digest == bindparam("known"))
    .values(used_at=bindparam("now"))
)
_refer: Final = insert(decision_reports)
_read: Final = (
    select(kept_reports.c.value)
    .join(decision_reports, decision_reports.c.digest == kept_reports.c.digest)
    .where(decision_reports.c.decision_id == bindparam("decision"))
    .order_by(decision_reports.c.position)
)


def keep_reports(
    tx: Transaction, decision_id: DecisionId, reports: Sequence[ValidationReport], now: datetime
) -> None:
    """Store the reports of a decision, in their order.

    One that is there already gets the new date, which also keeps it from being deleted meanwhile;
    should it just have been, it is kept again.
    """
    for position, report in enumerate(reports):
        value = encode(report)
        digest = digest_of(value)
        values = {"digest": digest, "used_at": now, "value": value}
        if (
            _insert.change(tx, values) == 0
            and not tx.execute(_use, {"known": digest, "now": now}).rowcount
        ):
            _insert.change(tx, values)
        tx.execute(_refer, {"decision_id": decision_id, "position": position, "digest": digest})


def read_kept_reports(snapshot: Snapshot, decision_id: DecisionId) -> list[bytes]:
    """Read the reports of a decision, as they are kept."""
    return [row.value for row in snapshot.execute(_read, {"decision": decision_id}).all()]


def decode_reports(values: Sequence[bytes]) -> tuple[ValidationReport, ...]:
    """Read reports back."""
    return tuple(decode_report(value) for value in values)


def digest_of(value: bytes) -> str:
    """Hash a report as it is kept."""
    return sha256(value).hexdigest()
