"""The commit that touched a file last is read with whose it is."""

from __future__ import annotations

import pytest

from gate.domain.model.github import FileCommit
from gate.errors import RetryLater
from gate.simulator.faults import Fault
from tests.support.github_stage import ORGANIZATION, REPOSITORY, Stage

POLICY = ".github/deployment-gate.yml"


def read(stage: Stage) -> FileCommit | None:
    """Read the commit of the repository's policy."""
    return stage.client.contents.read_file_commit(stage.address, POLICY)


def test_the_last_commit_of_a_file_is_read(either: Stage) -> None:
    """Of the default branch, whatever else was committed since, in one call."""
    assert read(either) is None
    either.github.put_file(REPOSITORY, POLICY, "one", author="alice")
    sha = either.github.put_file(REPOSITORY, POLICY, "two", author="bob")
    either.github.put_file(REPOSITORY, "README.md", "other", author="mallory")
    either.github.put_file(REPOSITORY, POLICY, "side", branch="side", author="mallory")
    before = len(either.github.requests())
    found = read(either)
    calls = [it for it in either.github.requests()[before:] if it.method == "GET"]
    assert [it.path for it in calls] == [f"/repos/{REPOSITORY}/commits"]
    assert found is not None
    assert found.author is not None
    assert (found.sha, found.author.login, found.name) == (sha, "bob", "bob")
    assert found.author.id == either.github.world.account("bob").id
    assert found.committed_at == either.github.world.now().replace(microsecond=0)
    assert found.url.endswith(f"/{REPOSITORY}/commit/{sha}")


def test_a_removal_and_a_name_that_is_nobodys_are_told(stage: Stage) -> None:
    """The commit that removed a file touched it; without an account there is only a name."""
    stage.github.put_file(REPOSITORY, POLICY, "one", git_name="Somebody Else")
    found = read(stage)
    assert found is not None
    assert (found.author, found.name) == (None, "Somebody Else")
    sha = stage.github.delete_file(REPOSITORY, POLICY, author="carol")
    removed = read(stage)
    assert removed is not None
    assert removed.author is not None
    assert (removed.sha, removed.author.login) == (sha, "carol")


def test_the_commit_of_an_organizations_file_is_read(either: Stage) -> None:
    """Once the App sees the `.github` repository; before nothing is known."""
    repository = either.client.contents.read_repository(either.address)
    assert repository is not None
    installation_id, shared = either.address.installation_id, f"{ORGANIZATION}/.github"

    def ask() -> FileCommit | None:
        contents = either.client.contents
        return contents.read_organization_file_commit(installation_id, repository.owner, POLICY)

    either.github.create_repository(shared)
    either.github.put_file(shared, POLICY, "floor", author="bob")
    assert ask() is None
    either.github.add_repository(installation_id, shared)
    found = ask()
    assert found is not None
    assert found.author is not None
    assert found.author.login == "bob"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/commits", status=502),
        Fault("/commits", body='[{"sha": 7}]'),
        Fault("/commits", damage="html"),
    ],
    ids=["5xx", "nonsense", "page"],
)
def test_a_bad_answer_is_asked_for_again(stage: Stage, fault: Fault) -> None:
    """It says nothing about who changed the file."""
    stage.github.put_file(REPOSITORY, POLICY, "one")
    stage.github.add_fault(fault)
    with pytest.raises(RetryLater):
        read(stage)
