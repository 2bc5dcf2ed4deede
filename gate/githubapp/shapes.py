"""Describe the JSON that GitHub sends, as far as the gate reads it.

Fields that are not named here are ignored: GitHub adds some without notice, and real
`deployment_protection_rule` deliveries carry fields that its published schema forbids. The same
run shape serves webhooks and REST.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

Id = Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
Attempt = Annotated[int, msgspec.Meta(gt=0, le=2**31 - 1)]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class AccountShape(msgspec.Struct):
    """A user, organisation or bot."""

    id: Id
    login: str


class RepositoryShape(msgspec.Struct):
    """A whole repository object."""

    id: Id
    full_name: str
    owner: AccountShape
    default_branch: str | None = None


class NamedRepositoryShape(msgspec.Struct):
    """The short form in events about installations."""

    id: Id
    full_name: str


class HeadRepositoryShape(msgspec.Struct):
    """The repository a run's commit comes from; only its id matters."""

    id: Id


class InstallationRefShape(msgspec.Struct):
    """The installation an event was sent for."""

    id: Id


class RunShape(msgspec.Struct):
    """A workflow run attempt, in webhooks and in REST."""

    id: Id
    path: str
    head_sha: str
    event: str
    status: str | None
    run_started_at: Aware
    updated_at: Aware
    html_url: str
    run_attempt: Attempt = 1
    conclusion: str | None = None
    head_branch: str | None = None
    head_repository: HeadRepositoryShape | None = None
    display_title: str | None = None
    actor: AccountShape | None = None
    triggering_actor: AccountShape | None = None


class RunsPage(msgspec.Struct):
    """A page of runs."""

    workflow_runs: list[RunShape]


class JobShape(msgspec.Struct):
    """A job of a run attempt."""

    name: str
    status: str
    conclusion: str | None = None


class JobsPage(msgspec.Struct):
    """A page of jobs."""

    total_count: int
    jobs: list[JobShape]


class EnvironmentShape(msgspec.Struct):
    """A deployment environment."""

    name: str


class PendingShape(msgspec.Struct):
    """An environment that a run waits for."""

    environment: EnvironmentShape


class EnvironmentsPage(msgspec.Struct):
    """A page of environments."""

    environments: list[EnvironmentShape]


class RuleAppShape(msgspec.Struct):
    """The App behind a custom deployment protection rule."""

    id: Id
    slug: str = ""


class RuleShape(msgspec.Struct):
    """A custom deployment protection rule of an environment."""

    enabled: bool
    app: RuleAppShape


class RulesPage(msgspec.Struct):
    """The custom deployment protection rules of an environment."""

    custom_deployment_protection_rules: list[RuleShape]


class DeploymentShape(msgspec.Struct):
    """A deployment."""

    id: Id
    environment: str
    sha: str
    created_at: Aware


class DeploymentStatusShape(msgspec.Struct):
    """A state a deployment has reached."""

    state: str
    created_at: Aware
    environment: str | None = None


class Delivery(msgspec.Struct):
    """What most deliveries share."""

    repository: RepositoryShape
    installation: InstallationRefShape


class RuleDelivery(Delivery):
    """`deployment_protection_rule`; the schema makes all of these optional, the gate cannot."""

    action: str
    environment: str
    deployment_callback_url: str
    deployment: DeploymentShape


class RunDelivery(Delivery):
    """`workflow_run`."""

    action: str
    workflow_run: RunShape


class DeploymentStatusDelivery(Delivery):
    """`deployment_status`."""

    action: str
    deployment: DeploymentShape
    deployment_status: DeploymentStatusShape
    workflow_run: RunShape | None = None


class PushDelivery(Delivery):
    """`push`."""

    ref: str


class InstallationShape(msgspec.Struct):
    """An installation of the App."""

    id: Id
    account: AccountShape
    app_id: Id | None = None
    suspended_at: str | None = None


class InstallationDelivery(msgspec.Struct):
    """`installation` and `installation_repositories`."""

    action: str
    installation: InstallationShape
    repositories: list[NamedRepositoryShape] | None = None
    repositories_added: list[NamedRepositoryShape] | None = None
    repositories_removed: list[NamedRepositoryShape] | None = None


class RepositoriesPage(msgspec.Struct):
    """A page of an installation's repositories."""

    total_count: int
    repositories: list[RepositoryShape]


class HookDeliveryShape(msgspec.Struct):
    """An attempt at delivering a webhook, in GitHub's log."""

    id: Id
    guid: str
    delivered_at: Aware
    status: str
    event: str


class TokenShape(msgspec.Struct):
    """An installation access token."""

    token: str
    expires_at: Aware


class AppShape(msgspec.Struct):
    """The App itself."""

    id: Id
    slug: str
    permissions: dict[str, str]
    events: list[str]


class HookConfigShape(msgspec.Struct):
    """Where the App's webhook goes."""

    url: str = ""


class ErrorShape(msgspec.Struct):
    """GitHub's error body; `errors` holds texts or objects with a `message`."""

    message: str = ""
    errors: list[str | dict[str, object]] | None = None
