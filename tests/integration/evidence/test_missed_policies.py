"""A policy that is missing once is not gone yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import text

from gate.doctor import Level, examine
from gate.domain.model.github import FileQuestion, FileReading, RepositoryAddress
from gate.domain.model.request import RequestState
from gate.reconciler.deps import Deps
from gate.reconciler.ports import Contents
from gate.simulator.faults import Fault
from gate.simulator.switches import Switches
from tests.integration.evidence.missed_reads import (
    LAX,
    MISNAMED,
    POLICY,
    POLICY_OF_ALL,
    POLICY_OF_OWN,
    SHARED,
    STRICT,
    aged,
    deployed,
    floor,
    installation,
    policy_trail,
    reasons,
)
from tests.support.harness import REPOSITORY, Gate, reconcile, running_gate


@pytest.mark.parametrize(
    ("place", "path"),
    [(REPOSITORY, POLICY_OF_OWN), (SHARED, POLICY_OF_ALL)],
    ids=["own", "organization's"],
)
def test_one_404_lifts_no_policy(gate: Gate, place: str, path: str) -> None:
    """A policy that is missed once holds all, is looked for again, and speaks as before."""
    if place == SHARED:
        floor(gate)
    else:
        gate.github.put_file(REPOSITORY, POLICY, STRICT)
    aged(gate)
    gate.github.add_fault(Fault(path, status=404, times=1))
    run_id = deployed(gate)
    assert reasons(gate, run_id) == ("policy_unavailable",)
    gate.advance(seconds=29)
    assert reasons(gate, run_id) == ("policy_unavailable",)
    gate.advance(seconds=10)
    assert reasons(gate, run_id) == ("validation_stale",)


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_floor_that_cannot_be_seen_any_more_is_not_lifted(gate: Gate, status: int) -> None:
    """Without a token for the repository `.github` nobody knows the floor."""
    floor(gate)
    aged(gate)
    gate.restart()
    # The service has a new token to get for each scope; the one for `.github` it does not.
    gate.github.remove_repository(installation(gate), SHARED)
    if status != 422:
        gate.github.add_fault(Fault("/repos/octo-org/.github", status=status))
        gate.github.add_repository(installation(gate), SHARED)
    run_id = deployed(gate)
    gate.advance(minutes=3)
    assert reasons(gate, run_id) == ("policy_unavailable",)
    gate.advance(hours=3)
    assert reasons(gate, run_id) == ("policy_unavailable",)
    if status != 403:
        said = gate.reports(run_id)[0].comment or ""
        assert "give the App access to it" in said
    gate.github.clear_faults()
    if status == 422:
        gate.github.add_repository(installation(gate), SHARED)
    gate.advance(minutes=6)
    assert reasons(gate, run_id) == ("validation_stale",)


@pytest.mark.parametrize("place", [REPOSITORY, SHARED], ids=["own", "organization's"])
def test_a_policy_that_was_deleted_is_believed_gone_at_the_second_look(
    gate: Gate, place: str
) -> None:
    """Missed twice in a repository that can be read, it is gone, and that is on record."""
    if place == SHARED:
        floor(gate)
    else:
        gate.github.put_file(REPOSITORY, POLICY, STRICT)
    aged(gate)
    gate.github.delete_file(place, POLICY)
    run_id = deployed(gate)
    assert reasons(gate, run_id) == ("policy_unavailable",)
    gate.advance(seconds=40)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert policy_trail(gate)[-1] == "policy.removed"


def test_a_missed_policy_whose_repository_cannot_be_read_stays_missed(gate: Gate) -> None:
    """Two 404s prove nothing while the repository itself does not show."""
    gate.github.put_file(REPOSITORY, POLICY, STRICT)
    aged(gate)
    gate.github.add_fault(Fault("/repos/octo-org/frontend(/contents/.*)?$", status=404))
    run_id = deployed(gate)
    gate.advance(minutes=10)
    assert reasons(gate, run_id) == ("policy_unavailable",)


def test_a_name_that_changed_hands_supplies_no_policy(gate: Gate) -> None:
    """A lax policy in a stranger's repository of our former name opens nothing."""
    gate.github.world.switches = Switches(reads_public_repositories=True)
    gate.github.put_file(REPOSITORY, POLICY, STRICT)
    aged(gate)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    gate.github.rename_repository(REPOSITORY, "storefront")
    gate.github.create_repository(REPOSITORY)
    gate.github.put_file(REPOSITORY, POLICY, LAX)
    gate.settle()
    assert reasons(gate, run_id) == ("policy_unavailable",)
    gate.advance(minutes=10)
    assert gate.answers(run_id) == []


