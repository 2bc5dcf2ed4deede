"""Store what people said to release held runs; each pass decides whether it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from gate.domain.model.ids import CommentId, RepositoryId, RequestKey, RunId
from gate.domain.model.overrides import OverrideChannel, OverrideClaim
from gate.store.engine.codec import decode_claim, encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.requests import override_claims

_t: Final = override_claims.c
_insert: Final = insert_or_ignore(override_claims)
_of_request: Final = (
    _t.repository_id == bindparam("repository"),
    _t.run_id == bindparam("run"),
    _t.run_attempt == bindparam("attempt"),
    _t.environment_key == bindparam("environment"),
)
_of_comment: Final = (
    _t.repository_id == bindparam("repository"),
    _t.comment_id == bindparam("comment"),
)
_is_withdrawn: Final = Prepared(
    select(_t.withdrawn).where(_t.claim_key == bindparam("own"), _t.withdrawn.is_(True))
)
_read: Final = Prepared(
    select(_t.value, _t.comment_id, _t.issue_number)
    .where(*_of_request, _t.withdrawn.is_(False))
    .order_by(_t.claim_key)
)
_withdraw: Final = Prepared(
    update(override_claims)
    .where(*_of_comment, _t.withdrawn.is_(False))
    .values(withdrawn=True)
    .returning(_t.repository_id, _t.run_id, _t.run_attempt, _t.environment_key)
)


@dataclass(frozen=True, slots=True)
class RecordedClaim:
    """A claim, and where to answer it when it was made in a comment."""

    claim: OverrideClaim
    comment_id: CommentId | None = None
    issue_number: int | None = None


def comment_claim_key(repository_id: RepositoryId, comment_id: CommentId) -> str:
    """Name the claim that a comment makes: at most one."""
    return f"{OverrideChannel.COMMENT}/{repository_id}/{comment_id}"


def record_claim(tx: Transaction, key: RequestKey, recorded: RecordedClaim, now: datetime) -> bool:
    """Store a claim on a request, which need not be known yet; return whether it is new."""
    values = {
        "claim_key": recorded.claim.key,
        "repository_id": key.repository_id,
        "run_id": key.run_id,
        "run_attempt": key.run_attempt,
        "environment_key": key.environment,
        "comment_id": recorded.comment_id,
        "issue_number": recorded.issue_number,
        "withdrawn": False,
        "seen_at": now,
        "value": encode(recorded.claim),
    }
    return _insert.change(tx, values) == 1


def read_claims(snapshot: Snapshot, key: RequestKey) -> tuple[RecordedClaim, ...]:
    """Read the claims on a request that were not withdrawn."""
    values: dict[str, Any] = {
        "repository": key.repository_id,
        "run": key.run_id,
        "attempt": key.run_attempt,
        "environment": key.environment,
    }
    return tuple(
        RecordedClaim(decode_claim(row.value), row.comment_id, row.issue_number)
        for row in _read.rows(snapshot, values)
    )


def is_withdrawn(snapshot: Snapshot, repository_id: RepositoryId, comment_id: CommentId) -> bool:
    """Return whether a comment is known to have been edited or deleted."""
    key = comment_claim_key(repository_id, comment_id)
    return _is_withdrawn.first(snapshot, {"own": key}) is not None


def withdraw_comment(
    tx: Transaction,
    repository_id: RepositoryId,
    comment_id: CommentId,
    issue_number: int,
    now: datetime,
) -> list[RequestKey]:
    """Let a comment count no more, since it was edited or deleted; give the requests it was on.

    One that was not seen yet leaves a claim on nothing, so that it never counts.
    """
    unseen = {
        "claim_key": comment_claim_key(repository_id, comment_id),
        "repository_id": repository_id,
        "run_id": 0,
        "run_attempt": 0,
        "environment_key": "",
        "comment_id": comment_id,
        "issue_number": issue_number,
        "withdrawn": True,
        "seen_at": now,
        "value": b"",
    }
    _insert.change(tx, unseen)
    rows = _withdraw.rows(tx, {"repository": repository_id, "comment": comment_id})
    return [
        RequestKey(
            RepositoryId(row.repository_id), RunId(row.run_id), row.run_attempt, row.environment_key
        )
        for row in rows
    ]
