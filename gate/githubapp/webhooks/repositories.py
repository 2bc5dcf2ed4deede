"""Read the repository of a delivery, whose name later stands in paths."""

from __future__ import annotations

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import InstallationId
from gate.errors import DeliveryRejected
from gate.githubapp.shapes.repositories import repository_of
from gate.githubapp.transport.paths import is_full_name
from gate.githubapp.webhooks.shapes import Delivery


def repository_in(seen: Delivery) -> Repository:
    """Return the repository of a delivery; raises DeliveryRejected for an impossible name."""
    check_name(seen.repository.full_name)
    return repository_of(seen.repository, InstallationId(seen.installation.id))


def check_name(full_name: str) -> None:
    """Refuse a name that could not be put into a path."""
    if not is_full_name(full_name):
        raise DeliveryRejected("malformed", "full_name of a repository")
