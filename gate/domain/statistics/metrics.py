"""Measure how well validation, alerts and the gate serve people, from what is on record.

Pure. Each `measure_` function is the definition of its metric; docs/reference/metrics.md is made
from their docstrings. A metric is of what began in a period; what happened at the period's end or
later has not happened yet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from gate.domain.evidence.run_state import FAILED
from gate.domain.incidents.events import Acknowledged, Decided, IncidentEvent, Resolution
from gate.domain.incidents.incident import GATE
from gate.domain.model.course import Course
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import TROUBLE, FlowStatus
from gate.domain.model.runs import SUCCESS
from gate.domain.statistics.record import (
    Attempts,
    FlowReport,
    Holds,
    IncidentStory,
    Period,
    Record,
    Release,
)
from gate.domain.statistics.spread import Share, spread_of, spread_of_runs
from gate.domain.statistics.stats import AlertLoad, FlakyFlow, HeldTime, ResponseTime, Stats

MOST_FLOWS: Final = 20
"""Flaky flows that are listed; who has more of them begins with these."""

_MENDS: Final = frozenset({Course.ROLLBACK, Course.FIX_FORWARD})


def measure(record: Record, period: Period) -> Stats:
    """Measure everything."""
    stories = record.stories
    return Stats(
        period=period,
        pass_rate=measure_pass_rate(record.attempts),
        incidents=len(stories),
        open_incidents=sum(_end(it, period) is None for it in stories),
        time_to_acknowledge=measure_time_to_acknowledge(stories, period),
        time_to_decide=measure_time_to_decide(stories, period),
        time_to_resolve=measure_time_to_resolve(stories, period),
        false_positives=measure_false_positives(stories, period),
        alerts_per_incident=measure_alerts_per_incident(stories, period),
        acted_on=measure_acted_on(stories, period),
        held=measure_time_held(record.holds),
        held_by_environment=_held_by_environment(record.holds),
        overrides=measure_overrides(record.releases),
        bypasses=measure_bypasses(record.releases),
        flaky_flows=measure_flaky_flows(record.reports),
        flaky_since=record.reports_since or period.since,
    )


def measure_pass_rate(attempts: Iterable[Attempts]) -> Share:
    """Measure, of the validation's run attempts that passed or failed, those that passed.

    An attempt belongs to the period in which it started. It is judged by its own conclusion:
    `success` is a pass; `failure`, `timed_out` and `startup_failure` are failures. Attempts that
    are running, cancelled or skipped do not count. A re-run is a separate attempt. Misses green
    runs in which a required job or a reported flow failed, and does not show causes of failures.
    """
    ended: Counter[str] = Counter()
    for it in attempts:
        ended[it.conclusion] += it.count
    passed = ended[SUCCESS]
    return Share(passed, passed + sum(ended[it] for it in FAILED))


def measure_time_to_acknowledge(stories: Sequence[IncidentStory], period: Period) -> ResponseTime:
    """Measure from an incident's opening to the first acknowledgment or decision.

    The clock starts when the gate saw the failure, not when someone read the alert, and does not
    restart when the incident is reopened. An open incident without an acknowledgment counts as
    waiting, a resolved one as never. Neither is in the median.
    """
    return _response_time(stories, period, _acknowledged_at)


def measure_time_to_decide(stories: Sequence[IncidentStory], period: Period) -> ResponseTime:
    """Measure from an incident's opening to the first decision.

    A decision is to roll back, to fix forward or to accept the risk. A later decision that changes
    it does not count. Clock, waiting and never are the same as for the time to acknowledge.
    """
    return _response_time(stories, period, _decided_at)


def measure_time_to_resolve(stories: Sequence[IncidentStory], period: Period) -> ResponseTime:
    """Measure from an incident's opening to its last resolution.

    An incident is resolved by a validation that passes, by an accepted risk, or by a person who
    closes it. The time between a resolution and a reopening counts. Open incidents are waiting.
    """
    return _response_time(stories, period, lambda it: it.resolved_at)


def measure_false_positives(stories: Sequence[IncidentStory], period: Period) -> Share:
    """Measure, of the resolved incidents, those that needed no rollback and no fix.

    Such an incident was resolved because the validation passed, and no one decided to roll back or
    to fix forward. An incident whose risk was accepted, or that a person closed, was real and does
    not count. Too high if people fix things without recording a decision, too low if they roll
    back without need: the metric is only as good as the recorded decisions.
    """
    over = [it for it in stories if _end(it, period) is not None]
    return Share(sum(_needed_nothing(it, period) for it in over), len(over))


def measure_alerts_per_incident(stories: Sequence[IncidentStory], period: Period) -> AlertLoad:
    """Measure the number of messages about incidents, divided by the number of incidents.

    Pages, updates, reminders, escalations and recoveries count once each, regardless of the number
    of channels, at the time when they were planned. Bypass alerts are not about incidents and do
    not count.
    """
    counts = [sum(period.seen(at) is not None for at in story.messages) for story in stories]
    return AlertLoad(sum(counts), len(counts), max(counts, default=0))


def measure_acted_on(stories: Sequence[IncidentStory], period: Period) -> Share:
    """Measure, of all incidents, those that a person acted on.

    A person acts by acknowledging, deciding, silencing, overriding a hold, or closing the incident.
    Misses actions that the gate does not see, such as a re-run.
    """
    return Share(sum(bool(_deeds(it, period)) for it in stories), len(stories))


def measure_time_held(holds: Iterable[Holds]) -> HeldTime:
    """Measure from a deployment's request for an answer until it stopped waiting.

    Only requests that had to wait count, in the period in which they were opened; an approval in
    the first pass held no one. An answer, a cancelled run or a bypass ends a hold, and so does an
    answer that GitHub does not accept. If a late job opened a request again, its last wait counts.
    Median and 90th percentile cover holds that ended; the total also includes current holds, up to
    the end of the period.
    """
    days = list(holds)
    ongoing_time = sum((it.ongoing_time for it in days), timedelta(0))
    ended_time = timedelta(microseconds=sum(sum(it.ended) for it in days))
    return HeldTime(
        spread_of_runs([it.ended for it in days]),
        sum(it.ongoing for it in days),
        ended_time + ongoing_time,
    )


def measure_overrides(releases: Iterable[Release]) -> int:
    """Measure the requests that reviewers released with a recorded reason.

    They count in the period in which the override was recorded. An override that took several
    approvals counts once.
    """
    return len({it.request for it in releases if not it.is_bypass})


def measure_bypasses(releases: Iterable[Release]) -> int:
    """Measure the requests that an administrator let past the gate.

    They count in the period in which the gate detected the bypass.
    """
    return len({it.request for it in releases if it.is_bypass})


def measure_flaky_flows(reports: Iterable[FlowReport]) -> tuple[FlakyFlow, ...]:
    """Measure, of the runs in which a flow ran, those in which its result changed without a change.

    In such a run the flow was reported `flaky`, or failed in one attempt and passed in a later one
    of the same run and commit. Lists the 20 flows with the most such runs. Runs without a report
    do not count, and the reason why a later attempt passed is unknown.
    """
    flows = [FlakyFlow(*flow, runs) for flow, runs in count_flaky_runs(reports).items()]
    flaky = [it for it in flows if it.runs.count]
    flaky.sort(key=lambda it: (-it.runs.count, it.repository_id, it.name))
    return tuple(flaky[:MOST_FLOWS])


def count_flaky_runs(reports: Iterable[FlowReport]) -> dict[tuple[RepositoryId, str], Share]:
    """Count, of each reported flow, in how many of the runs in which it ran it was flaky."""
    seen: dict[tuple[RepositoryId, str], dict[RunId, list[FlowStatus]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for report in sorted(reports, key=lambda it: it.run_attempt):
        for flow in report.flows:
            if flow.status is not FlowStatus.NOT_RUN:
                seen[report.repository_id, flow.name][report.run_id].append(flow.status)
    return {
        flow: Share(sum(map(_is_flaky, runs.values())), len(runs)) for flow, runs in seen.items()
    }


def find_troubled(reports: Iterable[FlowReport]) -> frozenset[tuple[RepositoryId, str]]:
    """Find the flows that failed or were flaky at all: the few about which there is something."""
    return frozenset(
        (report.repository_id, flow.name)
        for report in reports
        for flow in report.flows
        if flow.status in TROUBLE
    )


def _is_flaky(statuses: Sequence[FlowStatus]) -> bool:
    """Return whether the attempts of one run, in order, differ without a change."""
    if FlowStatus.FLAKY in statuses:
        return True
    if FlowStatus.FAILED not in statuses:
        return False
    after = statuses[statuses.index(FlowStatus.FAILED) :]
    return any(it is not FlowStatus.FAILED for it in after)


def _held_by_environment(holds: Sequence[Holds]) -> tuple[tuple[str, HeldTime], ...]:
    by_name: dict[str, list[Holds]] = defaultdict(list)
    for it in holds:
        by_name[it.environment].append(it)
    return tuple((name, measure_time_held(by_name[name])) for name in sorted(by_name))


def _response_time(
    stories: Sequence[IncidentStory],
    period: Period,
    response: Callable[[IncidentStory], datetime | None],
) -> ResponseTime:
    times: list[timedelta] = []
    waiting = never = 0
    for story in stories:
        at = period.seen(response(story))
        if at is not None:
            times.append(max(at - story.opened_at, timedelta(0)))
        elif _end(story, period) is None:
            waiting += 1
        else:
            never += 1
    return ResponseTime(spread_of(times), waiting, never)


def _acknowledged_at(story: IncidentStory) -> datetime | None:
    # Not what the incident says: another outbreak must be acknowledged again.
    return next((it.at for it in story.deeds if isinstance(it.what, Acknowledged | Decided)), None)


def _decided_at(story: IncidentStory) -> datetime | None:
    return next((it.at for it in story.deeds if isinstance(it.what, Decided)), None)


def _end(story: IncidentStory, period: Period) -> datetime | None:
    return period.seen(story.resolved_at)


def _needed_nothing(story: IncidentStory, period: Period) -> bool:
    courses = {it.what.course for it in _deeds(story, period) if isinstance(it.what, Decided)}
    return story.how is Resolution.VALIDATION_PASSED and not courses & _MENDS


def _deeds(story: IncidentStory, period: Period) -> list[IncidentEvent]:
    """List what people had done by the end of the period."""
    return [it for it in story.deeds if it.actor != GATE and period.seen(it.at) is not None]