@pytest.mark.parametrize("place", [REPOSITORY, SHARED], ids=["own", "organization's"])
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside the right one"])
def test_a_file_at_the_wrong_path_is_not_passed_over(
    gate: Gate, place: str, *, beside: bool
) -> None:
    """With `.yaml` for `.yml` nobody knows which policy is meant: the hold names the file."""
    gate.github.create_repository(SHARED, installation(gate))
    gate.github.put_file(place, MISNAMED, STRICT)
    if beside:
        gate.github.put_file(place, POLICY, LAX)
    gate.validate(REPOSITORY, "success")
    run_id = deployed(gate)
    assert reasons(gate, run_id) == ("policy_invalid",)
    assert "rename it to" in (gate.reports(run_id)[0].comment or "")
    gate.github.delete_file(place, MISNAMED)
    gate.settle()
    gate.advance(seconds=40)
    assert gate.record(run_id).state == RequestState.APPROVED


class Meanwhile:
    """The contents of GitHub, with something that happens while a file is being read."""

    def __init__(self, contents: Contents, happen: Callable[[], None]) -> None:
        self._contents = contents
        self._happen = happen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._contents, name)

    def read_file(self, address: RepositoryAddress, question: FileQuestion) -> FileReading:
        """Read a file, and let something happen before the answer arrives."""
        reading = self._contents.read_file(address, question)
        happen, self._happen = self._happen, lambda: None
        happen()
        return reading


@pytest.mark.parametrize("is_known", [False, True], ids=["first reading", "read again"])
def test_a_push_while_the_policy_is_read_is_not_lost(gate: Gate, *, is_known: bool) -> None:
    """What was read before the push is read again before anything rests on it."""
    gate.github.put_file(REPOSITORY, POLICY, LAX)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.advance(hours=2)
    if not is_known:
        forget = text("DELETE FROM policy_documents")
        gate.service.database.transact(lambda tx: tx.execute(forget).close())

    def push() -> None:
        gate.github.put_file(REPOSITORY, POLICY, STRICT)
        gate.ingest_deliveries()

    gate.room = 0
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.ingest_deliveries()
    deps: Deps = gate.service.deps
    contents = cast("Contents", Meanwhile(deps.github.contents, push))
    github = replace(deps.github, contents=contents)
    while reconcile(gate.record(run_id).id, replace(deps, github=github)):
        pass
    assert reasons(gate, run_id) == ("validation_stale",)


def test_a_floor_may_be_required(tmp_path: Path) -> None:
    """A gate with an empty database that must see a floor holds until it does."""
    database_url = f"sqlite:///{tmp_path}/gate.db"
    with running_gate(database_url, organization_policy="required") as gate:
        gate.validate(REPOSITORY, "success")
        run_id = deployed(gate)
        assert reasons(gate, run_id) == ("policy_unavailable",)
        board = gate.client().get("/").text
        assert "octo-org/.github/.github/deployment-gate.yml is required, and is not there" in board
        floor(gate)
        gate.settle()
        gate.advance(minutes=10)
        assert gate.record(run_id).state == RequestState.APPROVED


def test_the_doctor_warns_where_a_floor_would_not_be_known(gate: Gate) -> None:
    """An installation on chosen repositories without `.github` may hide a policy from the gate."""

    def warned() -> list[Level]:
        found = examine(gate.settings, gate.service.deps.clock)
        return [it.level for it in found if it.what == "organization policy of octo-org"]

    assert warned() == [Level.WARN]
    floor(gate)
    assert warned() == []
