"""Measure how long a chain of the trail takes to be checked."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.domain.audit.chain import AuditEntry
from gate.domain.audit.verify import Intact
from gate.domain.model.ids import InstallationId, RepositoryId, RunId
from gate.store.audit.entries import record_audit
from gate.store.audit.trail import check_trail
from gate.store.engine.database import Database, Transaction
from gate.store.engine.migrations.migrate import migrate

_BEGINNING = datetime(2026, 3, 2, tzinfo=UTC)


def verified_in(count: int) -> float:
    """Write a chain of `count` entries to a new file, and give the seconds its check takes."""
    with TemporaryDirectory(prefix="gate-trail-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'trail.db'}")
        migrate(database)
        database.transact(lambda tx: _write(tx, count))
        started = time.perf_counter()
        (chain,) = database.read(lambda it: list(check_trail(it, lambda _: None)))
        seconds = time.perf_counter() - started
        database.close()
    if not isinstance(chain, Intact) or chain.last != count + 1:
        raise ValueError(str(chain))
    return seconds


def _write(tx: Transaction, count: int) -> None:
    for number in range(count):
        entry = AuditEntry(
            at=_BEGINNING + timedelta(seconds=number),
            installation_id=InstallationId(77),
            repository_id=RepositoryId(1001),
            run_id=RunId(number),
            run_attempt=1,
            environment="production-frontend",
            kind="decision.made",
            actor="gate",
            reason="validation_failed",
            detail={"decision_id": number, "verdict": "wait", "record": "0" * 64},
        )
        record_audit(tx, entry)
