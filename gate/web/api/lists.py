"""Answer lists of the API, page by page and filtered, and single items by their number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Generic, Protocol, TypeVar

from flask import Response

from gate.domain.model.access import Visible
from gate.store.engine.database import Database, Snapshot
from gate.web.api.queries import by_id, filters, json_answer, number, parse_number
from gate.web.problems import problem

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)
Id = TypeVar("Id")
Id_contra = TypeVar("Id_contra", contravariant=True)

LIMIT: Final = 50
MOST: Final = 200


class ReadItems(Protocol[Item_co, Id_contra]):
    """Reads items, newest first, from the one before `before` on."""

    def __call__(
        self,
        snapshot: Snapshot,
        *,
        filters: Mapping[str, object],
        limit: int,
        before: Id_contra | None,
        visible: Visible,
    ) -> Sequence[Item_co]:
        """Read at most `limit` items."""
        ...


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item, Id]):
    """What a list can be filtered by, and how its items are read, numbered and shown.

    `fields` are the filters, of which `numbers` take numbers and `choices` one of a few values.
    """

    fields: Collection[str]
    numbers: Collection[str]
    choices: Mapping[str, Collection[str]]
    read: ReadItems[Item, Id]
    to_id: Callable[[int], Id]
    id_of: Callable[[Item], int]
    show: Callable[[Item], object]

    def answer(self, database: Database, visible: Visible) -> Response:
        """Answer with the page that the request's query asks for.

        `next_cursor` is the number of the last item shown; null on the last page.
        """
        limit = min(number("limit", LIMIT), MOST)
        cursor = number("cursor", 0)
        wanted = filters(self.fields, self.numbers, self.choices)
        found = database.read(
            lambda snapshot: self.read(
                snapshot,
                filters=by_id(snapshot, wanted, visible),
                limit=limit + 1,  # one more than is shown, to know whether there is more
                before=self.to_id(cursor) if cursor else None,
                visible=visible,
            )
        )
        items = found[:limit]
        following = str(self.id_of(items[-1])) if len(found) > limit else None
        return json_answer({"items": [self.show(it) for it in items], "next_cursor": following})


def answer_item(
    database: Database,
    written_id: str,
    read: Callable[[Snapshot, int, Visible], object | None],
    visible: Visible,
    noun: str,
) -> Response:
    """Answer with the item of a number, or that there is none; one not to be seen is none."""
    item_id = parse_number(written_id)
    found = None
    if item_id is not None:
        found = database.read(lambda snapshot: read(snapshot, item_id, visible))
    if found is None:
        return problem(HTTPStatus.NOT_FOUND, "not_found", f"there is no such {noun}")
    return json_answer(found)
