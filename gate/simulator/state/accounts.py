"""Accounts, teams, Apps and their installations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

AccountType = Literal["User", "Organization", "Bot"]
Permissions = dict[str, str]


@dataclass(slots=True)
class Account:
    """A user, an organization or the bot user of an App."""

    id: int
    login: str
    type: AccountType
    allows_ip: bool = True


@dataclass(slots=True)
class App:
    """A registered GitHub App."""

    id: int
    slug: str
    name: str
    client_id: str
    owner: Account
    bot: Account
    public_key_pem: str
    hook_id: int
    webhook_url: str | None
    webhook_secret: str
    permissions: Permissions
    events: tuple[str, ...]
    created_at: datetime
    client_secret: str = ""
    callback_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """An App registered from a manifest whose credentials nobody has fetched yet."""

    app_id: int
    private_key_pem: str
    expires_at: datetime


@dataclass(slots=True)
class Installation:
    """An App installed on an account, with what that account granted it."""

    id: int
    app_id: int
    account: Account
    permissions: Permissions
    events: tuple[str, ...]
    repository_selection: Literal["all", "selected"]
    repository_ids: set[int]
    created_at: datetime
    updated_at: datetime
    suspended_at: datetime | None = None
    suspended_by: Account | None = None


@dataclass(slots=True)
class Team:
    """A team of an organization."""

    id: int
    organization: str
    slug: str
    members: dict[str, str] = field(default_factory=dict)
