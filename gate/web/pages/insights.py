"""Show how well validation, alerts and the gate serve people, compared with the period before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from flask import Blueprint, Response, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest

from gate.domain.statistics.flow_days import FlowDays, lay_out
from gate.domain.statistics.insights import make_insights
from gate.domain.statistics.metrics import measure
from gate.domain.statistics.record import Period, Record
from gate.domain.statistics.stats import Stats
from gate.store.engine.database import Snapshot
from gate.store.github.names import find_visible, repository_names
from gate.store.retention import KEEP
from gate.store.statistics.insights import Releases, read_releases, read_timed_reports
from gate.store.statistics.record import Scope, read_record
from gate.web.pages.charts import draw_bars
from gate.web.pages.site import Site

PERIODS: Final = {"7d": 7, "30d": 30, "90d": 90}

_USUAL: Final = "30d"
_WEEK: Final = 7
_MOST_BARS: Final = 30


@dataclass(frozen=True, slots=True)
class _Found:
    record: Record
    now: Stats
    before: Stats
    releases: tuple[Releases, ...]
    flows: FlowDays
    names: list[str]


def insights_pages(site: Site) -> Blueprint:
    """Build the route of the insights."""
    pages = site.blueprint("insights")

    @pages.get("/insights")
    def insights() -> Response:
        wanted = request.args.get("period", _USUAL)
        if wanted not in PERIODS:
            raise BadRequest(f"period must be one of {', '.join(PERIODS)}")
        days = PERIODS[wanted]
        # Whole minutes: a page that has not changed stays the same text.
        until = site.deps.clock().replace(second=0, microsecond=0) + timedelta(minutes=1)
        period = Period(until - timedelta(days=days), until)
        found = site.read(lambda snapshot: _read(snapshot, site, period, days))
        incidents = _by_day([it.incident.opened_at for it in found.record.stories], period, days)
        return site.render(
            "insights.html",
            periods=PERIODS,
            chosen=wanted,
            days=days,
            period=period,
            insights=make_insights(found.now, found.before, days, KEEP),
            kept_days=KEEP.days,
            names=found.names,
            incidents=incidents,
            chart=_chart(incidents),
            held=found.now.held_by_environment,
            releases=found.releases,
            flaky=found.now.flaky_flows,
            flows=found.flows,
        )

    return pages


def _read(snapshot: Snapshot, site: Site, period: Period, days: int) -> _Found:
    scope = _scope(snapshot, site)
    earlier = Period(period.since - timedelta(days=days), period.since)
    record = read_record(snapshot, period, scope)
    return _Found(
        record,
        measure(record, period),
        measure(read_record(snapshot, earlier, scope), earlier),
        read_releases(snapshot, period, scope),
        lay_out(read_timed_reports(snapshot, period, scope), period.until, days),
        repository_names(snapshot, site.viewer.visible),
    )


def _scope(snapshot: Snapshot, site: Site) -> Scope:
    """Return what part of the record is asked for; a repository that may not be seen is none."""
    visible = site.viewer.visible
    environment, name = (_text(it) for it in ("environment", "repository"))
    scope = Scope(visible, None, environment or None)
    if not name:
        return scope
    repository_id = find_visible(snapshot, name, visible)
    if repository_id is None:
        raise BadRequest("repository: there is no such repository, or you may not see it")
    return replace(scope, repository_id=repository_id)


def _text(name: str) -> str:
    text = request.args.get(name, "").strip()
    if "\0" in text:
        raise BadRequest(f"{name} must be text")
    return text


def _by_day(times: list[datetime], period: Period, days: int) -> list[tuple[date, int]]:
    """Count per day, and per week where there are many days; the key is the first day."""
    step = 1 if days <= _MOST_BARS else _WEEK
    counted = Counter((at - period.since).days // step for at in times)
    first = period.since.date()
    return [(first + timedelta(days=it * step), counted[it]) for it in range(-(-days // step))]


def _chart(incidents: list[tuple[date, int]]) -> Markup | None:
    names = [f"{day:%m-%d}" for day, _ in incidents]
    return draw_bars("Incidents opened over the period", names, [count for _, count in incidents])
