"""Repositories and files are read as they are now, and found absent only when they are."""

from __future__ import annotations

import pytest

from gate.domain.model.github import (
    FileAbsent,
    FileFound,
    FileHidden,
    FileQuestion,
    FileReading,
    FileUnchanged,
)
from gate.domain.model.ids import AccountId
from gate.domain.model.request import ReviewState
from gate.domain.model.runs import Account
from gate.errors import Refused
from gate.simulator.faults import Fault
from gate.simulator.switches import Switches
from tests.support.github_stage import ENVIRONMENT, ORGANIZATION, REPOSITORY, Stage

POLICY = ".github/deployment-gate.yml"
FIRST = FileQuestion(POLICY, None, expects_absence=False)


def again(found: FileFound) -> FileQuestion:
    """Ask whether a file is still as it was found."""
    return FileQuestion(POLICY, found.etag, expects_absence=False)


def test_a_file_is_read_as_it_is(either: Stage) -> None:
    """Bytes come back unchanged, and only while they are new."""
    text = "version: 1 # \N{LATIN SMALL LETTER U WITH DIAERESIS}\r\n\ttab\0"
    either.github.put_file(REPOSITORY, POLICY, text)
    found = either.client.contents.read_file(either.address, FIRST)
    assert isinstance(found, FileFound)
    assert found.content == text.encode()
    assert either.client.contents.read_file(either.address, again(found)) == FileUnchanged()
    either.github.put_file(REPOSITORY, POLICY, "version: 2")
    changed = either.client.contents.read_file(either.address, again(found))
    assert isinstance(changed, FileFound)
    assert changed.content == b"version: 2"
    either.github.delete_file(REPOSITORY, POLICY)
    assert either.client.contents.read_file(either.address, again(changed)) == FileAbsent()


def test_a_file_is_read_from_the_default_branch(stage: Stage) -> None:
    """What stands on the branch that is deployed has no say."""
    stage.github.put_file(REPOSITORY, POLICY, "lax", branch="feature")
    assert stage.client.contents.read_file(stage.address, FIRST) == FileAbsent()


@pytest.mark.parametrize(("size", "is_read"), [(256 * 1024, True), (256 * 1024 + 1, False)])
def test_a_file_has_a_largest_size(stage: Stage, size: int, *, is_read: bool) -> None:
    """Beyond 256 KiB it is refused, not taken for absent."""
    stage.github.put_file(REPOSITORY, POLICY, "x" * size)
    if is_read:
        assert isinstance(stage.client.contents.read_file(stage.address, FIRST), FileFound)
        return
    with pytest.raises(Refused) as caught:
        stage.client.contents.read_file(stage.address, FIRST)
    assert caught.value.reason == "too_large"


def owner_of(stage: Stage) -> Account:
    """Return the organization by its id and login."""
    found = stage.client.contents.read_repository(stage.address)
    assert found is not None
    return found.owner


def test_an_organizations_file_is_read(either: Stage) -> None:
    """It is found once the App sees the `.github` repository, and hidden before."""
    owner, shared = owner_of(either), f"{ORGANIZATION}/.github"

    def ask(question: FileQuestion = FIRST) -> FileReading:
        installation_id = either.address.installation_id
        return either.client.contents.read_organization_file(installation_id, owner, question)

    assert isinstance(ask(), FileHidden)
    either.github.create_repository(shared)
    assert isinstance(ask(), FileHidden)
    either.github.add_repository(either.address.installation_id, shared)
    assert ask() == FileAbsent()
    either.github.put_file(shared, POLICY, "floor")
    found = ask()
    assert isinstance(found, FileFound)
    assert ask(again(found)) == FileUnchanged()
    either.github.remove_repository(either.address.installation_id, shared)
    assert isinstance(ask(FIRST), FileHidden)


def test_a_name_that_changed_hands_supplies_no_policy(stage: Stage) -> None:
    """Any token reads what is public: a stranger's file under our old name is not ours."""
    stage.github.world.switches = Switches(reads_public_repositories=True)
    stage.github.rename_repository(REPOSITORY, "shop")
    stage.address_of(REPOSITORY)
    stage.github.put_file(REPOSITORY, POLICY, "lax")
    found = stage.client.contents.read_file(stage.address, FIRST)
    assert found == FileHidden(f"{REPOSITORY} is another repository now")


def test_a_login_that_changed_hands_supplies_no_floor(stage: Stage) -> None:
    """The owner of the `.github` repository is known by id, since logins are used again."""
    stage.github.create_repository(f"{ORGANIZATION}/.github", stage.address.installation_id)
    stage.github.put_file(f"{ORGANIZATION}/.github", POLICY, "lax")
    former = Account(AccountId(4711), ORGANIZATION)
    found = stage.client.contents.read_organization_file(
        stage.address.installation_id, former, FIRST
    )
    assert found == FileHidden(f"{ORGANIZATION}/.github is another repository now")


@pytest.mark.parametrize("expects_absence", [False, True])
def test_a_404_is_believed_of_a_repository_that_was_looked_at(
    stage: Stage, *, expects_absence: bool
) -> None:
    """Unless its absence is no news, a missing file is absent only where the repository shows."""
    stage.github.add_fault(Fault("/repos/", status=404))
    question = FileQuestion(POLICY, None, expects_absence)
    found = stage.client.contents.read_file(stage.address, question)
    assert isinstance(found, FileAbsent if expects_absence else FileHidden)


def test_without_the_permission_no_file_is_absent(stage: Stage) -> None:
    """Who may not read must not conclude that there is no policy; answers do not need it."""
    run_id = stage.deploy()
    stage.github.grant(stage.address.installation_id, {"actions": "read", "deployments": "write"})
    installation_id = stage.address.installation_id
    stage.github.create_repository(f"{ORGANIZATION}/.github", installation_id)
    owner = owner_of(stage)
    with pytest.raises(Refused) as own:
        stage.client.contents.read_file(stage.address, FIRST)
    with pytest.raises(Refused) as shared:
        stage.client.contents.read_organization_file(installation_id, owner, FIRST)
    assert own.value.reason == shared.value.reason == "permission_missing"
    stage.client.deployments.send_review(
        stage.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )


def test_a_repository_is_read(stage: Stage) -> None:
    """Its name, owner and default branch as they are now."""
    found = stage.client.contents.read_repository(stage.address)
    assert found is not None
    assert (found.full_name, found.owner.login, found.default_branch) == (
        REPOSITORY,
        ORGANIZATION,
        "main",
    )
