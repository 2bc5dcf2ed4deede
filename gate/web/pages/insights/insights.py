"""Show how well validation, alerts and the gate serve people, compared with the period before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from flask import Blueprint, Response

from gate.domain.model.ids import RepositoryId
from gate.domain.statistics.flow_days import lay_out
from gate.domain.statistics.insights import define, is_kept, make_insights
from gate.domain.statistics.metrics import count_flaky_runs, measure, measure_flaky_flows
from gate.domain.statistics.record import Period, Record, cut
from gate.domain.statistics.release_counts import count_releases
from gate.store.engine.database import Snapshot
from gate.store.github.names import names_of, repository_names
from gate.store.retention import KEEP
from gate.store.statistics.record import read_both
from gate.store.statistics.scope import Scope
from gate.web.pages.frame.queries import (
    check_names,
    given_fields,
    read_choice,
    read_repository,
    read_text,
)
from gate.web.pages.frame.site import Site
from gate.web.pages.insights.trends import show_trend

PERIODS: Final = {"7d": 7, "30d": 30, "90d": 90}

_FIELDS: Final = ("period", "repository", "environment")
_USUAL: Final = "30d"
_WEEK: Final = 7
_MOST_BARS: Final = 30
_MOST_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class _Found:
    now: Record
    before: Record
    names: list[str]
    named: Mapping[RepositoryId, str]


def insights_pages(site: Site) -> Blueprint:
    """Build the route of the insights."""
    pages = site.blueprint("insights")

    @pages.get("/insights")
    @site.shared
    def insights() -> Response:
        check_names(_FIELDS)
        wanted = read_choice("period", PERIODS) or _USUAL
        days = PERIODS[wanted]
        period = Period.of_days(days, site.deps.clock())
        earlier = period.earlier(days)
        found = site.read(lambda snapshot: _read(snapshot, site, period, earlier))
        starts = _starts(period.since.date(), days)
        now, before = measure(found.now, period), measure(found.before, earlier)
        parts = [measure(part, period) for part in cut(found.now, starts)]
        every = "day" if days <= _MOST_BARS else "week"
        trends = [
            show_trend(it, starts, every) for it in make_insights(now, before, parts, days, KEEP)
        ]
        is_compared = is_kept(period, earlier, KEEP)
        held = sorted(now.held_by_environment, key=lambda it: (-it[1].total, it[0]))
        releases = count_releases(found.now.releases, found.before.releases)
        flows_since = found.now.reports_since
        flow_days = (period.last_day - now.flaky_since.date()).days + 1
        return site.render(
            "insights.html",
            fields=given_fields(_FIELDS),
            periods=PERIODS,
            chosen=wanted,
            days=days,
            period=period,
            every=every,
            trends=trends,
            is_empty=not any(it.insight.value.sample for it in trends),
            kept_days=KEEP.days,
            names=found.names,
            named=found.named,
            held=held[:_MOST_ROWS],
            unlisted_held=len(held[_MOST_ROWS:]),
            held_before=dict(before.held_by_environment),
            is_compared=is_compared,
            releases=releases[:_MOST_ROWS],
            unlisted_releases=len(releases[_MOST_ROWS:]),
            flaky=now.flaky_flows,
            flaky_definition=define(measure_flaky_flows),
            flaky_before=count_flaky_runs(found.before.reports),
            is_flaky_compared=is_compared and not (flows_since or found.before.reports_since),
            flows_since=flows_since,
            flows=lay_out(found.now.reports, period.last_day, flow_days),
        )

    return pages


def _starts(first: date, days: int) -> list[date]:
    """Return the first day of each bar: a day, or a week where there are many days."""
    step = 1 if days <= _MOST_BARS else _WEEK
    return [first + timedelta(days=it) for it in range(0, days, step)]


def _read(snapshot: Snapshot, site: Site, period: Period, earlier: Period) -> _Found:
    visible = site.viewer.visible
    scope = _scope(snapshot, site)
    now, before = read_both(
        snapshot, period, earlier, scope, is_whole=is_kept(period, earlier, KEEP)
    )
    mentioned = {it.repository_id for it in now.releases} | {it.repository_id for it in now.reports}
    return _Found(
        now,
        before,
        repository_names(snapshot, visible),
        names_of(snapshot, mentioned, visible),
    )


def _scope(snapshot: Snapshot, site: Site) -> Scope:
    """Return what part of the record is asked for; a repository that may not be seen is none."""
    visible = site.viewer.visible
    return Scope(visible, read_repository(snapshot, visible), read_text("environment"))
