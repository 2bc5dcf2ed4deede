"""Say what is asked of GitHub and what it answers, where a workflow run says too little.

The values of the port between `gate.reconciler` and `gate.githubapp`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.ids import DeliveryId, InstallationId, RepositoryId
from gate.domain.runs import Account


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: the installation that allows it and the repository it is about."""

    installation_id: InstallationId
    repository_id: RepositoryId
    full_name: str


@dataclass(frozen=True, slots=True)
class FileFound:
    """A file's bytes with the ETag that asks for it cheaply next time."""

    content: bytes
    etag: str | None


@dataclass(frozen=True, slots=True)
class FileUnchanged:
    """The file still has the ETag that was sent along."""


@dataclass(frozen=True, slots=True)
class FileAbsent:
    """There is no such file, or no such repository that the App may read."""


FileReading = FileFound | FileUnchanged | FileAbsent


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One attempt at delivering a webhook, from GitHub's own log."""

    number: int
    delivery_id: DeliveryId
    delivered_at: datetime
    succeeded: bool
    event: str


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of the App as GitHub lists it."""

    id: InstallationId
    account: Account
    suspended: bool
