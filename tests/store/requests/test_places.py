"""Places are found with what stands in each, on both databases, and only visible ones."""

from __future__ import annotations

from datetime import timedelta

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import RepositoryId
from gate.store.engine.database import Database
from gate.store.github.runs import record_run
from gate.store.github.validations import Workflow, read_attempts, read_newest_runs
from gate.store.requests.places import read_newest_requests, read_queues
from tests.support.builders.defaults import BRANCH, NOW, REPOSITORY, VALIDATION
from tests.support.builders.requests import make_key
from tests.support.builders.runs import make_run
from tests.support.rows import answer, asked

OTHER = RepositoryId(2002)


def test_the_newest_request_of_each_place(database: Database) -> None:
    """However many there are, by repository and then by environment."""
    for repository in (OTHER, REPOSITORY):
        for environment in ("staging", "production"):
            for run in (1, 2):
                key = make_key(repository_id=repository, run_id=run, environment=environment)
                request = asked(database, key=key, environment=environment.upper())
                if run == 1:
                    answer(database, request)
    found = database.read(lambda it: read_newest_requests(it, EVERYTHING))
    assert sorted((it.place, it.id, it.environment) for it in found) == [
        ((REPOSITORY, "production"), 8, "PRODUCTION"),
        ((REPOSITORY, "staging"), 6, "STAGING"),
        ((OTHER, "production"), 4, "PRODUCTION"),
        ((OTHER, "staging"), 2, "STAGING"),
    ]
    only = Visible(frozenset({OTHER}))
    assert {it.place[0] for it in database.read(lambda it: read_newest_requests(it, only))} == {
        OTHER
    }
    assert database.read(lambda it: read_newest_requests(it, NOTHING)) == []
    queues = database.read(lambda it: read_queues(it, only))
    assert {place: (it.newest, it.count) for place, it in queues.items()} == {
        (OTHER, "production"): (4, 1),
        (OTHER, "staging"): (2, 1),
    }


def test_the_newest_runs_of_many_workflows(database: Database) -> None:
    """At most forty of each, of the branch and not a fork's; some of them in full."""
    for number in range(45):
        started = NOW - timedelta(minutes=number)
        run = make_run(run_id=number + 1, started_at=started)
        database.transact(lambda tx, it=run: record_run(tx, it, NOW))  # type: ignore[misc]
    fork = make_run(run_id=90, head_repository_id=OTHER, started_at=NOW)
    database.transact(lambda tx: record_run(tx, fork, NOW))
    wanted = Workflow(REPOSITORY, VALIDATION, BRANCH)
    nothing = Workflow(OTHER, VALIDATION, BRANCH)
    found = database.read(lambda it: read_newest_runs(it, {wanted, nothing}))
    assert set(found) == {wanted}
    assert sorted(it.run_id for it in found[wanted]) == list(range(1, 41))
    keys = {(run.repository_id, run.run_id, run.run_attempt) for run in found[wanted]}
    full = database.read(lambda it: read_attempts(it, keys))
    assert set(full) == keys
    assert database.read(lambda it: read_newest_runs(it, set())) == {}
