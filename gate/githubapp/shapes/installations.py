"""Read installations of the App."""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.github import Installation
from gate.domain.model.ids import InstallationId
from gate.githubapp.shapes.accounts import OwnerShape, owner_of
from gate.githubapp.shapes.fields import Id

_ALL: Final = "all"


class InstallationShape(msgspec.Struct):
    """An installation of the App; `account` is null when whoever it was is gone."""

    id: Id
    account: OwnerShape | None
    suspended_at: str | None = None
    repository_selection: str | None = None


def installations_of(shape: InstallationShape) -> tuple[Installation, ...]:
    """Return an installation; none when whoever installed the App is gone."""
    if shape.account is None:
        return ()
    suspended = shape.suspended_at is not None
    sees_all = shape.repository_selection == _ALL
    owner = owner_of(shape.account)
    return (Installation(InstallationId(shape.id), owner, suspended=suspended, sees_all=sees_all),)
