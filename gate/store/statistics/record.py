"""Read from the record what the metrics of a period are made of.

Only narrow columns and indexes are read, so that a page of a hundred thousand requests takes less
than a tenth of a second: see docs/adr/0022-statistics-from-the-record.md. What is kept how long,
`gate.store.retention` says: of requests, runs and reports there are five weeks, of incidents 400
days, and of the trail all.
"""

from __future__ import annotations

from dataclasses import replace

from gate.domain.statistics.metrics import measure_flaky_flows
from gate.domain.statistics.record import EMPTY, Period, Record
from gate.store.engine.database import Snapshot
from gate.store.statistics.flows import Runs, read_flows, read_same_flows
from gate.store.statistics.holds import read_holds
from gate.store.statistics.releases import read_releases
from gate.store.statistics.scope import Scope
from gate.store.statistics.stories import read_stories
from gate.store.statistics.validations import (
    Workflows,
    count_attempts,
    find_validations,
    read_runs,
)


def read_record(snapshot: Snapshot, period: Period, scope: Scope) -> Record:
    """Read all that the metrics of a period are made of."""
    return _read(snapshot, period, scope, find_validations(snapshot, scope))


def read_both(
    snapshot: Snapshot, period: Period, earlier: Period, scope: Scope, *, is_whole: bool
) -> tuple[Record, Record]:
    """Read two periods to compare them: of both the validations by which the gate judges now.

    Of the earlier one, reports tell of the flows that are flaky in the other. Unless `is_whole`, it
    has only incidents and releases, which are kept for longer.
    """
    workflows = find_validations(snapshot, scope)
    record = _read(snapshot, period, scope, workflows)
    before = replace(
        EMPTY,
        stories=read_stories(snapshot, earlier, scope),
        releases=read_releases(snapshot, earlier, scope),
    )
    if not is_whole:
        return record, before
    flaky = {(it.repository_id, it.name) for it in measure_flaky_flows(record.reports)}
    runs = _runs_of(snapshot, scope, workflows)
    flows = read_same_flows(snapshot, earlier, scope, runs, flaky)
    return record, replace(
        before,
        attempts=count_attempts(snapshot, earlier, workflows),
        holds=read_holds(snapshot, earlier, scope),
        reports=flows.reports,
        reports_since=flows.since,
    )


def _read(snapshot: Snapshot, period: Period, scope: Scope, workflows: Workflows) -> Record:
    flows = read_flows(snapshot, period, scope, _runs_of(snapshot, scope, workflows))
    return Record(
        attempts=count_attempts(snapshot, period, workflows),
        stories=read_stories(snapshot, period, scope),
        holds=read_holds(snapshot, period, scope),
        releases=read_releases(snapshot, period, scope),
        reports=flows.reports,
        reports_since=flows.since,
    )


def _runs_of(snapshot: Snapshot, scope: Scope, workflows: Workflows) -> Runs | None:
    """Return the runs whose reports count; None if all do."""
    # A report names no environment; its workflow belongs to one.
    return read_runs(snapshot, workflows) if scope.environment is not None else None
