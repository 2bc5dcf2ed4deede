"""Show all gated environments at a glance: what is held, why, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response

from gate.domain.board.cell import CellState
from gate.domain.model.deliveries import Repository
from gate.store.engine.database import Snapshot
from gate.web.pages.board.fleet import Row, gather, judge_rows
from gate.web.pages.frame.queries import (
    check_names,
    given_fields,
    link_with,
    read_choice,
    read_text,
)
from gate.web.pages.frame.site import Site

MOST_ROWS: Final = 200
_MOST_JUDGED: Final = 2_000
_MOST_COLUMNS: Final = 8
_MOST_OWNERS: Final = 200
_INCIDENT: Final = "incident"
_FIELDS: Final = ("owner", "name", "state", "wall")
_WALL: Final = "1"

STATES: Final = {
    CellState.HELD.value: "on hold",
    _INCIDENT: "open incident",
    CellState.FAILED.value: "failed",
    CellState.BLOCKED.value: "would hold",
    CellState.VALIDATING.value: "validating",
    CellState.OPEN.value: "open",
    CellState.OBSERVED.value: "observed",
    CellState.UNVALIDATED.value: "never validated",
    CellState.UNKNOWN.value: "unknown",
}
"""The states that the board can be narrowed down to, in words."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader asked to see; empty is everything."""

    owner: str
    name: str
    state: str

    def admits(self, repository: Repository) -> bool:
        """Return whether a repository is asked for by its name."""
        owner = repository.owner.login.casefold()
        return self.owner.casefold() in {"", owner} and (
            self.name.casefold() in repository.full_name.casefold()
        )

    def keeps(self, row: Row) -> bool:
        """Return whether a row is asked for by the state of one of its cells."""
        cells = row.cells.values()
        if self.state == _INCIDENT:
            return any(cell.incident is not None for cell in cells)
        return not self.state or any(cell.state.value == self.state for cell in cells)

    def __bool__(self) -> bool:
        """Return whether anything is left out."""
        return bool(self.owner or self.name or self.state)


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of a board, and what is beside them. `held` counts deployments."""

    rows: Sequence[Row]
    held: int
    total: int
    gated: int
    owners: Sequence[str]
    columns: Sequence[str]
    has_others: bool


def board_pages(site: Site) -> Blueprint:
    """Build the route of the board."""
    pages = site.blueprint("board")

    @pages.get("/")
    @site.shared
    def board() -> Response:
        check_names(_FIELDS)
        owner, name = (read_text(it) or "" for it in ("owner", "name"))
        choice = Choice(owner, name, read_choice("state", STATES) or "")
        wall = read_choice("wall", (_WALL,))
        shown = site.read(lambda snapshot: _read(snapshot, site, choice))
        return site.render(
            "board.html",
            board=shown,
            choice=choice,
            states=STATES,
            wall=wall is not None,
            leave=link_with("/", given_fields(_FIELDS[:-1])),
            most_rows=MOST_ROWS,
        )

    return pages


def _read(snapshot: Snapshot, site: Site, choice: Choice) -> Shown:
    fleet = gather(snapshot, site.viewer.visible)
    listed = [it for it in fleet.sorted_repositories() if choice.admits(it)]
    judged = listed[: _MOST_JUDGED if choice.state else MOST_ROWS]
    rows = judge_rows(snapshot, fleet, judged, site.deps, site.viewer.visible)
    rows = [row for row in rows if choice.keeps(row)]
    ids = {row.repository.id for row in rows} if choice.state else {it.id for it in listed}
    counts = Counter(key for row in rows for key in row.cells)
    columns = sorted(counts, key=lambda key: (-counts[key], key))
    return Shown(
        rows=rows[:MOST_ROWS],
        held=sum(queue.count for place, queue in fleet.queues.items() if place[0] in ids),
        total=len(rows) if choice.state else len(listed),
        gated=sum(counts.values()),
        owners=_owners(fleet.repositories),
        columns=columns[:_MOST_COLUMNS],
        has_others=len(columns) > _MOST_COLUMNS,
    )


def _owners(repositories: Iterable[Repository]) -> list[str]:
    names = {it.owner.login for it in repositories}
    return sorted(names, key=str.casefold)[:_MOST_OWNERS]
