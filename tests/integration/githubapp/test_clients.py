"""The clients share one session: names, permissions and absences hold for all of them."""

from __future__ import annotations

import pytest

from gate.bootstrap.service import github_port
from gate.domain.model.github import FileFound, FileHidden, FileQuestion, RepositoryAddress
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.request import ReviewState
from gate.domain.requests.missing_facts import ListingNeeded
from gate.errors import Refused
from tests.support.github_stage import (
    ENVIRONMENT,
    MINT,
    REPOSITORY,
    REVIEW,
    VALIDATION,
    Stage,
)

POLICY = ".github/deployment-gate.yml"
QUESTION = FileQuestion(POLICY, None, expects_absence=False)
NO_RUN = RunId(1)


def test_the_clients_fulfill_the_port(stage: Stage) -> None:
    """The reconciler's protocols are what the clients have; mypy checks the signatures there."""
    assert github_port(stage.client).app.read_installations()


def test_what_does_not_exist_is_none(stage: Stage) -> None:
    """An absence is an answer, not an error."""
    gone = RepositoryAddress(
        stage.address.installation_id, stage.address.repository_id, "octo-org/gone"
    )
    listing = ListingNeeded(".github/workflows/no-such.yml", "main")
    assert stage.client.actions.read_run(stage.address, NO_RUN) is None
    assert stage.client.actions.read_run_attempt(stage.address, NO_RUN, 1) is None
    assert stage.client.actions.read_runs(stage.address, listing) is None
    assert stage.client.contents.read_repository(gone) is None
    assert stage.client.deployments.read_environments(gone) == {}
    assert stage.client.deployments.read_rule_enabled(gone, ENVIRONMENT) is False


def test_a_missing_permission_is_named(stage: Stage) -> None:
    """An installation that did not grant what we need makes no token for it."""
    run_id = stage.deploy()
    stage.github.grant(stage.address.installation_id, {"actions": "read"})
    with pytest.raises(Refused) as caught:
        stage.client.deployments.send_review(
            stage.address,
            run_id,
            ENVIRONMENT,
            ReviewState.APPROVED,
            "green",
            is_timely=lambda: True,
        )
    assert caught.value.reason == "permission_missing"
    assert "not granted" in caught.value.detail


def test_a_suspended_installation_may_nothing(stage: Stage) -> None:
    """Neither does a token from before work, nor is there a new one."""
    stage.client.contents.read_repository(stage.address)
    stage.github.suspend_installation(stage.address.installation_id)
    with pytest.raises(Refused) as caught:
        stage.client.contents.read_repository(stage.address)
    assert caught.value.reason == "installation_suspended"
    stage.advance(hours=2)
    with pytest.raises(Refused) as caught:
        stage.client.contents.read_repository(stage.address)
    assert caught.value.reason == "installation_suspended"


def test_a_renamed_repository_is_followed(either: Stage) -> None:
    """By its old name everything is found, filters included, and an answer arrives."""
    wanted = either.github.validate(REPOSITORY)
    either.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    run_id = either.deploy()
    either.github.put_file(REPOSITORY, POLICY, "version: 1")
    either.github.rename_repository(REPOSITORY, "shop")
    listed = either.client.actions.read_runs(either.address, ListingNeeded(VALIDATION, "main"))
    assert listed is not None
    assert [run.run_id for run in listed.runs] == [wanted]
    assert [run.run_id for run in either.client.actions.read_waiting_runs(either.address)] == [
        run_id
    ]
    assert isinstance(either.client.contents.read_file(either.address, QUESTION), FileFound)
    found = either.client.contents.read_repository(either.address)
    assert found is not None
    assert found.full_name == "octo-org/shop"
    either.client.deployments.send_review(
        either.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    assert [it.state for it in either.github.reviews(run_id)] == ["approved"]
    assert either.calls(REVIEW, status=301) == 1


def test_a_name_that_was_taken_over_is_not_ours(stage: Stage) -> None:
    """A repository that now has the name of one of ours does not answer for it."""
    stage.github.rename_repository(REPOSITORY, "shop")
    stranger = stage.address_of(REPOSITORY)
    run_id = RunId(stage.github.validate(REPOSITORY))
    assert stage.client.actions.read_run(stranger, run_id) is not None
    assert stage.client.actions.read_run(stage.address, run_id) is None
    assert stage.client.contents.read_repository(stage.address) is None


def test_a_token_is_as_narrow_as_its_calls(stage: Stage) -> None:
    """One token to watch and answer, one to read policies; each for one repository."""
    run_id = stage.deploy()
    stage.client.actions.read_run(stage.address, run_id)
    stage.client.actions.read_jobs(stage.address, run_id)
    stage.client.deployments.read_rule_enabled(stage.address, ENVIRONMENT)
    stage.client.deployments.send_review(
        stage.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    assert stage.calls(MINT) == 1
    stage.client.contents.read_file(stage.address, QUESTION)
    assert stage.calls(MINT) == 2
    issued = stage.github.tokens._issued.values()
    assert [it.repository_ids for it in issued] == [frozenset({stage.address.repository_id})] * 2
    assert [it.permissions for it in issued] == [
        {"actions": "read", "deployments": "write", "metadata": "read"},
        {"contents": "read", "metadata": "read"},
    ]


def test_a_strangers_repository_id_is_not_found(stage: Stage) -> None:
    """A repository that the installation does not have makes no token."""
    stranger = RepositoryAddress(
        stage.address.installation_id, RepositoryId(1), "octo-org/stranger"
    )
    assert stage.client.contents.read_repository(stranger) is None
    assert isinstance(stage.client.contents.read_file(stranger, QUESTION), FileHidden)
