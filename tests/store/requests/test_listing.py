"""What people and the API read: requests page by page, the trail, and redeliveries."""

from __future__ import annotations

from typing import Any

import pytest

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import DeliveryId, InstallationId, RepositoryId, RequestId, RunId
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import ReasonCode, Verdict
from gate.store.audit.entries import AuditEntry, read_audit, record_audit
from gate.store.engine.database import Database
from gate.store.github.repositories import record_repository
from gate.store.inbox.redeliveries import record_redelivery, redeliveries_asked
from gate.store.requests.decisions import record_decision
from gate.store.requests.leases import clear_leases
from gate.store.requests.listing import FILTERS, RequestRecord, list_records, read_record
from gate.store.requests.outcomes import record_pass
from tests.store.github.test_repositories import make_repository
from tests.support.builders.defaults import (
    DIGEST,
    ENVIRONMENT,
    FORK,
    INSTALLATION,
    NOW,
    REPOSITORY,
    SHA,
    TICK,
    before,
)
from tests.support.builders.policies import make_policy
from tests.support.builders.requests import make_facts, make_key
from tests.support.builders.runs import make_run
from tests.support.chains import make_entry
from tests.support.rows import answer, asked, end, lease, make_record, wait
from tests.support.threads import at_once


@pytest.fixture(autouse=True)
def _known_repositories(database: Database) -> None:
    for number, name in ((REPOSITORY, "acme/shop"), (FORK, "octo/shop")):
        seen = make_repository(number, full_name=name)
        database.transact(lambda tx, it=seen: record_repository(tx, it))  # type: ignore[misc]


def page(
    database: Database,
    limit: int = 10,
    last: RequestId | None = None,
    visible: Visible = EVERYTHING,
    **filters: object,
) -> list[int]:
    """Name the runs of one page."""
    found = database.read(
        lambda snapshot: list_records(
            snapshot, filters=filters, limit=limit, before=last, visible=visible
        )
    )
    return [it.run_id for it in found]


def decide_on(database: Database, request: GateRequest) -> None:
    """Record a decision on a red validation, and the pass that made it."""
    facts = make_facts(request=request, validations=(make_run(conclusion="failure"),))
    decision = decide(make_policy(), facts, NOW)
    assert decision.verdict is Verdict.WAIT
    number, _ = database.transact(lambda tx: record_decision(tx, decision, facts, NOW))
    held = lease(database, request.id)
    record = make_record(
        decision_id=number, recheck_at=decision.recheck_at, give_up_at=decision.give_up_at
    )
    database.transact(lambda tx: record_pass(tx, held, request, record, until=NOW))


def test_a_request_nobody_looked_at(database: Database) -> None:
    """An open request has neither verdict nor reasons."""
    request = asked(database)
    assert database.read(lambda it: read_record(it, request.id, EVERYTHING)) == RequestRecord(
        id=request.id,
        repository="acme/shop",
        repository_id=REPOSITORY,
        run_id=601,
        run_attempt=1,
        environment=ENVIRONMENT,
        head_sha=SHA,
        state="open",
        verdict=None,
        reasons=(),
        deployment_ids=(31,),
        opened_at=NOW,
        answered_at=None,
        recheck_at=None,
        give_up_at=None,
        policy_digest=None,
        override=None,
        evidence=None,
    )
    assert database.read(lambda it: read_record(it, RequestId(404), EVERYTHING)) is None


def test_a_held_request_shows_its_decision(database: Database) -> None:
    """A request that was decided shows reasons and evidence in plain values."""
    request = asked(database)
    decide_on(database, request)
    found = database.read(lambda it: read_record(it, request.id, EVERYTHING))
    assert found is not None
    assert (found.state, found.verdict, found.policy_digest) == ("waiting", "wait", DIGEST)
    assert found.reasons == (ReasonCode.VALIDATION_FAILED,)
    assert found.evidence["state"] == "failed"
    assert found.evidence["run"]["run_id"] == 501


def test_a_closed_request_shows_why(database: Database) -> None:
    """A request that ended without an answer shows the reason of its end, not of its decision."""
    request = asked(database)
    decide_on(database, request)
    database.transact(clear_leases)
    end(database, request, RequestState.LAPSED)
    found = database.read(lambda it: read_record(it, request.id, EVERYTHING))
    assert found is not None
    assert (found.verdict, found.reasons) == ("closed", ("run_completed",))


