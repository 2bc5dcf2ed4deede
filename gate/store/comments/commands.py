"""Store the commands that people write in comments, until it is known whether they may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Row, bindparam, delete, func, select, update

from gate.domain.comments.commands import (
    AcknowledgeCommand,
    CommandProblem,
    DecideCommand,
    HelpCommand,
    OverrideCommand,
    ParsedCommand,
    ResolveCommand,
    SilenceCommand,
    UnknownCommand,
)
from gate.domain.model.hints import Work
from gate.domain.model.ids import AccountId, CommentId, RepositoryId
from gate.domain.model.runs import Account
from gate.store.engine.codec import encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import FRESH, DueTable
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.comments import commands

_t: Final = commands.c

COMMAND_KINDS: Final[Mapping[type[ParsedCommand], str]] = {
    AcknowledgeCommand: "ack",
    DecideCommand: "decide",
    ResolveCommand: "resolve",
    SilenceCommand: "silence",
    OverrideCommand: "override",
    HelpCommand: "help",
    CommandProblem: "problem",
    UnknownCommand: "unknown",
}
"""How each command is called in the database and in the trail: as people type it."""

_classes: Final = {kind: cls for cls, kind in COMMAND_KINDS.items()}


class CommandState(StrEnum):
    """Where a command stands; the first and the last are still to be judged."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class GivenCommand:
    """A command as somebody gave it, or what they wrote in place of one; `key` is natural.

    `comment_id` is None when it was given by assigning the issue. `is_related` repeats what GitHub
    said of the author beside the comment: an owner, a member or a collaborator. It is a hint that
    decides who is looked up first, never whether somebody may.
    """

    key: str
    repository_id: RepositoryId
    issue_number: int
    comment_id: CommentId | None
    person: Account
    command: ParsedCommand
    given_at: datetime
    url: str
    is_related: bool


_insert: Final = insert_or_ignore(commands)
_waiting: Final = select(
    func.count().filter(_t.actor_id == bindparam("person")).label("of_person"),
    func.count().filter(_t.is_related.is_(False)).label("of_strangers"),
).where(_t.due_at.is_not(None), _t.repository_id == bindparam("repository"))
_forget: Final = delete(commands).where(_t.command_key == bindparam("own"))
rows: Final = DueTable(
    commands,
    Work.COMMANDS,
    # People that GitHub knows come first.
    order=(_t.is_related.desc(), _t.due_at, _t.given_at),
)
_withdraw: Final = (
    update(commands)
    .where(
        _t.repository_id == bindparam("repository"),
        _t.comment_id == bindparam("comment"),
        _t.state == CommandState.PENDING.value,
    )
    .values(state=CommandState.WITHDRAWN.value)
)


def comment_key(repository_id: RepositoryId, comment_id: CommentId) -> str:
    """Name the command that a comment gives: at most one."""
    return f"comment/{repository_id}/{comment_id}"


def record_command(tx: Transaction, given: GivenCommand, now: datetime) -> None:
    """Store a command to be judged; one that is on record, or was withdrawn, stays as it is."""
    _insert.change(tx, _values(given, now) | {"state": CommandState.PENDING.value, "due_at": now})
    rows.note_due(tx, given.key, now)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many commands wait to be judged in a repository."""

    of_person: int
    of_strangers: int


def count_waiting(snapshot: Snapshot, repository_id: RepositoryId, person_id: AccountId) -> Waiting:
    """Count the commands that wait: one person's, and those of people unknown to GitHub."""
    row = snapshot.execute(_waiting, {"repository": repository_id, "person": person_id}).one()
    return Waiting(row.of_person, row.of_strangers)


def forget_command(tx: Transaction, key: str) -> None:
    """Drop a command that nobody needs to remember."""
    tx.execute(_forget, {"own": key})


def withdraw_command(tx: Transaction, given: GivenCommand, now: datetime) -> None:
    """Let a comment give no command any more, whether what it said was seen before or not.

    What was seen is judged all the same, so that people are told that it does not count.
    """
    unseen = _values(given, now) | {
        "state": CommandState.WITHDRAWN.value,
        "due_at": None,
    }
    _insert.change(tx, unseen)
    tx.execute(_withdraw, {"repository": given.repository_id, "comment": given.comment_id})


def finish_command(tx: Transaction, key: str, state: CommandState, outcome: str) -> None:
    """Record what became of a command, whose row the transaction has locked."""
    tx.execute(
        update(commands)
        .where(_t.command_key == key)
        .values(state=state.value, outcome=outcome, due_at=None, lease_until=None, lease_owner=None)
    )


def given_of(row: Row[Any]) -> GivenCommand:
    """Build the command that a row keeps."""
    return GivenCommand(
        key=row.command_key,
        repository_id=RepositoryId(row.repository_id),
        issue_number=row.issue_number,
        comment_id=CommentId(row.comment_id) if row.comment_id is not None else None,
        person=Account(AccountId(row.actor_id), row.actor),
        command=msgspec.json.decode(row.value, type=_classes[row.kind]),
        given_at=row.given_at,
        url=row.url,
        is_related=row.is_related,
    )


def _values(given: GivenCommand, now: datetime) -> dict[str, Any]:
    return {
        "command_key": given.key,
        "repository_id": given.repository_id,
        "issue_number": given.issue_number,
        "comment_id": given.comment_id,
        "actor_id": given.person.id,
        "actor": given.person.login,
        "url": given.url,
        "kind": COMMAND_KINDS[type(given.command)],
        "value": encode(given.command),
        "given_at": given.given_at,
        "is_related": given.is_related,
        "seen_at": now,
        "outcome": None,
        **FRESH,
    }
