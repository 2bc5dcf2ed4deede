"""Read deliveries about installations of the App."""

from __future__ import annotations

from typing import Final

from gate.domain.model.deliveries import (
    InstallationSeen,
    InstallationStatus,
    NothingSeen,
    Observation,
    Repository,
)
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.domain.model.runs import Account
from gate.errors import DeliveryRejected
from gate.githubapp.shapes.accounts import owner_of
from gate.githubapp.shapes.repositories import NamedRepositoryShape
from gate.githubapp.webhooks.repositories import check_name
from gate.githubapp.webhooks.shapes import InstallationDelivery

_STATUSES: Final = {
    "created": InstallationStatus.ACTIVE,
    "new_permissions_accepted": InstallationStatus.ACTIVE,
    "unsuspend": InstallationStatus.ACTIVE,
    "added": InstallationStatus.ACTIVE,
    "removed": InstallationStatus.ACTIVE,
    "suspend": InstallationStatus.SUSPENDED,
    "deleted": InstallationStatus.DELETED,
}


def read_installation(seen: InstallationDelivery) -> Observation:
    """Read an installation; one that is suspended stays so whatever else happens to it."""
    status = _STATUSES.get(seen.action)
    if status is None:
        return NothingSeen("action_not_ours")
    shape = seen.installation
    if shape.account is None:
        raise DeliveryRejected("malformed", "installation.account is null")
    if status is InstallationStatus.ACTIVE and shape.suspended_at is not None:
        status = InstallationStatus.SUSPENDED
    installation_id, owner = InstallationId(shape.id), owner_of(shape.account)
    gained = [*(seen.repositories or ()), *(seen.repositories_added or ())]
    if status is InstallationStatus.DELETED:
        gained = []
    return InstallationSeen(
        installation_id=installation_id,
        account=owner,
        status=status,
        repositories=tuple(_gained(it, installation_id, owner) for it in gained),
        removed=tuple(RepositoryId(it.id) for it in seen.repositories_removed or ()),
    )


def _gained(
    shape: NamedRepositoryShape, installation_id: InstallationId, owner: Account
) -> Repository:
    check_name(shape.full_name)
    return Repository(RepositoryId(shape.id), installation_id, shape.full_name, owner, None)
