"""Read repositories, whole or as a reference."""

from __future__ import annotations

import msgspec

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.githubapp.shapes.accounts import AccountShape, account_of
from gate.githubapp.shapes.fields import Id, Name


class RepositoryShape(msgspec.Struct):
    """A whole repository object."""

    id: Id
    full_name: Name
    owner: AccountShape
    default_branch: Name | None = None
    archived: bool = False


class NamedRepositoryShape(msgspec.Struct):
    """The short form in events about installations."""

    id: Id
    full_name: Name


class RepositoryRefShape(msgspec.Struct):
    """A repository of which only the id matters."""

    id: Id


def repository_of(shape: RepositoryShape, installation_id: InstallationId) -> Repository:
    """Return a repository as an installation sees it."""
    return Repository(
        id=RepositoryId(shape.id),
        installation_id=installation_id,
        full_name=shape.full_name,
        owner=account_of(shape.owner),
        default_branch=shape.default_branch,
        archived=shape.archived,
    )
