"""Show whether the gate itself is well, by the limits that Prometheus alerts at.

What belongs to all repositories together, who does not see them all is shown as a state only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response

from gate import __version__
from gate.domain.model.alert import Channel
from gate.domain.nodes.fleet import Fleet
from gate.domain.nodes.node import Node, NodeState
from gate.domain.statistics.health import (
    ALERTS_NOT_TAKEN,
    ALERTS_REFUSED,
    DELIVERY_LAG,
    INCIDENT_OPEN,
    LEVEL_WORDS,
    QUOTA_LOW,
    REQUEST_WAITS,
    Level,
    Limit,
    worst,
)
from gate.domain.text.durations import span
from gate.errors import GateError
from gate.store.engine.migrations.compatibility import Schema, find_schema
from gate.store.incidents.alerts import AlertState
from gate.store.nodes.holdings import read_fleet
from gate.store.statistics.gauges import Backlog
from gate.store.statistics.standing import Standing, read_standing
from gate.web.deps import Check
from gate.web.pages.frame.queries import check_names
from gate.web.pages.frame.site import Site

_LOST: Final = frozenset({AlertState.REFUSED.value, AlertState.EXPIRED.value})
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the page; `value` is empty where only the state may be shown.

    `level` is None for what is not configured, and so neither good nor bad.
    """

    name: str
    level: Level | None
    limit: Limit
    value: str
    wanted: str

    @property
    def word(self) -> str:
        """Name the level."""
        return LEVEL_WORDS[self.level] if self.level is not None else "not configured"


def status_pages(site: Site) -> Blueprint:
    """Build the route of the status page."""
    pages = site.blueprint("status")

    @pages.get("/status")
    @site.shared
    def status() -> Response:
        check_names()
        deps, visible = site.deps, site.viewer.visible
        now = deps.clock()
        standing, fleet, schema = site.read(
            lambda snapshot: (
                read_standing(snapshot, visible, now),
                read_fleet(snapshot, now),
                find_schema(snapshot),
            )
        )
        sees_all = visible.repositories is None
        measures = [*_own(standing, now), *_shared(site, standing, now, sees_all=sees_all)]
        level = worst([it.level for it in measures if it.level is not None])
        checks = {name: _passes(check) for name, check in deps.status_checks.items()}
        is_alive = all(checks.values())
        return site.render(
            "status.html",
            measures=measures,
            level=level if is_alive else Level.RED,
            word=LEVEL_WORDS[level if is_alive else Level.RED],
            standing=standing,
            sees_all=sees_all,
            nodes=list(_nodes(fleet)) if sees_all else [],
            own_node_id=deps.node_id,
            checks=checks,
            version=__version__,
            schema=_schema(schema),
            dialect=deps.database.dialect,
            started_at=deps.started_at,
        )

    return pages


def _schema(schema: Schema) -> str:
    """Name the revision of the database, and that of this release where they differ."""
    if schema.revision == schema.needed:
        return schema.needed
    return f"{schema.revision} (this release has {schema.needed})"


_NODE_LEVELS: Final = {
    NodeState.RUNNING: Level.GREEN,
    NodeState.DRAINING: Level.AMBER,
    NodeState.LOST: Level.RED,
}


@dataclass(frozen=True, slots=True)
class NodeLine:
    """One line of the list of nodes."""

    node: Node
    state: NodeState
    level: Level
    leases: str


def _nodes(fleet: Fleet) -> Iterator[NodeLine]:
    for node in fleet.nodes:
        state = node.state(fleet.now)
        leases = ", ".join(f"{count} {work}" for work, count in fleet.held_by(node).items())
        yield NodeLine(node, state, _NODE_LEVELS[state], leases)


def _own(standing: Standing, now: datetime) -> Iterator[Measure]:
    """Measure what the reader may see."""
    for name, limit, backlog in (
        ("Oldest unanswered request", REQUEST_WAITS, standing.requests),
        ("Oldest open incident", INCIDENT_OPEN, standing.incidents),
    ):
        age = _age(backlog.oldest, now)
        value = f"{_spell(age)}, {backlog.count} in all" if backlog.count else "none"
        yield Measure(name, limit.judge_age(age), limit, value, _at_most(limit))


def _shared(site: Site, standing: Standing, now: datetime, *, sees_all: bool) -> Iterator[Measure]:
    """Measure what all repositories share."""
    lag = _age(standing.unread, now)
    value = _spell(lag) if standing.unread is not None else "nothing unread"
    measures = [
        Measure(
            "Delivery lag", DELIVERY_LAG.judge_age(lag), DELIVERY_LAG, value, _at_most(DELIVERY_LAG)
        )
    ]
    for channel in Channel:
        backlog = standing.outbox.get(channel.value, Backlog(0, None))
        age = _age(backlog.oldest, now)
        owed = (
            f"{backlog.count} waiting, the oldest for {_spell(age)}" if backlog.count else "empty"
        )
        level = ALERTS_NOT_TAKEN.judge_age(age)
        name = f"Outbox of {channel.value}"
        if channel not in site.deps.channels and not backlog.count:
            measures.append(Measure(name, None, ALERTS_NOT_TAKEN, "", ""))
            continue
        measures.append(Measure(name, level, ALERTS_NOT_TAKEN, owed, _at_most(ALERTS_NOT_TAKEN)))
    lost = sum(count for (_, state), count in standing.recent.items() if state in _LOST)
    refused = f"{lost} within a day"
    level = ALERTS_REFUSED.judge(lost)
    measures.append(Measure("Alerts refused or expired", level, ALERTS_REFUSED, refused, "none"))
    quota = list(_quotas(site.deps.quota_left()))
    if quota and not sees_all:
        # How many installations there are, and which, is no matter of one tenant.
        level = worst([it.level for it in quota if it.level is not None])
        quota = [Measure("GitHub quota", level, QUOTA_LOW, "", "")]
    for it in (*measures, *quota):
        yield it if sees_all else Measure(it.name, it.level, it.limit, "", "")


def _quotas(left: Mapping[int | None, int]) -> Iterator[Measure]:
    """Measure the calls to GitHub that each installation has left this hour."""
    wanted = f"at least {QUOTA_LOW.bound:.0f}"
    for key, calls in sorted(left.items(), key=lambda it: it[0] or 0):
        name = f"GitHub quota of {f'installation {key}' if key else 'the App'}"
        yield Measure(name, QUOTA_LOW.judge(calls), QUOTA_LOW, f"{calls} calls left", wanted)


def _at_most(limit: Limit) -> str:
    return f"at most {span(timedelta(seconds=limit.bound))}"


def _age(since: datetime | None, now: datetime) -> timedelta:
    return max(now - since, timedelta()) if since is not None else timedelta()


def _spell(age: timedelta) -> str:
    """Write an age in whole minutes, so that a page stays the same for a while."""
    whole = age - age % _MINUTE
    return span(whole) if whole else "less than 1 min"


def _passes(check: Check) -> bool:
    try:
        check()
    except GateError:
        return False
    return True
