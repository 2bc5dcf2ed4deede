"""Read the query of a request to the API: its numbers and its filters."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from flask import Response, request

from gate.domain.model.access import Visible
from gate.store.engine.database import Snapshot
from gate.store.github.names import find_visible

LARGEST: Final = 2**63 - 1
_ANY_TEXT: Final[Mapping[str, Collection[str]]] = {}
_NUMBER: Final = re.compile(r"[0-9]{1,19}")


class BadQuery(ValueError):
    """A query parameter that cannot be understood; its text names it."""


def number(name: str, default: int) -> int:
    """Return the number of a query parameter; raises BadQuery for anything else."""
    text = request.args.get(name)
    if text is None:
        return default
    found = parse_number(text)
    if found is None:
        msg = f"{name} must be a whole number above zero"
        raise BadQuery(msg)
    return found


def filters(
    known: Collection[str],
    numbers: Collection[str],
    choices: Mapping[str, Collection[str]] = _ANY_TEXT,
) -> dict[str, object]:
    """Return the fields to filter by, of those that are `known`.

    A field of `choices` must have one of its values: any other would look like an empty list.
    """
    found: dict[str, object] = {}
    for name in request.args:
        if name in {"limit", "cursor"}:
            continue
        if name not in known:
            listed = ", ".join(known)
            msg = f"{name} is not a filter of this list; use {listed}"
            raise BadQuery(msg)
        found[name] = value = number(name, 0) if name in numbers else _text(name)
        if name in choices and value not in choices[name]:
            listed = ", ".join(choices[name])
            msg = f"{name} must be one of {listed}"
            raise BadQuery(msg)
    return found


def by_id(snapshot: Snapshot, wanted: Mapping[str, object], visible: Visible) -> dict[str, object]:
    """Replace a repository's name by its number.

    Raises BadQuery for one that is not known, or that may not be seen.
    """
    found = dict(wanted)
    if "repository" in found:
        named = find_visible(snapshot, str(found.pop("repository")), visible)
        if named is None or found.get("repository_id") not in {None, named}:
            raise BadQuery("repository is unknown, or its name and repository_id differ")
        found["repository_id"] = named
    return found


def json_answer(body: object) -> Response:
    """Answer with JSON."""
    return Response(msgspec.json.encode(body), content_type="application/json")


def _text(name: str) -> str:
    text = request.args[name]
    if "\0" in text:
        # PostgreSQL takes no such text, not even to compare with.
        msg = f"{name} must be text"
        raise BadQuery(msg)
    return text


def parse_number(text: str) -> int | None:
    """Parse a number that the database can hold and that may be an id."""
    if _NUMBER.fullmatch(text) is None:
        return None
    found = int(text)
    return found if 0 < found <= LARGEST else None
