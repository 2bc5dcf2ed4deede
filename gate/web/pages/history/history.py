"""Show the history of all requests, narrowed down, and hand it out as CSV and as JSON Lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Blueprint, Response, stream_with_context

from gate.domain.model.access import Visible
from gate.domain.model.ids import RequestId
from gate.domain.model.request import RequestState
from gate.domain.requests.closing import Closure
from gate.domain.requests.decision import ReasonCode
from gate.domain.requests.explanation.outcome import (
    REASONS,
    VERDICTS,
    describe_outcome,
    describe_reason,
)
from gate.errors import GateError
from gate.store.engine.database import Snapshot
from gate.store.github.names import repository_names
from gate.store.requests.history import (
    HistoryCursor,
    HistoryEntry,
    HistoryFilter,
    list_history,
)
from gate.web.pages.frame.queries import (
    check_names,
    check_period,
    given_fields,
    link_with,
    read_choice,
    read_cursor,
    read_day,
    read_repository,
    read_text,
    refuse,
)
from gate.web.pages.frame.site import Site
from gate.web.pages.history.export import write_csv, write_jsonl

_PATH: Final = "/history"
_FIELDS: Final = (
    "repository",
    "environment",
    "person",
    "reason",
    "verdict",
    "state",
    "from",
    "to",
)
_PAGE: Final = 100
_BATCH: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PAST_THE_RULE: Final = {
    "overridden": (RequestState.APPROVED, ReasonCode.OVERRIDE),
    "bypassed": (RequestState.RESOLVED_ELSEWHERE, Closure.BYPASSED),
}
"""Words that the table shows instead of a state, and what they stand for."""
_CURSOR: Final = re.compile(r"([0-9]{1,16})-([1-9][0-9]{0,17})")


def history_pages(site: Site) -> Blueprint:
    """Build the routes of the history."""
    pages = site.blueprint("history_pages")

    @pages.get(_PATH)
    @site.shared
    def listing() -> Response:
        check_names((*_FIELDS, "cursor"))
        after, visible = _read_cursor(), site.viewer.visible

        def read(snapshot: Snapshot) -> tuple[list[HistoryEntry], list[str]]:
            wanted = _read_filter(snapshot, visible)
            found = list_history(snapshot, wanted, visible, limit=_PAGE + 1, after=after)
            return found, repository_names(snapshot, visible)

        found, names = site.read(read)
        entries, fields = found[:_PAGE], given_fields(_FIELDS)
        older = None
        if len(found) > _PAGE:
            older = link_with(_PATH, {**fields, "cursor": _write_cursor(entries[-1].cursor)})
        return site.render(
            "history.html",
            entries=entries,
            fields=fields,
            names=names,
            choices={
                "state": [
                    *((it.value, describe_outcome(it, None).word) for it in RequestState),
                    *((it, it) for it in _PAST_THE_RULE),
                ],
                "verdict": [(it, it) for it in VERDICTS],
                "reason": [(it, describe_reason(it)) for it in REASONS],
            },
            describe_outcome=describe_outcome,
            describe_reason=describe_reason,
            older=older,
            newest=link_with(_PATH, fields) if after is not None else None,
            csv=link_with(f"{_PATH}.csv", fields),
            jsonl=link_with(f"{_PATH}.jsonl", fields),
        )

    @pages.get(f"{_PATH}.csv")
    def as_csv() -> Response:
        return _export(site, "text/csv; charset=utf-8", "csv", write_csv)

    @pages.get(f"{_PATH}.jsonl")
    def as_jsonl() -> Response:
        return _export(site, "application/jsonl; charset=utf-8", "jsonl", write_jsonl)

    return pages


def _export(
    site: Site,
    content_type: str,
    extension: str,
    write: Callable[[Iterable[list[HistoryEntry]], str], Iterable[bytes]],
) -> Response:
    """Answer with the whole filtered set, read and written a batch at a time."""
    check_names(_FIELDS)
    visible = site.viewer.visible
    wanted = site.read(lambda snapshot: _read_filter(snapshot, visible))
    body = write(_batches(site, wanted, visible), site.deps.public_url)
    response = Response(stream_with_context(iter(body)), content_type=content_type)
    # The server passes it on batch by batch, see gate.web.door.bridge.
    response.headers["X-Accel-Buffering"] = "no"
    response.headers["Content-Disposition"] = f'attachment; filename="history.{extension}"'
    return response


def _batches(site: Site, wanted: HistoryFilter, visible: Visible) -> Generator[list[HistoryEntry]]:
    """Read the set batch by batch, so that neither memory nor a transaction grows with it.

    A download may take longer than a right lasts: it ends when its reader's rights have changed.
    """
    after: HistoryCursor | None = None
    while True:
        last = after
        reader = site.deps.viewers.find()
        if reader is None or reader.visible != visible:
            raise GateError("rights_changed", "the reader's rights changed during the export")
        batch = site.read(
            lambda snapshot: list_history(snapshot, wanted, visible, limit=_BATCH, after=last)  # noqa: B023  # called at once
        )
        yield batch
        if len(batch) < _BATCH:
            return
        after = batch[-1].cursor


def _read_filter(snapshot: Snapshot, visible: Visible) -> HistoryFilter:
    since, until = read_day("from"), read_day("to", is_last=True)
    check_period(since, until)
    state, reason = _read_outcome()
    return HistoryFilter(
        repository_id=read_repository(snapshot, visible),
        environment=read_text("environment"),
        person=read_text("person"),
        reason=reason,
        verdict=read_choice("verdict", VERDICTS),
        state=state,
        since=since,
        until=until,
    )


def _read_outcome() -> tuple[str | None, str | None]:
    """Return which state is wanted, and which reason."""
    reason = read_choice("reason", REASONS)
    word = read_choice("state", (*RequestState, *_PAST_THE_RULE))
    if word not in _PAST_THE_RULE:
        return word, reason
    state, own = _PAST_THE_RULE[word]
    if reason not in {None, own}:
        refuse(f"reason must be {own} where state is {word}")
    return state, own


def _read_cursor() -> HistoryCursor | None:
    found = read_cursor(_CURSOR)
    if found is None:
        return None
    return HistoryCursor(_EPOCH + int(found[1]) * _MICROSECOND, RequestId(int(found[2])))


def _write_cursor(cursor: HistoryCursor) -> str:
    return f"{(cursor.opened_at - _EPOCH) // _MICROSECOND}-{cursor.id}"
