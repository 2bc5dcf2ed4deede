"""Find the requests on whose trail a person is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, or_, select, text

from gate.store.engine.database import Snapshot
from gate.store.engine.tables.audit import audit_entries
from gate.store.engine.tables.requests import gate_requests

_FEW_DEEDS: Final = 1_000
_t: Final = gate_requests.c
_a: Final = audit_entries.c
_IS_PERSON: Final = text("audit_entries.actor <> 'gate'")
"""Written out, so that the databases see that the partial indexes serve it."""


def is_touched_by(snapshot: Snapshot, person: str, since: datetime | None) -> ColumnElement[bool]:
    """Return the condition that a person is on a request's trail, however the login is spelled.

    The few deeds of most people lead to their requests. Of somebody with many, such as a bot, each
    request is looked up among the deeds, the newest first, until the page is full. Only deeds from
    `since` on count, which may be no later than the first asking of any wanted request; those of
    before belong to requests that are forgotten. None also counts as no request at all.
    """
    spellings = spellings_of(snapshot, person)
    if since is None or not spellings:
        return false()
    if count_deeds(snapshot, spellings, since) > _FEW_DEEDS:
        return has_deed_of(spellings)
    return is_of_deeds(spellings, since)


def count_deeds(snapshot: Snapshot, spellings: Sequence[str], since: datetime) -> int:
    """Count somebody's deeds from a time on, up to one more than few."""
    recent = and_(_a.actor.in_(spellings), _IS_PERSON, _a.at >= since)
    deeds = select(literal(1)).where(recent).limit(_FEW_DEEDS + 1)
    return snapshot.scalar(select(func.count()).select_from(deeds.subquery())) or 0


def has_deed_of(spellings: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a request has a deed of somebody, looked up for each request."""
    return exists().where(_is_deed_on(_t, spellings))


def is_of_deeds(spellings: Sequence[str], since: datetime) -> ColumnElement[bool]:
    """Return the condition that a request is among those of somebody's deeds from a time on."""
    own = gate_requests.alias("touched")
    return _t.id.in_(select(own.c.id).where(_is_deed_on(own.c, spellings), _a.at >= since))


def oldest_asking(snapshot: Snapshot) -> datetime | None:
    """Return when the oldest request that is kept was first asked for; None where there is none."""
    oldest: datetime | None = snapshot.scalar(select(func.min(_t.opened_at)))
    return oldest


def spellings_of(snapshot: Snapshot, person: str) -> list[str]:
    """Return how the trail spells a login, whose letters have no case at GitHub.

    Goes from name to name by the index: there are many more deeds than people.
    """
    others = audit_entries.alias("others")
    first = select(func.min(_a.actor).label("actor")).where(_IS_PERSON)
    people = first.cte("people", recursive=True)
    following = (
        select(func.min(others.c.actor))
        .where(others.c.actor > people.c.actor, text("others.actor <> 'gate'"))
        .scalar_subquery()
    )
    people = people.union_all(select(following).where(people.c.actor.is_not(None)))
    found = snapshot.scalars(
        select(people.c.actor).where(func.lower(people.c.actor) == person.lower())
    )
    return list(found)


def _is_deed_on(request: Any, spellings: Sequence[str]) -> ColumnElement[bool]:  # noqa: ANN401 - a table's columns
    return and_(
        _a.actor.in_(spellings),
        _IS_PERSON,
        _a.repository_id == request.repository_id,
        _a.run_id == request.run_id,
        or_(_a.run_attempt.is_(None), _a.run_attempt == request.run_attempt),
        or_(_a.environment.is_(None), _a.environment == request.environment),
    )
