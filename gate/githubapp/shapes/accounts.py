"""Read users, organizations and bots."""

from __future__ import annotations

from typing import Final

import msgspec

from gate.domain.model.ids import AccountId
from gate.domain.model.runs import Account
from gate.githubapp.shapes.fields import Id, Name

_PERSON: Final = "User"


class AccountShape(msgspec.Struct):
    """A user, organization or bot."""

    id: Id
    login: Name


class PersonShape(AccountShape):
    """Whoever did something; `type` tells people (`User`) from bots and organizations."""

    type: str = ""

    @property
    def is_person(self) -> bool:
        """Return whether it is a person's account."""
        return self.type == _PERSON


class OwnerShape(msgspec.Struct):
    """Who the App is installed for; an enterprise has a `slug` in place of a `login`."""

    id: Id
    login: Name | None = None
    slug: Name | None = None


def account_of(shape: AccountShape) -> Account:
    """Return an account."""
    return Account(AccountId(shape.id), shape.login)


def owner_of(shape: OwnerShape) -> Account:
    """Return the account an App is installed for."""
    return Account(AccountId(shape.id), shape.login or shape.slug or "")
