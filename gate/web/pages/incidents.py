"""Show the incidents, and the whole story of one: what failed, the clock, who did what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, Response

from gate.domain.incidents.alerts.outcome import describe_alert
from gate.domain.incidents.clock import (
    Step,
    choose_runbook,
    describe_ending,
    find_next_deadline,
    read_clock,
)
from gate.domain.incidents.events import IncidentEvent
from gate.domain.incidents.story import (
    explain_standing,
    list_commands,
    name_remedy,
    summarize_failure,
    tell,
)
from gate.domain.model.access import Visible
from gate.domain.model.ids import IncidentId, environment_key
from gate.domain.model.policy.policy import AlertPolicy, Mode, Policy
from gate.store.engine.database import Snapshot
from gate.store.github.names import repository_names
from gate.store.incidents.incidents import read_timeline
from gate.store.incidents.overview import (
    STATES,
    IncidentCursor,
    IncidentFilter,
    ListedIncident,
    list_overview,
    read_listed,
)
from gate.store.incidents.sent_alerts import SentAlert, read_sent_alerts
from gate.store.requests.held import HeldRequest, count_held, list_held
from gate.web.pages.frame.queries import (
    check_names,
    check_period,
    given_fields,
    link_with,
    read_choice,
    read_cursor,
    read_day,
    read_number,
    read_repository,
    read_text,
)
from gate.web.pages.frame.site import Site
from gate.web.pages.runbooks import title_of

_PATH: Final = "/incidents"
_FIELDS: Final = ("repository", "environment", "state", "from", "to")
_PAGE: Final = 50
_MOST_FLOWS: Final = 50
_MOST_EVENTS: Final = 200
_MOST_ALERTS: Final = 100
_MOST_HELD: Final = 20
_CURSOR: Final = re.compile(r"(open|resolved)-([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class _Row:
    """An incident of the list, with the step that is due next and how many deployments it holds."""

    listed: ListedIncident
    next_step: Step | None
    held: int


@dataclass(frozen=True, slots=True)
class _Story:
    """What is read for the page of one incident."""

    listed: ListedIncident
    policy: Policy | None
    timeline: list[tuple[int, IncidentEvent]]
    alerts: list[SentAlert]
    held: list[HeldRequest]


def incident_pages(site: Site, runbooks: Mapping[str, str]) -> Blueprint:
    """Build the routes of the incidents; `runbooks` are the texts that they link to, by name."""
    pages = site.blueprint("incident_pages")

    @pages.get(_PATH)
    @site.shared
    def listing() -> Response:
        check_names((*_FIELDS, "cursor"))
        after, visible, now = _read_cursor(), site.viewer.visible, site.deps.clock()
        state, environment = read_choice("state", STATES), read_text("environment")
        since, until = read_day("from"), read_day("to", is_last=True)
        check_period(since, until)

        def read(snapshot: Snapshot) -> tuple[list[_Row], bool, list[str]]:
            repository = read_repository(snapshot, visible)
            wanted = IncidentFilter(repository, environment, state, since, until)
            found = list_overview(snapshot, wanted, visible, limit=_PAGE + 1, after=after)
            rows = _rows(snapshot, site, found[:_PAGE], now)
            return rows, len(found) > _PAGE, repository_names(snapshot, visible)

        rows, has_more, names = site.read(read)
        fields = given_fields(_FIELDS)
        older = {**fields, "cursor": _write_cursor(rows[-1].listed)} if has_more else None
        return site.render(
            "incidents.html",
            rows=rows,
            fields=fields,
            states=STATES,
            names=names,
            older=link_with(_PATH, older) if older is not None else None,
            newest=link_with(_PATH, fields) if after is not None else None,
            summarize=summarize_failure,
            describe_ending=describe_ending,
        )

    @pages.get(f"{_PATH}/<written_id>")
    @site.shared
    def single(written_id: str) -> Response:
        check_names()
        number, visible, now = read_number(written_id), site.viewer.visible, site.deps.clock()
        story = None
        if number is not None:
            incident_id = IncidentId(number)
            story = site.read(lambda it: _read_story(it, site, incident_id, visible))
        if story is None:
            site.missing("incident")
        incident = story.listed.incident
        steps = read_clock(incident, _alert_policy(story.policy), now)
        flows = incident.failure.flows[:_MOST_FLOWS]
        newly = incident.failure.newly_failing
        runbook = choose_runbook(incident, steps)
        return site.render(
            "incident.html",
            incident=incident,
            repository=story.listed.repository,
            issue_url=story.listed.issue_url,
            steps=steps,
            next_step=find_next_deadline(steps),
            runbook=runbook,
            runbook_title=title_of(runbooks[runbook]),
            standing=explain_standing(incident, _mode(story)),
            ending=describe_ending(incident),
            summary=summarize_failure(incident.failure),
            remedy=name_remedy(incident),
            commands=list_commands(incident),
            flows=flows,
            more_flows=incident.failure.count - len(flows),
            newly=frozenset(newly) if newly is not None else None,
            timeline=[tell(event) for _, event in story.timeline],
            alerts=[
                (
                    it,
                    describe_alert(it.state, it.outcome, it.attempts, maybe_sent=it.maybe_sent),
                )
                for it in story.alerts
            ],
            held=story.held[:_MOST_HELD],
            has_more_held=len(story.held) > _MOST_HELD,
            more_held=link_with(
                "/history",
                {
                    "repository": story.listed.repository,
                    "environment": incident.place.environment,
                    "state": "waiting",
                },
            ),
        )

    return pages


def _rows(snapshot: Snapshot, site: Site, found: list[ListedIncident], now: datetime) -> list[_Row]:
    open_ones = [it.incident.place.repository_id for it in found if it.incident.is_open]
    concerned = frozenset(open_ones)
    policies = {it: _alert_policy(site.deps.policy_read_last(snapshot, it)) for it in concerned}
    held = count_held(snapshot, concerned)
    rows = []
    for it in found:
        place = it.incident.place
        policy = policies.get(place.repository_id)
        step = find_next_deadline(read_clock(it.incident, policy, now)) if policy else None
        count = held[place.repository_id, environment_key(place.environment)]
        rows.append(_Row(it, step, count if it.incident.is_open else 0))
    return rows


def _read_story(
    snapshot: Snapshot, site: Site, incident_id: IncidentId, visible: Visible
) -> _Story | None:
    listed = read_listed(snapshot, incident_id, visible)
    if listed is None:
        return None
    place = listed.incident.place
    key = environment_key(place.environment)
    return _Story(
        listed=listed,
        policy=site.deps.policy_read_last(snapshot, place.repository_id),
        timeline=read_timeline(snapshot, incident_id, _MOST_EVENTS),
        alerts=read_sent_alerts(snapshot, incident_id, _MOST_ALERTS),
        held=list_held(snapshot, place.repository_id, key, _MOST_HELD + 1),
    )


def _alert_policy(policy: Policy | None) -> AlertPolicy:
    """Return the deadlines of a policy; the defaults where there is none."""
    return policy.alerts if policy is not None else AlertPolicy()


def _mode(story: _Story) -> Mode:
    """Return whether the policy binds in the environment; it does where nothing else is known."""
    environment = story.listed.incident.place.environment
    found = story.policy.environment(environment) if story.policy is not None else None
    return found.mode if found is not None else Mode.ENFORCE


def _read_cursor() -> IncidentCursor | None:
    found = read_cursor(_CURSOR)
    if found is None:
        return None
    return IncidentCursor(found[1] == "open", IncidentId(int(found[2])))


def _write_cursor(listed: ListedIncident) -> str:
    cursor = listed.cursor
    return f"{'open' if cursor.is_open else 'resolved'}-{cursor.id}"
