"""Describe questions to GitHub and their answers, beside workflow runs.

The values of the port between `gate.reconciler` and `gate.githubapp`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.model.ids import AccountId, DeliveryId, InstallationId, RepositoryId
from gate.domain.model.runs import Account, WorkflowRun


@dataclass(frozen=True, slots=True)
class RepositoryAddress:
    """Where calls about a repository go: the installation that allows them, its id and its name."""

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
    """There is no such file in the repository, which can be read."""


@dataclass(frozen=True, slots=True)
class FileHidden:
    """The repository itself cannot be seen, or its name is another's now; `detail` says which.

    Whether it has the file nobody knows.
    """

    detail: str


FileReading = FileFound | FileUnchanged | FileAbsent | FileHidden


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """Which file is asked for, and what is known of it.

    `etag` is that of the last reading, if there was one. `expects_absence` says that there was no
    such file: then its absence is no news, and is believed without a look at the repository.
    """

    path: str
    etag: str | None
    expects_absence: bool


@dataclass(frozen=True, slots=True)
class FileCommit:
    """The commit that touched a file last, and whose it is.

    `author` is the account that GitHub finds by the author's e-mail address; None where that is
    nobody's. `name` is what the commit itself says: anybody may have written it.
    """

    sha: str
    url: str
    committed_at: datetime | None
    author: Account | None
    name: str


@dataclass(frozen=True, slots=True)
class RunListing:
    """The newest runs of a workflow file on one branch.

    All that began at `since` or later are among them; None says that all there ever were are.
    """

    runs: tuple[WorkflowRun, ...]
    since: datetime | None


@dataclass(frozen=True, slots=True)
class LatestRuns:
    """The newest runs of a repository, whatever their workflow; `etag` is to ask again with."""

    runs: tuple[WorkflowRun, ...]
    etag: str | None


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One attempt at delivering a webhook, from GitHub's own log.

    `status_code` is 0 where nothing answered; for a time-out it cannot be relied on.
    """

    number: int
    delivery_id: DeliveryId
    delivered_at: datetime
    succeeded: bool
    event: str
    status_code: int = 0


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of the App as GitHub lists it; `sees_all` is said of the account's all."""

    id: InstallationId
    account: Account
    suspended: bool
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Collaborator:
    """A person in a repository, with what they may do by GitHub's short names.

    The names are `pull`, `triage`, `push`, `maintain` and `admin`; a higher role has the lower
    ones as well, and a custom role has those it was made from.
    """

    account: Account
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class RequiredReviewer:
    """Whom an environment asks: a person by id, or a team of the owner's by slug."""

    user_id: AccountId | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class IssuePage:
    """An issue of a repository, by its number there, and its page."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """One status in a deployment's history."""

    state: str
    at: datetime
    log_url: str
