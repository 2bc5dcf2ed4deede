"""Fold stored deliveries into the facts, and name the requests that are due because of them.

Folding is commutative and idempotent, so a delivery may be read twice, or by two workers at once:
no claim is needed, only the row that says it was read, written in the same transaction as the
facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import Final

from gate.domain.model.deliveries import (
    InstallationSeen,
    NothingSeen,
    RuleRequested,
)
from gate.domain.model.ids import DeliveryId, InstallationId, RequestId
from gate.domain.requests.attempts import known_attempt
from gate.errors import DeliveryRejected, RetryLater
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.ingest.handlers import Reading, key_of, record_reading
from gate.reconciler.ingest.room import NO_ROOM, Allotment, Room
from gate.reconciler.requests.reconcile import Begun, begin_pass
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import Taken
from gate.store.engine.turns import take_free_turns, take_turns
from gate.store.github import deployments, runs
from gate.store.inbox import deliveries
from gate.store.inbox.deliveries import StoredDelivery
from gate.store.requests import causes, requests
from gate.traces.names import Attribute, SpanName
from gate.traces.port import Value

ASKING: Final = timedelta(seconds=30)
"""How long a delivery that is left to be asked about is not due: then nobody asks any more."""

_MOST_NAMED: Final = 100
"""Requests that the trace of a delivery names."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A delivery that was read, and the requests that it has made due."""

    reading: Reading
    woken: tuple[RequestId, ...]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What is to be done after deliveries were read.

    `begun` are the passes that were begun in the same commit. `unsettled` are deliveries that were
    left, since only GitHub can tell which attempt of their run has asked; whoever called hands them
    to a thread that may wait for it. `left` are those of installations whose turn somebody
    else had: nothing was done about them.
    """

    begun: tuple[Begun, ...] = ()
    unsettled: tuple[Taken, ...] = ()
    left: tuple[DeliveryId, ...] = ()


def ingest(
    delivery_ids: Sequence[DeliveryId],
    deps: Deps,
    *,
    begin: Room = NO_ROOM,
    is_patient: bool = True,
) -> Ingested:
    """Read stored deliveries, record what they show, and begin the passes there is room for.

    All in one transaction, so a pass that fails undoes it: whoever called reads each delivery alone
    then, and begins no pass with it. A delivery that was read already, or is gone, gives nothing;
    one that cannot be parsed although its signature was good is set aside for a person. Unless
    `is_patient`, deliveries of several installations wait for the turn of none.
    """
    readings = _read_all(delivery_ids, deps)
    # Runs first: what they tell may spare the question which attempt of a run has asked.
    readings.sort(key=lambda reading: isinstance(reading.seen, RuleRequested))
    if not readings:
        return Ingested()
    return _record_all(readings, deps, begin, is_patient=is_patient)


def ingest_asking(taken: Taken, deps: Deps) -> Ingested:
    """Read a delivery that was left unsettled, and ask GitHub which attempt of its run has asked.

    Raises RetryLater when GitHub must be asked again later.
    """
    readings = [_asked(reading, deps) for reading in _read_all(taken.key, deps)]
    return _record_all(readings, deps, NO_ROOM) if readings else Ingested()


def _read_all(delivery_ids: Sequence[DeliveryId], deps: Deps) -> list[Reading]:
    stored = deps.database.read(lambda snapshot: deliveries.read_deliveries(snapshot, delivery_ids))
    deps.failpoint("taken")
    return [reading for it in stored if (reading := _parse(it, deps)) is not None]


def _record_all(
    readings: Sequence[Reading], deps: Deps, begin: Room, *, is_patient: bool = True
) -> Ingested:
    """Record what some deliveries show, all or nothing; begin the passes that are due then."""
    started = perf_counter()

    def record(tx: Transaction) -> tuple[Ingested, list[_Recorded]]:
        due: dict[RequestId, InstallationId] = {}
        recorded: list[_Recorded] = []
        unsettled: list[Taken] = []
        ours, left = _take_turns(tx, readings, is_patient=is_patient)
        # Whoever had the turn may have read some of them; their facts are recorded then.
        unread = frozenset(deliveries.still_unread(tx, [it.delivery_id for it in ours]))
        for reading in ours:
            if reading.delivery_id not in unread:
                continue
            settled = _settled(tx, reading, deps)
            if settled is None:
                now = deps.clock()
                taken = deliveries.rows.take(
                    tx, reading.delivery_id, now, now + ASKING, by=deps.node
                )
                unsettled += [taken] if taken is not None else []
                continue
            woken = record_reading(tx, settled, deps)
            if deps.traces.is_on:
                _record_cause(tx, settled, woken)
            for installation_id in _installations([settled]):
                due |= dict.fromkeys(woken, installation_id)
            recorded.append(_Recorded(settled, woken))
        for outcome, ids in _by_outcome(recorded).items():
            deliveries.record_processed(tx, ids, outcome)
        ingested = _begin_some(tx, due, deps, begin)
        ingested = replace(ingested, unsettled=tuple(unsettled), left=left)
        return ingested, recorded

    ingested, recorded = deps.database.transact(record)
    for it in recorded:
        reading = it.reading
        observed = type(reading.seen).__name__
        extra = deps.traces.fields(reading.delivery_id)
        log.info("delivery.processed", delivery_id=reading.delivery_id, observed=observed, **extra)
        if deps.traces.is_on:
            _trace(it, observed, started, deps)
    return ingested


def _take_turns(
    tx: Transaction, readings: Sequence[Reading], *, is_patient: bool
) -> tuple[Sequence[Reading], tuple[DeliveryId, ...]]:
    """Take the turns that deliveries need; return those that may be recorded, and what is left."""
    wanted = set(_installations(readings))
    if is_patient or len(wanted) == 1:
        take_turns(tx, wanted)
        return readings, ()
    busy = take_free_turns(tx, wanted)
    if not busy:
        return readings, ()
    left = [it for it in readings if not busy.isdisjoint(_installations([it]))]
    ours = [it for it in readings if it not in left]
    return ours, tuple(it.delivery_id for it in left)


def _record_cause(tx: Transaction, reading: Reading, woken: Sequence[RequestId]) -> None:
    """Record which delivery has made requests due, so that their passes are in its trace."""
    if isinstance(reading.seen, RuleRequested):
        causes.record_opened(tx, woken, reading.delivery_id)
    causes.record_woken(tx, woken, reading.delivery_id)


def _trace(recorded: _Recorded, observed: str, started: float, deps: Deps) -> None:
    delivery_id = recorded.reading.delivery_id
    about: dict[Attribute, Value] = {
        Attribute.DELIVERY_ID: delivery_id,
        Attribute.OBSERVED: observed,
        Attribute.REQUEST_IDS: recorded.woken[:_MOST_NAMED],
    }
    deps.traces.record(SpanName.READ, delivery_id, started, about)


def _installations(readings: Sequence[Reading]) -> Iterator[InstallationId]:
    """Return the installations for which deliveries may change something."""
    for reading in readings:
        match reading.seen:
            case NothingSeen():
                pass
            case InstallationSeen(installation_id=installation_id):
                yield installation_id
            case seen:
                yield seen.repository.installation_id


def _begin_some(
    tx: Transaction, due: Mapping[RequestId, InstallationId], deps: Deps, room: Room
) -> Ingested:
    """Begin the first of the passes that are due, of each installation no more than its part."""
    begun: list[Begun] = []
    allotment = Allotment(room)
    for request_id, installation_id in due.items():
        if allotment.left <= 0:
            break
        if allotment.take(installation_id):
            it = begin_pass(tx, request_id, deps)
            begun += [it] if it is not None else []
    return Ingested(tuple(begun))


def _parse(stored: StoredDelivery, deps: Deps) -> Reading | None:
    """Parse a delivery; set it aside when it makes no sense."""
    try:
        seen = deps.parse_delivery(stored.event, stored.body)
        return Reading(stored.id, seen, stored.received_at)
    except DeliveryRejected as error:
        reason, detail = error.reason, error.detail
    deps.database.transact(lambda tx: deliveries.record_quarantined(tx, stored.id, reason))
    log.error("delivery.quarantined", delivery_id=stored.id, reason=reason, detail=detail)
    return None


def _asked(reading: Reading, deps: Deps) -> Reading:
    about = {Attribute.DELIVERY_ID: reading.delivery_id}
    with deps.traces.trace(SpanName.ASK, about, delivery=reading.delivery_id):
        return _with_attempt(reading, deps)


def _with_attempt(reading: Reading, deps: Deps) -> Reading:
    """Settle which attempt of a run has asked, reading the run from GitHub where need be.

    GitHub's listings lag behind its events: a run that is not to be seen yet is tried again.
    """
    seen = reading.seen
    if not isinstance(seen, RuleRequested):
        return reading
    if deps.database.read(lambda snapshot: _known_attempt(snapshot, seen, deps)) is not None:
        return reading
    run = deps.github.actions.read_run(seen.repository.address, seen.run_id)
    if run is None:
        raise RetryLater("github_unavailable", f"run {seen.run_id} is not visible yet")
    log.info("run.observed", run_id=run.run_id, run_attempt=run.run_attempt)
    return replace(reading, run=run, attempt=run.run_attempt)


def _settled(tx: Transaction, reading: Reading, deps: Deps) -> Reading | None:
    """Settle which attempt of a run has asked from what is known; None when that does not do."""
    seen = reading.seen
    if not isinstance(seen, RuleRequested) or reading.attempt is not None:
        return reading
    known = _known_attempt(tx, seen, deps)
    return replace(reading, attempt=known) if known is not None else None


def _by_outcome(recorded: Sequence[_Recorded]) -> dict[str, list[DeliveryId]]:
    """Group deliveries by what is noted about them."""
    grouped: dict[str, list[DeliveryId]] = {}
    for reading in (it.reading for it in recorded):
        seen = reading.seen
        outcome = seen.reason if isinstance(seen, NothingSeen) else "recorded"
        grouped.setdefault(outcome, []).append(reading.delivery_id)
    return grouped


def _known_attempt(snapshot: Snapshot, seen: RuleRequested, deps: Deps) -> int | None:
    if seen.deployment_id is not None:
        mapped = deployments.attempt_of(snapshot, seen.repository.id, seen.deployment_id)
        if mapped is not None:
            return mapped
    run = runs.newest_attempt(snapshot, seen.repository.id, seen.run_id)
    if run is None:
        return None
    key = key_of(seen, run.run_attempt)
    return known_attempt(run, requests.find_request(snapshot, key), deps.clock())
