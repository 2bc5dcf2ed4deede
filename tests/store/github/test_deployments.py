"""What was seen of a deployment is folded: the newest state, and the attempt it belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from gate.domain.model.ids import DeploymentId, RepositoryId, RunId
from gate.store.engine.database import Database
from gate.store.github.deployments import (
    DeploymentSighting,
    attempt_of,
    deployment_states,
    record_deployment,
)
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import ENVIRONMENT, FORK, NOW, REPOSITORY, before
from tests.support.threads import at_once

ONE = DeploymentId(31)


def see(database: Database, deployment: int = ONE, **told: Any) -> None:
    """Record one sighting."""
    seen = DeploymentSighting(
        told.pop("repository_id", REPOSITORY), DeploymentId(deployment), ENVIRONMENT, **told
    )
    database.transact(lambda tx: record_deployment(tx, seen, NOW))


def states(
    database: Database, *ids: int, repository_id: RepositoryId = REPOSITORY
) -> tuple[str, ...]:
    """Read the states of some deployments."""
    wanted = [DeploymentId(it) for it in ids]
    return database.read(lambda snapshot: deployment_states(snapshot, repository_id, wanted))


def attempt(database: Database) -> int | None:
    """Return the attempt of the first deployment."""
    return database.read(lambda snapshot: attempt_of(snapshot, REPOSITORY, ONE))


def test_the_newest_state_wins(database: Database) -> None:
    """A state that is older than the known one changes nothing, whenever it comes."""
    see(database, state="waiting", state_at=before(minutes=2))
    see(database, state="in_progress", state_at=before(minutes=1))
    see(database, state="queued", state_at=before(minutes=3))
    assert states(database, ONE) == ("in_progress",)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_states_of_one_second_the_later_wins(database: Database, order: int) -> None:
    """GitHub's times are whole seconds: the order of arrival must not decide."""
    for state in ("waiting", "in_progress", "queued")[::order]:
        see(database, state=state, state_at=NOW)
    assert states(database, ONE) == ("in_progress",)


def test_a_sighting_without_a_state_forgets_none(database: Database) -> None:
    """Who tells only the run leaves the state, and the other way round."""
    see(database, state="waiting", state_at=before(minutes=2))
    see(database, run_id=RunId(601), run_attempt=2)
    see(database, state="success", state_at=NOW)
    assert states(database, ONE) == ("success",)
    assert attempt(database) == 2


def test_a_known_attempt_stays(database: Database) -> None:
    """The attempt that was told first is the one: a deployment never changes it."""
    see(database, run_id=RunId(601), run_attempt=1)
    see(database, run_id=RunId(601), run_attempt=2)
    assert attempt(database) == 1


def test_an_unknown_deployment(database: Database) -> None:
    """Of a deployment that was never seen neither state nor attempt are known."""
    assert attempt(database) is None
    assert states(database, ONE) == ()
    see(database)
    assert attempt(database) is None
    assert states(database, ONE) == ()


def test_states_of_those_asked_for(database: Database) -> None:
    """Only the given deployments of the given repository are told, each with one state."""
    see(database, 1, state="waiting", state_at=NOW)
    see(database, 2, state="waiting", state_at=NOW)
    see(database, 3, state="error", state_at=NOW)
    see(database, 1, state="failure", state_at=NOW, repository_id=FORK)
    assert sorted(states(database, 1, 2, 9)) == ["waiting", "waiting"]
    assert states(database) == ()


def test_sightings_at_once_are_all_folded_in(open_database: OpenDatabase) -> None:
    """Two nodes that see the same deployment keep what each of them was told."""
    nodes = [open_database(), open_database()]
    at_once(
        [
            lambda: see(nodes[0], state="waiting", state_at=before(minutes=2)),
            lambda: see(nodes[1], run_id=RunId(601), run_attempt=3),
            lambda: see(nodes[0], state="success", state_at=NOW),
            lambda: see(nodes[1], state="queued", state_at=before(minutes=3)),
        ]
    )
    assert states(nodes[0], ONE) == ("success",)
    assert attempt(nodes[0]) == 3
