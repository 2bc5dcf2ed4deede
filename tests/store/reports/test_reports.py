"""Reports and alerts of run attempts, and the tokens they came with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.model.deliveries import InstallationSeen, InstallationStatus, Repository
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import AlertReport, Flow, FlowStatus, ValidationReport
from gate.store.engine.codec import decode_report, encode
from gate.store.engine.database import Database
from gate.store.github.repositories import (
    read_served_repository,
    record_installation,
    record_repository,
)
from gate.store.reports.reports import (
    Reception,
    read_alerts,
    read_report,
    read_reports,
    record_alert,
    record_report,
)
from gate.store.reports.tokens import spend_token
from gate.store.retention import KEEP_TOKENS, delete_expired
from tests.support.builders.defaults import INSTALLATION, NOW, REPOSITORY, TICK
from tests.support.builders.reports import make_alert_report, make_flow, make_validation_report
from tests.support.builders.runs import make_account

RUN = RunId(501)
FAILED = make_flow("add-and-see.yml", FlowStatus.FAILED, error="Assertion failed")


def report(database: Database, told: ValidationReport) -> Reception:
    """Hand a report in."""
    return database.transact(lambda tx: record_report(tx, told, INSTALLATION))


def alert(database: Database, told: AlertReport) -> Reception:
    """Hand an alert in."""
    return database.transact(lambda tx: record_alert(tx, told, INSTALLATION))


def kept(database: Database, attempt: int = 1) -> ValidationReport | None:
    """Read the report of an attempt."""
    return database.read(lambda it: read_report(it, REPOSITORY, RUN, attempt))


def test_the_first_report_stands(database: Database) -> None:
    """The same again is known, at any time; another one changes nothing."""
    told = make_validation_report(FAILED)
    assert report(database, told) is Reception.NEW
    later = make_validation_report(FAILED, reported_at=NOW + timedelta(minutes=1))
    assert report(database, later) is Reception.KNOWN
    assert report(database, make_validation_report()) is Reception.CONFLICT
    assert report(database, make_validation_report(FAILED, job_url="x")) is Reception.CONFLICT
    assert kept(database) == told


def test_alerts_add_to_the_report_in_any_order(database: Database) -> None:
    """What they add does not keep the same report from being known."""
    told, said = make_validation_report(), make_alert_report(FAILED)
    both = make_validation_report(*told.flows, FAILED)
    assert alert(database, said) is Reception.NEW
    assert report(database, told) is Reception.NEW
    assert report(database, told) is Reception.KNOWN
    assert alert(database, said) is Reception.KNOWN
    assert kept(database) == both
    again = make_alert_report(FAILED, event="no-news")
    assert alert(database, again) is Reception.NEW
    assert kept(database) == both
    second = {"run_attempt": 2}
    report(database, make_validation_report(**second))
    alert(database, make_alert_report(FAILED, **second))
    assert report(database, make_validation_report(**second)) is Reception.KNOWN
    assert kept(database, 2) == make_validation_report(*both.flows, **second)


def test_an_event_is_alerted_once_an_attempt(database: Database) -> None:
    """Another content is a conflict, another event is not."""
    said = make_alert_report()
    assert alert(database, said) is Reception.NEW
    assert alert(database, make_alert_report(FAILED)) is Reception.CONFLICT
    other = make_alert_report(event="smoke-test-failed", received_at=NOW + TICK)
    assert alert(database, other) is Reception.NEW
    found = database.read(lambda it: read_alerts(it, REPOSITORY, RUN, 1))
    assert found == (said, other)
    assert kept(database) is None


def test_reports_are_read_for_some_runs_of_one_repository(database: Database) -> None:
    """By run and attempt, and no other tenant's."""
    for run_id, attempt in ((502, 1), (501, 2), (501, 1), (503, 1)):
        report(database, make_validation_report(run_id=RunId(run_id), run_attempt=attempt))
    report(database, make_validation_report(repository_id=RepositoryId(2002)))
    wanted = [RunId(502), RunId(501)]
    found = database.read(lambda it: read_reports(it, REPOSITORY, wanted))
    assert [(it.run_id, it.run_attempt) for it in found] == [(501, 1), (501, 2), (502, 1)]
    assert database.read(lambda it: read_reports(it, REPOSITORY, [])) == ()


def test_of_reports_at_once_one_is_kept(database: Database) -> None:
    """The others are known or a conflict, whoever was first."""
    told = [make_validation_report(make_flow(f"flow-{number % 2}")) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        receptions = list(pool.map(lambda it: report(database, it), told))
    assert sorted(receptions) == ["conflict"] * 4 + ["known"] * 3 + ["new"]


def test_a_token_is_spent_once(database: Database) -> None:
    """Until it is long expired; whoever undoes the rest undoes that too."""
    until = NOW + timedelta(minutes=5)
    assert database.transact(lambda tx: spend_token(tx, "one", until))
    assert not database.transact(lambda tx: spend_token(tx, "one", until))
    assert database.transact(lambda tx: spend_token(tx, "two", until))

    def undone(tx: object) -> None:
        spend_token(tx, "three", until)  # type: ignore[arg-type]
        raise LookupError

    with pytest.raises(LookupError):
        database.transact(undone)
    assert database.transact(lambda tx: spend_token(tx, "three", until))
    assert delete_expired(database, until + KEEP_TOKENS).total() == 0
    assert delete_expired(database, until + KEEP_TOKENS + TICK) == {"spent_tokens": 3}


@pytest.mark.parametrize("status", [None, *InstallationStatus])
def test_the_app_is_at_work_where_it_is_installed(
    database: Database, status: InstallationStatus | None
) -> None:
    """Neither suspended nor gone; a repository that was taken away is not served either."""
    owner = make_account("acme", id=66)
    repository = Repository(REPOSITORY, INSTALLATION, "acme/shop", owner, None)

    def seen(removed: tuple[RepositoryId, ...] = ()) -> InstallationSeen:
        wanted = status or InstallationStatus.ACTIVE
        return InstallationSeen(INSTALLATION, owner, wanted, (), removed)

    def served() -> Repository | None:
        return database.read(lambda it: read_served_repository(it, REPOSITORY))

    assert served() is None
    database.transact(lambda tx: record_repository(tx, repository))
    if status is not None:
        database.transact(lambda tx: record_installation(tx, seen(), NOW))
    is_active = status in {None, InstallationStatus.ACTIVE}
    assert served() == (repository if is_active else None)
    database.transact(lambda tx: record_installation(tx, seen((REPOSITORY,)), NOW))
    assert served() is None


any_flow = st.builds(
    Flow,
    st.text(min_size=1),
    st.sampled_from(FlowStatus),
    st.integers(0, 2**31 - 1),
    st.none() | st.text(),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=100)),
    st.integers(1, 1000),
)


@given(st.lists(any_flow, max_size=4).map(tuple))
def test_a_report_is_read_back_as_it_was(flows: tuple[Flow, ...]) -> None:
    """To the microsecond and the last character."""
    told = make_validation_report(flows=flows)
    assert decode_report(encode(told)) == told


def test_odd_text_is_kept_as_it_is(database: Database) -> None:
    """A NUL, which PostgreSQL takes in no text, too."""
    told = make_validation_report(make_flow("a\0b\u202e", error="\0"))
    report(database, told)
    assert kept(database) == told
