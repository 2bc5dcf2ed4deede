"""Write hints as jobs, many in each, and take them again in bulk.

A job is deferred on the connection of the transaction whose hints it carries, so it exists exactly
when they are true. It is taken by deleting it: what its taker does not come to do is still due.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, assert_never

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException

from gate.domain.model.hints import DeliveryHint, Demand, Hint, RequestHint, Work, WorkHint
from gate.domain.model.ids import DeliveryId, InstallationId, RequestId
from gate.store.engine.database import Transaction

QUEUE: Final = "hints"

CHANNEL: Final = f"procrastinate_queue_v1#{QUEUE}"
"""Where Procrastinate notifies of each job of the queue."""

HINTS_IN_A_JOB: Final = 32
"""Few enough that a node which is busy shares what it has."""

_DELIVERIES: Final = "deliveries"
_REQUESTS: Final = "requests"
_WORK: Final = "work"
_TASK: Final = "follow_hints"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# By the order of one index. There is no other queue: to ask for ours would lead PostgreSQL, as long
# as it knows nothing of the table, to read and sort all of it. Nor may it guess from the condition
# that few jobs are wanted, hence CASE.
_TAKE: Final = """
    DELETE FROM procrastinate_jobs WHERE id = ANY (ARRAY(
        SELECT id FROM procrastinate_jobs
        WHERE status = 'todo'
            AND CASE WHEN args ->> 'kind' = ANY (%(kinds)s)
                AND (args ->> 'of' IS NULL OR (args ->> 'of')::bigint <> ALL (%(without)s))
                THEN true ELSE false END
        ORDER BY priority DESC, id
        LIMIT %(most)s
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING args
"""

# Never opened: it only writes on connections that are handed to it.
_app: Final = App(connector=SyncPsycopgConnector())


def write_jobs(tx: Transaction, hints: Sequence[Hint]) -> None:
    """Write hints for other nodes; raises the driver's own errors, which `tx` tells apart.

    A job has hints of one kind, and of one installation's requests, so that a node takes no more of
    those that it would not come to soon.
    """
    jobs: list[Any] = []
    for (kind, of), some in _sorted(hints).items():
        written = [_written(it) for it in some]
        parts = (written[it : it + HINTS_IN_A_JOB] for it in range(0, len(written), HINTS_IN_A_JOB))
        jobs += [{"kind": kind, "of": of, "hints": part} for part in parts]
    deferrer = _app.configure_task(_TASK, queue=QUEUE, connection=_driver(tx))
    try:
        deferrer.batch_defer(*jobs)
    except ConnectorException as error:
        # Wrapped, a deadlock would not be run again, and a bug would look like one.
        raise (error.__cause__ or error) from None


def take_jobs(tx: Transaction, most: int, demand: Demand) -> list[list[Hint]]:
    """Take the oldest jobs wanted that no other node is taking; return the hints of each."""
    wanted = {_WORK: True, _DELIVERIES: demand.deliveries, _REQUESTS: demand.requests}
    asked = {
        "kinds": [kind for kind, is_wanted in wanted.items() if is_wanted],
        "without": list(demand.without),
        "most": most,
    }
    # Planned each time: a plan that is made while there is no job is far too slow for many.
    rows = _driver(tx).execute(_TAKE, asked, prepare=False).fetchall()
    written = [row[0].get("hints", ()) for row in rows]
    return [[hint for it in job if (hint := _read(it)) is not None] for job in written]


def _driver(tx: Transaction) -> Any:  # noqa: ANN401 - the driver's own connection
    return tx.connection.driver_connection


def _sorted(hints: Sequence[Hint]) -> dict[tuple[str, InstallationId | None], dict[Hint, None]]:
    """Sort hints by what they are of, each once."""
    found: dict[tuple[str, InstallationId | None], dict[Hint, None]] = {}
    key: tuple[str, InstallationId | None]
    for hint in hints:
        match hint:
            case DeliveryHint():
                key = (_DELIVERIES, None)
            case RequestHint(installation_id=of):
                key = (_REQUESTS, of)
            case WorkHint():
                key = (_WORK, None)
            case _:
                assert_never(hint)
        found.setdefault(key, {})[hint] = None
    return found


def _written(hint: Hint) -> list[str | int | None]:
    at = (hint.at - _EPOCH) // _MICROSECOND
    match hint:
        case DeliveryHint(delivery_id):
            return ["delivery", delivery_id, at]
        case RequestHint(request_id, _, installation_id):
            return ["request", request_id, at, installation_id]
        case WorkHint(work):
            return ["work", work.value, at]
        case _:
            assert_never(hint)


def _read(written: Any) -> Hint | None:  # noqa: ANN401 - whatever a job of any release says
    """Read a hint; None for one of another release that this one knows nothing of."""
    match written:
        case ["delivery", str(name), int(at)]:
            return DeliveryHint(DeliveryId(name), _instant(at))
        case ["request", int(number), int(at), (int() | None) as of]:
            installation_id = InstallationId(of) if of is not None else None
            return RequestHint(RequestId(number), _instant(at), installation_id)
        case ["work", str(name), int(at)] if name in _works:
            return WorkHint(_works[name], _instant(at))
        case _:
            return None


def _instant(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


_works: Final = {it.value: it for it in Work}
