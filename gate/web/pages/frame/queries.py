"""Read the query of a page: its filters and its cursor.

Whatever cannot be understood is answered with 400, and a text that names the field and what may
stand there. An empty field is one that is not given: forms send all of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn
from urllib.parse import urlencode

from flask import request
from werkzeug.exceptions import BadRequest

from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId
from gate.store.engine.database import Snapshot
from gate.store.github.names import find_visible, repository_names

_LONGEST: Final = 200
_SUGGESTED: Final = 20
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_DAY: Final = timedelta(days=1)


class QueryRefused(BadRequest):
    """The query of a page cannot be understood; without it, the page is there."""


def refuse(detail: str) -> NoReturn:
    """Answer that the query cannot be understood; `detail` begins with the field."""
    raise QueryRefused(f"{detail}.")


def check_names(known: Collection[str] = ()) -> None:
    """Refuse a field that the page does not know; without `known` it has none."""
    allowed = f"use {', '.join(known)}" if known else "it has none"
    for name in request.args:
        if name not in known:
            refuse(f"{name[:_LONGEST]} is not a filter of this page; {allowed}")


def read_text(name: str) -> str | None:
    """Return a field's text; None where it is not given."""
    text = request.args.get(name, "").strip()
    if "\0" in text or len(text) > _LONGEST:
        refuse(f"{name} must be text of at most {_LONGEST} characters")
    return text or None


def read_choice(name: str, choices: Iterable[str]) -> str | None:
    """Return a field's text, which must be one of a few."""
    text = read_text(name)
    if text is not None and text not in choices:
        refuse(f"{name} must be one of {', '.join(choices)}")
    return text


def read_day(name: str, *, is_last: bool = False) -> datetime | None:
    """Return when a day begins, in UTC; of the last day of a period, when it ends."""
    text = read_text(name)
    if text is None:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return day + _DAY if is_last else day
    except (ValueError, OverflowError):
        refuse(f"{name} must be a day (UTC) such as 2026-03-02")


def read_cursor(shape: re.Pattern[str]) -> re.Match[str] | None:
    """Return a cursor's parts; None where none is given. One of another shape is refused."""
    text = read_text("cursor")
    found = shape.fullmatch(text) if text is not None else None
    if text is not None and found is None:
        refuse("cursor is broken; follow a link of the list, or leave it out")
    return found


def check_period(since: datetime | None, until: datetime | None) -> None:
    """Refuse a period whose fields `from` and `to` leave no day between them."""
    if since is not None and until is not None and since >= until:
        refuse("from is after to")


def link_with(path: str, fields: Mapping[str, str]) -> str:
    """Return a page's address with a query."""
    return f"{path}?{urlencode(fields)}" if fields else path


def given_fields(names: Iterable[str]) -> dict[str, str]:
    """Return those of some fields that are given, as they were written."""
    return {name: text for name in names if (text := read_text(name)) is not None}


def read_repository(snapshot: Snapshot, visible: Visible) -> RepositoryId | None:
    """Return the number of the repository that the field `repository` names."""
    name = read_text("repository")
    if name is None:
        return None
    found = find_visible(snapshot, name, visible)
    if found is None:
        known = ", ".join(repository_names(snapshot, visible)[:_SUGGESTED]) or "none yet"
        refuse(f"repository must be one that you may see, such as: {known}")
    return found


def read_number(text: str) -> int | None:
    """Return an id that is part of an address; None for what can be none."""
    return int(text) if _NUMBER.fullmatch(text) else None