def test_pages_go_from_new_to_old(database: Database) -> None:
    """Each page goes on where the one before ended, and the last one is empty."""
    ids = [asked(database, key=make_key(run_id=n)).id for n in range(1, 6)]
    assert page(database) == [5, 4, 3, 2, 1]
    assert page(database, 2) == [5, 4]
    assert page(database, 2, ids[3]) == [3, 2]
    assert page(database, 2, ids[0]) == []


@pytest.mark.parametrize(
    ("filters", "runs"),
    [
        ({"repository_id": FORK}, [2]),
        ({"run_id": 3}, [3]),
        ({"environment": "staging"}, [3]),
        ({"state": "approved"}, [4]),
        ({"verdict": "wait"}, [5]),
        ({"installation_id": 5}, [2]),
        ({"state": "open", "installation_id": INSTALLATION}, [3, 1]),
        ({"state": "open", "run_id": 4}, []),
    ],
    ids=str,
)
def test_filters_narrow(database: Database, filters: dict[str, Any], runs: list[int]) -> None:
    """Each filter leaves what equals it, and several leave what equals all."""
    assert set(filters) <= set(FILTERS)
    asked(database, key=make_key(run_id=1))
    asked(database, key=make_key(run_id=2, repository_id=FORK), installation=5)
    asked(database, key=make_key(run_id=3, environment="staging"), environment="staging")
    answer(database, asked(database, key=make_key(run_id=4)))
    wait(database, asked(database, key=make_key(run_id=5)))
    assert page(database, **filters) == runs


def test_a_reader_sees_only_their_repositories(database: Database) -> None:
    """What may not be seen is neither listed nor found, whatever it is filtered by."""
    shown = asked(database, key=make_key(run_id=1))
    hidden = asked(database, key=make_key(run_id=2, repository_id=FORK), installation=5)
    narrow = Visible(frozenset({REPOSITORY}))
    assert page(database, visible=narrow) == [1]
    assert page(database, visible=narrow, repository_id=FORK) == []
    assert page(database, visible=NOTHING) == []
    assert database.read(lambda it: read_record(it, shown.id, narrow)) is not None
    assert database.read(lambda it: read_record(it, hidden.id, narrow)) is None


def trail(database: Database, repository: RepositoryId = REPOSITORY) -> list[AuditEntry]:
    """Read the trail of the deploying run."""
    return database.read(lambda snapshot: read_audit(snapshot, repository, RunId(601)))


def test_the_trail_is_read_in_the_order_it_was_written(database: Database) -> None:
    """Entries about a run come back equal, oldest first by writing, whatever their time."""
    written = [
        make_entry(reason="validation_failed", detail={"n": 1, "deep": {"list": [1, None, "ü"]}}),
        make_entry(kind="request.opened", at=before(hours=1), run_attempt=None, environment=None),
        make_entry(kind="report.sent", at=NOW + TICK, actor="mona"),
    ]
    others = [
        make_entry(run_id=RunId(602)),
        make_entry(repository_id=FORK),
        make_entry(run_id=None, repository_id=None, installation_id=InstallationId(5)),
    ]
    for it in [*written, *others]:
        database.transact(lambda tx, one=it: record_audit(tx, one))  # type: ignore[misc]
    assert trail(database) == written


def test_an_entry_goes_with_its_transaction(database: Database) -> None:
    """What did not become true is not on the trail."""

    def work(tx: Any) -> None:
        record_audit(tx, make_entry())
        raise LookupError

    with pytest.raises(LookupError):
        database.transact(work)
    assert trail(database) == []


def test_redeliveries_are_counted(database: Database) -> None:
    """How often and when last a delivery was asked for again is known, also from many threads."""
    one, other = DeliveryId("one"), DeliveryId("other")
    at_once([lambda: database.transact(lambda tx: record_redelivery(tx, one, before(hours=1)))] * 5)
    database.transact(lambda tx: record_redelivery(tx, one, NOW))
    database.transact(lambda tx: record_redelivery(tx, other, NOW))
    found = database.read(lambda it: redeliveries_asked(it, [one, DeliveryId("never")]))
    assert found == {one: (6, NOW)}
    assert database.read(lambda it: redeliveries_asked(it, [])) == {}
