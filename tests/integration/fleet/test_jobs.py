"""Hints as jobs: many in each, taken in bulk, each once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest
from sqlalchemy import text

from gate.domain.model.hints import DeliveryHint, Demand, Hint, RequestHint, Work, WorkHint
from gate.domain.model.ids import DeliveryId, InstallationId, RequestId
from gate.fleet.fleet import Fleet
from gate.fleet.jobs import CHANNEL, HINTS_IN_A_JOB, take_jobs, write_jobs
from gate.reconciler.worker.local_queues import Queues
from gate.store.engine.database import Database, Transaction
from gate.store.engine.migrations.migrate import head_revision
from gate.store.engine.postgresql.notifications import Waker, listening
from tests.support.postgres import PostgresServer
from tests.support.threads import at_once

NOW = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
EVERYTHING = Demand()
LATER = NOW + timedelta(microseconds=1)


@pytest.fixture
def database(server: PostgresServer) -> Iterator[Database]:
    """Provide a migrated database on PostgreSQL."""
    with server.migrated_database() as url:
        opened = Database(url)
        yield opened
        opened.close()


def write(database: Database, hints: list[Hint]) -> None:
    """Write hints in a transaction of their own."""
    database.transact(lambda tx: write_jobs(tx, hints))


def take(database: Database, most: int = 100, demand: Demand = EVERYTHING) -> list[list[Hint]]:
    """Take jobs."""
    return database.transact(partial(take_jobs, most=most, demand=demand))


def test_hints_come_back_as_they_were(database: Database) -> None:
    """To the microsecond; what was noted twice is written once."""
    hints: list[Hint] = [
        DeliveryHint(DeliveryId("d-1"), NOW),
        RequestHint(RequestId(7), LATER),
        RequestHint(RequestId(8), NOW, InstallationId(3)),
        *(WorkHint(it, NOW) for it in Work),
    ]
    write(database, [*hints, *hints])
    assert take(database) == [hints[:1], hints[1:2], hints[2:3], hints[3:]]
    assert take(database) == []


def test_a_node_takes_only_what_it_comes_to(database: Database) -> None:
    """The others have the rest: one installation that holds its threads is no reason to wait."""
    delivery, work = DeliveryHint(DeliveryId("d-1"), NOW), WorkHint(Work.ALERTS, NOW)
    noisy, quiet = (RequestHint(RequestId(it), NOW, InstallationId(it)) for it in (3, 4))
    unknown = RequestHint(RequestId(5), NOW)
    write(database, [delivery, work, noisy, quiet, unknown])
    assert take(database, demand=Demand(deliveries=False, requests=False)) == [[work]]
    busy = Demand(deliveries=False, without=frozenset({InstallationId(3)}))
    assert take(database, demand=busy) == [[quiet], [unknown]]
    assert take(database, demand=Demand(requests=False)) == [[delivery]]
    assert take(database) == [[noisy]]


def test_many_hints_are_several_jobs(database: Database) -> None:
    """So that several nodes share them; the oldest are taken first."""
    hints: list[Hint] = [RequestHint(RequestId(it), NOW) for it in range(2 * HINTS_IN_A_JOB + 1)]
    write(database, hints)
    first = take(database, 2)
    assert [len(it) for it in first] == [HINTS_IN_A_JOB, HINTS_IN_A_JOB]
    assert [*first[0], *first[1], *take(database)[0]] == hints


def test_a_hint_of_another_release_is_skipped(database: Database) -> None:
    """Its row is found all the same by whoever knows of it."""
    write(database, [WorkHint(Work.ALERTS, NOW), RequestHint(RequestId(7), NOW)])
    change = text("UPDATE procrastinate_jobs SET args = replace(args::text, 'alerts', 'x')::jsonb")
    database.transact(lambda tx: tx.execute(change).close())
    assert take(database) == [[], [RequestHint(RequestId(7), NOW)]]


def test_of_many_nodes_one_takes_a_job(database: Database) -> None:
    """At the same moment, and none waits for another."""
    for number in range(40):
        write(database, [RequestHint(RequestId(number), NOW)])
    taken: list[Hint] = []

    def take_some() -> None:
        while jobs := take(database, 4):
            taken.extend(hint for job in jobs for hint in job)

    at_once([take_some] * 4)
    assert len(taken) == len(set(taken)) == 40


def test_what_nobody_came_to_is_handed_over(database: Database) -> None:
    """A node that stops leaves it to the others, who need not look for it."""
    queues = Queues(lambda: NOW)
    fleet = Fleet(database, queues, timedelta(hours=1))
    left: list[Hint] = [DeliveryHint(DeliveryId("d-1"), NOW), RequestHint(RequestId(7), NOW)]
    queues.pass_on(left)
    fleet.hand_over()
    assert take(database) == [[it] for it in left]


def test_of_many_jobs_a_few_are_taken_quickly(database: Database) -> None:
    """They are found by an index, even by a node that asked often while there was no job."""
    for _ in range(12):
        assert take(database) == []
    # Triggers would take most of the time.
    database.transact(
        lambda tx: tx.execute(
            text(
                "SET LOCAL session_replication_role = replica;"
                " INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
                " SELECT 'hints', 'follow_hints', jsonb_build_object('kind', 'work')"
                " FROM generate_series(1, 100000)"
            )
        ).close()
    )
    scans = text(
        "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables"
        " WHERE relname = 'procrastinate_jobs'"
    )

    def work(tx: Transaction) -> None:
        before = tx.execute(scans).one()
        assert len(take_jobs(tx, 8, EVERYTHING)) == 8
        after = tx.execute(scans).one()
        assert after.seq_scan == before.seq_scan
        assert after.idx_tup_fetch - before.idx_tup_fetch < 100

    database.transact(work)


def test_a_job_is_heard_of_where_we_listen(database: Database) -> None:
    """The installed Procrastinate notifies of our queue on that very channel."""
    waker = Waker()
    with closing(waker), listening(database.engine, CHANNEL) as notifications:
        write(database, [WorkHint(Work.ALERTS, NOW)])
        assert notifications.wait(timedelta(seconds=30), waker)


def _fail_once(database: Database, sqlstate: str) -> None:
    """Let the next job that is written fail, as another transaction might make it."""
    failing = f"""
        CREATE SEQUENCE tries;
        CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tries') = 1 THEN RAISE 'planted' USING ERRCODE = '{sqlstate}'; END IF;
            RETURN NEW;
        END; $$;
        CREATE TRIGGER fail_once BEFORE INSERT ON procrastinate_jobs
            FOR EACH ROW EXECUTE FUNCTION fail_once();
    """
    database.transact(lambda tx: tx.execute(text(failing)).close())


def test_a_deadlock_over_a_job_is_run_again(database: Database) -> None:
    """As over any other row."""
    _fail_once(database, "40P01")
    hints: list[Hint] = [WorkHint(Work.ALERTS, NOW)]
    write(database, hints)
    assert take(database) == [hints]


def test_a_bug_in_writing_a_job_is_no_outage(database: Database) -> None:
    """Nobody tries again what fails each time."""
    _fail_once(database, "22023")
    with pytest.raises(psycopg.DataError, match="planted"):
        write(database, [WorkHint(Work.ALERTS, NOW)])


def test_two_nodes_migrate_at_once(server: PostgresServer) -> None:
    """One does it, the other waits and finds it done; both leave in peace."""
    with server.empty_database() as url:
        environ = {**os.environ, "GATE_DATABASE_URL": url}
        command = [sys.executable, "-m", "gate", "migrate"]
        started = [
            subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2)
        ]
        ended = [it.communicate(timeout=60) for it in started]
        assert [it.returncode for it in started] == [0, 0], ended
        head = head_revision()
        assert {out.decode() for out, _ in ended} == {
            f"the schema is current ({head})\n",
            f"schema migrated from empty to {head}\n",
        }
