"""Read verified webhook deliveries.

A payload is untrusted beyond its signature: workflows of the repository write parts of it. The
callback URL is used for the run id alone, and only after it was compared with the configured API
root and the payload's own repository; nothing is ever sent to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from gate.domain.deliveries import (
    DeploymentSeen,
    InstallationSeen,
    InstallationStatus,
    NothingSeen,
    Observation,
    Pushed,
    Repository,
    RuleRequested,
    RunSeen,
)
from gate.domain.ids import DeploymentId, InstallationId, RepositoryId, RunId, Sha
from gate.domain.runs import Account
from gate.errors import DeliveryRejected
from gate.githubapp.reading import account_of, repository_of, run_of
from gate.githubapp.shapes import (
    Delivery,
    DeploymentStatusDelivery,
    InstallationDelivery,
    NamedRepositoryShape,
    PushDelivery,
    RuleDelivery,
    RunDelivery,
)

T = TypeVar("T")

PARSED_EVENTS: Final = frozenset(
    {"deployment_protection_rule", "deployment_status", "push", "workflow_run"}
)
"""The events an App must subscribe to for the gate to work."""

ALWAYS_SENT: Final = frozenset({"installation", "installation_repositories"})
"""The events of use that every App is sent without subscribing."""

_FULL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_RUN: Final = re.compile(r"/actions/runs/([1-9][0-9]{0,17})/deployment_protection_rule")
_BRANCH: Final = "refs/heads/"

_INSTALLATION: Final = {
    "created": InstallationStatus.ACTIVE,
    "new_permissions_accepted": InstallationStatus.ACTIVE,
    "unsuspend": InstallationStatus.ACTIVE,
    "added": InstallationStatus.ACTIVE,
    "removed": InstallationStatus.ACTIVE,
    "suspend": InstallationStatus.SUSPENDED,
    "deleted": InstallationStatus.DELETED,
}


class PayloadParser:
    """Read deliveries of the GitHub at one API root; safe to share between threads."""

    def __init__(self, api_url: str) -> None:
        """Prepare a decoder for each event that is read."""
        self._api_url: Final = api_url.rstrip("/")
        self._readers: Final[Mapping[str, Callable[[bytes], Observation]]] = {
            "deployment_protection_rule": self._reader(RuleDelivery, self._rule),
            "workflow_run": self._reader(RunDelivery, _run),
            "deployment_status": self._reader(DeploymentStatusDelivery, _deployment_status),
            "push": self._reader(PushDelivery, _push),
            "installation": self._reader(InstallationDelivery, _installation),
            "installation_repositories": self._reader(InstallationDelivery, _installation),
        }

    def parse(self, event: str, body: bytes) -> Observation:
        """Say what a delivery shows; raises DeliveryRejected("malformed") and nothing else."""
        reader = self._readers.get(event)
        if reader is None:
            return NothingSeen("event_not_ours")
        return reader(body)

    def _reader(
        self, shape: type[T], read: Callable[[T], Observation]
    ) -> Callable[[bytes], Observation]:
        decoder = msgspec.json.Decoder(shape)

        def parse(body: bytes) -> Observation:
            try:
                decoded = decoder.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise DeliveryRejected("malformed", str(error)) from None
            return read(decoded)

        return parse

    def _rule(self, seen: RuleDelivery) -> Observation:
        if seen.action != "requested":
            return NothingSeen("action_not_ours")
        repository = _repository(seen)
        return RuleRequested(
            repository=repository,
            environment=seen.environment,
            run_id=parse_callback(seen.deployment_callback_url, self._api_url, repository),
            deployment_id=DeploymentId(seen.deployment.id),
            head_sha=Sha(seen.deployment.sha),
            created_at=seen.deployment.created_at,
        )


def parse_callback(url: str, api_url: str, repository: Repository) -> RunId:
    """Read the run id from a callback URL that belongs to this API and this repository.

    Raises DeliveryRejected for any other: a token would go wherever such a URL points if it were
    used (docs: Creating custom deployment protection rules).
    """
    try:
        given, own = urlsplit(url), urlsplit(api_url)
    except ValueError:
        raise DeliveryRejected("malformed", "deployment_callback_url is no URL") from None
    if (given.scheme, given.netloc) != (own.scheme, own.netloc) or given.query or given.fragment:
        raise DeliveryRejected("malformed", "deployment_callback_url is not of this GitHub")
    for place in (f"repos/{repository.full_name}", f"repositories/{repository.id}"):
        prefix = f"{own.path}/{place}"
        if given.path.casefold().startswith(prefix.casefold()):
            match = _RUN.fullmatch(given.path[len(prefix) :])
            if match is not None:
                return RunId(int(match.group(1)))
    raise DeliveryRejected("malformed", "deployment_callback_url is not of this repository")


def _repository(seen: Delivery) -> Repository:
    _check_name(seen.repository.full_name)
    return repository_of(seen.repository, InstallationId(seen.installation.id))


def _check_name(full_name: str) -> None:
    """Refuse a name that could not be put into a path."""
    if _FULL_NAME.fullmatch(full_name) is None:
        raise DeliveryRejected("malformed", "repository.full_name")


def _run(seen: RunDelivery) -> Observation:
    repository = _repository(seen)
    return RunSeen(repository, run_of(seen.workflow_run, repository.id))


def _deployment_status(seen: DeploymentStatusDelivery) -> Observation:
    repository = _repository(seen)
    run = seen.workflow_run
    return DeploymentSeen(
        repository=repository,
        deployment_id=DeploymentId(seen.deployment.id),
        environment=seen.deployment.environment,
        state=seen.deployment_status.state,
        at=seen.deployment_status.created_at,
        run=run_of(run, repository.id) if run is not None else None,
    )


def _push(seen: PushDelivery) -> Observation:
    if not seen.ref.startswith(_BRANCH):
        return NothingSeen("not_a_branch")
    return Pushed(_repository(seen), seen.ref.removeprefix(_BRANCH))


def _installation(seen: InstallationDelivery) -> Observation:
    status = _INSTALLATION.get(seen.action)
    if status is None:
        return NothingSeen("action_not_ours")
    installation_id = InstallationId(seen.installation.id)
    owner = account_of(seen.installation.account)
    gained = [*(seen.repositories or ()), *(seen.repositories_added or ())]
    if status is not InstallationStatus.ACTIVE:
        gained = []
    return InstallationSeen(
        installation_id=installation_id,
        account=owner,
        status=status,
        repositories=tuple(_gained(shape, installation_id, owner) for shape in gained),
        removed=tuple(RepositoryId(shape.id) for shape in seen.repositories_removed or ()),
    )


def _gained(
    shape: NamedRepositoryShape, installation_id: InstallationId, owner: Account
) -> Repository:
    _check_name(shape.full_name)
    return Repository(RepositoryId(shape.id), installation_id, shape.full_name, owner, None)
