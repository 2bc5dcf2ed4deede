"""Files are read as they are on the default branch, and found absent only when they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gate.domain.github import FileAbsent, FileFound, FileUnchanged
from gate.domain.request import ReviewState
from gate.errors import Refused
from tests.unit.githubapp.stage import (
    ENVIRONMENT,
    ORGANIZATION,
    REPOSITORY,
    Stage,
    staged,
)

POLICY = ".github/deployment-gate.yml"


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A simulated github.com and a client for it."""
    with staged() as made:
        yield made


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise"])
def either(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The same on an Enterprise Server, whose API root has a path."""
    with staged(root=request.param) as made:
        yield made


def test_a_file_is_read_as_it_is(either: Stage) -> None:
    """Bytes come back unchanged, and only while they are new."""
    text = "version: 1 # \N{LATIN SMALL LETTER U WITH DIAERESIS}\r\n\ttab\0"
    either.github.put_file(REPOSITORY, POLICY, text)
    found = either.client.read_file(either.place, POLICY, None)
    assert isinstance(found, FileFound)
    assert found.content == text.encode()
    assert either.client.read_file(either.place, POLICY, found.etag) == FileUnchanged()
    either.github.put_file(REPOSITORY, POLICY, "version: 2")
    changed = either.client.read_file(either.place, POLICY, found.etag)
    assert isinstance(changed, FileFound)
    assert changed.content == b"version: 2"
    either.github.delete_file(REPOSITORY, POLICY)
    assert either.client.read_file(either.place, POLICY, changed.etag) == FileAbsent()


def test_a_file_is_read_from_the_default_branch(stage: Stage) -> None:
    """What stands on the branch that is deployed has no say."""
    stage.github.put_file(REPOSITORY, POLICY, "lax", branch="feature")
    assert stage.client.read_file(stage.place, POLICY, None) == FileAbsent()


@pytest.mark.parametrize(("size", "is_read"), [(256 * 1024, True), (256 * 1024 + 1, False)])
def test_a_file_has_a_largest_size(stage: Stage, size: int, *, is_read: bool) -> None:
    """Beyond 256 KiB it is refused, not taken for absent."""
    stage.github.put_file(REPOSITORY, POLICY, "x" * size)
    if is_read:
        assert isinstance(stage.client.read_file(stage.place, POLICY, None), FileFound)
        return
    with pytest.raises(Refused) as caught:
        stage.client.read_file(stage.place, POLICY, None)
    assert caught.value.reason == "too_large"


def test_an_organizations_file_is_read(either: Stage) -> None:
    """It is found once the App sees the `.github` repository, and not before."""
    client, installation_id = either.client, either.place.installation_id
    assert client.read_organization_file(installation_id, ORGANIZATION, POLICY, None) == (
        FileAbsent()
    )
    either.github.create_repository(f"{ORGANIZATION}/.github")
    assert client.read_organization_file(installation_id, ORGANIZATION, POLICY, None) == (
        FileAbsent()
    )
    either.github.add_repository(installation_id, f"{ORGANIZATION}/.github")
    assert client.read_organization_file(installation_id, ORGANIZATION, POLICY, None) == (
        FileAbsent()
    )
    either.github.put_file(f"{ORGANIZATION}/.github", POLICY, "floor")
    found = client.read_organization_file(installation_id, ORGANIZATION, POLICY, None)
    assert isinstance(found, FileFound)
    assert client.read_organization_file(installation_id, ORGANIZATION, POLICY, found.etag) == (
        FileUnchanged()
    )


def test_without_the_permission_no_file_is_absent(stage: Stage) -> None:
    """Who may not read must not conclude that there is no policy; answers do not need it."""
    run_id = stage.deploy()
    stage.github.grant(stage.place.installation_id, {"actions": "read", "deployments": "write"})
    installation_id = stage.place.installation_id
    stage.github.create_repository(f"{ORGANIZATION}/.github", installation_id)
    with pytest.raises(Refused) as own:
        stage.client.read_file(stage.place, POLICY, None)
    with pytest.raises(Refused) as shared:
        stage.client.read_organization_file(installation_id, ORGANIZATION, POLICY, None)
    assert own.value.reason == shared.value.reason == "permission_missing"
    stage.client.send_review(stage.place, run_id, ENVIRONMENT, ReviewState.APPROVED, "green")
