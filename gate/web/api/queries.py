"""Read what a list of the API is asked for: page and filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from flask import Response, request

from gate.store.audit.trail import repository_named
from gate.store.engine.database import Snapshot

T = TypeVar("T")

_LIMIT: Final = 50
_MOST: Final = 200
_LARGEST: Final = 2**63 - 1
_ANY_TEXT: Final[Mapping[str, Collection[str]]] = {}
_NUMBER: Final = re.compile(r"[0-9]{1,19}")


class BadQuery(ValueError):
    """A query parameter that cannot be understood; its text names it."""


def page() -> tuple[int, int | None]:
    """Give how many items are asked for, and the cursor; None is the first page."""
    return min(_number("limit", _LIMIT), _MOST), _number("cursor", 0) or None


def filters(
    known: Collection[str],
    numbers: Collection[str],
    choices: Mapping[str, Collection[str]] = _ANY_TEXT,
) -> dict[str, object]:
    """Give the fields to filter by, of those that are `known`.

    A field of `choices` must have one of its values: any other would look like an empty list.
    """
    found: dict[str, object] = {}
    for name in request.args:
        if name in {"limit", "cursor"}:
            continue
        if name not in known:
            listed = ", ".join(known)
            msg = f"{name} is no field to filter by; there are {listed}"
            raise BadQuery(msg)
        found[name] = value = _number(name, 0) if name in numbers else _text(name)
        if name in choices and value not in choices[name]:
            listed = ", ".join(choices[name])
            msg = f"{name} must be one of {listed}"
            raise BadQuery(msg)
    return found


def by_id(snapshot: Snapshot, wanted: Mapping[str, object]) -> dict[str, object]:
    """Replace a repository's name by its number; raises BadQuery for one that is not known."""
    found = dict(wanted)
    if "repository" in found:
        named = repository_named(snapshot, str(found.pop("repository")))
        if named is None or found.get("repository_id") not in {None, named}:
            raise BadQuery("repository is not known by that name")
        found["repository_id"] = named
    return found


def page_answer(
    found: Sequence[T], limit: int, show: Callable[[T], object], place: Callable[[T], int]
) -> Response:
    """Answer with a page of a list, of which one item more than `limit` was read, if there is.

    The cursor is the place of the last item shown; null on the last page.
    """
    items = found[:limit]
    cursor = str(place(items[-1])) if len(found) > limit else None
    return json_answer({"items": [show(item) for item in items], "next_cursor": cursor})


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


def _number(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    number = parse_number(text)
    if number is None:
        msg = f"{name} must be a whole number above zero"
        raise BadQuery(msg)
    return number


def parse_number(text: str) -> int | None:
    """Read a number that the database can hold and that may be an id."""
    if _NUMBER.fullmatch(text) is None:
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST else None
